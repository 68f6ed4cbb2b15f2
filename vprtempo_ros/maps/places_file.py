"""places.csv: one line for each place."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from ..errors import MapError
from ..frames import Pose
from .places import Place

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
                pose = [*place.pose.position, *place.pose.orientation, place.pose.frame_id]
            writer.writerow([number, place.stamp_ns, *pose, place.traverse, place.frame])


def read_places(file: Path) -> list[Place]:
    """
    Read the table.

    :raises MapError: if a column is missing or a value is not allowed.
    """
    with file.open(newline='', encoding='utf-8') as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise MapError(f'{file.name}: expected the columns {", ".join(COLUMNS)}')
        try:
            return [_place(row, number) for number, row in enumerate(reader)]
        except csv.Error as error:
            raise MapError(f'{file.name}: {error}') from None


def _place(row: dict[str, str], number: int) -> Place:
    try:
        if len(row) != len(COLUMNS) or None in row.values():
            raise ValueError(f'expected {len(COLUMNS)} columns')
        if int(row['place']) != number:
            raise ValueError(f'expected place {number}')
        pose = None
        if row['x']:
            x, y, z, qx, qy, qz, qw = (float(row[name]) for name in _POSE)
            if not all(map(math.isfinite, (x, y, z, qx, qy, qz, qw))):
                raise ValueError('pose is not finite')
            if math.hypot(qx, qy, qz, qw) <= 1e-9:
                raise ValueError('pose has no orientation: its quaternion is zero')
            pose = Pose((x, y, z), (qx, qy, qz, qw), row['frame_id'])
        return Place(int(row['stamp_ns']), pose, row['traverse'], row['frame'])
    except (ValueError, TypeError) as error:
        raise MapError(f'places.csv, place {number}: {error}') from None
