"""Compressed images and image files: JPEG and PNG of every depth, and other bytes."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.encodings_of import colour_picture, grey_of, samples
from support.helpers import steady

from vprtempo_ros.errors import ImageError
from vprtempo_ros.frames import BGR
from vprtempo_ros.sources.cdr import COMPRESSED, read_message, write_message
from vprtempo_ros.sources.image_bag import compressed_message
from vprtempo_ros.sources.image_msg import decode_compressed, decode_file

RGB = colour_picture(24, 32)


def encoded(encoding: str, suffix: str) -> NDArray[np.uint8]:
    """Return the picture as the bytes of a file."""
    done, data = cv2.imencode(suffix, samples(RGB, encoding))
    assert done
    return data


JPEG = encoded('bgr8', '.jpg')
PNG = encoded('bgr8', '.png')


@pytest.mark.parametrize(
    ('encoding', 'suffix', 'levels'),
    [
        ('bgr8', '.png', 1.0),
        ('mono8', '.png', 1.0),
        ('mono16', '.png', 1.0),
        ('bgr16', '.png', 1.0),
        ('bgra8', '.png', 1.0),
        ('bgra16', '.png', 1.0),
        ('bgr8', '.jpg', 4.0),
        ('mono8', '.jpg', 4.0),
        ('bgr8', '.bmp', 1.0),
        ('mono8', '.pgm', 1.0),
        ('mono16', '.tiff', 1.0),
        ('bgr8', '.webp', 6.0),
    ],
)
def test_every_format_gives_the_same_grey(encoding: str, suffix: str, levels: float) -> None:
    """A file of any format and depth decodes to the luma of the picture; alpha is ignored."""
    image = decode_file(encoded(encoding, suffix))
    assert (image.height, image.width) == (24, 32)
    assert np.abs(image.grey() - grey_of(RGB)).max() <= levels
    assert image.pixels.dtype == (np.uint16 if '16' in encoding else np.uint8)


@pytest.mark.skipif(
    not hasattr(cv2, 'IMWRITE_JPEG_SAMPLING_FACTOR'), reason='needs OpenCV 4.7 to write the files'
)
@pytest.mark.parametrize('sampling', [0x111111, 0x211111, 0x221111])
def test_the_grey_of_a_jpeg(sampling: int) -> None:
    """Grey is what the file stores, colours come when they are asked for."""
    done, data = cv2.imencode('.jpg', RGB[..., ::-1], [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling])
    assert done
    image, whole = decode_file(data), cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert image.pixels.shape == (24, 32, 1)
    # Clipped colours change the grey that is computed from them.
    assert np.abs(image.grey() - cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY).astype(int)).mean() < 0.5
    np.testing.assert_array_equal(image.rgb(), whole[..., ::-1])
    np.testing.assert_array_equal(image.coloured().pixels, whole)
    assert image.coloured().weights == BGR


def test_a_jpeg_without_colours() -> None:
    """It has none to ask for."""
    data = encoded('mono8', '.jpg')
    image = decode_file(data)
    np.testing.assert_array_equal(image.pixels, image.coloured().pixels)
    np.testing.assert_array_equal(image.pixels[..., 0], cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def test_a_mosaic_that_was_made_colour_before_jpeg() -> None:
    """compressed_image_transport names the mosaic first; the JPEG has colours."""
    text = 'bayer_rggb8; jpeg compressed bgr8'
    image = decode_compressed(SimpleNamespace(format=text, data=JPEG))
    assert np.abs(image.grey() - grey_of(RGB)).max() <= 4


@pytest.mark.parametrize('text', ['jpeg', 'png', 'rgb8; jpeg compressed bgr8', ''])
def test_the_format_field_may_say_anything(text: str) -> None:
    """The bytes define the format; drivers fill the field `format` in many ways."""
    message = compressed_message(7, JPEG.tobytes(), text, 'cam')
    received = read_message(write_message(message, COMPRESSED), COMPRESSED)
    assert np.abs(decode_compressed(received).grey() - grey_of(RGB)).max() <= 4


@pytest.mark.parametrize('text', ['16UC1; compressedDepth', '32FC1; compressedDepth png'])
def test_depth_images_are_refused(text: str) -> None:
    """A depth image is refused, even if its bytes would decode."""
    with pytest.raises(ImageError, match='compressedDepth'):
        decode_compressed(SimpleNamespace(format=text, data=PNG))


@pytest.mark.parametrize(
    'data',
    [
        b'',
        b'\0',
        b'garbage' * 50,
        JPEG[:2].tobytes(),
        JPEG[:100].tobytes(),
        PNG[:20].tobytes(),
        bytes(5000),
    ],
    ids=['empty', 'one byte', 'garbage', 'jpeg magic', 'jpeg header', 'png header', 'zeros'],
)
def test_what_is_no_picture(data: bytes) -> None:
    """Bytes that do not decode give one line."""
    with pytest.raises(ImageError) as caught:
        decode_compressed(SimpleNamespace(format='jpeg', data=data))
    assert '\n' not in str(caught.value)


def test_floating_point_files_are_refused() -> None:
    """A TIFF of floats decodes, but is of another range than a picture."""
    done, data = cv2.imencode('.tiff', np.ones((4, 4), np.float32))
    assert done
    with pytest.raises(ImageError, match='8 or 16 bits'):
        decode_file(data)


def test_a_file_may_not_claim_too_many_pixels() -> None:
    """A header that claims billions of pixels is refused before memory is allocated."""
    data = PNG.copy()
    data[16:24] = np.frombuffer((60_000).to_bytes(4, 'big') * 2, np.uint8)
    with pytest.raises(ImageError):
        decode_file(data)


@steady
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_image_errors(data: bytes) -> None:
    """Any bytes are an image or an ImageError."""
    try:
        image = decode_compressed(SimpleNamespace(format='', data=data))
    except ImageError as error:
        assert '\n' not in str(error)
        return
    assert image.pixels.size > 0


@settings(steady, max_examples=60)
@given(
    st.sampled_from([JPEG, PNG]),
    st.integers(0, len(JPEG) - 1),
    st.integers(1, 255),
    st.integers(0, 400),
)
def test_damaged_files_raise_nothing_but_image_errors(
    file: NDArray[np.uint8], where: int, mask: int, cut: int
) -> None:
    """A flipped byte or a missing end gives a picture or an ImageError."""
    data = file.copy()
    data[where % len(data)] ^= mask
    try:
        image = decode_file(data[: max(1, len(data) - cut)])
    except ImageError as error:
        assert '\n' not in str(error)
        return
    assert image.pixels.size > 0
