"""
The public data sets of event cameras on routes, as downloaded: recordings, and their poses.

Brisbane-Event-VPR (Fischer and Milford 2020; zenodo.org/record/4302805): six bags of ROS 1 with
/dvs/events, and six files of NMEA from the GPS of a second camera. Which belong together, and the
time in the bag at which the second camera begins: github.com/Tobias-Fischer/ensemble-event-vpr,
correspondence-event-camera-frame-camera.py.

NSAVP (Carmichael et al. 2024; github.com/umautobots/nsavp_tools, documentation/data_format.md):
SEQUENCE_dvxplorer_left.h5 and _right.h5 with events, SEQUENCE_applanix.h5 with positions in the
Earth-centred frame, all on one clock.

NYC-Event-VPR (Pan et al. 2024; github.com/ai4ce/NYC-Event-VPR, README.md and
event_rgb_gps_sensors): a folder of each drive with data_DATE_TIME.zip, which holds the .raw of the
camera, and GPS_data_DATE_TIME.csv. Events count from the time in the name.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import SourceError
from ..support.hdf5 import find
from ..support.hdf5_chunks import ChunkChecks
from .event_files import first_time, open_event_file
from .hdf5_file import opened
from .nmea import read_nmea
from .poses import geodetic

Row = tuple[int, float, float, float | None]
"""Time in ns on the clock of the recording, latitude and longitude in degrees, altitude in m."""

BRISBANE = {
    'dvs_vpr_2020-04-21-17-03-03': ('20200421_170039-sunset1_concat', 1587452582_350_000_000),
    'dvs_vpr_2020-04-22-17-24-21': ('20200422_172431-sunset2_concat', 1587540271_650_000_000),
    'dvs_vpr_2020-04-24-15-12-03': ('20200424_151015-daytime_concat', 1587705130_800_000_000),
    'dvs_vpr_2020-04-27-18-13-29': ('20200427_181204-night_concat', 1587975221_100_000_000),
    'dvs_vpr_2020-04-28-09-14-11': ('20200428_091154-morning_concat', 1588029265_730_000_000),
    'dvs_vpr_2020-04-29-06-20-23': ('20200429_061912-sunrise_concat', 1588105232_910_000_000),
}
"""File of GPS of each bag, and the time in ns in the bag of its first sentence."""
_NSAVP = re.compile(r'(\w+?)_dvxplorer_(left|right)\.h5')
_NYC = re.compile(r'data_(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)\.raw')
_DATE = '%Y-%m-%d_%H-%M-%S'
# Positions of a file, and bytes of a table of GPS.
_MOST, _LARGEST = 10_000_000, 1 << 28


class Recording(NamedTuple):
    """A recording of a data set; source: the file of its poses, which may be missing."""

    data_set: str
    path: Path
    source: Path
    rows: Callable[[], tuple[list[Row], list[str]]]
    """Reads the poses in the order of the file, and notes on them; raises SourceError."""


def recordings_in(folder: Path) -> list[Recording]:
    """Return the recordings of known data sets in a folder and the folders in it."""
    found = []
    for path in sorted(folder.rglob('*')):
        if not path.is_file():
            continue
        if path.suffix == '.bag' and path.stem in BRISBANE:
            name, begin_ns = BRISBANE[path.stem]
            # GPS may be in a folder of its own.
            source = next(folder.rglob(f'{name}.nmea'), path.with_name(f'{name}.nmea'))
            rows = partial(_brisbane, source, begin_ns)
            found.append(Recording('Brisbane-Event-VPR', path, source, rows))
        elif match := _NSAVP.fullmatch(path.name):
            source = path.with_name(f'{match[1]}_applanix.h5')
            found.append(Recording('NSAVP', path, source, partial(_nsavp, source)))
        elif match := _NYC.fullmatch(path.name):
            source = next(path.parent.glob('GPS_data_*.csv'), path.with_name('GPS_data_*.csv'))
            rows = partial(_nyc, path, source, match[1])
            found.append(Recording('NYC-Event-VPR', path, source, rows))
    return found


def _brisbane(source: Path, begin_ns: int) -> tuple[list[Row], list[str]]:
    found = read_nmea(source)
    utc = begin_ns * 1e-9 % 86_400
    apart = (found.begin - utc + 43_200) % 86_400 - 43_200
    notes = [
        f'the first sentence is at {begin_ns * 1e-9:.2f} s of the bag, as published; by its own '
        f'time that is {apart:+.1f} s off'
    ]
    if found.damaged:
        notes.append(f'{found.damaged} damaged sentences left out')
    if found.without_fix:
        notes.append(f'{found.without_fix} sentences without a fix left out')
    rows = [(begin_ns + round(fix.seconds * 1e9), *fix[1:]) for fix in found.fixes]
    return rows, notes


def _nsavp(source: Path) -> tuple[list[Row], list[str]]:
    with opened(source) as file:
        group = 'pose_base_link'
        stamps, positions = (find(file, f'{group}/{name}') for name in ('timestamps', 'positions'))
        shapes = [getattr(each, 'shape', None) for each in (stamps, positions)]
        length = shapes[0][0] if shapes[0] else 0
        if stamps is None or positions is None or shapes != [(length,), (length, 3)]:
            raise SourceError(
                f'{source}: expected {group}/timestamps and positions of the same length, found '
                f'{shapes[0]} and {shapes[1]}'
            )
        if not 0 < length <= _MOST or stamps.dtype.kind not in 'iu':
            raise SourceError(f'{source}: expected 1 to {_MOST} times in nanoseconds as integers')
        for each in (stamps, positions):
            ChunkChecks(each).check(length)
        times, places = stamps[:].astype(np.int64), positions[:].astype(np.float64)
    usable = np.isfinite(places).all(axis=1) & (np.linalg.norm(places, axis=1) > 6e6)
    notes = ['positions are those of the rear axle (base_link); orientations are left out']
    if not usable.all():
        notes.append(f'{np.count_nonzero(~usable)} positions that are not on Earth left out')
    if not usable.any():
        raise SourceError(f'{source}: expected positions in the Earth-centred frame, found none')
    rows = zip(times[usable].tolist(), geodetic(places[usable]).tolist())
    return [(time, *place) for time, place in rows], notes


def _nyc(path: Path, source: Path, name: str) -> tuple[list[Row], list[str]]:
    first_us = first_time(open_event_file(path))
    begin = datetime.strptime(name, _DATE).replace(tzinfo=timezone.utc)
    rows: list[Row] = []
    unusable = 0
    try:
        if source.stat().st_size > _LARGEST:
            raise SourceError(f'{source}: expected at most {_LARGEST} bytes')
        with source.open(encoding='utf-8', newline='') as stream:
            table = csv.DictReader(stream)
            if not {'Longitude', 'Latitude', 'Timestamp'} <= set(table.fieldnames or ()):
                raise SourceError(
                    f'{source}: expected the columns Longitude, Latitude, Timestamp, found '
                    f'{", ".join(table.fieldnames or ())[:80] or "nothing"}'
                )
            for line in table:
                try:
                    seconds = (_time(line['Timestamp']) - begin).total_seconds()
                    place = float(line['Latitude']), float(line['Longitude'])
                except (TypeError, ValueError):
                    unusable += 1
                    continue
                rows.append((first_us * 1000 + round(seconds * 1e9), *place, None))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f'{source}: cannot be read as a table of GPS ({error})') from None
    notes = ['events begin at the second in the name of the file: poses may be off by a second']
    if unusable:
        notes.append(f'{unusable} lines without a fix left out')
    return rows, notes


def _time(text: str) -> datetime:
    """Return a time as the receiver's program writes it, or as the data set's own tools do."""
    for form in ('%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d %H:%M:%S', f'{_DATE}_%f'):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    raise ValueError(text)


def table_of(rows: Sequence[Row]) -> str:
    """Return poses as the CSV that `pose_file` reads; with altitudes if all rows have one."""
    high = all(row[3] is not None for row in rows)
    lines = ['stamp_ns,latitude,longitude' + ',altitude' * high]
    for stamp, latitude, longitude, altitude in rows:
        height = f',{altitude:.3f}' if high else ''
        lines.append(f'{stamp},{latitude:.9f},{longitude:.9f}{height}')
    return '\n'.join(lines) + '\n'
