"""places.csv: one line for each place."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import MapError
from ..frames import Pose
from .places import Place

PLACES = 'places.csv'
_POSE = ('x', 'y', 'z', 'qx', 'qy', 'qz', 'qw')
COLUMNS = ('place', 'stamp_ns', *_POSE, 'frame_id', 'traverse', 'frame')


def write_places(places: list[Place], file: Path) -> None:
    """Write the table; a place without a pose has empty pose cells."""
    with file.open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for number, place in enumerate(places):
            pose: list[object] = [''] * (len(_POSE) + 1)
            if place.pose:
                pose = [*place.pose.values, place.pose.frame_id]
            writer.writerow([number, place.stamp_ns, *pose, place.traverse, place.frame])


def places_in(data: NDArray[np.uint8]) -> list[Place]:
    """
    Return the places in the content of the file.

    :raises MapError: if a column is missing or a value is not allowed.
    """
    text = data.tobytes().decode('utf-8')
    rows = csv.reader(io.StringIO(text, newline=''))
    try:
        if tuple(next(rows, ())) != COLUMNS:
            raise MapError(f'{PLACES}: expected the columns {", ".join(COLUMNS)}')
        # An empty line is no place.
        return [_place(row, number) for number, row in enumerate(filter(None, rows))]
    except csv.Error as error:
        raise MapError(f'{PLACES}: {error}') from None


def _place(row: list[str], number: int) -> Place:
    try:
        if len(row) != len(COLUMNS):
            raise ValueError(f'expected {len(COLUMNS)} columns')
        place, stamp_ns, x, _, _, _, _, _, _, frame_id, traverse, frame = row
        if int(place) != number:
            raise ValueError(f'expected place {number}')
        # Maps of earlier versions may have the slash of ROS 1 before the name.
        name = frame_id.lstrip('/')
        pose = Pose.of([float(value) for value in row[2:9]], name) if x else None
        return Place(int(stamp_ns), pose, traverse, frame)
    except ValueError as error:
        raise MapError(f'{PLACES}, place {number}: {error}') from None
