"""Finding hot pixels, which report changes where there are none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Images between two searches. Earlier counts are halved at each search.
_IMAGES = 20
_FADING = 0.5


class HotPixels:
    """
    Finds the pixels with far more events than their neighbours.

    A pixel is hot if it has `factor` times as many events as the second busiest of its eight
    neighbours, and as the mean pixel: real edges cover several pixels, and two adjacent hot
    pixels are still found.
    """

    def __init__(self, height: int, width: int, factor: float) -> None:
        """Watch images of this size; with factor 0 no pixel is hot."""
        self.found: NDArray[np.intp] = np.empty(0, np.intp)
        self._factor = factor
        self._seen = 0
        # With a border, so that all pixels have eight neighbours.
        self._sums = np.zeros((height + 2, width + 2), np.float32)
        self._inner = self._sums[1:-1, 1:-1]
        self._amount = np.zeros((height, width), np.float32)
        self._busy = np.zeros(self._sums.size, bool)
        self._neighbours = np.array(
            [
                row * (width + 2) + column
                for row in (-1, 0, 1)
                for column in (-1, 0, 1)
                if row or column
            ]
        )

    def watch(self, image: NDArray[np.float32]) -> bool:
        """
        Count an image float32 (planes, height, width); return whether `found` has changed.

        `found`: indices of hot pixels in a flat plane, ascending.
        """
        if not self._factor:
            return False
        for plane in image:
            # Signed images have negative counts of OFF events.
            np.abs(plane, out=self._amount)
            self._inner += self._amount
        self._seen += 1
        if self._seen % _IMAGES:
            return False
        found = self._search()
        self._sums *= _FADING
        changed = not np.array_equal(found, self.found)
        self.found = found
        return changed

    def _search(self) -> NDArray[np.intp]:
        flat = self._sums.reshape(-1)
        mean = float(self._inner.mean())
        np.greater(flat, self._factor * mean, out=self._busy)
        candidates = np.flatnonzero(self._busy)
        neighbours = flat[candidates[:, np.newaxis] + self._neighbours]
        neighbours.partition(6, axis=1)
        hot = candidates[flat[candidates] > self._factor * neighbours[:, 6]]
        width = self._sums.shape[1]
        rows, columns = hot // width - 1, hot % width - 1
        return rows * (width - 2) + columns
