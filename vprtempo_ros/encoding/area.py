"""
Averages over areas, as products of small matrices.

They are those of OpenCV's `INTER_AREA`, which takes about three times as long where the sizes have
no whole ratio.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from ..arrays import Floats, Numbers


def area_mean(plane: Numbers, side: int) -> Floats:
    """
    Return the means over side times side equal areas of a plane, float32 (side, side).

    Pixels that are cut count by their parts. Of uint8 and a few thousand pixels an area the sums
    are whole numbers that float32 holds, so that results do not depend on the order of summing.

    :param plane: uint8, uint16 or float32 (height, width), each at least `side`.
    """
    height, width = plane.shape
    columns, rows = _weights(width, side), _weights(height, side)
    values = plane.astype(np.float32, copy=False)
    # Block by block: products this small run in one thread of BLAS. Columns first, since the
    # narrower product is the faster one.
    blocks = height // rows.shape[1]
    across = values.reshape(blocks, -1, columns.shape[1]) @ columns.T
    down = rows @ across.reshape(blocks, rows.shape[1], side)
    return down.reshape(side, side) * np.float32(1.0 / (rows.shape[1] * columns.shape[1]))


@lru_cache(maxsize=32)
def _weights(pixels: int, side: int) -> Floats:
    """
    Return the weights of pixels in areas, float32 (areas, pixels), of the first of equal blocks.

    They are whole numbers, in parts of a pixel, and those of an area sum to the pixels of a block.
    """
    blocks = math.gcd(pixels, side)
    length, areas = pixels // blocks, side // blocks
    begin = np.arange(length) * areas
    first = np.arange(areas)[:, np.newaxis] * length
    overlap = np.minimum(begin + areas, first + length) - np.maximum(begin, first)
    return np.maximum(overlap, 0).astype(np.float32)
