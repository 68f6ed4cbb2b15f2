"""Finding pixels that report changes where there are none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Pictures between two looks. What was before counts half as much each time.
_PICTURES = 20
_FADING = 0.5


class HotPixels:
    """
    Watches count pictures and tells which pixels stand out by themselves.

    A pixel is hot if it has `factor` times as many events as the second busiest of its eight
    neighbours, and as the mean pixel: what is seen has neighbours that see it too, and two hot
    pixels side by side are still found.
    """

    def __init__(self, height: int, width: int, factor: float) -> None:
        """Watch pictures of this size; with factor 0 nothing is hot."""
        self.found: NDArray[np.intp] = np.empty(0, np.intp)
        self._factor = factor
        self._seen = 0
        # With a border, so that all pixels have neighbours.
        self._sums = np.zeros((height + 2, width + 2), np.float32)
        self._inner = self._sums[1:-1, 1:-1]
        self._amount = np.zeros((height, width), np.float32)
        self._busy = np.zeros(self._sums.size, bool)
        self._around = np.array(
            [
                row * (width + 2) + column
                for row in (-1, 0, 1)
                for column in (-1, 0, 1)
                if row or column
            ]
        )

    def watch(self, picture: NDArray[np.float32]) -> bool:
        """
        Take a picture float32 (planes, height, width); return whether `found` is new.

        `found` holds places in the flat picture, ascending.
        """
        if not self._factor:
            return False
        for plane in picture:
            # Without the sign, which brighter and darker may have given it.
            np.abs(plane, out=self._amount)
            self._inner += self._amount
        self._seen += 1
        if self._seen % _PICTURES:
            return False
        found = self._look()
        self._sums *= _FADING
        new = not np.array_equal(found, self.found)
        self.found = found
        return new

    def _look(self) -> NDArray[np.intp]:
        flat = self._sums.reshape(-1)
        mean = float(self._inner.mean())
        np.greater(flat, self._factor * mean, out=self._busy)
        candidates = np.flatnonzero(self._busy)
        neighbours = flat[candidates[:, np.newaxis] + self._around]
        neighbours.partition(6, axis=1)
        hot = candidates[flat[candidates] > self._factor * neighbours[:, 6]]
        width = self._sums.shape[1]
        rows, columns = hot // width - 1, hot % width - 1
        return rows * (width - 2) + columns
