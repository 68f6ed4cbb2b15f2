"""
Poses in a file next to a recording: a TUM trajectory, or CSV with a line of column names.

TUM: seconds x y z qx qy qz qw, separated by spaces; lines with # are comments, and one that names
these columns says their order. CSV: columns by their names, in any order, separated by commas,
semicolons or tabs; those of EuRoC (`timestamp [ns]`, `p_RS_R_x [m]`, `q_RS_w []`) are known.
"""

from __future__ import annotations

import math
import re
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Iterator, NamedTuple

import numpy as np

from ..errors import SourceError
from ..frames import Pose
from .pose_topic import PoseMessages
from .poses import FIX, ODOMETRY
from .stamps import Stamps
from .storage import Topic

FORMATS = (
    ('TUM trajectory', 'seconds, x, y, z, qx, qy, qz, qw, separated by spaces', 'own writer'),
    (
        'CSV with column names',
        '`stamp_ns`, `stamp_us`, `stamp_ms` or `stamp` (seconds); `x`, `y`, optional `z`, and '
        '`qx`, `qy`, `qz`, `qw`, or `yaw` (radians) or `yaw_deg`; or `latitude`, `longitude`, '
        'optional `altitude`; names of EuRoC',
        'own writer; header of EuRoC',
    ),
)
"""Formats that are read: name, columns, what each was tested against."""
_TUM = ('stamp', 'x', 'y', 'z', 'qx', 'qy', 'qz', 'qw')
# Names of the same column, after the unit was removed.
_NAMES = {
    **dict.fromkeys(('timestamp', 'time', 't', 'seconds', 'time_s', 'stamp_s'), 'stamp'),
    **dict.fromkeys(('timestamp_ns', 'time_ns'), 'stamp_ns'),
    **dict.fromkeys(('timestamp_us', 'time_us'), 'stamp_us'),
    **dict.fromkeys(('timestamp_ms', 'time_ms'), 'stamp_ms'),
    **{f't{axis}': axis for axis in 'xyz'},
    **{f'p_{axis}': axis for axis in 'xyz'},
    **{f'q_{axis}': f'q{axis}' for axis in 'xyzw'},
    'lat': 'latitude',
    **dict.fromkeys(('lon', 'lng', 'long'), 'longitude'),
    **dict.fromkeys(('alt', 'height'), 'altitude'),
    **dict.fromkeys(('theta', 'yaw_rad', 'theta_rad'), 'yaw'),
    'theta_deg': 'yaw_deg',
}
_UNITS_NS = {'stamp_ns': 1, 'stamp_us': 1000, 'stamp_ms': 1_000_000, 'stamp': 1_000_000_000}
_YAW = {'yaw': 1.0, 'yaw_deg': math.pi / 180}
# Units after the name of a column that are part of it here.
_WITH_UNIT = {
    **{('stamp', unit): f'stamp_{unit}' for unit in ('ns', 'us', 'ms')},
    ('yaw', 'deg'): 'yaw_deg',
}
# Radians beyond this are degrees.
_TURN = 6.4
_HORIZONTAL = ('x', 'y'), ('latitude', 'longitude')
# Bytes of a line and of a file, and times in ns, that are possible.
_LINE_MAX, _FILE_MAX, _TIME_MAX = 4096, 1 << 31, 1 << 62


class _Columns(NamedTuple):
    """Position of each column, and what separates them: a comma, or None for spaces."""

    at: dict[str, int]
    separator: str | None

    @property
    def stamp(self) -> str:
        return next(name for name in _UNITS_NS if name in self.at)


def read_pose_file(path: Path, offset: float) -> PoseMessages:
    """
    Read a whole file of poses into memory; `offset` in seconds is added to their stamps.

    :raises SourceError: if it cannot be read, or is in another format.
    """
    times: list[int] = []
    poses: list[Pose] = []
    unusable = 0
    try:
        if path.stat().st_size > _FILE_MAX:
            raise SourceError(f'{path}: expected at most {_FILE_MAX} bytes of poses')
        with path.open('rb') as stream:
            lines = _lines(path, stream)
            columns, first = _columns(path, lines)
            for number, line in chain(first, lines):
                if not line.startswith('#'):
                    unusable += not _add(path, number, line, columns, times, poses)
    except OSError as error:
        raise SourceError(f'{path}: poses cannot be read ({error.strerror})') from None
    if not poses:
        raise SourceError(f'{path}: expected poses, found none')
    stamps = np.array(times, np.int64) + round(offset * 1e9)
    notes = []
    if unusable:
        notes.append(f'{path.name}: {unusable} of {unusable + len(poses)} poses are unusable')
    back = int(np.count_nonzero(np.diff(stamps) < 0))
    if back:
        notes.append(f'{path.name}: stamps step back {back} times; poses are sorted by them')
    kind = FIX if 'latitude' in columns.at else ODOMETRY
    topic = Topic(path.name, kind, len(poses) + unusable)
    return PoseMessages(topic, Stamps(path.name, stamps, stamps), poses, notes)


def _lines(path: Path, stream: BinaryIO) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not empty, with their numbers."""
    number = 0
    while line := stream.readline(_LINE_MAX):
        number += 1
        try:
            text = line.decode('utf-8-sig' if number == 1 else 'utf-8').strip()
        except UnicodeDecodeError:
            text = '\0'
        if '\0' in text or len(line) == _LINE_MAX:
            raise SourceError(f'{path}: line {number}: expected poses as text, found other bytes')
        if text:
            yield number, text


def _columns(
    path: Path, lines: Iterator[tuple[int, str]]
) -> tuple[_Columns, list[tuple[int, str]]]:
    """Return the columns, and the line that was read for them if it holds a pose."""
    tum: tuple[str, ...] = _TUM
    for number, line in lines:
        if (columns := _named_columns(path, line)) is not None:
            return columns, []
        if line.startswith('#'):
            names = tuple(_normal(name) for name in line.lstrip('#').split())
            tum = names if sorted(names) == sorted(_TUM) else tum
        elif ',' in line or ';' in line:
            raise SourceError(
                f'{path}: expected a line of column names, stamp (seconds) or stamp_ns and x, '
                f'y or latitude, longitude, found {line[:60]!r}'
            )
        elif len(line.split()) != len(_TUM):
            raise SourceError(
                f'{path}: line {number}: expected {" ".join(_TUM)} (TUM), or CSV with column '
                f'names, found {line[:60]!r}'
            )
        else:
            return _Columns({name: at for at, name in enumerate(tum)}, None), [(number, line)]
    raise SourceError(f'{path}: expected poses, found none')


def _named_columns(path: Path, line: str) -> _Columns | None:
    """Return the columns that a line names, None if it names none."""
    for separator in (',', ';', '\t'):
        names = [_normal(name) for name in line.lstrip('#').split(separator)]
        if any(name in names for name in _UNITS_NS) and any(
            set(pair) <= set(names) for pair in _HORIZONTAL
        ):
            # Heights above the sea and above the ellipsoid are often next to each other.
            known = {*_UNITS_NS, *_TUM, *_YAW, 'latitude', 'longitude'}
            twice = [name for name in names if name in known and names.count(name) > 1]
            if twice:
                raise SourceError(
                    f'{path}: expected each column once, found several of {twice[0]}: {line[:60]!r}'
                )
            return _Columns({name: at for at, name in enumerate(names)}, separator)
    return None


def _normal(name: str) -> str:
    """Return the name of a column as this module has it."""
    text, _, unit = name.strip(' "').lower().replace('(', '[').partition('[')
    text = re.sub(r'^([pq])_.*_([xyzw])$', r'\1_\2', text.strip())
    known = _NAMES.get(text, text)
    return _WITH_UNIT.get((known, unit.strip(' ])')), known)


def _add(
    path: Path, number: int, line: str, columns: _Columns, times: list[int], poses: list[Pose]
) -> bool:
    """Add the pose of a line; return False if it has none that can be used."""
    parts = [part.strip(' "') for part in line.split(columns.separator)]
    try:
        values = {name: parts[at] for name, at in columns.at.items()}
        time = _time_ns(values[columns.stamp], _UNITS_NS[columns.stamp])
        if 'latitude' in values:
            names: tuple[str, ...] = ('latitude', 'longitude', 'altitude')
        else:
            names = ('x', 'y', 'z')
        x, y, z = (float(values.get(name) or 'nan') for name in names)
        turn = _turn(values)
    except (IndexError, ValueError):
        raise SourceError(
            f'{path}: line {number}: expected numbers in {len(columns.at)} columns, found '
            f'{line[:60]!r}'
        ) from None
    if abs(time) >= _TIME_MAX:
        raise SourceError(
            f'{path}: line {number}: expected a time in seconds, found {line[:60]!r}; nanoseconds '
            'are in a CSV column stamp_ns'
        )
    if _yaw_of(values) == 'yaw' and abs(float(values['yaw'] or 'nan')) > _TURN:
        raise SourceError(
            f'{path}: line {number}: expected a yaw in radians, found {line[:60]!r}; degrees are '
            'in a column yaw_deg'
        )
    # Without a height there is none in any line.
    z = z if names[2] in columns.at and math.isfinite(z) else 0.0
    usable = all(map(math.isfinite, (x, y, *turn))) and 1e-9 < math.hypot(*turn) < 1e9
    if 'latitude' in values:
        usable = usable and abs(x) <= 90 and abs(y) <= 360
    if usable:
        times.append(time)
        poses.append(Pose((x, y, z), (turn[0], turn[1], turn[2], turn[3])))
    return usable


def _turn(values: dict[str, str]) -> list[float]:
    """Return the quaternion xyzw of a line: as it is, or of a yaw, or none where it has none."""
    if 'qw' in values:
        return [float(values.get(name) or 'nan') for name in ('qx', 'qy', 'qz', 'qw')]
    if name := _yaw_of(values):
        half = float(values[name] or 'nan') * _YAW[name] / 2
        return [0.0, 0.0, math.sin(half), math.cos(half)]
    return [0.0, 0.0, 0.0, 1.0]


def _yaw_of(values: dict[str, str]) -> str:
    """Return the column of the yaw that a line is turned by; empty: none."""
    # Next to latitude and longitude it counts from north, clockwise.
    if 'qw' in values or 'latitude' in values:
        return ''
    return next((name for name in _YAW if name in values), '')


def _time_ns(text: str, unit: int) -> int:
    """Return a time in ns; digits of seconds are exact, which they are not as a float."""
    match = re.fullmatch(r'([+-]?)(\d{1,20})(?:\.(\d*))?', text)
    if match is None:
        value = float(text) * unit
        return round(value) if math.isfinite(value) and abs(value) < _TIME_MAX else _TIME_MAX
    digits = (match[3] or '')[:9]
    time = int(match[2]) * unit + int(digits or '0') * unit // 10 ** len(digits)
    return -time if match[1] == '-' else time
