"""Decoders on real recordings, with the sums in the tests of event_camera_py and its codecs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vprtempo_ros.config import EventsConfig
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.packet import EventBuffer, Packet
from vprtempo_ros.events.stream import EventStream
from vprtempo_ros.sources.event_bag import BagPackets


def read(bag: Path) -> list[Packet]:
    """Return all packets of a recording."""
    packets = BagPackets(bag)
    found = list(packets.read())
    assert not packets.completeness.skipped
    return found


def sums(found: list[Packet], since_us: int = 0) -> dict[str, int]:
    """Decode; return numbers and sums of the events; times since `since_us`."""
    decoder, buffer = StreamDecoder(prefer='own'), EventBuffer()
    total: Counter[str] = Counter()
    for packet in found:
        decoder.decode(packet, buffer)
        total.update(
            events=len(buffer),
            brighter=int(buffer.p.sum()),
            x=int(buffer.x.sum()),
            y=int(buffer.y.sum()),
            us=int((buffer.t // 1000 - since_us).sum()),
            ns=int((buffer.t - packet.time_base).sum()),
            lost=0,
        )
    total['lost'] = decoder.lost
    return total


def slow_evt3(words: list[int]) -> tuple[list[tuple[int, int, int, int]], list[int]]:
    """Decode evt3 word by word as its description has it; events (t, x, y, p), trigger times."""
    events, triggers = [], []
    high = low = row = base = sign = 0
    seen = known = False
    for word in words:
        kind, value = word >> 12, word & 0xFFF
        if kind == 0x8:
            wraps = (high >> 12) + (value < (high & 0xFFF) - 10)
            high, seen = wraps << 12 | value, True
        elif kind == 0x6:
            low, known = value, seen
        elif kind == 0x0:
            row = value & 0x7FF
        elif kind == 0x2 and known:
            events.append((high << 12 | low, value & 0x7FF, row, value >> 11))
        elif kind == 0x3:
            base, sign = value & 0x7FF, value >> 11
        elif kind in (0x4, 0x5):
            bits = 12 if kind == 4 else 8
            events += [
                (high << 12 | low, base + bit, row, sign) for bit in range(bits) if value >> bit & 1
            ]
            base += bits
        elif kind == 0xA and known:
            triggers.append(high << 12 | low)
    return events, triggers


def test_evt3(shared_data: Callable[[str], Path]) -> None:
    """A Prophesee camera's 517 packets: every event, and the sum of their times."""
    found = read(shared_data('events/event_camera_py/test_events_1'))
    assert len(found) == 517
    assert {(one.encoding, one.width, one.height) for one in found} == {('evt3', 640, 480)}
    total = sums(found)
    assert (total['events'], total['brighter'], total['lost']) == (343474, 125183, 0)
    # The published sum of times counts triggers too, which are no events of pixels.
    words = np.concatenate([one.data for one in found]).view('<u2').tolist()
    events, triggers = slow_evt3(words)
    assert len(triggers) == 2078 + 2079
    assert total['us'] + sum(triggers) == 2885601049874
    assert [sum(column) for column in zip(*events)] == [
        total['us'],
        total['x'],
        total['y'],
        total['brighter'],
    ]


def test_evt3_lasts_as_long_as_its_recording(shared_data: Callable[[str], Path]) -> None:
    """Windows are at multiples of their length; each complete one gives an image."""
    found = read(shared_data('events/event_camera_py/test_events_1'))
    stream = EventStream(EventsConfig(period=0.1, hot_pixels=0.0), decoder='own')
    stamps, counted = [], 0.0
    for one in found:
        for stamp, image in stream.feed(one):
            stamps.append(stamp)
            counted += float(image.pixels.sum())
    # 2.076 s from 50.32 on: the first whole tenth ends at 50.5, the last at 52.3.
    assert stamps == [1_675_956_550_500_000_000 + 100_000_000 * n for n in range(19)]
    assert 0.9 * 343474 < counted < 343474


def test_libcaer_cmp(shared_data: Callable[[str], Path]) -> None:
    """A DAVIS346's 100 packets: events by polarity, and the sum of times since the first."""
    found = read(shared_data('events/event_camera_py/test_events_2'))
    assert len(found) == 100
    first_us = 1744227144732712
    total = sums(found, first_us)
    assert (total['events'] - total['brighter'], total['brighter']) == (360223, 211043)
    assert found[0].time_base == first_us * 1000
    assert total['us'] == 335555680277


def test_mono(shared_data: Callable[[str], Path]) -> None:
    """Two packets under the name that EventPacket had before: all sums."""
    total = sums(read(shared_data('events/test_data_mono_cd')))
    assert [total[key] for key in ('ns', 'x', 'y', 'brighter')] == [
        # The published sum of times counts the second packet's base too.
        4950000 - 50 * 50000,
        34450,
        26450,
        50,
    ]


@pytest.mark.parametrize('name', ['test_events_1', 'test_events_2'])
def test_event_camera_py_agrees(shared_data: Callable[[str], Path], name: str) -> None:
    """Where event_camera_py is installed, it gives the same events as our decoders."""
    pytest.importorskip('event_camera_py', reason='event_camera_py comes with ROS from apt')
    found = read(shared_data(f'events/event_camera_py/{name}'))
    own, theirs = (StreamDecoder(prefer=prefer) for prefer in ('own', 'event_camera_py'))
    first, second = EventBuffer(), EventBuffer()
    for one in found:
        own.decode(one, first)
        theirs.decode(one, second)
        assert np.array_equal(first.x, second.x)
        assert np.array_equal(first.y, second.y)
        assert np.array_equal(first.p, second.p)
        assert np.array_equal(np.diff(first.t), np.diff(second.t))
