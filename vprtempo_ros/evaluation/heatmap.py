"""The similarity matrix, reduced as its rows are added."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Maximum number of pixels along each side.
LIMIT = 1200


class Heatmap:
    """
    Similarities of all queries and places in at most 1200 x 1200 pixels, 6 MB.

    A pixel is the maximum of the values it covers, so that a single good match is visible. Each
    row is scaled separately: brightness is not comparable between queries.
    """

    def __init__(self, queries: int, places: int) -> None:
        """Prepare for this many rows of this many places."""
        self.queries, self.places = queries, places
        self._starts = _starts(places)
        self._pixels = np.zeros((min(queries, LIMIT), len(self._starts)), np.float32)
        self._row = 0

    def add(self, similarity: NDArray[np.float32]) -> None:
        """Add the next row, float32 (places,); a row that is not finite stays black."""
        low, high = float(similarity.min()), float(similarity.max())
        if np.isfinite(low) and high > low:
            pixel = self._row * len(self._pixels) // self.queries
            shown = (np.maximum.reduceat(similarity, self._starts) - low) / (high - low)
            np.maximum(self._pixels[pixel], shown, out=self._pixels[pixel])
        self._row += 1

    def pixels(self) -> NDArray[np.float32]:
        """Return the picture, float32 (queries, places) reduced, 0 to 1."""
        return self._pixels


def _starts(places: int) -> NDArray[np.intp]:
    """Return the first place of each pixel of a row."""
    count = min(places, LIMIT)
    return np.arange(count) * places // count
