"""Image messages in every encoding give the same grey picture; nonsense gives an ImageError."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.encodings_of import (
    BAYER,
    DEEP,
    PLAIN,
    PLANAR,
    YUV,
    colour_picture,
    grey_of,
    message,
    planar_message,
    samples,
)
from support.helpers import steady

from vprtempo_ros.errors import ImageError
from vprtempo_ros.sources.cdr import IMAGE, read_message, typestore, write_message
from vprtempo_ros.sources.image_bag import image_message
from vprtempo_ros.sources.image_msg import decode_compressed, decode_image

ALL = PLAIN + YUV + BAYER
# A Bayer picture is interpolated, and at its border extrapolated.
LEVELS = {name: 8.0 if name in BAYER else 1.0 for name in ALL}


def check(found: SimpleNamespace, encoding: str, rgb: np.ndarray) -> None:
    """Compare the decoded message with the luma of the picture that it was made from."""
    image = decode_image(found)
    expected = grey_of(rgb)
    assert (image.height, image.width) == expected.shape
    grey = image.grey()
    assert grey.dtype == np.uint8
    assert np.abs(grey - expected).max() <= LEVELS[encoding]
    assert abs(image.mean() - expected.mean()) < 1.0 + LEVELS[encoding] / 4


@pytest.mark.parametrize('encoding', ALL)
def test_every_encoding_gives_the_same_grey(encoding: str) -> None:
    """The grey picture is the luma of the colour picture, in every encoding."""
    rgb = colour_picture()
    check(message(samples(rgb, encoding), encoding), encoding, rgb)


@pytest.mark.parametrize('encoding', ALL)
@pytest.mark.parametrize('padding', [1, 2, 7])
@pytest.mark.parametrize('last_row_padded', [True, False])
def test_padded_rows(encoding: str, padding: int, last_row_padded: bool) -> None:
    """Padding after rows is skipped, also where the last row has none."""
    rgb = colour_picture()
    found = message(
        samples(rgb, encoding), encoding, padding=padding, last_row_padded=last_row_padded
    )
    check(found, encoding, rgb)


@pytest.mark.parametrize('encoding', DEEP)
@pytest.mark.parametrize('padding', [0, 3])
def test_big_endian(encoding: str, padding: int) -> None:
    """Samples of 16 bits are read in the byte order of the message."""
    rgb = colour_picture()
    found = message(samples(rgb, encoding), encoding, padding=padding, big_endian=True)
    check(found, encoding, rgb)


@pytest.mark.parametrize('encoding', [name for name in ALL if name not in DEEP])
def test_byte_order_means_nothing_to_bytes(encoding: str) -> None:
    """A big-endian flag changes nothing where samples are bytes."""
    rgb = colour_picture()
    found = message(samples(rgb, encoding), encoding)
    found.is_bigendian = 1
    check(found, encoding, rgb)


@pytest.mark.parametrize('encoding', BAYER)
def test_bayer_patterns_are_told_apart(encoding: str) -> None:
    """Decoding a coloured mosaic as any other pattern gives another picture."""
    rgb = colour_picture()
    found = message(samples(rgb, encoding), encoding)
    for other in BAYER:
        if other != encoding and other[-1] == encoding[-1]:
            found.encoding = other
            difference = np.abs(decode_image(found).grey() - grey_of(rgb)).mean()
            assert difference > 2 * LEVELS[encoding], other


@pytest.mark.parametrize('encoding', ALL)
@pytest.mark.parametrize('size', [(3, 3), (5, 4), (7, 9)])
def test_odd_and_small_sizes(encoding: str, size: tuple[int, int]) -> None:
    """Sizes that are odd or tiny work in every encoding."""
    rgb = colour_picture(*size)
    image = decode_image(message(samples(rgb, encoding), encoding))
    assert image.grey().shape == size
    if encoding not in BAYER:
        assert np.abs(image.grey() - grey_of(rgb)).max() <= 1.0


@pytest.mark.parametrize('encoding', PLAIN + YUV)
def test_a_single_pixel(encoding: str) -> None:
    """An image of one pixel is an image."""
    rgb = colour_picture(1, 1)
    check(message(samples(rgb, encoding), encoding), encoding, rgb)


@pytest.mark.parametrize('encoding', BAYER)
@pytest.mark.parametrize('size', [(1, 1), (1, 8), (8, 1), (2, 2), (2, 9), (9, 2)])
def test_a_mosaic_too_small_to_interpolate(encoding: str, size: tuple[int, int]) -> None:
    """A Bayer image without a whole neighbourhood is refused."""
    with pytest.raises(ImageError, match='Bayer'):
        decode_image(message(samples(colour_picture(*size), encoding), encoding))


@pytest.mark.parametrize('encoding', ALL)
def test_white_is_white_and_black_is_black(encoding: str) -> None:
    """The ends of the range stay where they are, without overflow."""
    for level in (0.0, 1.0):
        values = samples(np.full((6, 8, 3), level), encoding)
        assert (decode_image(message(values, encoding)).grey() == round(255 * level)).all()


@pytest.mark.parametrize('encoding', ['mono8', 'rgb8', 'bgr16', 'mono16'])
def test_through_bytes_on_the_wire(encoding: str) -> None:
    """A message that was serialised and read back decodes as well."""
    rgb = colour_picture()
    sent = image_message(5, samples(rgb, encoding), encoding, 'cam')
    check(read_message(write_message(sent, IMAGE), IMAGE), encoding, rgb)


def valid(**changes: object) -> SimpleNamespace:
    """Return a valid message with some fields changed."""
    found = message(samples(colour_picture(), 'rgb8'), 'rgb8')
    return SimpleNamespace(**{**vars(found), **changes})


@pytest.mark.parametrize(
    ('changes', 'expected'),
    [
        ({'height': 0}, '30x0 pixels'),
        ({'width': 0}, '0x20 pixels'),
        ({'step': 89}, 'at least 90 bytes a row'),
        ({'step': 0}, 'at least 90 bytes a row'),
        ({'height': 21}, 'expected 1890 bytes'),
        ({'data': np.zeros(1799, np.uint8)}, 'found 1799'),
        ({'data': b''}, 'found 0'),
        ({'data': np.zeros(0, np.uint8)}, 'found 0'),
        ({'width': 2**32 - 1, 'step': 2**32 - 1}, 'at least'),
        ({'height': 2**32 - 1, 'width': 2**32 - 1, 'step': 2**34}, 'found 1800'),
        ({'encoding': ''}, 'unknown encoding'),
        ({'encoding': 'RGB9'}, 'unknown encoding'),
        ({'encoding': '32FC1'}, 'unknown encoding'),
        ({'encoding': 'x\n' * 1000}, 'unknown encoding'),
    ],
)
def test_what_is_no_image(changes: dict[str, object], expected: str) -> None:
    """A message that contradicts itself gives one line that says how."""
    with pytest.raises(ImageError) as caught:
        decode_image(valid(**changes))
    assert expected in str(caught.value)
    assert '\n' not in str(caught.value)


@steady
@given(
    height=st.integers(0, 70) | st.integers(0, 2**32 - 1),
    width=st.integers(0, 70) | st.integers(0, 2**32 - 1),
    step=st.integers(0, 600) | st.integers(0, 2**32 - 1),
    encoding=st.sampled_from([*ALL, 'jpeg', '']),
    big=st.integers(0, 255),
    data=st.binary(max_size=2000),
)
def test_any_message_is_an_image_or_an_image_error(
    height: int, width: int, step: int, encoding: str, big: int, data: bytes
) -> None:
    """Random messages decode to a picture of the claimed size or give an ImageError."""
    sent = typestore().types[IMAGE](
        image_message(0, np.zeros((1, 1), np.uint8), 'mono8', '').header,
        height,
        width,
        encoding,
        big,
        step,
        np.frombuffer(data, np.uint8),
    )
    received = read_message(write_message(sent, IMAGE), IMAGE)
    try:
        image = decode_image(received)
    except ImageError as error:
        assert '\n' not in str(error)
        return
    assert image.grey().shape == (height, width)
    assert 0 <= image.mean() <= 255.01


@pytest.mark.parametrize('encoding', PLANAR)
@pytest.mark.parametrize('padding', [0, 2])
@pytest.mark.parametrize('size', [(20, 30), (21, 30)])
def test_the_first_plane_of_yuv_is_grey(encoding: str, padding: int, size: tuple[int, int]) -> None:
    """Drivers of libcamera and OAK send nv12: grey is the first plane, chroma is not read."""
    rgb = colour_picture(*size)
    found = planar_message(rgb, encoding, padding=padding)
    plane = found.data[: size[0] * found.step]
    image = decode_image(found)
    assert (image.height, image.width) == size
    assert np.abs(image.grey() - grey_of(rgb)).max() <= 1.0
    found.data = plane
    if not padding:
        with pytest.raises(ImageError, match=f'{encoding}, found {len(plane)}'):
            decode_image(found)


@pytest.mark.parametrize('encoding', ['NV12', 'YUYV', 'Bayer_RGGB8', 'RGB8'])
def test_encodings_in_upper_case(encoding: str) -> None:
    """Some drivers spell them so."""
    pixels = np.zeros(4 * 4 * 3, np.uint8)
    found = SimpleNamespace(
        height=4, width=4, encoding=encoding, step=12, is_bigendian=0, data=np.tile(pixels, 2)
    )
    assert decode_image(found).width == 4


@pytest.mark.skipif(
    not hasattr(cv2, 'COLOR_RGB2YUV_YUY2'), reason='needs OpenCV 4.8 to make the picture'
)
def test_yuv_of_opencv() -> None:
    """Planes as OpenCV writes them, in full range by its own formula."""
    rgb = np.rint(255 * colour_picture()).astype(np.uint8)
    planes = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
    found = SimpleNamespace(
        height=20, width=30, encoding='i420', step=30, is_bigendian=0, data=planes.reshape(-1)
    )
    assert np.array_equal(decode_image(found).grey(), planes[:20])
    packed = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_YUY2)
    found = SimpleNamespace(
        height=20, width=30, encoding='yuyv', step=60, is_bigendian=0, data=packed.reshape(-1)
    )
    assert np.array_equal(decode_image(found).grey(), packed[..., 0])


@pytest.mark.parametrize('encoding', [name for name in BAYER if name.endswith('8')])
@pytest.mark.parametrize('end', ['jpeg compressed', 'png compressed ', 'png compressed bayer'])
def test_compressed_bayer(encoding: str, end: str) -> None:
    """A compressed mosaic is interpolated as one that is not compressed."""
    rgb = colour_picture()
    mosaic = samples(rgb, encoding)
    expected = decode_image(message(mosaic, encoding)).grey()
    data = cv2.imencode('.png', mosaic)[1].reshape(-1)
    found = decode_compressed(SimpleNamespace(format=f'{encoding}; {end}', data=data))
    assert np.array_equal(found.grey(), expected)


@pytest.mark.parametrize('name', ['h264', 'h265', 'hevc', 'H264; bgr8', 'libx264'])
def test_video_is_refused_in_one_line(name: str) -> None:
    """It says what to do."""
    with pytest.raises(ImageError, match='found video .* recordings of it can be read'):
        decode_compressed(SimpleNamespace(format=name, data=np.zeros(100, np.uint8)))


class VendorBuffer:
    """Bytes that are no buffer of Python's, but that NumPy makes an array of."""

    def __init__(self, data: bytes) -> None:
        self._data = np.frombuffer(data, np.uint8)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._data


# What a field `uint8[]` may arrive as; rclpy's is an array.array.
BUFFERS: dict[str, Callable[[bytes], Any]] = {
    'array': lambda data: array('B', data),
    'bytes': bytes,
    'bytearray': bytearray,
    'memoryview': memoryview,
    'signed': lambda data: memoryview(data).cast('b'),
    'numpy': lambda data: np.frombuffer(data, np.uint8),
    'every second': lambda data: memoryview(bytes(np.repeat(bytearray(data), 2)))[::2],
    'vendor': VendorBuffer,
}


@pytest.mark.parametrize('kind', BUFFERS)
def test_any_buffer_is_taken(kind: str) -> None:
    """Raw and compressed images give the same pixels from every kind of buffer."""
    rgb = colour_picture()
    found = message(samples(rgb, 'rgb8'), 'rgb8')
    expected = decode_image(found).pixels.copy()
    found.data = BUFFERS[kind](bytes(found.data))
    assert np.array_equal(decode_image(found).pixels, expected)
    for name in ('.png', '.jpg'):
        file = bytes(cv2.imencode(name, np.rint(255 * rgb).astype(np.uint8))[1])
        of_bytes, of_buffer = (
            decode_compressed(SimpleNamespace(format=name[1:], data=data))
            for data in (np.frombuffer(file, np.uint8), BUFFERS[kind](file))
        )
        assert np.array_equal(of_buffer.rgb(), of_bytes.rgb())


@pytest.mark.parametrize('kind', ['bytes', 'bytearray', 'memoryview', 'array', 'numpy'])
def test_serialised_bytes_of_any_buffer(kind: str) -> None:
    """So do messages as the node receives them, undecoded."""
    rgb = colour_picture()
    sent = write_message(image_message(5, samples(rgb, 'rgb8'), 'rgb8', 'cam'), IMAGE)
    check(read_message(BUFFERS[kind](sent), IMAGE), 'rgb8', rgb)


def test_what_holds_no_bytes() -> None:
    """Not taken for pixels."""
    with pytest.raises(TypeError, match=r'expected uint8\[\], found list of float64'):
        decode_image(valid(data=[0.5, 1.5]))
