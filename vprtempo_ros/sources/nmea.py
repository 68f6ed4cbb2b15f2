"""Fixes in a file of NMEA 0183, the text that GPS receivers send: sentences RMC and GGA."""

from __future__ import annotations

from functools import reduce
from operator import xor
from pathlib import Path
from typing import Iterator, NamedTuple

from ..errors import SourceError

# Bytes of a sentence, which has 82 at most, and of a file.
_LINE_MAX, _FILE_MAX = 1024, 1 << 28
_DAY = 86_400.0


class Fix(NamedTuple):
    """Seconds since the first time in the file; degrees, and metres above the sea if known."""

    seconds: float
    latitude: float
    longitude: float
    altitude: float | None


class Fixes(NamedTuple):
    """The fixes of a file; begin: its first time, in seconds of the day (UTC)."""

    begin: float
    fixes: list[Fix]
    damaged: int
    without_fix: int


def read_nmea(path: Path) -> Fixes:
    """
    Read a file; of sentences with the same time the first with a fix counts.

    :raises SourceError: if it cannot be read, or has no fix.
    """
    try:
        if path.stat().st_size > _FILE_MAX:
            raise SourceError(f'{path}: expected at most {_FILE_MAX} bytes of NMEA')
        with path.open('rb') as stream:
            return _read(path, iter(lambda: stream.readline(_LINE_MAX), b''))
    except OSError as error:
        raise SourceError(f'{path}: cannot be read ({error.strerror})') from None


def _read(path: Path, lines: Iterator[bytes]) -> Fixes:
    found: list[Fix] = []
    begin = last = None
    damaged = without = days = 0
    for line in lines:
        fields = _fields(line)
        if fields is None:
            damaged += bool(line.strip())
            continue
        kind = fields[0][2:]
        if kind not in ('RMC', 'GGA'):
            continue
        try:
            if not fields[1]:
                without += 1
                continue
            clock = _clock(fields[1])
            # The time of the day begins again at midnight.
            days += last is not None and clock < last - _DAY / 2
            last = clock
            begin = clock if begin is None else begin
            fix = _fix(kind, fields, clock + days * _DAY - begin)
        except (IndexError, ValueError):
            damaged += 1
            continue
        if fix is None:
            without += 1
        elif not found or fix.seconds != found[-1].seconds:
            found.append(fix)
    if begin is None or not found:
        raise SourceError(f'{path}: expected fixes of GPS as NMEA (RMC or GGA), found none')
    return Fixes(begin, found, damaged, without)


def _fields(line: bytes) -> list[str] | None:
    """Return the fields of a sentence, None if it is none or its checksum differs."""
    try:
        text = line.decode('ascii').strip()
        body, star, checksum = text[1:].partition('*')
        if text[:1] != '$' or (star and int(checksum, 16) != reduce(xor, body.encode(), 0)):
            return None
    except ValueError:
        return None
    return body.split(',')


def _clock(text: str) -> float:
    """Return hhmmss.ss as seconds of the day."""
    hours, minutes, seconds = int(text[:2]), int(text[2:4]), float(text[4:])
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0.0 <= seconds < 61.0):
        raise ValueError(text)
    return hours * 3600 + minutes * 60 + seconds


def _fix(kind: str, fields: list[str], seconds: float) -> Fix | None:
    if kind == 'RMC':
        valid, at, altitude = fields[2] == 'A', 3, None
    else:
        valid, at = int(fields[6] or '0') > 0, 2
        altitude = float(fields[9]) if fields[9] else None
    if not valid:
        return None
    latitude = _degrees(fields[at], fields[at + 1], 'NS', 90.0)
    return Fix(seconds, latitude, _degrees(fields[at + 2], fields[at + 3], 'EW', 180.0), altitude)


def _degrees(text: str, side: str, sides: str, most: float) -> float:
    """Return ddmm.mmmm or dddmm.mmmm and its side as degrees."""
    whole, _, _ = text.partition('.')
    degrees, minutes = int(whole[:-2]), float(text[len(whole) - 2 :])
    value = degrees + minutes / 60.0
    if side not in sides or not side or not 0.0 <= minutes < 60.0 or not value <= most:
        raise ValueError(text)
    return -value if side == sides[1] else value
