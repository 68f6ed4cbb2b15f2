"""A colour picture in every encoding of sensor_msgs/Image, independent of the decoder."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Position of the colour channel (0 red, 1 green, 2 blue) in each 2x2 cell, row by row.
_PATTERNS = {'rggb': (0, 1, 1, 2), 'bggr': (2, 1, 1, 0), 'gbrg': (1, 2, 0, 1), 'grbg': (1, 0, 2, 1)}
BAYER = [f'bayer_{pattern}{bits}' for pattern in _PATTERNS for bits in (8, 16)]
PLAIN = [
    'mono8',
    '8UC1',
    'mono16',
    '16UC1',
    'rgb8',
    'bgr8',
    '8UC3',
    'rgba8',
    'bgra8',
    '8UC4',
    'rgb16',
    'bgr16',
    'rgba16',
    'bgra16',
]
YUV = ['yuv422', 'uyvy', 'vyuy', 'yuv422_yuy2', 'yuyv', 'yvyu', 'yuv444']
# Bytes of the planes after that of grey, relative to it.
PLANAR = {
    **dict.fromkeys(('nv12', 'nv21', 'yuv420', 'i420', 'yv12'), 0.5),
    **dict.fromkeys(('nv16', 'nv61', 'yuv422p'), 1.0),
    **dict.fromkeys(('nv24', 'nv42', 'yuv444p'), 2.0),
}
DEEP = [name for name in PLAIN + BAYER if name.startswith('16') or name.endswith('16')]


def colour_picture(height: int = 20, width: int = 30) -> NDArray[np.float64]:
    """Return smooth, strongly coloured RGB (height, width, 3), 0 to 1."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    return np.stack([0.55 + 0.4 * x, 0.1 + 0.15 * y, 0.35 - 0.3 * x], axis=-1)


def grey_of(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the BT.601 luma, 0 to 255."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    return 255 * (0.299 * red + 0.587 * green + 0.114 * blue)


def samples(rgb: NDArray[np.float64], encoding: str) -> NDArray[Any]:
    """Return the samples as stored in memory, (height, width, samples of a pixel)."""
    height, width = rgb.shape[:2]
    deep = encoding in DEEP
    full = 65535 if deep else 255
    grey = grey_of(rgb)[..., np.newaxis] / 255
    if encoding in BAYER:
        pattern = _PATTERNS[encoding[6:10]]
        values = np.empty((height, width, 1))
        for cell, channel in enumerate(pattern):
            top, left = divmod(cell, 2)
            values[top::2, left::2, 0] = rgb[top::2, left::2, channel]
    elif encoding in YUV:
        # Chroma is noise: it must not leak into the grey value.
        chroma = np.random.default_rng(0).random((height, width, 1))
        parts = [grey, chroma] if encoding in ('yuv422_yuy2', 'yuyv', 'yvyu') else [chroma, grey]
        if encoding == 'yuv444':
            parts = [grey, chroma, chroma]
        values = np.concatenate(parts, axis=-1)
    elif encoding in ('mono8', 'mono16', '8UC1', '16UC1'):
        values = grey
    else:
        alpha = np.random.default_rng(1).random((height, width, 1))
        colour = rgb if encoding.startswith('rgb') else rgb[..., ::-1]
        four = 'a' in encoding or encoding.endswith('C4')
        values = np.concatenate([colour, alpha], axis=-1) if four else colour
    return np.rint(values * full).astype(np.uint16 if deep else np.uint8)


def message(
    values: NDArray[Any],
    encoding: str,
    *,
    padding: int = 0,
    big_endian: bool = False,
    last_row_padded: bool = True,
) -> SimpleNamespace:
    """Return the samples as a message, each row followed by `padding` arbitrary bytes."""
    height, width = values.shape[:2]
    stored = values.astype(values.dtype.newbyteorder('>' if big_endian else '<'))
    rows = np.frombuffer(stored.tobytes(), np.uint8).reshape(height, -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=0xAB)
    data = padded.reshape(-1)
    if padding and not last_row_padded:
        data = data[:-padding]
    return SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        step=padded.shape[1],
        is_bigendian=int(big_endian),
        data=data,
    )


def planar_message(rgb: NDArray[np.float64], encoding: str, *, padding: int = 0) -> SimpleNamespace:
    """Return a plane of grey, followed by planes of chroma that are noise."""
    found = message(samples(rgb, 'mono8'), encoding, padding=padding)
    rows = -(-int(2 * found.height * PLANAR[encoding]) // 2)
    chroma = np.random.default_rng(0).integers(0, 256, rows * found.step, np.uint8)
    found.data = np.concatenate((found.data, chroma))
    return found
