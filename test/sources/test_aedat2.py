"""Files of jAER: what is an event, where it is, times that wrap, headers, and damage."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from support.event_files import AEDAT2_HEADER as HEADER
from support.event_files import aedat2
from support.events import Events, random_events

from vprtempo_ros.errors import SourceError
from vprtempo_ros.events.mono import MonoDecoder
from vprtempo_ros.events.packet import EventBuffer
from vprtempo_ros.sources.event_bag import FilePackets
from vprtempo_ros.tools.bag_info import describe

WIDTH, HEIGHT = 346, 260
END = b'#End Of ASCII Header\r\n'


def encoded(events: Events) -> bytes:
    """Return events of this camera as jAER stores them."""
    return aedat2(events, WIDTH, HEIGHT)


def decoded(path: Path, topic: str = '') -> Events:
    """Return all events of a file."""
    buffer = EventBuffer()
    parts = []
    for packet in FilePackets(path, topic).read():
        MonoDecoder().decode(packet, buffer)
        parts.append((buffer.x, buffer.y, buffer.p, buffer.t // 1000))
    return Events(*(np.concatenate(column) for column in zip(*parts)))


def check(found: Events, expected: Events) -> None:
    """Compare events, one by one."""
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize('first_us', [1000, (1 << 31) - 400_000, (1 << 32) - 400_000])
@pytest.mark.parametrize('end', [b'', END])
def test_events(tmp_path: Path, first_us: int, end: bytes) -> None:
    """Event for event, over a wrap too; frames, inertial samples and triggers are passed over."""
    events = random_events(90_000, 2, first_us=first_us, width=WIDTH, height=HEIGHT)
    others = struct.pack('>6I', 1 << 31 | 5 << 12, 7, 1 << 31 | 3 << 10, 8, 1 << 10, 9)
    file = tmp_path / 'drive.aedat'
    file.write_bytes(HEADER + end + others + encoded(events) + others)
    check(decoded(file), events)
    said = dict(describe(file))
    assert said['sensor'] == '346x260 pixels'
    assert said['events'].startswith('90,000, of which')


def test_a_first_event_that_looks_like_a_line(tmp_path: Path) -> None:
    """Byte 0x23 is #, and an address may begin with it."""
    row = HEIGHT - 1 - (0x23 << 24 >> 22)
    numbers = np.arange(200)
    events = Events(
        (numbers % 7).astype(np.uint16),
        np.full(200, row, np.uint16),
        (numbers % 2).astype(np.uint8),
        0x0A0A + numbers,
    )
    file = tmp_path / 'drive.aedat'
    file.write_bytes(HEADER + END + encoded(events))
    check(decoded(file), events)


def test_a_camera_that_is_named(tmp_path: Path) -> None:
    """v2e, for one, writes no AEChip."""
    events = random_events(100, width=WIDTH, height=HEIGHT)
    file = tmp_path / 'drive.aedat'
    file.write_bytes(b'#!AER-DAT2.0\r\n# Timestamps tick is 1 us\r\n' + encoded(events))
    with pytest.raises(SourceError, match='name the camera in input.topic, as Davis346'):
        decoded(file)
    check(decoded(file, 'DAVIS346'), events)


@pytest.mark.parametrize(
    ('content', 'expected'),
    [
        (b'#!AER-DAT3.1\r\n#Format: RAW\r\n', "expected AEDAT 2.0, found '#!AER-DAT3.1': convert"),
        (b'', "expected AEDAT 2.0, found ''"),
        (bytes(range(256)) * 4, 'expected AEDAT 2.0, found '),
        (b'#!AER-DAT2.0\r\n# AEChip: ch.unizh.ini.jaer.chip.retina.DVS128\r\n', 'DVS128'),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, expected: str) -> None:
    """They are refused in one line."""
    file = tmp_path / 'drive.aedat'
    file.write_bytes(content)
    with pytest.raises(SourceError) as error:
        decoded(file)
    assert expected in str(error.value)
    assert '\n' not in str(error.value)


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    """All whole events are read."""
    events = random_events(100, width=WIDTH, height=HEIGHT)
    file = tmp_path / 'drive.aedat'
    file.write_bytes(HEADER + END + encoded(events)[:-3])
    check(decoded(file), events.part(slice(0, 99)))


def test_aerpy_reads_the_same(tmp_path: Path) -> None:
    """An independent reader finds the same times, polarities and addresses."""
    aer = pytest.importorskip('aer', reason='a reader for comparison: pip install aerpy')
    events = random_events(2000, width=WIDTH, height=HEIGHT)
    file = tmp_path / 'drive.aedat'
    file.write_bytes(HEADER + END + encoded(events))
    found = decoded(file)
    theirs = io.BytesIO(file.read_bytes())
    aer.find_aer_start(theirs)
    for x, y, p, t in zip(*(column.tolist() for column in found)):
        their = aer.DECODER.parse(theirs)
        assert (their.time, their.isspecial, their.polarity) == (t, False, bool(p))
        assert (WIDTH - 1 - their.xpos, HEIGHT - 1 - their.ypos) == (x, y)
