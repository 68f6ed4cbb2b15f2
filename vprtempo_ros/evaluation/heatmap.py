"""The similarity matrix, made small while its rows come in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Pixels along each side at the most.
LIMIT = 1200


class Heatmap:
    """
    Similarities of all queries and places in at most 1200 x 1200 pixels, 6 MB.

    A pixel is the highest value of what it covers, so that a single good match is seen. Each
    query's row is on its own scale: its brightness says nothing about another's.
    """

    def __init__(self, queries: int, places: int) -> None:
        """Prepare for so many rows of so many places."""
        self.queries, self.places = queries, places
        self._starts = _starts(places)
        self._pixels = np.zeros((min(queries, LIMIT), len(self._starts)), np.float32)
        self._row = 0

    def add(self, similarity: NDArray[np.float32]) -> None:
        """Take the next row, float32 (places,); a row that is not finite stays black."""
        low, high = float(similarity.min()), float(similarity.max())
        if np.isfinite(low) and high > low:
            pixel = self._row * len(self._pixels) // self.queries
            shown = (np.maximum.reduceat(similarity, self._starts) - low) / (high - low)
            np.maximum(self._pixels[pixel], shown, out=self._pixels[pixel])
        self._row += 1

    def pixels(self) -> NDArray[np.float32]:
        """Return the picture, float32 (queries, places) made small, 0 to 1."""
        return self._pixels


def _starts(places: int) -> NDArray[np.intp]:
    """Return where the pixels of a row begin."""
    count = min(places, LIMIT)
    return np.arange(count) * places // count
