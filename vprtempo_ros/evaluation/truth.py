"""Ground truth: for each query frame, the places that are right."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError

_COLUMNS = ('stamp_ns', 'first_place', 'last_place')

# What stands for a stretch of places where there is none.
NOWHERE = -1
UNKNOWN = -2


@dataclass(frozen=True)
class GroundTruth:
    """
    stamps: int64 (queries,); first, last: int64 (queries, stretches), inclusive.

    A route that passes somewhere twice has several stretches of right places; a query with fewer
    than the others is filled up with NOWHERE. A query whose first stretch is NOWHERE has no true
    place in the map; one whose first stretch is UNKNOWN cannot be judged and counts in no figure.
    Arrays (queries,) are taken as one stretch each.
    """

    stamps: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Bring the stretches into two dimensions."""
        count = len(self.stamps)
        for name in ('first', 'last'):
            table = np.asarray(getattr(self, name), np.int64)
            object.__setattr__(self, name, table.reshape(count, -1 if table.size else 1))

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.stamps)

    def is_right(self, query: int, place: int) -> bool:
        """Tell whether this place is a right answer to this query."""
        first, last = self.first[query], self.last[query]
        return bool(((first >= 0) & (first <= place) & (place <= last)).any())

    def are_right(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell for an answer to each query, -1 for none, whether it is right: bool (queries,)."""
        answers = places[:, np.newaxis]
        inside = (self.first >= 0) & (self.first <= answers) & (answers <= self.last)
        return np.asarray(inside.any(axis=1))

    def right_places(self, query: int) -> NDArray[np.intp]:
        """Return all right answers to this query, ascending."""
        stretches = [
            np.arange(first, last + 1)
            for first, last in zip(self.first[query], self.last[query])
            if first >= 0
        ]
        return np.unique(np.concatenate(stretches)) if stretches else np.empty(0, np.intp)

    @property
    def with_place(self) -> NDArray[np.bool_]:
        """Which queries have a true place: bool (queries,)."""
        return self.first[:, 0] >= 0

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which queries can be judged: bool (queries,)."""
        return self.first[:, 0] != UNKNOWN


def from_positions(
    stamps: NDArray[np.int64],
    queries: NDArray[np.float64],
    places: NDArray[np.float64],
    tolerance: float,
) -> GroundTruth:
    """
    Make the truth from distances along the route in metres.

    :param queries: float64 (queries,), where each query frame was taken.
    :param places: float64 (places,), ascending.
    :param tolerance: a place within this many metres is right.
    """
    first = np.searchsorted(places, queries - tolerance, side='left')
    last = np.searchsorted(places, queries + tolerance, side='right') - 1
    known = last >= first
    return GroundTruth(stamps, np.where(known, first, NOWHERE), np.where(known, last, NOWHERE))


def from_right_places(
    stamps: NDArray[np.int64], right: list[NDArray[np.intp] | None]
) -> GroundTruth:
    """Make the truth from the right places of each query, ascending; None where not known."""
    stretches: list[list[tuple[int, int]]] = []
    for places in right:
        if places is None or not len(places):
            none = UNKNOWN if places is None else NOWHERE
            stretches.append([(none, none)])
            continue
        ends = np.flatnonzero(np.diff(places) > 1)
        firsts = places[np.concatenate(([0], ends + 1))]
        lasts = places[np.concatenate((ends, [len(places) - 1]))]
        stretches.append(list(zip(firsts.tolist(), lasts.tolist())))
    return _of_stretches(stamps, stretches)


def write_truth(truth: GroundTruth, file: Path) -> None:
    """Write the truth as csv: stamp_ns, first_place, last_place; a line for each stretch."""
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
    Read the truth back; successive lines with one stamp are stretches of one query.

    :raises SourceError: if the file is not such a table.
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
        _check_stretches(table)
    except OSError as error:
        raise SourceError(f'{file}: cannot be read ({error.strerror})') from None
    except (KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
        raise SourceError(
            f'{file}: expected a csv with the columns {", ".join(_COLUMNS)} ({error!r})'
        ) from None
    queries = [
        (stamp, [(int(first), int(last)) for _, first, last in lines])
        for stamp, lines in groupby(table.tolist(), key=lambda line: line[0])
    ]
    return _of_stretches(
        np.array([stamp for stamp, _ in queries], np.int64), [stretches for _, stretches in queries]
    )


def _check_stretches(table: NDArray[np.int64]) -> None:
    stamps, first, last = table.T
    if (first < UNKNOWN).any() or (last < first).any():
        raise ValueError(
            f'expected first_place to be {NOWHERE} (no true place), {UNKNOWN} (not '
            'known) or a place not behind last_place'
        )
    again = np.flatnonzero(np.diff(stamps) == 0)
    if (first[again] < 0).any() or (first[again + 1] < 0).any():
        raise ValueError('of a stamp with several lines each must name places')


def _of_stretches(stamps: NDArray[np.int64], stretches: list[list[tuple[int, int]]]) -> GroundTruth:
    width = max((len(entry) for entry in stretches), default=1)
    table = np.full((len(stretches), width, 2), NOWHERE, np.int64)
    for row, entry in zip(table, stretches):
        row[: len(entry)] = entry
    return GroundTruth(stamps, table[..., 0], table[..., 1])
