"""Files of event cameras: what other software wrote, event for event, and damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import ROOT
from support.events import HEIGHT, WIDTH, Events, encode, random_events
from support.helpers import tiny_config

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.events.mono import MonoDecoder
from vprtempo_ros.events.packet import EventBuffer
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.sources.event_bag import EventFrames, FilePackets
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.bag_info import describe
from vprtempo_ros.tools.events_to_frames import events_to_frames

FILES = ROOT / 'test' / 'events' / 'files'
WRITTEN = sorted(file.name for file in FILES.iterdir() if file.suffix in ('.raw', '.dat'))
CONFIG = BagInputConfig(type='events', events=EventsConfig(period=0.1, hot_pixels=0.0))


def decoded(path: Path) -> Events:
    """Return all events of a file, as the packets have them."""
    buffer = EventBuffer()
    parts = []
    for packet in FilePackets(path).read():
        MonoDecoder().decode(packet, buffer)
        assert packet.stamp_ns == int(buffer.t[0])
        parts.append((buffer.x, buffer.y, buffer.p, buffer.t // 1000))
    return Events(*(np.concatenate(column) for column in zip(*parts)))


def check(found: Events, expected: Events) -> None:
    """Compare events, one by one."""
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize('name', WRITTEN)
def test_files_of_other_software(name: str) -> None:
    """Every event as it was written, by expelliarmus and faery."""
    with np.load(FILES / 'events.npz') as known:
        check(decoded(FILES / name), Events(known['x'], known['y'], known['p'], known['t']))


def evt2(events: Events) -> NDArray[np.uint8]:
    """Encode EVT 2.0, with a word of time where the upper bits change, and triggers between."""
    words: list[int] = []
    high = -1
    for x, y, p, t in zip(*(column.tolist() for column in events)):
        if t >> 6 != high:
            high = t >> 6
            words += [8 << 28 | high & 0xFFFFFFF, 0xA << 28 | 5, 0xE << 28, 0xF << 28]
        words.append(p << 28 | (t & 63) << 22 | x << 11 | y)
    return np.array(words, '<u4').view(np.uint8)


def evt21(events: Events) -> NDArray[np.uint8]:
    """Encode EVT 2.1: a mask of columns for events of one row, time and polarity."""
    words: list[int] = []
    high = -1
    last = (-1, -1, -1, -1)
    for x, y, p, t in zip(*(column.tolist() for column in events)):
        if t >> 6 != high:
            high = t >> 6
            words += [(8 << 28 | high & 0xFFFFFFF) << 32, (0xA << 28 | 5) << 32, 0xE << 60]
        base = x // 32 * 32
        bit = 1 << (x - base)
        if (base, y, p, t) == last and words[-1] & 0xFFFFFFFF < bit:
            words[-1] |= bit
            continue
        last = (base, y, p, t)
        words.append((p << 28 | (t & 63) << 22 | base << 11 | y) << 32 | bit)
    return np.array(words, '<u8').view(np.uint8)


def dat(events: Events) -> NDArray[np.uint8]:
    """Encode DAT."""
    x, y, p, t = (column.astype(np.uint64) for column in events)
    words = (t & np.uint64(0xFFFFFFFF)) | (
        x | y << np.uint64(14) | p << np.uint64(28)
    ) << np.uint64(32)
    return words.astype('<u8').view(np.uint8)


ENCODERS = {'EVT2': evt2, 'EVT21': evt21, 'EVT3': lambda events: encode('evt3', events), 'DAT': dat}


def write(path: Path, kind: str, events: Events, header: str | None = None) -> Path:
    """Write a file; by default with the header of Prophesee's recorders."""
    if header is None:
        header = f'% format {kind};height={HEIGHT};width={WIDTH}\n% end\n'
        if kind == 'DAT':
            header = f'% Version 2\n% Width {WIDTH}\n% Height {HEIGHT}\n'
    path = path.with_suffix('.dat' if kind == 'DAT' else '.raw')
    marks = b'\x0c\x08' if kind == 'DAT' else b''
    path.write_bytes(header.encode() + marks + ENCODERS[kind](events).tobytes())
    return path


@pytest.mark.parametrize('kind', ENCODERS)
@pytest.mark.parametrize('first_us', [5_000, (1 << 24) - 500_000])
def test_every_format(tmp_path: Path, kind: str, first_us: int) -> None:
    """Events, runs along rows, and the wrap of EVT 3.0; triggers are passed over."""
    events = random_events(20_000, first_us=first_us)
    check(decoded(write(tmp_path / 'a', kind, events)), events)


@pytest.mark.parametrize(('kind', 'bits'), [('EVT2', 34), ('EVT21', 34), ('DAT', 32), ('EVT3', 24)])
def test_times_that_wrap(tmp_path: Path, kind: str, bits: int) -> None:
    """Time goes on where the counter of the format wraps."""
    events = random_events(2_000, first_us=(1 << bits) - 500_000)
    check(decoded(write(tmp_path / 'a', kind, events)), events)


@pytest.mark.parametrize('kind', ['EVT2', 'EVT21', 'DAT'])
def test_long_pauses(tmp_path: Path, kind: str) -> None:
    """Minutes without an event are no damage."""
    events = random_events(100, first_us=1_000_000, span_us=200_000_000)
    check(decoded(write(tmp_path / 'a', kind, events)), events)


@pytest.mark.parametrize(
    ('kind', 'header', 'size'),
    [
        ('EVT2', '% evt 2.0\n% geometry 64x48\n', (64, 48)),
        ('EVT3', '% date 2024-01-01\n% evt 3.0\n% geometry 64x48\n% end\n', (64, 48)),
        ('EVT21', '% evt 2.1\n% format EVT21;height=48;width=64\n% end\n', (64, 48)),
        ('EVT2', '% evt 2.0\n', (304, 240)),
        ('DAT', '% Version 2\n% Height 48\n% Width 64\n', (64, 48)),
        ('DAT', '% Data file containing CD events\n', (304, 240)),
    ],
)
def test_headers(tmp_path: Path, kind: str, header: str, size: tuple[int, int]) -> None:
    """All notations; a size that is not given is that of the smallest known sensor, and said."""
    events = random_events(2_000)
    path = write(tmp_path / 'a', kind, events, header)
    packets = FilePackets(path)
    assert packets.size == size
    assert bool(packets.completeness.notes) == (size == (304, 240))
    check(decoded(path), events)


@pytest.mark.parametrize(
    ('name', 'content', 'expected'),
    [
        ('a.raw', b'', 'expected the header'),
        ('a.raw', b'\x00\x01\x02' * 100, 'expected the header'),
        ('a.raw', b'% format HISTO3D;width=64;height=48\n% end\n', "found the format 'HISTO3D"),
        ('a.raw', b'% evt 4.0\n', "found the format '4.0'"),
        ('a.raw', b'% format EVT21;endianness=legacy\n% end\n', 'found the format'),
        ('a.dat', b'% Version 3\n\x0c\x08', "found '3'"),
        ('a.dat', b'% Version 2\n\x0e\x08', 'found type 0e08'),
        ('a.dat', b'% Version 2\n', 'found type none'),
    ],
)
def test_what_is_no_file_of_events(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    """One line says what was found."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        FilePackets(path)
    assert expected in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('kind', ENCODERS)
def test_damaged_files(tmp_path: Path, kind: str) -> None:
    """A file that was cut off is read up to there; flipped bytes give frames or one line."""
    events = random_events(4_000, first_us=100_000)
    path = write(tmp_path / 'a', kind, events)
    data = bytearray(path.read_bytes())
    path.write_bytes(data[: len(data) - 3])
    found = decoded(path)
    assert len(events.x) - 40 < len(found.x) < len(events.x)
    check(found, events.part(slice(0, len(found.x))))
    rng = np.random.default_rng(0)
    for _ in range(40):
        broken = data.copy()
        for position in rng.integers(0, len(data), 8).tolist():
            broken[position] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        try:
            frames = EventFrames(path, CONFIG)
            for _ in frames:
                pass
        except SourceError as error:
            assert '\n' not in str(error)
    path.write_bytes(bytes(data[:40]) + rng.integers(0, 256, 100_000, np.uint8).tobytes())
    try:
        list(EventFrames(path, CONFIG))
    except SourceError as error:
        assert '\n' not in str(error)


@pytest.mark.parametrize('kind', ENCODERS)
def test_a_map_of_a_file(tmp_path: Path, kind: str) -> None:
    """Frames, a map, bag_info and events_to_frames; without input.type events it is refused."""
    path = write(tmp_path / 'a', kind, random_events(20_000, first_us=100_000))
    traverse, origin = open_traverse(str(path), CONFIG, PosesConfig())
    frames = list(traverse)
    assert origin is None
    # The first and the last window are not whole.
    assert len(frames) == 8
    assert sum(float(frame.image.counts().sum()) for frame in frames) > 15_000
    assert traverse.sensor == (WIDTH, HEIGHT)
    built = build_map(
        tiny_config(
            path,
            input__type='events',
            input__events__hot_pixels=0.0,
            encoding__encoder='pixels',
            encoding__width=16,
            encoding__height=16,
        )
    )
    assert built.sensor == ('events', WIDTH, HEIGHT)
    said = dict(describe(path))
    assert said['format'] == kind
    assert said['sensor'] == f'{WIDTH}x{HEIGHT} pixels'
    assert said['events'].startswith('20,000, of which')
    assert events_to_frames(path, tmp_path / 'images', CONFIG) == 8
    with pytest.raises(SourceError, match='set input.type to events'):
        open_traverse(str(path), BagInputConfig(), PosesConfig())
