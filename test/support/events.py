"""Synthetic events, encoded in every format, as messages, packets and bags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from support.helpers import START, Record, odometry, write_bag
from vprtempo_ros.events.evt3_encoder import encode_evt3
from vprtempo_ros.events.packet import EVENT_ARRAY, EventBuffer, Packet
from vprtempo_ros.sources.cdr import ARRAY, PACKET, typestore
from vprtempo_ros.sources.event_msg import packet_message

EVENT_PLACES = 6
TOPIC = '/event_camera/events'
ENCODINGS = ('evt3', 'libcaer_cmp', 'libcaer', 'mono', EVENT_ARRAY)
WIDTH, HEIGHT = 64, 48


class Events(NamedTuple):
    """Columns x, y, p and times in microseconds, ascending."""

    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    p: NDArray[np.uint8]
    t_us: NDArray[np.int64]

    def part(self, chosen: Any) -> Events:
        """Return some of the events."""
        return Events(*(column[chosen] for column in self))


def random_events(
    count: int,
    seed: int = 0,
    span_us: int = 1_000_000,
    first_us: int = 5_000_000,
    width: int = WIDTH,
    height: int = HEIGHT,
) -> Events:
    """Return events over the whole sensor, some of them in runs along a row, as from edges."""
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, width, count), rng.integers(0, height, count)
    p = rng.integers(0, 2, count)
    t = np.sort(rng.integers(first_us, first_us + span_us, count))
    for start in range(0, count - 20, 40):
        length = int(rng.integers(2, 20))
        run = slice(start, start + length)
        t[run], y[run], p[run] = t[start], y[start], p[start]
        x[run] = min(int(x[start]), width - length) + np.arange(length)
    return Events(x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8), np.sort(t))


def encode(encoding: str, events: Events, time_base_us: int = 0) -> NDArray[np.uint8]:
    """Return the bytes of a packet; except for evt3 with an encoder written for the tests."""
    x, y, p, t = (column.astype(np.int64) for column in events)
    since = t - time_base_us
    if encoding == 'evt3':
        return encode_evt3(*events)
    if encoding == 'mono':
        return (p << 63 | y << 48 | x << 32 | since * 1000).astype('<i8').view(np.uint8)
    if encoding == 'libcaer':
        return (
            ((since & 0x7FFFFFFF) << 32 | x << 17 | y << 2 | p << 1 | 1)
            .astype('<i8')
            .view(np.uint8)
        )
    if encoding == 'libcaer_cmp':
        return _libcaer_cmp(events, since)
    assert encoding == EVENT_ARRAY
    return _array(events)


def _libcaer_cmp(events: Events, since: NDArray[np.int64]) -> NDArray[np.uint8]:
    words: list[int] = []
    last = (-1, -1)
    for x, y, p, t in zip(*(column.tolist() for column in (*events[:3], since))):
        high, low = t >> 12, t & 0xFFF
        if high != last[0]:
            words.append(high)
        if (high, low) != last:
            words.append(1 << 12 | low)
        last = (high, low)
        words += [2 << 12 | x, 3 << 12 | p << 11 | y]
    return np.array(words, '<u2').view(np.uint8)


def _array(events: Events) -> NDArray[np.uint8]:
    """Return the events of a dvs_msgs/EventArray as rosbags serialises them."""
    types = typestore().types
    found = [
        types['dvs_msgs/msg/Event'](
            x,
            y,
            types['builtin_interfaces/msg/Time'](t // 1_000_000, t % 1_000_000 * 1000),
            bool(p),
        )
        for x, y, p, t in zip(*(column.tolist() for column in events))
    ]
    header = types['std_msgs/msg/Header'](types['builtin_interfaces/msg/Time'](0, 0), '')
    data = bytes(typestore().serialize_cdr(types[ARRAY](header, HEIGHT, WIDTH, found), ARRAY))
    return np.frombuffer(data, np.uint8)[len(data) - (16 * len(found) - 3) :]


def packet(
    encoding: str,
    events: Events,
    seq: int | None = None,
    stamp_ns: int | None = None,
    time_base_us: int | None = None,
    width: int = WIDTH,
    height: int = HEIGHT,
) -> Packet:
    """Return a packet whose stamp is the time of its first event, after START."""
    if stamp_ns is None:
        stamp_ns = START + int(events.t_us[0]) * 1000
    if time_base_us is None:
        # Times in these encodings count from a recent base.
        time_base_us = int(events.t_us.min()) if encoding in ('mono', 'libcaer_cmp') else 0
    return Packet(
        encoding,
        width,
        height,
        stamp_ns,
        'dvs',
        encode(encoding, events, time_base_us),
        time_base_us * 1000,
        seq,
    )


def packets(events: Events, size: int, encoding: str = 'evt3', **settings: Any) -> list[Packet]:
    """Cut events into packets of `size` each."""
    return [
        packet(encoding, events.part(slice(start, start + size)), number, **settings)
        for number, start in enumerate(range(0, len(events.x), size))
    ]


def columns(buffer: EventBuffer) -> Events:
    """Return the events of a buffer."""
    return Events(buffer.x, buffer.y, buffer.p, buffer.t // 1000)


def same(first: Events, second: Events) -> bool:
    """Return whether two lists of events are the same."""
    return all(np.array_equal(a, b) for a, b in zip(first, second))


def joined(parts: Iterable[Events]) -> Events:
    """Return the events of several packets as one list."""
    parts = list(parts)
    return Events(*(np.concatenate(columns) for columns in zip(*parts)))


def records(found: Iterable[Packet], topic: str = TOPIC) -> Iterator[Record]:
    """Yield packets as recorded messages."""
    for one in found:
        yield Record(topic, PACKET, one.stamp_ns, packet_message(one))


def scene(place: int, begin_us: int, span_us: int = 100_000, count: int = 4000) -> Events:
    """Return the events of a window at a numbered place: blobs that differ from place to place."""
    shape = np.random.default_rng(place)
    centres = shape.random((12, 2)) * (WIDTH, HEIGHT)
    rng = np.random.default_rng((place, begin_us))
    which = rng.integers(0, len(centres), count)
    at = centres[which] + rng.normal(0, 2.5, (count, 2))
    x, y = (np.clip(at[:, axis], 0, limit - 1) for axis, limit in ((0, WIDTH), (1, HEIGHT)))
    t = np.sort(rng.integers(begin_us, begin_us + span_us, count))
    t[0] = begin_us
    return Events(
        x.astype(np.uint16), y.astype(np.uint16), rng.integers(0, 2, count).astype(np.uint8), t
    )


def event_drive(
    path: Path, places: Iterable[int], poses: bool = True, encoding: str = 'evt3', **settings: Any
) -> Path:
    """Record a drive: at each place a window of 0.1 s that begins at a multiple of it."""
    listed = list(places)
    found: list[Packet] = []
    for number, place in enumerate(listed):
        events = scene(place, number * 100_000)
        found += [
            packet(
                encoding, events.part(slice(start, start + 500)), len(found) + offset, **settings
            )
            for offset, start in enumerate(range(0, 4000, 500))
        ]
    # An event of the next window, which completes the last one.
    found.append(packet(encoding, scene(0, len(listed) * 100_000, count=1), len(found), **settings))
    every: list[Record] = list(records(found))
    if poses:
        every += odometry([(float(n), 0, 0) for n in range(len(listed) + 2)], period_ns=100_000_000)
    return write_bag(path, every)
