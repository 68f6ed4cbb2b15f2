"""
The compiled loop of encoder `oriented`, for trainings of many frames.

It adds the same numbers in the same order as NumPy does in `oriented.py`, without arrays in
between, so that spikes are the same to the bit.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Doubles, Floats, Indices
from ..support.compiled import njit


@njit(nogil=True, cache=True)
def sorted_edges(
    strength: Floats, angle: Floats, turn: np.float32, rows: Indices, weights: Floats, out: Doubles
) -> None:
    """
    Add the strength of edges to the two orientations and the two rows of cells next to them.

    :param strength: float32 (pixels,), as are angles in radians, 0 to 2 pi.
    :param turn: orientations per radian.
    :param rows: int64 (2, side), the rows of cells of each row of pixels; weights: float32 (2,
        pixels), the part of a pixel in each.
    :param out: float64 (cells, orientations + 2, side), zeros.
    """
    side, pixels = rows.shape[1], strength.shape[0]
    block = out.shape[1] * side
    sums = out.reshape(-1)
    # Unsigned: whether an index is below 0, and so counts from the end, takes time to find out.
    where = np.empty(pixels, np.uint64)
    shares = np.empty((2, pixels), np.float32)
    for row in range(side):
        for column in range(side):
            i = row * side + column
            position = angle[i] * turn
            floor = np.floor(position)
            share = strength[i] * (position - floor)
            shares[1, i] = share
            shares[0, i] = strength[i] - share
            where[i] = np.uint64(np.int64(floor) * side + column)
    for after in range(2):
        for other in range(2):
            for row in range(side):
                base = np.uint64(rows[other, row] * block + after * side)
                begin = row * side
                share, part = (
                    shares[after, begin : begin + side],
                    weights[other, begin : begin + side],
                )
                index = where[begin : begin + side]
                for column in range(side):
                    sums[base + index[column]] += np.float64(share[column] * part[column])
