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
# Of a map on whose reference the robot stood.
_STOOD = (*COLUMNS, 'stood')


def write_places(places: list[Place], file: Path) -> None:
    """Write the table; a place without a pose has empty pose cells."""
    with file.open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        stood = any(place.stood for place in places)
        writer.writerow(_STOOD if stood else COLUMNS)
        for number, place in enumerate(places):
            pose: list[object] = [''] * (len(_POSE) + 1)
            if place.pose:
                pose = [*place.pose.values, place.pose.frame_id]
            row = [number, place.stamp_ns, *pose, place.traverse, place.frame]
            writer.writerow([*row, place.stood] if stood else row)


def places_in(data: NDArray[np.uint8]) -> list[Place]:
    """
    Return the places in the content of the file.

    :raises MapError: if a column is missing or a value is not allowed.
    """
    text = data.tobytes().decode('utf-8')
    rows = csv.reader(io.StringIO(text, newline=''))
    try:
        columns = tuple(next(rows, ()))
        if columns not in (COLUMNS, _STOOD):
            raise MapError(f'{PLACES}: expected the columns {", ".join(COLUMNS)}')
        # An empty line is no place.
        return [_place(row, number, len(columns)) for number, row in enumerate(filter(None, rows))]
    except csv.Error as error:
        raise MapError(f'{PLACES}: {error}') from None


def _place(row: list[str], number: int, columns: int) -> Place:
    try:
        if len(row) != columns:
            raise ValueError(f'expected {columns} columns')
        place, stamp_ns, x, _, _, _, _, _, _, frame_id, traverse, frame, *more = row
        stood = int(more[0]) if more else 0
        if stood < 0:
            raise ValueError(f'expected 0 or more frames of a stop, found {stood}')
        if int(place) != number:
            raise ValueError(f'expected place {number}')
        # Maps of earlier versions may have the slash of ROS 1 before the name.
        name = frame_id.lstrip('/')
        pose = Pose.of([float(value) for value in row[2:9]], name) if x else None
        return Place(int(stamp_ns), pose, traverse, frame, stood)
    except ValueError as error:
        raise MapError(f'{PLACES}, place {number}: {error}') from None
