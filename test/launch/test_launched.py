"""What the launch files start, as real processes: replay in simulated time, several cameras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.launching import described, running
from support.ros import PATIENCE, Client, image_message

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.options import from_flat
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, read_message, stamp_ns


@pytest.fixture(scope='module')
def maps(street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the maps of two cameras; the rear one's places are twice as far."""
    folder = tmp_path_factory.mktemp('maps')
    for name, spacing in (('front', 2.0), ('rear', 4.0)):
        settings = {
            'bags': [str(street.recordings.reference)],
            'map': str(folder / name),
            'places.by': 'metres',
            'places.spacing': spacing,
        }
        save(build_map(from_flat(TrainerConfig, settings)), folder / name)
    return folder


def test_cameras_are_recognised_apart(street, maps: Path, tmp_path: Path) -> None:
    """Two nodes of one launch file each answer their own camera, from their own map."""
    started, _ = described('multi_camera.launch.py', cameras='front rear', maps=str(maps))
    places = {name: load(maps / name).places for name in ('front', 'rear')}
    frames = {frame.stamp_ns: np.ascontiguousarray(frame.image.pixels) for frame in street.frames()}
    # A place of both maps, with another number in each.
    common = {place.stamp_ns for place in places['front']} & {
        place.stamp_ns for place in places['rear']
    }
    stamp = sorted(common)[len(common) // 2]
    numbers = {name: [place.stamp_ns for place in places[name]].index(stamp) for name in places}
    assert numbers['front'] != numbers['rear']
    with (
        running(started, tmp_path) as processes,
        Client('/front/vpr_node', '/front/image_raw') as front,
        Client('/rear/vpr_node', '/rear/image_raw') as rear,
    ):
        front.await_listener()
        rear.await_listener()
        for client, name in ((front, 'front'), (rear, 'rear'), (front, 'front')):
            answer = client.ask(image_message(frames[stamp], 'rgb8', len(front.matches) + 1, name))
            assert answer.header.frame_id == name
            assert answer.results[0].class_id == str(numbers[name])
        rear.spin_for(0.5)
        assert (len(front.matches), len(rear.matches)) == (2, 1)
        for process, log in processes:
            assert process.poll() is None, log.read_text()


def test_replay_in_simulated_time(street, tmp_path: Path) -> None:
    """A looping bag is recognised round after round by nodes that go by its clock."""
    topic = '/camera/image_raw'
    with BagReader(street.recordings.query) as bag:
        stamps = [stamp_ns(read_message(raw.data, IMAGE).header) for raw in bag.messages([topic])]
    started, _ = described(
        'replay.launch.py',
        bag=str(street.recordings.query),
        map=str(street.map),
        loop='true',
        odom='/odom',
    )
    nodes, waiting = started[:-1], started[-1]
    with Client(image=topic) as client, running(nodes, tmp_path) as processes:
        with running([waiting], tmp_path) as ((waiter, waited),):
            assert waiter.wait(PATIENCE) == 0, waited.read_text()
        assert '/vpr_node is active' in waited.read_text()
        with running(waiting.ended(0).started, tmp_path) as (player,):
            client.spin_until(lambda: len(client.matches) > len(stamps) + 5, 'a second round')
            assert player[0].poll() is None, player[1].read_text()
        heard = [stamp_ns(match.header) for match in client.matches]
        assert set(heard) <= set(stamps)
        assert sum(later < earlier for earlier, later in zip(heard, heard[1:])) == 1
        node_log, shown = (log.read_text() for _, log in processes)
        assert 'Traceback' not in node_log
        assert 'place' in shown
        assert client.parameter('use_sim_time') is True
