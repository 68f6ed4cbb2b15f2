"""events_to_frames and bag_info, as commands on real and on made recordings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.commands import as_process, in_process
from support.event_kinds import write
from support.events import (
    HEIGHT,
    TOPIC,
    WIDTH,
    event_drive,
    joined,
    packets,
    random_events,
    records,
    scene,
)
from support.helpers import START, drive, tiny_config, write_bag, write_pictures

from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import save


def run(tool: str, *arguments: object, status: int = 0) -> str:
    """Run a tool; return what it printed."""
    done = in_process(tool, *arguments)
    assert done.returncode == status, done.stdout + done.stderr
    assert 'Traceback' not in done.stderr
    return done.stdout + done.stderr


def test_a_folder_of_images(tmp_path: Path) -> None:
    """One 16-bit PNG a window, named by its stamp, whose pixels are the counts."""
    bag = event_drive(tmp_path / 'bag', range(4))
    done = as_process('events_to_frames', bag, tmp_path / 'out', '--hot-pixels', 0)
    assert done.returncode == 0
    assert '4 images' in done.stdout
    files = sorted((tmp_path / 'out').iterdir())
    assert [file.name for file in files] == [
        f'{START + 10**8 * (n + 1):019d}.png' for n in range(4)
    ]
    for place, file in enumerate(files):
        pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        assert pixels.dtype == np.uint16
        events = scene(place, place * 100_000)
        expected = np.zeros((HEIGHT, WIDTH), np.uint16)
        np.add.at(expected, (events.y, events.x), 1)
        assert np.array_equal(pixels, expected)


def test_a_map_can_be_made_of_the_folder(tmp_path: Path) -> None:
    """The images train the same map as the bag that they are from."""
    bag = event_drive(tmp_path / 'bag', range(6))
    run('events_to_frames', bag, tmp_path / 'out')
    one, other = (
        build_map(tiny_config(source, input__type='events')) for source in (bag, tmp_path / 'out')
    )
    assert one.sensor == other.sensor
    assert np.array_equal(one.network.weights, other.network.weights)


def test_windows_and_scale(tmp_path: Path) -> None:
    """Windows are set as for the trainer; with a scale there are 8 bits for viewing."""
    bag = event_drive(tmp_path / 'bag', range(4))
    assert '8 images' in run('events_to_frames', bag, tmp_path / 'half', '--period', 0.05)
    said = run(
        'events_to_frames',
        bag,
        tmp_path / 'signed',
        '--polarity',
        'signed',
        '--window',
        'count',
        '--count',
        1000,
        '--scale',
        20,
        '--roi-width',
        30,
    )
    # Only the events of the region count.
    assert ' images' in said
    pixels = cv2.imread(str(next((tmp_path / 'signed').iterdir())), cv2.IMREAD_UNCHANGED)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (HEIGHT, 30)
    assert np.median(pixels) == 128


def test_what_cannot_be_done(tmp_path: Path) -> None:
    """One line each: no events, a folder with files in it, an invalid setting."""
    bag = event_drive(tmp_path / 'bag', range(2))
    camera = drive(tmp_path / 'camera', range(3), range(3))
    assert 'expected one event topic' in run('events_to_frames', camera, tmp_path / 'a', status=1)
    (tmp_path / 'full').mkdir()
    (tmp_path / 'full' / 'mine.txt').write_text('keep')
    assert 'expected an empty folder' in run('events_to_frames', bag, tmp_path / 'full', status=1)
    assert 'from 0.001 to 60' in run(
        'events_to_frames', bag, tmp_path / 'b', '--period', 0, status=1
    )
    assert '--scale: expected' in run(
        'events_to_frames', bag, tmp_path / 'b', '--scale', 'nan', status=1
    )
    assert 'within 64x48' in run('events_to_frames', bag, tmp_path / 'c', '--roi-x', 99, status=1)
    short = write_bag(tmp_path / 'short', records(packets(random_events(10, span_us=100), 5)))
    assert 'shorter than a window' in run('events_to_frames', short, tmp_path / 'd', status=1)
    assert 'no such bag' in run('bag_info', tmp_path / 'none', status=1)


def test_bag_info_of_a_real_recording(shared_data: Callable[[str], Path]) -> None:
    """Rate, size, duration and encoding are those that are published of it."""
    said = run('bag_info', shared_data('events/event_camera_py/test_events_1'))
    for words in (
        '/event_camera/events  event_camera_msgs/msg/EventPacket  517',
        '517 packets, 2,250,308 bytes',
        '640x480 pixels',
        'encoding  evt3',
        '343,474, of which 125,183 brighter',
        'duration  2.076 s',
        '0.165 million events per second, 249.0 packets per second',
    ):
        assert words in said
    assert 'unusable' not in said
    assert 'lost' not in said


def test_bag_info_tells_what_is_wrong(tmp_path: Path) -> None:
    """Lost and unusable packets are reported with their reason."""
    every = packets(random_events(2000), 100)
    every[5] = every[5]._replace(encoding='evt2')
    del every[8]
    said = run('bag_info', write_bag(tmp_path / 'bag', records(every)))
    assert f'{TOPIC} 19 packets' in said
    assert "unusable  1 packet: unknown encoding 'evt2'" in said
    assert 'lost      1 packet,' in said
    assert 'encoding  evt3, evt2' in said


def test_bag_info_of_images(tmp_path: Path) -> None:
    """Of a bag without events the topics are printed."""
    said = run('bag_info', drive(tmp_path / 'bag', range(3), range(3)))
    assert '/camera/image_raw  sensor_msgs/msg/Image  3' in said
    assert '/odom  nav_msgs/msg/Odometry  3' in said
    assert 'encoding' not in said
    folder = write_pictures(tmp_path / 'folder', ['2.png', '10.png'])
    said = run('bag_info', folder)
    assert '2 images, 2.png to 10.png' in said
    assert 'trains as it is: set bags of trainer_node to this folder' in said
    assert 'expected a bag' in run('bag_info', tmp_path, status=1)


def test_map_info_of_events(tmp_path: Path) -> None:
    """map_info of an event map names the sensor and the windows."""
    bag = event_drive(tmp_path / 'bag', range(4))
    save(
        build_map(tiny_config(bag, input__type='events', input__events__polarity='split')),
        tmp_path / 'map',
    )
    said = run('map_info', tmp_path / 'map')
    assert 'sensor       events, 64x48 pixels' in said
    assert 'windows      0.1 s, polarities split' in said


@pytest.mark.parametrize('kind', ['EVT3', 'DAT', 'AEDAT4', 'HDF5'])
def test_a_file_from_bag_info_to_evaluate(tmp_path: Path, kind: str) -> None:
    """The drive that was learnt is recognised, and its events are counted."""
    if kind == 'HDF5':
        pytest.importorskip('h5py')
    places = [scene(place, 1_000_000 + place * 100_000) for place in range(6)]
    # An event of the next window completes the last one.
    events = joined([*places, scene(0, 1_600_000, count=1)])
    path = write(tmp_path / 'a', kind, events)
    said = run('bag_info', path)
    assert f'{WIDTH}x{HEIGHT} pixels' in said
    assert '24,001, of which' in said
    lines = [f'{number / 10 + 1} {number} 0 0 0 0 0 1\n' for number in range(8)]
    (tmp_path / 'a.txt').write_text(''.join(lines))
    config = tiny_config(
        path,
        input__type='events',
        input__events__hot_pixels=0.0,
        poses__file='{name}.txt',
        places__spacing=1.0,
    )
    save(build_map(config), tmp_path / 'map')
    poses = ('--radius', 0.5, '--poses-file', '{name}.txt')
    assert '6 query frames' in run(
        'evaluate', tmp_path / 'map', path, *poses, '--out', tmp_path / 'report'
    )
    late = ('--poses-offset', 60, '--out', tmp_path / 'late')
    assert 'poses.offset' in run('evaluate', tmp_path / 'map', path, *poses, *late, status=1)
    found = json.loads((tmp_path / 'report' / 'results.json').read_text())
    (sad,) = (method for method in found['methods'] if method['name'] == 'SAD')
    assert sad['recall']['1'] == 1.0
