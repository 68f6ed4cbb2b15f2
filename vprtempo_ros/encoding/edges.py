"""The steps of encoder `oriented` from a small image to the energy of its edges, with NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Doubles, Floats, Indices, Spikes

# Contrast of noise: amplitude of the square root of grey, 0 to 1.
NOISE = np.float32(0.06)
# The largest spike.
WHITE = np.float32(255.0)


class Layout(NamedTuple):
    """
    Sizes of an encoder.

    pool: float32 (cells, side), the part of each pixel of a row in a cell; around: float32 (cells,
    cells), the number of cells that the energy of each is compared with; orientations: even;
    opposite: the response to edges of opposite polarity.
    """

    pool: Floats
    around: Floats
    orientations: int
    opposite: float


class Edges:
    """Finds edges of small images of one size, sorts them, and compares them with those around."""

    def __init__(self, layout: Layout) -> None:
        """Prepare for the sizes."""
        self._cells, self._side = layout.pool.shape
        self._bins, self._count = layout.orientations, layout.around
        self._opposite = np.float32(layout.opposite)
        self._turn = np.float32(self._bins / (2 * np.pi))
        # Each row of pixels contributes to two rows of cells, with these weights.
        self._rows: Indices = np.argsort(-layout.pool, axis=0, kind='stable')[:2]
        parts = np.take_along_axis(layout.pool, self._rows, axis=0)
        self._weights: Floats = np.repeat(parts, self._side, axis=1)
        # Index of each contribution to orientation 0 in an array (row, orientation, column). Two
        # more orientations take what is past the last one: a whole turn, and the one after it.
        column = np.tile(np.arange(self._side), self._side)
        block = (self._bins + 2) * self._side
        self._origin: Indices = np.repeat(self._rows, self._side, axis=1) * block + column

    @staticmethod
    def gradients(small: Floats) -> tuple[Floats, Floats]:
        """
        Return the differences of the neighbours of each pixel: right and left, below and above it.

        Borders are repeated.

        :param small: float32 (rows, columns), contiguous, as are the two that are returned.
        """
        # Over all rows at once, as a row alone is too short for a fast loop; OpenCV's filters take
        # several times as long to set up. What this makes of the borders is overwritten.
        across, down = np.empty_like(small), np.empty_like(small)
        flat = small.reshape(-1)
        np.subtract(flat[2:], flat[:-2], out=across.reshape(-1)[1:-1])
        np.subtract(small[:, 1], small[:, 0], out=across[:, 0])
        np.subtract(small[:, -1], small[:, -2], out=across[:, -1])
        np.subtract(small[2:], small[:-2], out=down[1:-1])
        np.subtract(small[1], small[0], out=down[0])
        np.subtract(small[-1], small[-2], out=down[-1])
        return across, down

    def sorted(self, strength: Floats, angle: Floats) -> Floats:
        """
        Return the strength of edges float32 (cells, orientations, side), pooled over rows.

        An edge contributes to the two orientations next to its own.

        :param strength: float32 (pixels,), as are angles in radians, 0 to 2 pi.
        """
        bins, side, cells = self._bins, self._side, self._cells
        position = angle * self._turn
        first = np.floor(position)
        position -= first
        shares = np.empty((2, side * side), np.float32)
        np.multiply(strength, position, out=shares[1])
        np.subtract(strength, shares[1], out=shares[0])
        first *= np.float32(side)
        where = np.empty((2, 2, side * side), np.intp)
        np.add(self._origin, first.astype(np.intp), out=where[0])
        np.add(where[0], side, out=where[1])
        amount = shares[:, np.newaxis] * self._weights
        found = np.bincount(where.reshape(-1), amount.reshape(-1), cells * (bins + 2) * side)
        sums: Doubles = found.reshape(cells, bins + 2, side).astype(np.float64, copy=False)
        sums[:, :2] += sums[:, bins:]
        return sums[:, :bins].astype(np.float32)

    def add_opposite(self, energy: Floats) -> None:
        """Add the response to edges of opposite polarity to float32 (rows, orientations, cells)."""
        if self._opposite > 0.0:
            half, opposite = self._bins // 2, self._opposite * energy
            energy[:, :half] += opposite[:, half:]
            energy[:, half:] += opposite[:, :half]

    def relative(self, energy: Floats, around: Floats) -> Spikes:
        """
        Return energy relative to that around it, uint8 (rows, orientations, columns).

        :param energy: float32 of this shape; around: float32 (rows, columns), its power summed over
            the cells around each.
        """
        # Running sums can end slightly below zero where there are no edges.
        power = np.maximum(around, np.float32(0.0)) / self._count
        scaled = energy * (WHITE / (np.sqrt(power) + NOISE))[:, np.newaxis]
        np.minimum(scaled, WHITE, out=scaled)
        return np.rint(scaled, out=scaled).astype(np.uint8)
