"""Small recordings with the names and layout of Brisbane-Event-VPR."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import xor
from pathlib import Path

from support.events import random_events
from support.ros1 import event_array, write
from vprtempo_ros.sources.cdr import ARRAY
from vprtempo_ros.sources.event_data_sets import BRISBANE

# One degree of latitude in metres, near Brisbane.
_DEGREE = 110_790.0


def sentence(body: str) -> str:
    """Return a sentence of NMEA with its checksum."""
    return f'${body}*{reduce(xor, body.encode(), 0):02X}\r\n'


def nmea(seconds: Iterable[float], first: int = 25_439) -> str:
    """Return sentences as a dashboard camera writes them: one place a second, 10 m north."""
    text = ''
    for second in seconds:
        now = (first + second) % 86_400
        clock = f'{now // 3600:02.0f}{now // 60 % 60:02.0f}{now % 60:06.3f}'
        minutes = 28.0 - second * 10 / _DEGREE * 60
        place = f'27{minutes:08.5f},S,15301.50000,E'
        text += sentence(f'GPRMC,{clock},A,{place},19.4,0.0,210420,,,A')
        text += sentence(f'GPGGA,{clock},{place},1,08,1.0,31.5,M,37.2,M,,')
        text += sentence('GPGSV,3,1,11,03,03,111,00,04,15,270,00')
    return text


def brisbane(folder: Path, text: str, name: str = next(iter(BRISBANE))) -> Path:
    """Write a bag of two seconds of events from 3 s after its GPS, and a file of NMEA."""
    folder.mkdir(parents=True, exist_ok=True)
    source, begin_ns = BRISBANE[name]
    rows = []
    for number in range(20):
        start = begin_ns + 3_000_000_000 + number * 100_000_000
        events = random_events(300, number, 100_000, start // 1000)
        rows.append(('/dvs/events', ARRAY, start + 100_000_000, event_array(start, events)))
    (folder / f'{source}.nmea').write_text(text)
    return write(folder / f'{name}.bag', rows)
