"""Ground truth: for each query frame, the range of places that are right."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import SourceError

_COLUMNS = ('stamp_ns', 'first_place', 'last_place')


@dataclass(frozen=True)
class GroundTruth:
    """
    stamps: int64 (queries,), strictly increasing; first, last: int64 (queries,), inclusive.

    A query whose `first` is -1 has no true place in the map.
    """

    stamps: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.stamps)

    def is_right(self, query: int, place: int) -> bool:
        """Tell whether this place is a right answer to this query."""
        return bool(self.first[query] >= 0 and self.first[query] <= place <= self.last[query])

    def has_place(self, query: int) -> bool:
        """Tell whether any place is a right answer."""
        return bool(self.first[query] >= 0)


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
    return GroundTruth(stamps, np.where(known, first, -1), np.where(known, last, -1))


def write_truth(truth: GroundTruth, file: Path) -> None:
    """Write the truth as csv: stamp_ns, first_place, last_place."""
    with file.open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        writer.writerows(zip(truth.stamps.tolist(), truth.first.tolist(), truth.last.tolist()))


def read_truth(file: Path) -> GroundTruth:
    """
    Read the truth back.

    :raises SourceError: if the file is not such a table.
    """
    try:
        with file.open(newline='', encoding='utf-8') as stream:
            reader = csv.DictReader(stream)
            if not reader.fieldnames:
                raise ValueError('empty')
            rows = [[int(row[name]) for name in _COLUMNS] for row in reader]
        table = np.array(rows, np.int64).reshape(-1, len(_COLUMNS))
        if (np.diff(table[:, 0]) <= 0).any():
            raise ValueError('stamps do not increase')
    except (OSError, KeyError, TypeError, ValueError, OverflowError, csv.Error) as error:
        raise SourceError(f'{file}: expected a csv with the columns {", ".join(_COLUMNS)} '
                          f'({error!r})') from None
    return GroundTruth(table[:, 0], table[:, 1], table[:, 2])
