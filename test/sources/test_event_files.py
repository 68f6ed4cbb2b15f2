"""Files of event cameras: what other software wrote, event for event, and damage."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import ROOT
from support.event_files import (
    aedat4_events,
    aedat4_frame,
    aedat4_header,
    aedat4_packet,
    dsec,
    m3ed,
    mvsec,
    nsavp,
    parquet,
    prophesee,
)
from support.event_kinds import ENCODERS, KINDS, aedat4, dat, write
from support.events import HEIGHT, WIDTH, Events, random_events
from support.helpers import tiny_config

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.events.mono import MonoDecoder
from vprtempo_ros.events.packet import EventBuffer
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.sources.event_bag import EventFrames, FilePackets
from vprtempo_ros.sources.kinds import EVENT_FILES
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.bag_info import describe
from vprtempo_ros.tools.events_to_frames import events_to_frames

FILES = ROOT / 'test' / 'events' / 'files'
WRITTEN = sorted(file.name for file in FILES.iterdir() if file.suffix in EVENT_FILES)
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
    """Every event as it was written, by expelliarmus, faery, evutils and dv-processing."""
    if name.endswith('.h5'):
        pytest.importorskip('hdf5plugin', reason='blosc')
    with np.load(FILES / 'events.npz') as known:
        check(decoded(FILES / name), Events(known['x'], known['y'], known['p'], known['t']))


def swapped(events: Events, size: int) -> list[Events]:
    """Return stretches of `size` events in which each second one comes before the first."""
    parts = [events.part(slice(n, n + size)) for n in range(0, len(events.x), size)]
    for first in range(0, len(parts) - 1, 2):
        parts[first : first + 2] = parts[first + 1], parts[first]
    return parts


def write_parts(path: Path, kind: str, parts: list[Events]) -> Path:
    """Write events in the order of the parts."""
    if kind in ENCODERS:
        file = write(path, kind, parts[0])
        with file.open('ab') as stream:
            for part in parts[1:]:
                stream.write(bytes(ENCODERS[kind](part)))
        return file
    return write(path, kind, Events(*(np.concatenate(column) for column in zip(*parts))))


def by_time(events: Events) -> Events:
    """Return events in one order, also those of the same time."""
    x, y, p, t = events
    return events.part(np.lexsort((p, y, x, t)))


@pytest.mark.parametrize('size', [900, 4500])
@pytest.mark.parametrize('kind', KINDS)
def test_stretches_that_are_swapped(tmp_path: Path, kind: str, size: int) -> None:
    """Event for event as if they were in order; it is said once, with the largest step."""
    events = random_events(9000, 3, 450_000)
    file = write_parts(tmp_path / 'events', kind, swapped(events, size))
    check(by_time(decoded(file)), by_time(events))
    source = FilePackets(file)
    assert sum(packet.data.size // 8 for packet in source.read()) == 9000
    (note,) = source.completeness.notes
    pattern = 'events are out of order ([0-9]+) times, by up to ([0-9.]+) s'
    ((times, largest),) = re.findall(pattern, note)
    # Each packet of AEDAT that is late counts.
    assert int(times) == 9000 // (900 if kind == 'AEDAT4' else size) // 2
    assert float(largest) == pytest.approx(2 * size * 450_000e-6 / 9000, rel=0.1)
    assert note.endswith(': sorted')
    assert dict(describe(file))['missing'] == note


def test_events_too_late_to_be_sorted(tmp_path: Path) -> None:
    """What comes after more events than are kept is left out and counted."""
    events = random_events(300_000, 4, 3_000_000)
    late = slice(1000, 1500)
    order = np.r_[0:1000, 1500:250_000, late, 250_000:300_000]
    source = FilePackets(write_parts(tmp_path / 'events', 'DAT', [events.part(order)]))
    assert sum(packet.data.size // 8 for packet in source.read()) == 300_000 - 500
    (note,) = source.completeness.notes
    assert note.endswith(': sorted, 500 that were too late left out')


def test_a_file_in_which_time_begins_again(tmp_path: Path) -> None:
    """Nothing of the second recording is left out, and nothing mixed with the first."""
    first, second = random_events(100_000, 5), random_events(100_000, 6, first_us=100)
    file = write_parts(tmp_path / 'events', 'HDF5', [first, second])
    times = np.concatenate(
        [packet.data.view(np.uint64) % 2**32 // 1000 + packet.time_base // 1000
         for packet in FilePackets(file).read()]
    )  # fmt: skip
    np.testing.assert_array_equal(times, np.concatenate((first.t_us, second.t_us)))


@pytest.mark.parametrize('kind', KINDS)
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


@pytest.mark.parametrize('kind', ['EVT2', 'EVT21', 'DAT', 'AEDAT4', 'HDF5'])
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
        ('a.aedat4', b'', 'no file of AEDAT 4.0'),
        ('a.aedat4', b'#!AER-DAT3.1\r\n' + bytes(200), "found b'#!AER-DAT3.1"),
        ('a.aedat4', b'#!AER-DAT4.0\r\n\xff\xff\xff\x7f', 'description of'),
        ('a.h5', b'', 'no file of HDF5'),
        ('a.hdf5', bytes(2000), 'no file of HDF5'),
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


@pytest.mark.parametrize('kind', KINDS)
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
    assert said['format'].split(',')[0] == kind.split(';')[0]
    assert said['sensor'] == f'{WIDTH}x{HEIGHT} pixels'
    assert said['events'].startswith('20,000, of which')
    assert events_to_frames(path, tmp_path / 'images', CONFIG) == 8
    with pytest.raises(SourceError, match='set input.type to events'):
        open_traverse(str(path), BagInputConfig(), PosesConfig())


GREY = np.arange(16 * 24).reshape(16, 24) * 3


@pytest.mark.parametrize('name', ['dv_processing_lz4', 'dv_processing_zstd'])
def test_frames_of_other_software(name: str) -> None:
    """The images between the events, grey and BGR, with their times."""
    with np.load(FILES / 'events.npz') as known:
        stamps = known['t'][::700] * 1000
    traverse, _ = open_traverse(str(FILES / f'{name}.aedat4'), BagInputConfig(), PosesConfig())
    frames = list(traverse)
    assert [frame.stamp_ns for frame in frames] == stamps.tolist()
    assert len(traverse) == len(frames) == 5
    for number, frame in enumerate(frames):
        grey = (GREY + 700 * number) % 256
        colours = np.stack([grey, (grey + 50) % 256, (grey * 7) % 256], axis=2)
        expected = colours if name.endswith('zstd') else grey[..., None]
        np.testing.assert_array_equal(frame.image.pixels, expected)
        assert len(frame.image.weights) == expected.shape[2]


def test_frames_of_a_file(tmp_path: Path) -> None:
    """Frames of other sizes, types and damage are left out; the rest is read, and trained from."""
    rng = np.random.default_rng(0)
    pixels = [rng.integers(0, 256, (20, 30), np.uint8) for _ in range(8)]
    data = aedat4_header([(0, 'EVTS', 'events'), (1, 'FRME', 'frames')])
    for number, each in enumerate(pixels):
        data += aedat4_frame(1, 1_700_000_000_000_000 + 100_000 * number, each)
    deep = rng.integers(0, 1024, (20, 30), np.uint16)
    data += aedat4_frame(1, 1_700_000_001_000_000, deep, 2)
    data += aedat4_frame(1, 1_700_000_001_100_000, pixels[0][:10])
    data += aedat4_frame(1, 1_700_000_001_200_000, pixels[0], 5)
    data += aedat4_frame(1, 1_700_000_001_300_000, pixels[0], 16)
    path = tmp_path / 'a.aedat4'
    path.write_bytes(data + aedat4_frame(1, 1_700_000_001_400_000, pixels[0])[:-5])
    traverse, _ = open_traverse(str(path), BagInputConfig(), PosesConfig())
    for _ in range(2):
        frames = list(traverse)
        assert [frame.image.pixels.dtype.itemsize for frame in frames] == [1] * 8 + [2]
        assert frames[1].stamp_ns == 1_700_000_000_100_000_000
        np.testing.assert_array_equal(frames[8].image.pixels[..., 0], deep)
        said = '; '.join(traverse.completeness.lines())
        assert 'expected 30x20 pixels as most images have, found 30x10' in said
        assert 'found OpenCV type 5' in said
        assert 'expected 30x20 pixels, found 600 bytes' in said
        assert re.search(r'cut off or damaged at byte \d+ of \d+: the rest is missing$', said)
    assert sum(traverse.completeness.skipped.values()) == 3
    built = build_map(tiny_config(path, places__spacing=1.0))
    assert len(built.places) == 9
    said = [line for name, line in describe(path) if name == 'streams' or not name]
    assert said == ['0 events  EVTS  64x48', '1 frames  FRME  64x48']


def test_frames_that_are_swapped(tmp_path: Path) -> None:
    """They are sorted by their times, and counted."""
    rng = np.random.default_rng(0)
    pixels = [rng.integers(0, 256, (20, 30), np.uint8) for _ in range(6)]
    data = aedat4_header([(1, 'FRME', 'frames')])
    for number in (0, 2, 1, 3, 5, 4):
        data += aedat4_frame(1, 1_700_000_000_000_000 + 100_000 * number, pixels[number])
    (tmp_path / 'a.aedat4').write_bytes(data)
    traverse, _ = open_traverse(str(tmp_path / 'a.aedat4'), BagInputConfig(), PosesConfig())
    for frame, expected in zip(traverse, pixels, strict=True):
        np.testing.assert_array_equal(frame.image.pixels[..., 0], expected)
    said = list(traverse.completeness.lines())
    assert said == ['2 messages out of order, by up to 0.1 s: sorted']


def test_streams_of_a_file(tmp_path: Path) -> None:
    """Of several streams of events one is named; a file without events or images says so."""
    events = random_events(3_000)
    data = aedat4_header([(0, 'EVTS', 'left'), (1, 'EVTS', 'right'), (2, 'IMUS', 'imu')])
    data += aedat4_packet(1, b'EVTS', aedat4_events(events))
    path = tmp_path / 'a.aedat4'
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r'found 2 of: 0 left \(EVTS\), 1 right \(EVTS\), 2 imu'):
        FilePackets(path)
    for name in ('right', '1'):
        assert sum(packet.data.size for packet in FilePackets(path, name).read()) == 8 * 3_000
    with pytest.raises(SourceError, match='holds events and no images: set input.type to events'):
        open_traverse(str(path), BagInputConfig(), PosesConfig())
    path.write_bytes(aedat4_header([(0, 'FRME', 'frames')]))
    with pytest.raises(SourceError, match='expected one stream of events, found 0 of: 0 frames'):
        FilePackets(path)


@pytest.mark.parametrize('offset_us', [0, 49_599_000_000])
def test_the_layout_of_dsec(tmp_path: Path, offset_us: int) -> None:
    """Times are those of the columns and t_offset together."""
    events = random_events(70_000, first_us=offset_us + 5)
    dsec(tmp_path / 'a.h5', events, offset_us, compression='gzip', chunks=(5000,))
    check(decoded(tmp_path / 'a.h5'), events)


def test_the_layout_of_nsavp(tmp_path: Path) -> None:
    """Nanoseconds of today, which are in microseconds here; the size is that of the group."""
    events = random_events(70_000, first_us=1_660_000_000_000_000)
    nsavp(tmp_path / 'R0_FA0_dvxplorer_left.h5', events, chunks=(5000,), compression='gzip')
    assert FilePackets(tmp_path / 'R0_FA0_dvxplorer_left.h5').size == (WIDTH, HEIGHT)
    check(decoded(tmp_path / 'R0_FA0_dvxplorer_left.h5'), events)


def test_the_layout_of_m3ed(tmp_path: Path) -> None:
    """The left camera, unless the other one is named; the size is that of its calibration."""
    events = random_events(70_000)
    m3ed(tmp_path / 'a.h5', events, chunks=(5000,), compression='lzf')
    assert FilePackets(tmp_path / 'a.h5').size == (WIDTH, HEIGHT)
    check(decoded(tmp_path / 'a.h5'), events)


@pytest.mark.parametrize('options', [{}, {'chunks': (3000, 4), 'compression': 'gzip'}])
def test_the_layout_of_mvsec(tmp_path: Path, options: dict[str, Any]) -> None:
    """Rows of x, y, seconds since 1970 and polarity; the size is that of the images."""
    events = random_events(70_000, first_us=1_504_645_177_000_001)
    mvsec(tmp_path / 'outdoor_day1_data.hdf5', events, **options)
    assert FilePackets(tmp_path / 'outdoor_day1_data.hdf5').size == (WIDTH, HEIGHT)
    check(decoded(tmp_path / 'outdoor_day1_data.hdf5'), events)


def test_rows_that_are_no_events(tmp_path: Path) -> None:
    """Times that are none are left out and counted, and pixels that are none are outside."""
    import h5py

    events = random_events(3_000)
    mvsec(tmp_path / 'a.h5', events)
    with h5py.File(tmp_path / 'a.h5', 'a') as file:
        rows = file['davis/left/events']
        rows[7, 2], rows[8, 2], rows[9, 2] = np.nan, -5.0, np.inf
        file['other'] = np.zeros((10, 4), np.float32)
    packets = FilePackets(tmp_path / 'a.h5')
    found = list(packets.read())
    assert sum(packet.data.size // 8 for packet in found) == 2_997
    assert list(packets.completeness.skipped) == [
        'expected times in microseconds, found impossible ones'
    ]
    with h5py.File(tmp_path / 'a.h5', 'a') as file:
        file['davis/left/events'][0, 0] = np.nan
    # Outside of every sensor.
    assert decoded(tmp_path / 'a.h5').x.max() == 0xFFFF
    with pytest.raises(SourceError, match='other: expected float64, of which a column is seconds'):
        FilePackets(tmp_path / 'a.h5', 'other')


@pytest.mark.parametrize('unit', ['', 'us', 'ns'])
def test_tables_of_parquet(tmp_path: Path, unit: str) -> None:
    """Times as microseconds or as times of Parquet; the smallest sensor is taken, and said."""
    events = random_events(70_000, first_us=1_629_325_542_000_001)
    times = events.t_us.astype('datetime64[us]')
    other = {'t': times.astype(f'datetime64[{unit}]')} if unit else {}
    parquet(tmp_path / 'bags_2021_denoised.parquet', events, **other)
    check(decoded(tmp_path / 'bags_2021_denoised.parquet'), events)
    packets = FilePackets(tmp_path / 'bags_2021_denoised.parquet')
    assert packets.size == (240, 180)
    assert 'no size of a sensor: 240x180 pixels' in packets.completeness.notes[0]


@pytest.mark.parametrize(
    ('changed', 'expected'),
    [
        ({'t': np.zeros(100)}, 't: expected integers, microseconds, found double'),
        ({'x': np.full(100, 'left')}, 'x: expected integers, pixels, found string'),
        ({'p': np.ones(100, np.float32)}, 'p: expected integers, polarities, found float'),
        ({'y': [None, *range(99)]}, 'expected events, found 1 empty values'),
    ],
)
def test_tables_of_other_columns(tmp_path: Path, changed: dict[str, Any], expected: str) -> None:
    """One line says what was found."""
    parquet(tmp_path / 'a.parquet', random_events(100), **changed)
    with pytest.raises(SourceError, match=expected):
        decoded(tmp_path / 'a.parquet')


def test_what_is_no_table_of_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other columns, damage, claims that are not trusted, and a missing library give one line."""
    import pyarrow
    from pyarrow.parquet import write_table

    from vprtempo_ros.sources import parquet_file

    path = tmp_path / 'a.parquet'
    write_table(pyarrow.table({'time': [1], 'x': [2]}), path)
    with pytest.raises(SourceError, match='expected columns t, x, y, p, found time, x$'):
        FilePackets(path)
    parquet(path, random_events(5_000))
    whole = path.read_bytes()
    for data in (whole[:-20], b'', whole[:200] + bytes(800) + whole[1000:]):
        path.write_bytes(data)
        with pytest.raises(SourceError, match='damaged, or no file of Parquet'):
            decoded(path)
    path.write_bytes(whole)
    monkeypatch.setattr(parquet_file, '_RATIO_MAX', 0.1)
    with pytest.raises(SourceError, match='damaged: a column claims [0-9,]+ bytes, of which'):
        FilePackets(path)
    monkeypatch.setitem(sys.modules, 'pyarrow.parquet', None)
    with pytest.raises(SourceError, match='Parquet needs pyarrow: pip install pyarrow'):
        FilePackets(path)


@pytest.mark.process
def test_the_layout_of_prophesee(tmp_path: Path) -> None:
    """One table of events; triggers are passed over; polarities may be -1 and 1."""
    events = random_events(70_000)
    prophesee(tmp_path / 'a.hdf5', events)
    check(decoded(tmp_path / 'a.hdf5'), events)
    signed = events._replace(p=events.p.astype(np.int16) * 2 - 1)
    prophesee(tmp_path / 'b.hdf5', signed)
    check(decoded(tmp_path / 'b.hdf5'), events)
    prophesee(tmp_path / 'c.hdf5', events, '')
    packets = FilePackets(tmp_path / 'c.hdf5')
    assert packets.size == (240, 180)
    assert 'no size of a sensor: 240x180 pixels' in packets.completeness.notes[0]


@pytest.mark.process
def test_a_text_of_a_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the process that reads it ends, there is one line."""
    from vprtempo_ros.support import hdf5

    prophesee(tmp_path / 'a.h5', random_events(100))
    monkeypatch.setattr(hdf5, '_READ', 'print(\'["no size"]\')')
    assert 'no size of a sensor' in FilePackets(tmp_path / 'a.h5').completeness.notes[0]
    monkeypatch.setattr(hdf5, '_READ', 'import sys; sys.exit(3)')
    with pytest.raises(SourceError, match='the attribute geometry: cannot be read'):
        FilePackets(tmp_path / 'a.h5')
    monkeypatch.setattr(hdf5, '_READ', 'import time; time.sleep(60)')
    monkeypatch.setattr(hdf5, '_PATIENCE', 0.5)
    with pytest.raises(SourceError, match='the attribute geometry: reading does not end'):
        FilePackets(tmp_path / 'a.h5')


def test_a_text_of_fixed_length(tmp_path: Path) -> None:
    """It is read at once; numbers of other shapes are passed over."""
    import h5py

    prophesee(tmp_path / 'a.h5', random_events(100), np.bytes_('64x48'))
    assert FilePackets(tmp_path / 'a.h5').size == (WIDTH, HEIGHT)
    with h5py.File(tmp_path / 'a.h5', 'a') as file:
        del file.attrs['geometry']
        file.attrs['width'], file.attrs['height'] = [1, 2], 'high'
    assert 'no size' in FilePackets(tmp_path / 'a.h5').completeness.notes[0]


def test_groups_of_a_file(tmp_path: Path) -> None:
    """Events of any group with these columns can be named."""
    import h5py

    events = random_events(3_000)
    path = tmp_path / 'a.h5'
    with h5py.File(path, 'w') as file:
        for name, column in zip('xypt', events):
            file[f'camera/left/{name}'] = column
    with pytest.raises(SourceError, match='or prophesee/left, found camera; name their group'):
        FilePackets(path)
    assert sum(packet.data.size for packet in FilePackets(path, 'camera/left').read()) == 24_000


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        ({'t': np.arange(10) * 1e-6}, 'expected integers, in microseconds, found float64'),
        ({'x': np.zeros(9, np.uint16)}, 'expected t, x, y, p of one length'),
        ({'p': np.zeros((10, 2), np.uint8)}, 'expected t, x, y, p of one length'),
        ({'y': np.zeros(10, 'S2')}, 'expected integers, in pixels'),
    ],
)
def test_columns_of_other_types(
    tmp_path: Path, change: dict[str, NDArray[np.generic]], expected: str
) -> None:
    """One line says what was found."""
    import h5py

    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        for name in 'xypt':
            file[f'events/{name}'] = change.get(name, np.zeros(10, np.uint16))
    with pytest.raises(SourceError, match=expected):
        FilePackets(tmp_path / 'a.h5')


def test_claims_of_columns_are_not_trusted(tmp_path: Path) -> None:
    """Neither a length without data nor chunks of any size are read."""
    import h5py

    for number, chunks in enumerate([(1000,), (1 << 28,)]):
        path = tmp_path / f'{number}.h5'
        with h5py.File(path, 'w') as file:
            for name in 'xypt':
                file.create_dataset(f'events/{name}', (1 << 40,), np.uint16, chunks=chunks)
        with pytest.raises(SourceError, match='damaged.*claims [0-9,]+ bytes, of which'):
            FilePackets(path)


def test_hdf5_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to install it."""
    dsec(tmp_path / 'a.h5', random_events(100))
    monkeypatch.setitem(sys.modules, 'h5py', None)
    with pytest.raises(SourceError, match='HDF5 needs h5py: pip install h5py hdf5plugin'):
        FilePackets(tmp_path / 'a.h5')


def test_hdf5_with_an_unknown_filter(tmp_path: Path) -> None:
    """One line says which package has it."""
    import h5py

    dsec(tmp_path / 'a.h5', random_events(100), compression='lzf', chunks=(100,))
    data = (tmp_path / 'a.h5').read_bytes()
    # The filter is noted by its number, 32000, and its name.
    assert data.count(b'\x00\x7d\x08') == 4
    path = tmp_path / 'b.h5'
    path.write_bytes(data.replace(b'\x00\x7d\x08', b'\xcf\x8e\x08'))
    with h5py.File(path) as file:
        assert len(file['events/t']) == 100
    with pytest.raises(
        SourceError, match='a filter that is not installed .*pip install hdf5plugin'
    ):
        decoded(path)


def test_impossible_times_are_left_out(tmp_path: Path) -> None:
    """Times below 0 and beyond nanoseconds, as after damage, are counted."""
    events = random_events(3_000)
    times = events.t_us.copy()
    times[7], times[1000], times[2000] = -5, 1 << 62, -(1 << 62)
    path = tmp_path / 'a.aedat4'
    path.write_bytes(aedat4(events._replace(t_us=times)))
    packets = FilePackets(path)
    found = sum(packet.data.size // 8 for packet in packets.read())
    assert found == 2_997
    assert list(packets.completeness.skipped) == [
        'expected times in microseconds, found impossible ones'
    ]


def test_a_damaged_packet_is_left_out(tmp_path: Path) -> None:
    """The others of the file are read."""
    events = random_events(4_000)
    data = bytearray(aedat4(events))
    data[data.index(b'EVTS', 2000) + 8] ^= 0x40
    path = tmp_path / 'a.aedat4'
    path.write_bytes(data)
    packets = FilePackets(path)
    assert sum(packet.data.size // 8 for packet in packets.read()) == 4_000 - 900
    assert packets.completeness.skipped.total() == 1


def test_compressions_of_chunks(tmp_path: Path) -> None:
    """Those of h5py and hdf5plugin, with chunks longer than what is read at once."""
    hdf5plugin = pytest.importorskip('hdf5plugin')
    events = random_events(100_000)
    for number, options in enumerate(
        [
            {'compression': 'gzip', 'shuffle': True, 'fletcher32': True},
            {'compression': 'lzf'},
            hdf5plugin.Blosc(cname='zstd'),
            hdf5plugin.LZ4(),
            hdf5plugin.Zstd(),
            hdf5plugin.Bitshuffle(cname='lz4'),
        ]
    ):
        path = tmp_path / f'{number}.h5'
        dsec(path, events, chunks=(70_000,), **options)
        check(decoded(path), events)
    dsec(tmp_path / 'a.h5', events, chunks=(70_000,), **hdf5plugin.Blosc2())
    with pytest.raises(SourceError, match='by filter 32026, whose size cannot be checked'):
        decoded(tmp_path / 'a.h5')


@pytest.mark.parametrize('kind', ['gzip', 'zstd', 'blosc', 'lz4', 'stored'])
def test_chunks_that_claim_more(tmp_path: Path, kind: str) -> None:
    """A chunk that unpacks to more than its size ends in one line, without the memory for it."""
    import zlib

    import h5py

    filters = {'gzip': 1, 'zstd': 32015, 'blosc': 32001, 'lz4': 32004, 'stored': 1}
    huge = (1 << 40).to_bytes(8, 'little')
    packer = zlib.compressobj(9)
    unpacked = 150 << 20 if kind == 'gzip' else 0
    data = {
        'gzip': packer.compress(bytes(unpacked)) + packer.flush(),
        'zstd': b'\x28\xb5\x2f\xfd' + bytes([0xC0, 0]) + huge,
        'blosc': b'\x02\x01\x21\x01' + b'\xff\xff\xff\x7f' + bytes(8),
        'lz4': huge[::-1] + bytes(8),
        'stored': bytes(100_000),
    }[kind]
    path = tmp_path / 'a.h5'
    with h5py.File(path, 'w') as file:
        for name in 'xypt':
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_chunk((1000,))
            flag = h5py.h5z.FLAG_OPTIONAL
            plist.set_filter(filters[kind], flag, (1,))
            space = h5py.h5s.create_simple((1000,))
            group = file.require_group('events')
            kind_of = h5py.h5t.STD_U16LE
            made = h5py.h5d.create(group.id, name.encode(), kind_of, space, plist)
            made.write_direct_chunk((0,), data)
    with pytest.raises(SourceError, match=r'damaged.*a chunk of 2000 bytes (claims|is stored)'):
        decoded(path)


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    """Columns are read from the named file only."""
    import h5py

    dsec(tmp_path / 'other.h5', random_events(100))
    with h5py.File(tmp_path / 'a.h5', 'w') as file:
        file['events'] = h5py.ExternalLink('other.h5', 'events')
    with pytest.raises(SourceError, match='a link to another file'):
        decoded(tmp_path / 'a.h5')
    (tmp_path / 'raw').write_bytes(bytes(800))
    with h5py.File(tmp_path / 'b.h5', 'w') as file:
        for name in 'xypt':
            file.create_dataset(
                f'events/{name}', (100,), np.int64, external=[(tmp_path / 'raw', 0, 800)]
            )
    with pytest.raises(SourceError, match='its data are in another file'):
        decoded(tmp_path / 'b.h5')


def test_packets_that_unpack_to_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets larger than allowed are left out, compressed or not."""
    from vprtempo_ros.sources import aedat4 as reader

    monkeypatch.setattr(reader, '_PACKET_MAX', 1000)
    for name in ('faery_none', 'dv_processing_lz4', 'dv_processing_zstd'):
        packets = FilePackets(FILES / f'{name}.aedat4')
        assert not list(packets.read())
        (reason,) = packets.completeness.skipped
        assert reason.startswith('expected a packet of EVTS, found damage')


def test_digits_that_are_no_numbers(tmp_path: Path) -> None:
    """A damaged size is none, and a damaged number no stream."""
    path = tmp_path / 'a.dat'
    known = '% Version 2\n% Width 1²80\n% Height 720\n'.encode('latin-1')
    path.write_bytes(known + b'\x0c\x08' + dat(random_events(100)).tobytes())
    assert 'no size of a sensor' in FilePackets(path).completeness.notes[0]
    path = tmp_path / 'a.aedat4'
    path.write_bytes(aedat4_header([('²', 'EVTS', 'events')], size='6²x48'))  # type: ignore[list-item]
    with pytest.raises(SourceError, match='expected one stream of events, found 0 of: none'):
        FilePackets(path)
