"""Ground truth: the correct places of each query frame."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError
from ..network.segments import Segments

_COLUMNS = ('stamp_ns', 'first_place', 'last_place')

# In place of a number of a place: no place; truth unknown.
NO_PLACE = -1
UNKNOWN = -2


@dataclass(frozen=True)
class GroundTruth:
    """
    The correct places of each query, as ranges of places.

    stamps: int64 (queries,); first, last: int64 (queries, ranges), inclusive.

    Where a route passes a spot twice, a query has several ranges; missing ranges are NO_PLACE. A
    query whose first range is NO_PLACE has no true place in the map. The truth of a query whose
    first range is UNKNOWN is unknown, and the query is excluded from all figures. Arrays
    (queries,) are one range each.
    """

    stamps: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Make the ranges two-dimensional."""
        count = len(self.stamps)
        for name in ('first', 'last'):
            table = np.asarray(getattr(self, name), np.int64)
            object.__setattr__(self, name, table.reshape(count, -1 if table.size else 1))

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.stamps)

    def is_correct(self, query: int, place: int) -> bool:
        """Return whether this place is correct for this query."""
        first, last = self.first[query], self.last[query]
        return bool(((first >= 0) & (first <= place) & (place <= last)).any())

    def are_correct(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Return whether the place of each query is correct, NO_PLACE never: bool (queries,)."""
        column = places[:, np.newaxis]
        inside = (self.first >= 0) & (self.first <= column) & (column <= self.last)
        return np.asarray(inside.any(axis=1))

    def correct_places(self, query: int) -> NDArray[np.intp]:
        """Return all correct places of this query, ascending."""
        ranges = [
            np.arange(first, last + 1)
            for first, last in zip(self.first[query], self.last[query])
            if first >= 0
        ]
        return np.unique(np.concatenate(ranges)) if ranges else np.empty(0, np.intp)

    @property
    def with_place(self) -> NDArray[np.bool_]:
        """Which queries have a true place: bool (queries,)."""
        return self.first[:, 0] >= 0

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which queries have a known truth: bool (queries,)."""
        return self.first[:, 0] != UNKNOWN


def from_positions(
    stamps: NDArray[np.int64],
    queries: NDArray[np.float64],
    places: NDArray[np.float64],
    tolerance: float,
) -> GroundTruth:
    """
    Make the truth from distances along the route in metres.

    :param queries: float64 (queries,), position of each query frame.
    :param places: float64 (places,), ascending.
    :param tolerance: a place within this many metres is correct.
    """
    first = np.searchsorted(places, queries - tolerance, side='left')
    last = np.searchsorted(places, queries + tolerance, side='right') - 1
    known = last >= first
    return GroundTruth(stamps, np.where(known, first, NO_PLACE), np.where(known, last, NO_PLACE))


def from_nearest(
    stamps: NDArray[np.int64], queries: NDArray[np.float64], places: NDArray[np.float64]
) -> GroundTruth:
    """
    Make the truth from distances along the route in metres: the nearest place is correct.

    :param queries: float64 (queries,); places: float64 (places,), ascending.
    """
    middles = (places[1:] + places[:-1]) / 2
    nearest = np.searchsorted(middles, queries)
    return GroundTruth(stamps, nearest, nearest)


def widened(truth: GroundTruth, segments: Segments, tolerance: int) -> GroundTruth:
    """
    Return the truth with the places up to `tolerance` places from a correct one, in its segment.

    This is what confidence promises, with `places.tolerance` of the map.
    """
    correct: list[NDArray[np.intp] | None] = []
    for query, known in enumerate(truth.known.tolist()):
        near = [segments.around(place, tolerance) for place in truth.correct_places(query).tolist()]
        numbers = [np.arange(part.start, part.stop) for part in near]
        found = np.unique(np.concatenate(numbers)) if numbers else np.empty(0, np.intp)
        correct.append(found if known else None)
    return from_correct_places(truth.stamps, correct)


def within_places(tolerance: int) -> str:
    """Return in words when a match is correct."""
    return f'within {tolerance} place{"s" * (tolerance != 1)}' if tolerance else 'the exact place'


def from_correct_places(
    stamps: NDArray[np.int64], correct: list[NDArray[np.intp] | None]
) -> GroundTruth:
    """Make the truth from the correct places of each query, ascending; None: unknown."""
    ranges: list[list[tuple[int, int]]] = []
    for places in correct:
        if places is None or not len(places):
            none = UNKNOWN if places is None else NO_PLACE
            ranges.append([(none, none)])
            continue
        ends = np.flatnonzero(np.diff(places) > 1)
        firsts = places[np.concatenate(([0], ends + 1))]
        lasts = places[np.concatenate((ends, [len(places) - 1]))]
        ranges.append(list(zip(firsts.tolist(), lasts.tolist())))
    return _of_ranges(stamps, ranges)


def write_truth(truth: GroundTruth, file: Path) -> None:
    """Write the truth as CSV: stamp_ns, first_place, last_place; a line for each range."""
    with file.open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        for stamp, firsts, lasts in zip(
            truth.stamps.tolist(), truth.first.tolist(), truth.last.tolist()
        ):
            writer.writerows(
                (stamp, first, last)
                for number, (first, last) in enumerate(zip(firsts, lasts))
                if number == 0 or first >= 0
            )


def read_truth(file: Path) -> GroundTruth:
    """
    Read the truth from CSV; successive lines with the same stamp are ranges of one query.

    :raises SourceError: if the file cannot be read or is not such a table.
    """
    try:
        with file.open(newline='', encoding='utf-8') as stream:
            reader = csv.DictReader(stream)
            if not reader.fieldnames:
                raise ValueError('empty')
            rows = [[int(row[name]) for name in _COLUMNS] for row in reader]
        table = np.array(rows, np.int64).reshape(-1, len(_COLUMNS))
        if (np.diff(table[:, 0]) < 0).any():
            raise ValueError('stamps do not increase')
        _check_ranges(table)
    except OSError as error:
        raise SourceError(f'{file}: cannot be read ({error.strerror})') from None
    except (KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
        raise SourceError(
            f'{file}: expected a CSV file with the columns {", ".join(_COLUMNS)} ({error!r})'
        ) from None
    queries = [
        (stamp, [(int(first), int(last)) for _, first, last in lines])
        for stamp, lines in groupby(table.tolist(), key=lambda line: line[0])
    ]
    return _of_ranges(
        np.array([stamp for stamp, _ in queries], np.int64), [ranges for _, ranges in queries]
    )


def _check_ranges(table: NDArray[np.int64]) -> None:
    stamps, first, last = table.T
    if (first < UNKNOWN).any() or (last < first).any():
        raise ValueError(
            f'expected first_place to be {NO_PLACE} (no true place), {UNKNOWN} '
            '(unknown) or a place up to last_place'
        )
    repeated = np.flatnonzero(np.diff(stamps) == 0)
    if (first[repeated] < 0).any() or (first[repeated + 1] < 0).any():
        raise ValueError('expected places in all lines of a stamp with several lines')


def _of_ranges(stamps: NDArray[np.int64], ranges: list[list[tuple[int, int]]]) -> GroundTruth:
    width = max((len(entry) for entry in ranges), default=1)
    table = np.full((len(ranges), width, 2), NO_PLACE, np.int64)
    for row, entry in zip(table, ranges):
        row[: len(entry)] = entry
    return GroundTruth(stamps, table[..., 0], table[..., 1])
