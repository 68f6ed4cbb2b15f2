"""Images from messages and files, as views of their bytes where possible."""

from __future__ import annotations

import os
from functools import partial
from typing import Callable, NamedTuple, Protocol

# OpenCV reads it when it first decodes: an image file may not claim more pixels than this.
os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(1 << 26))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ..arrays import Numbers, bytes_of  # noqa: E402
from ..errors import ImageError  # noqa: E402
from ..frames import BGR, GREY, RGB, Image  # noqa: E402
from .cdr import COMPRESSED, IMAGE, Message  # noqa: E402
from .video import is_video  # noqa: E402


class ImageMessage(Protocol):
    """A sensor_msgs/Image without its header."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: NDArray[np.uint8]


class CompressedMessage(Protocol):
    """A sensor_msgs/CompressedImage without its header."""

    format: str
    data: NDArray[np.uint8]


class _Layout(NamedTuple):
    """
    A pixel of an encoding: type of the samples, their weights, OpenCV's Bayer code.

    planes: for a plane of grey that is followed by others, all bytes relative to those of grey.
    """

    dtype: type
    weights: tuple[float, ...]
    bayer: int | None = None
    planes: float = 1.0


def _bayer(dtype: type) -> dict[str, _Layout]:
    # ROS names a pattern by its first 2x2 pixels, OpenCV by the second and third of row two.
    codes = {
        'rggb': cv2.COLOR_BayerBG2GRAY,
        'bggr': cv2.COLOR_BayerRG2GRAY,
        'gbrg': cv2.COLOR_BayerGR2GRAY,
        'grbg': cv2.COLOR_BayerGB2GRAY,
    }
    bits = np.dtype(dtype).itemsize * 8
    return {f'bayer_{name}{bits}': _Layout(dtype, GREY, code) for name, code in codes.items()}


_COLOURS = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
_JPEG = b'\xff\xd8\xff'
# Sets of these are searched in a tenth of the time that comparing with types takes.
_DEPTHS = frozenset((np.dtype(np.uint8), np.dtype(np.uint16)))

# In YUV each pixel has its own luma, which is the grey value; other bytes or planes are chroma.
_UYVY = _Layout(np.uint8, (0.0, 1.0))
_YUYV = _Layout(np.uint8, (1.0, 0.0))

_LAYOUTS: dict[str, _Layout] = {
    'mono8': _Layout(np.uint8, GREY),
    'mono16': _Layout(np.uint16, GREY),
    'rgb8': _Layout(np.uint8, RGB),
    'bgr8': _Layout(np.uint8, BGR),
    'rgba8': _Layout(np.uint8, (*RGB, 0.0)),
    'bgra8': _Layout(np.uint8, (*BGR, 0.0)),
    'rgb16': _Layout(np.uint16, RGB),
    'bgr16': _Layout(np.uint16, BGR),
    'rgba16': _Layout(np.uint16, (*RGB, 0.0)),
    'bgra16': _Layout(np.uint16, (*BGR, 0.0)),
    # OpenCV's own names, as cv_bridge publishes them; three channels are BGR there.
    '8UC1': _Layout(np.uint8, GREY),
    '16UC1': _Layout(np.uint16, GREY),
    '8UC3': _Layout(np.uint8, BGR),
    '8UC4': _Layout(np.uint8, (*BGR, 0.0)),
    'yuv422': _UYVY,
    'uyvy': _UYVY,
    'vyuy': _UYVY,
    'yuv422_yuy2': _YUYV,
    'yuyv': _YUYV,
    'yvyu': _YUYV,
    'yuv444': _Layout(np.uint8, (1.0, 0.0, 0.0)),
    **dict.fromkeys(
        ('nv12', 'nv21', 'yuv420', 'i420', 'yv12'), _Layout(np.uint8, GREY, planes=1.5)
    ),
    **dict.fromkeys(('nv16', 'nv61', 'yuv422p'), _Layout(np.uint8, GREY, planes=2.0)),
    **dict.fromkeys(('nv24', 'nv42', 'yuv444p'), _Layout(np.uint8, GREY, planes=3.0)),
    **_bayer(np.uint8),
    **_bayer(np.uint16),
}

ENCODINGS = tuple(_LAYOUTS)
"""Encodings of sensor_msgs/Image that can be decoded."""


def decode_image(message: ImageMessage) -> Image:
    """
    Return the pixels of a sensor_msgs/Image.

    :raises ImageError: for an unknown encoding, a size of zero, a step shorter than a row, or
        too little data for the size.
    """
    layout = _LAYOUTS.get(message.encoding) or _LAYOUTS.get(message.encoding.lower())
    if layout is None:
        raise ImageError(
            f'unknown encoding {message.encoding[:40]!r}; known are {", ".join(_LAYOUTS)}'
        )
    height, width, step = int(message.height), int(message.width), int(message.step)
    if height <= 0 or width <= 0:
        raise ImageError(f'expected an image, found one of {width}x{height} pixels')
    dtype = np.dtype(layout.dtype)
    channels = len(layout.weights)
    row = width * channels * dtype.itemsize
    if step < row:
        raise ImageError(
            f'expected at least {row} bytes a row for {width} pixels of '
            f'{message.encoding}, found a step of {step}'
        )
    data = bytes_of(message.data)
    # Some drivers leave out the padding of the last row.
    needed = step * (height - 1) + row
    if layout.planes > 1.0:
        # Chroma is not read, but a message without it was cut off or is of another encoding.
        needed = max(needed, int(width * height * layout.planes))
    if data.size < needed:
        raise ImageError(
            f'expected {needed} bytes for {width}x{height} {message.encoding}, found {data.size}'
        )
    if dtype.itemsize > 1:
        dtype = dtype.newbyteorder('>' if message.is_bigendian else '<')
    pixels: Numbers = np.ndarray(
        (height, width, channels),
        dtype,
        data,
        strides=(step, channels * dtype.itemsize, dtype.itemsize),
    )
    if not dtype.isnative:
        pixels = pixels.astype(dtype.newbyteorder('='))
    elif not pixels.flags.aligned:
        pixels = pixels.copy()  # OpenCV refuses rows that do not begin with a whole sample.
    if layout.bayer is not None:
        pixels = _demosaiced(pixels, layout.bayer)
    return Image(pixels, layout.weights)


def _demosaiced(pixels: Numbers, code: int) -> Numbers:
    """Return the grey (height, width, 1) of a Bayer mosaic."""
    height, width = pixels.shape[:2]
    # OpenCV interpolates from the eight neighbours, which need 3x3 pixels.
    if min(height, width) < 3:
        raise ImageError(f'expected a Bayer image of at least 3x3 pixels, found {width}x{height}')
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels[..., 0]), code))[..., np.newaxis]


def decode_compressed(message: CompressedMessage) -> Image:
    """
    Return the pixels of a sensor_msgs/CompressedImage (JPEG, PNG).

    :raises ImageError: if it is a depth image or its bytes do not decode.
    """
    if 'compressedDepth' in message.format:
        raise ImageError(f'expected a colour or grey image, found format {message.format[:40]!r}')
    kind = message.format.strip().lower()
    if is_video(kind):
        raise ImageError(
            f'expected images, found video ({message.format[:40]}), whose packets depend on each '
            'other: recordings of it can be read; live, publish the images too'
        )
    data = bytes_of(message.data)
    layout = _LAYOUTS.get(kind.partition(';')[0].strip())
    if layout is not None and layout.bayer is not None:
        image = _decode_colours(data)
        # Publishers convert mosaics to colour for JPEG, and name the mosaic all the same.
        if image.weights == GREY:
            return Image(_demosaiced(image.pixels, layout.bayer), GREY)
        return image
    return decode_file(data)


def decode_file(data: NDArray[np.uint8]) -> Image:
    """
    Return the pixels of an image file given by its bytes, grey or BGR, uint8 or uint16.

    A JPEG stores grey apart from colours: only its grey is decoded, which takes a third of the
    time, and the colours when they are asked for.

    :raises ImageError: if the bytes do not decode.
    """
    if data[: len(_JPEG)].tobytes() != _JPEG:
        return _decode_colours(data)
    pixels = _decoded(data, cv2.IMREAD_GRAYSCALE)
    return Image(pixels[..., np.newaxis], GREY, original=partial(_decode_colours, data))


def read_pixels(file: str) -> Numbers | None:
    """
    Return the pixels of an image file given by its name, for `image_of`.

    None if OpenCV cannot read it, or not with 8 or 16 bits. Threads wait for the interpreter once.
    """
    # OpenCV does not take every name that a file may have.
    if not file.isascii():
        return None
    try:
        pixels = cv2.imread(file, _COLOURS)
    except cv2.error:
        return None
    return pixels if pixels is not None and pixels.dtype in _DEPTHS else None


def _decode_colours(data: NDArray[np.uint8]) -> Image:
    return image_of(_decoded(data, _COLOURS))


def image_of(pixels: Numbers) -> Image:
    """Return the image of pixels as OpenCV decodes them: (height, width), or with BGR."""
    if pixels.ndim == 2:
        return Image(pixels[..., np.newaxis], GREY)
    return Image(pixels, BGR)


def _decoded(data: NDArray[np.uint8], how: int) -> Numbers:
    if not data.size:
        raise ImageError('expected an image, found 0 bytes')
    try:
        pixels = cv2.imdecode(data, how)
    except cv2.error as error:
        raise ImageError(f'{data.size} bytes are not an image ({error.err})') from None
    if pixels is None or pixels.dtype not in _DEPTHS:
        raise ImageError(f'{data.size} bytes are not a JPEG, PNG or other image of 8 or 16 bits')
    return np.asarray(pixels)


DECODERS: dict[str, Callable[[Message], Image]] = {
    IMAGE: decode_image,
    COMPRESSED: decode_compressed,
}
"""The decoder of each message type of images."""
