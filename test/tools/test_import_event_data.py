"""import_event_data: small files with the published names and layouts, and errors in them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support.brisbane import brisbane, nmea, sentence
from support.event_files import nsavp
from support.event_kinds import write as write_events
from support.events import random_events

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.frames import Frame
from vprtempo_ros.sources.event_data_sets import BRISBANE
from vprtempo_ros.sources.nmea import read_nmea
from vprtempo_ros.sources.poses import geodetic
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.import_event_data import main

EVENTS = BagInputConfig(type='events', events=EventsConfig(period=0.1, hot_pixels=0.0))
BAG = 'dvs_vpr_2020-04-21-17-03-03'
NMEA, BEGIN_NS = BRISBANE[BAG]


def frames(recording: Path, out: Path) -> list[Frame]:
    poses = PosesConfig(file=str(out.absolute() / '{name}.csv'))
    return list(open_traverse(str(recording), EVENTS, poses)[0])


def test_brisbane(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Frames of the bag are where the GPS was, by the published time of its first sentence."""
    bag = brisbane(tmp_path / 'data', nmea(range(10)))
    assert main([str(tmp_path / 'data'), str(tmp_path / 'out')]) == 0
    text = capsys.readouterr().out
    assert '10 poses from 1587452582.35 to 1587452591.35 s' in text
    # 07:03:59 of the sentences, and 07:03:02.35 of the bag.
    assert 'the first sentence is at 1587452582.35 s of the bag' in text
    assert 'by its own time that is +56.6 s off' in text
    assert f'1 of 6 published bags; missing: {sorted(BRISBANE)[1]}' in text
    read = frames(bag, tmp_path / 'out')
    assert len(read) > 15
    north = [frame.pose.position[1] for frame in read if frame.pose]
    expected = [(frame.stamp_ns - BEGIN_NS) * 1e-8 for frame in read]
    np.testing.assert_allclose(north, expected, atol=0.1)
    assert main([str(tmp_path / 'data'), str(tmp_path / 'out')]) == 0


def test_sentences_of_all_kinds(tmp_path: Path) -> None:
    """Damaged ones, ones without a fix, other talkers, and midnight."""
    path = tmp_path / 'a.nmea'
    lines = nmea(range(4), 86_398).splitlines(keepends=True)
    lines.insert(0, sentence('GPRMC,235957.000,V,,,,,,,210420,,,N'))
    lines.insert(1, sentence('GPGGA,,,,,,0,00,,,M,,M,,'))
    lines[3] = lines[3].replace('27', '28')
    lines.append('no sentence\n')
    lines.append('$GPRMC,240000.000,A,2728.0,S,15301.5,E,,,210420\r\n')
    lines.append('$GNGGA,000002.000,2727.9,N,15301.5,W,1,08,1.0,31.5,M,,M,,\r\n')
    path.write_text(''.join(lines))
    found = read_nmea(path)
    assert found.begin == 86_397
    assert [fix.seconds for fix in found.fixes] == [1, 2, 3, 4, 5]
    assert (found.damaged, found.without_fix) == (3, 2)
    assert found.fixes[0].latitude == pytest.approx(-27 - 28 / 60)
    last = found.fixes[-1]
    assert last[1:] == pytest.approx((27 + 27.9 / 60, -153.025, 31.5))


@pytest.mark.parametrize('text', ['', 'hello\n', sentence('GPGSV,3,1,11'), '\xff' * 5000])
def test_no_fix(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'a.nmea'
    path.write_text(text, encoding='latin-1')
    with pytest.raises(SourceError, match='expected fixes of GPS as NMEA'):
        read_nmea(path)


def applanix(path: Path, times: np.ndarray, positions: np.ndarray) -> None:
    import h5py

    with h5py.File(path, 'w') as file:
        group = file.create_group('pose_base_link')
        group['timestamps'], group['positions'] = times, positions
        group['quaternions'] = np.tile([0.0, 0.0, 0.0, 1.0], (len(times), 1))


def test_nsavp(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Positions of the Earth-centred frame become metres along the route."""
    pytest.importorskip('h5py')
    folder = tmp_path / 'data'
    folder.mkdir()
    first = 1_660_000_000_000_000
    for side in ('left', 'right'):
        nsavp(folder / f'R0_FA0_dvxplorer_{side}.h5', random_events(3000, first_us=first))
    # On the equator at longitude 0, y is east.
    times = np.uint64(first * 1000) + np.arange(0, 3_000_000_000, 100_000_000, np.uint64)
    positions = np.zeros((len(times), 3))
    positions[:, 0], positions[:, 1] = 6_378_137.0, np.arange(len(times))
    positions[5] = np.nan
    applanix(folder / 'R0_FA0_applanix.h5', times, positions)
    assert main([str(folder), str(tmp_path / 'out')]) == 0
    text = capsys.readouterr().out
    assert text.count('29 poses from 1660000000.00 to 1660000002.90 s') == 2
    assert '1 positions that are not on Earth left out' in text
    for side in ('left', 'right'):
        read = frames(folder / f'R0_FA0_dvxplorer_{side}.h5', tmp_path / 'out')
        east = [frame.pose.position[0] for frame in read if frame.pose]
        expected = [(frame.stamp_ns - first * 1000) * 1e-8 for frame in read]
        np.testing.assert_allclose(east, expected, atol=0.01)
        assert len(read) >= 8


def test_the_earth_centred_frame() -> None:
    """Known places: a pole, and Brisbane by the formulas of the ellipsoid."""
    pole = geodetic(np.array([[0.0, 0.0, 6_356_752.3142]]))[0]
    assert pole[[0, 2]] == pytest.approx([90.0, 0.0], abs=1e-4)
    lat, lon, height = np.radians(-27.46), np.radians(153.02), 31.0
    e2 = 6.69437999014e-3
    radius = 6_378_137.0 / np.sqrt(1 - e2 * np.sin(lat) ** 2)
    place = np.array(
        [
            (radius + height) * np.cos(lat) * np.cos(lon),
            (radius + height) * np.cos(lat) * np.sin(lon),
            (radius * (1 - e2) + height) * np.sin(lat),
        ]
    )
    found = geodetic(np.stack([place, place]))
    assert found.shape == (2, 3)
    assert found[1] == pytest.approx([-27.46, 153.02, 31.0], abs=1e-6)


@pytest.mark.parametrize('form', ['%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d_%H-%M-%S_%f'])
def test_nyc(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Events count from the time in the name of the file, wherever the sensor's clock begins."""
    from datetime import datetime, timedelta

    folder = tmp_path / 'sensor_data_2022-12-06_18-27-21'
    folder.mkdir()
    raw = folder / 'data_2022-12-06_18-27-24.raw'
    write_events(raw, 'EVT2', random_events(3000, span_us=2_000_000))
    lines = ['Longitude,Latitude,HeadMotion,Timestamp']
    for second in range(-2, 8):
        at = datetime(2022, 12, 6, 18, 27, 24) + timedelta(seconds=second)
        lines.append(f'-73.98,{40.69 + second * 1e-4},0.0,{at.strftime(form)}')
    lines.append('-73.98,,0.0,')
    (folder / 'GPS_data_2022-12-06_18-27-22.csv').write_text('\n'.join(lines))
    assert main([str(tmp_path), str(tmp_path / 'out')]) == 0
    text = capsys.readouterr().out
    assert '10 poses' in text
    assert '1 lines without a fix left out' in text
    assert 'off by a second' in text
    read = [frame for frame in frames(raw, tmp_path / 'out') if frame.pose]
    assert len(read) >= 15
    steps = np.diff([frame.pose.position[1] for frame in read if frame.pose])
    np.testing.assert_allclose(steps, 1e-5 * 111_040, rtol=0.02)
    # The sensor's clock begins about 5 s before the recording.
    first = float((tmp_path / 'out' / f'{raw.stem}.csv').read_text().split('\n')[1].split(',')[0])
    assert first * 1e-9 == pytest.approx(5.0 - 2.0, abs=0.01)


@pytest.mark.parametrize(
    ('prepare', 'line'),
    [
        (lambda folder: None, 'expected a folder with a data set'),
        (lambda folder: folder.mkdir(), 'expected files like dvs_vpr_2020'),
        (
            lambda folder: (brisbane(folder, ''), (folder / f'{NMEA}.nmea').unlink()),
            f'expected its poses in {NMEA}.nmea, which is missing',
        ),
        (lambda folder: brisbane(folder, 'nothing'), 'expected fixes of GPS as NMEA'),
        (
            lambda folder: (brisbane(folder / 'a', ''), brisbane(folder / 'b', '')),
            'there are two recordings dvs_vpr_2020',
        ),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prepare: object, line: str
) -> None:
    prepare(tmp_path / 'data')  # type: ignore[operator]
    assert main([str(tmp_path / 'data'), str(tmp_path / 'out')]) == 1
    error = capsys.readouterr().err
    assert re.fullmatch(rf'error: .*{re.escape(line)}.*\n', error), error
    assert not (tmp_path / 'out').exists()


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another file of that name stays, and poses of other recordings are written all the same."""
    brisbane(tmp_path / 'data', nmea(range(3)))
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / f'{BAG}.csv').write_text('mine')
    assert main([str(tmp_path / 'data'), str(tmp_path / 'out')]) == 1
    assert 'no file is overwritten' in capsys.readouterr().err
    assert (tmp_path / 'out' / f'{BAG}.csv').read_text() == 'mine'


@pytest.mark.parametrize('kind', ['positions', 'columns', 'text'])
def test_poses_of_another_form(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is not as published is named."""
    folder = tmp_path / 'data'
    folder.mkdir()
    if kind == 'positions':
        pytest.importorskip('h5py')
        nsavp(folder / 'R0_FA0_dvxplorer_left.h5', random_events(10))
        applanix(folder / 'R0_FA0_applanix.h5', np.arange(3), np.zeros((2, 3)))
        line = 'timestamps and positions of the same length, found (3,) and (2, 3)'
    else:
        write_events(folder / 'data_2022-12-06_18-27-24.raw', 'EVT2', random_events(100))
        table = folder / 'GPS_data_2022-12-06_18-27-22.csv'
        table.write_bytes(b'a,b\n1,2\n' if kind == 'columns' else b'\xff\xfe\x00')
        line = 'Longitude, Latitude, Timestamp, found a, b' if kind == 'columns' else 'cannot be'
    assert main([str(folder), str(tmp_path / 'out')]) == 1
    assert line in capsys.readouterr().err
