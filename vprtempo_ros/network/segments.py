"""Segments of a map: places that were driven one after another, with a border between segments."""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import Indices


class Segments(NamedTuple):
    """
    Which places follow each other: neighbours are places of one segment only.

    bounds: int64 (segments + 1,): the first place of each segment, and the number of places.
    """

    bounds: Indices

    @classmethod
    def of(cls, counts: Sequence[int]) -> Segments:
        """Return segments with these numbers of places, one after another."""
        return cls(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    @property
    def places(self) -> int:
        """Number of places."""
        return int(self.bounds[-1])

    @property
    def counts(self) -> list[int]:
        """Number of places of each segment."""
        counts: list[int] = np.diff(self.bounds).tolist()
        return counts

    @property
    def slices(self) -> list[slice]:
        """The places of each segment."""
        bounds = self.bounds.tolist()
        return [slice(first, end) for first, end in zip(bounds, bounds[1:])]

    @property
    def numbers(self) -> Indices:
        """The segment of each place, int64 (places,)."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    def part(self, places: slice) -> Segments:
        """Return the segments of some places that follow each other, as if there were no others."""
        inner = self.bounds[(self.bounds > places.start) & (self.bounds < places.stop)]
        return Segments(np.concatenate([[places.start], inner, [places.stop]]) - places.start)

    def around(self, place: int, reach: int) -> slice:
        """Return the places of the same segment up to `reach` away."""
        segment = int(self.bounds.searchsorted(place, 'right')) - 1
        first, end = int(self.bounds[segment]), int(self.bounds[segment + 1])
        return slice(max(first, place - reach), min(end, place + reach + 1))

    def windows(self, reach: int) -> tuple[Indices, Indices]:
        """Return the first place of `around` and the one past the last, for each place."""
        place, numbers = np.arange(self.places), self.numbers
        return (
            np.maximum(self.bounds[numbers], place - reach),
            np.minimum(self.bounds[numbers + 1], place + reach + 1),
        )

    def near(self, places: Indices, reach: int) -> NDArray[np.bool_]:
        """Return whether each place is within reach of these, bool (len(places), all places)."""
        first, end = self.windows(reach)
        column = np.arange(self.places)
        return (column >= first[places, np.newaxis]) & (column < end[places, np.newaxis])
