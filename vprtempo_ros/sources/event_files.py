"""Files of event cameras as packets: Prophesee's, jAER's and iniVation's, HDF5 and Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Protocol

import numpy as np

from ..errors import SourceError
from ..events.packet import Packet, Size
from ..support.reasons import Reasons
from . import aedat2, aedat4, hdf5_file, parquet_file, prophesee_file
from .event_order import Block, FileOrder, packets_in_order
from .kinds import AEDAT2, AEDAT4, HDF5_FILES, PARQUET

FORMATS = (
    *(*prophesee_file.FORMATS, *aedat2.FORMATS, *aedat4.FORMATS),
    *(*hdf5_file.FORMATS, *parquet_file.FORMATS),
)
"""Formats that are read: name, version, what each was tested against."""
# Times, in us, that are possible as nanoseconds of a packet.
_TIME_MAX = (1 << 62) // 1000
# Sizes of Prophesee's sensors, and of all, for files without one.
_PROPHESEE: tuple[Size, ...] = ((304, 240), (320, 320), (640, 480), (1280, 720))
_SENSORS = tuple(sorted(((240, 180), (346, 260), *_PROPHESEE)))


class EventFile(Protocol):
    """
    A file of an event camera.

    format: name of its format; size: of the sensor, None if the file does not have it; sensors:
    sizes that it may have then; notes: what is said of the file once it has been read.
    """

    format: str
    size: Size | None
    sensors: tuple[Size, ...]

    def blocks(self, bad: Reasons) -> Iterator[Block]:
        """Yield all events; what does not decode is counted in `bad`."""

    @property
    def notes(self) -> list[str]:
        """What was found."""


class _Prophesee:
    notes: list[str] = []
    sensors = _PROPHESEE

    def __init__(self, path: Path) -> None:
        self._path, self._header = path, prophesee_file.read_header(path)
        self.format, self.size = self._header.format, self._header.size

    def blocks(self, bad: Reasons) -> Iterator[Block]:
        return prophesee_file.read_events(self._path, self._header, bad)


class _Aedat2:
    notes: list[str] = []
    sensors = _SENSORS
    format = 'AEDAT2'

    def __init__(self, path: Path, wanted: str) -> None:
        self._file = aedat2.Aedat2File(path, wanted)
        self.size: Size | None = self._file.size

    def blocks(self, bad: Reasons) -> Iterator[Block]:
        return self._file.events()


class _Aedat4:
    sensors = _SENSORS

    def __init__(self, path: Path, wanted: str) -> None:
        self._file = aedat4.Aedat4File(path)
        self._stream = self._file.stream(aedat4.EVENTS, wanted, 'events')
        self.format, self.size = f'AEDAT4, {self._file.compression}', self._stream.size

    @property
    def notes(self) -> list[str]:
        return self._file.notes

    def blocks(self, bad: Reasons) -> Iterator[Block]:
        return self._file.packets(self._stream, bad, aedat4.events_of)


class _Hdf5:
    notes: list[str] = []
    sensors = _SENSORS

    def __init__(self, path: Path, wanted: str) -> None:
        self._found = hdf5_file.find_events(path, wanted)
        self.format, self.size = f'HDF5, {self._found.group}', self._found.size

    def blocks(self, bad: Reasons) -> Iterator[Block]:
        return hdf5_file.read_events(self._found)


class _Parquet:
    notes: list[str] = []
    sensors = _SENSORS
    format = 'Parquet'
    size: Size | None = None

    def __init__(self, path: Path) -> None:
        parquet_file.check_events(path)
        self._path = path

    def blocks(self, bad: Reasons) -> Iterator[Block]:
        return parquet_file.read_events(self._path)


def open_event_file(path: Path, wanted: str = '') -> EventFile:
    """
    Open a file by its name.

    :param wanted: camera (AEDAT 2.0), stream (AEDAT 4.0) or group (HDF5) of the events; empty for
        the only one.
    :raises SourceError: if it is damaged, of an unknown format, or without events.
    """
    suffix = path.suffix.lower()
    if suffix == AEDAT2:
        return _Aedat2(path, wanted)
    if suffix == AEDAT4:
        return _Aedat4(path, wanted)
    if suffix in HDF5_FILES:
        return _Hdf5(path, wanted)
    if suffix == PARQUET:
        return _Parquet(path)
    return _Prophesee(path)


def smallest_sensor(path: Path, file: EventFile) -> Size:
    """
    Return the smallest known sensor that has the pixels of all events.

    :raises SourceError: if none has.
    """
    columns = rows = 0
    for times, events in file.blocks(Reasons()):
        if len(times):
            columns = max(columns, int(((events >> np.uint64(32)) & np.uint64(0xFFFF)).max()))
            rows = max(rows, int(((events >> np.uint64(48)) & np.uint64(0x7FFF)).max()))
    for sensor in file.sensors:
        if columns < sensor[0] and rows < sensor[1]:
            return sensor
    raise SourceError(
        f'{path}: the file has no size of a sensor, and events reach ({columns}, {rows}), which no '
        'known sensor does'
    )


def time_span(file: EventFile) -> tuple[int, int] | None:
    """Return the times of the first and the last event in ns, None without events."""
    first, last = _TIME_MAX, -1
    for times, _ in file.blocks(Reasons()):
        if len(times):
            first, last = min(first, int(times.min())), max(last, int(times.max()))
    return (first * 1000, last * 1000) if last >= first else None


def first_time(file: EventFile) -> int:
    """Return the time of the first event in us, 0 without events."""
    return next((int(times[0]) for times, _ in file.blocks(Reasons()) if len(times)), 0)


def read_packets(file: EventFile, size: Size, bad: Reasons, order: FileOrder) -> Iterator[Packet]:
    """
    Yield the events of a file in the order of their times; see `packets_in_order`.

    Stamps are those of the sensor's clock. What does not decode is left out and counted in `bad`,
    what was out of order in `order`.

    :raises SourceError: if much does not decode.
    """
    return packets_in_order(_possible(file, bad), size, order)


def _possible(file: EventFile, bad: Reasons) -> Iterator[Block]:
    """Yield the events whose times can be in a packet."""
    for times, events in file.blocks(bad):
        possible = (times >= 0) & (times < _TIME_MAX)
        if not possible.all():
            bad.count('expected times in microseconds, found impossible ones')
            times, events = times[possible], events[possible]
        yield times, events
