"""vpr_node's poses: where they lie, what they claim, and relocalisation with them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_srvs.srv import Trigger
from support import ros
from support.ros import SINGLE, Client, frame_message

from vprtempo_ros.frames import Pose
from vprtempo_ros.maps.store import load, save

RELIABLE = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)


class Poses(Client):
    """A client that listens to poses."""

    def __init__(self) -> None:
        super().__init__()
        self.poses: list[Any] = []
        self.initial: list[Any] = []

    def listen_to(self, topic: str, found: list[Any]) -> None:
        """Subscribe as AMCL does."""
        self._node.create_subscription(PoseWithCovarianceStamped, topic, found.append, RELIABLE)
        self.spin_until(lambda: self._node.count_publishers(topic) > 0, f'a publisher of {topic}')
        self.await_discovery()

    def relocalize(self) -> Any:
        """Ask for it and return the answer."""
        return self._call(Trigger, 'relocalize', Trigger.Request())

    def pose_of(self, message: Any) -> Any:
        """Publish an image and return the pose that has its stamp."""
        self.ask(message)
        self.spin_until(
            lambda: any(p.header.stamp == message.header.stamp for p in self.poses),
            'a pose of the frame',
        )
        return self.poses[-1]


@pytest.fixture
def client() -> Iterator[Poses]:
    """Return a client that is gone after the test."""
    with Poses() as found:
        yield found


def position(message: Any) -> list[float]:
    """Return x, y, z of a pose."""
    point = message.pose.pose.position
    return [point.x, point.y, point.z]


def without_poses(source: Path, folder: Path) -> Path:
    """Save a copy of a map that has lost its poses."""
    loaded = load(source)
    return save(
        replace(loaded, places=[replace(place, pose=None) for place in loaded.places]), folder
    )


def test_pose_of_places(street, tmp_path: Path, client: Poses) -> None:
    """Pose of the place in the map's frame, stamp of the frame, a covariance a filter can use."""
    frames = street.places()
    places = load(street.map).places
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}) as process:
        client.listen_to('/vpr_node/pose', client.poses)
        client.await_listener()
        for number in (0, 7, len(places) - 1):
            pose = places[number].pose
            assert pose is not None
            found = client.pose_of(frame_message(frames[number], 1000 + number))
            assert found.header.frame_id == pose.frame_id
            # Neighbours may shift it, but not onto one of them.
            assert np.linalg.norm(np.subtract(position(found), pose.position)) < 2.0
            q = found.pose.pose.orientation
            assert abs(np.dot([q.x, q.y, q.z, q.w], pose.orientation)) == pytest.approx(
                1.0, abs=0.01
            )
            covariance = np.array(found.pose.covariance).reshape(6, 6)
            np.testing.assert_array_equal(covariance, covariance.T)
            assert np.linalg.eigvalsh(covariance).min() > 0.0
            # In the plane: 2 m between places give 0.58 m along the route, and 0.5 m across it.
            assert np.linalg.eigvalsh(covariance[:2, :2]).min() >= 0.25 - 1e-9
            assert covariance[5, 5] >= 0.1**2
        assert 'Traceback' not in process.output()


def test_no_pose_of_an_unknown_place(street, tmp_path: Path, client: Poses) -> None:
    """Below the confidence there is neither match nor pose."""
    frame = street.places()[3]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}):
        client.listen_to('/vpr_node/pose', client.poses)
        client.await_listener()
        client.pose_of(frame_message(frame, 1000))
        noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
        assert not client.ask(ros.image_message(noise, 'rgb8', 2000)).results
        client.pose_of(frame_message(frame, 3000))
        assert [pose.header.stamp.nanosec for pose in client.poses] == [1000, 3000]


def test_map_without_poses(street, tmp_path: Path, client: Poses) -> None:
    """No poses, and a relocalisation that says so; matches go on."""
    path = without_poses(street.map, tmp_path / 'bare')
    frame = street.places()[3]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': path, **SINGLE}) as process:
        client.listen_to('/vpr_node/pose', client.poses)
        client.listen_to('/initialpose', client.initial)
        client.await_listener()
        assert client.ask(frame_message(frame, 1000)).results[0].class_id == '3'
        answer = client.relocalize()
        assert not answer.success
        assert 'has no poses' in answer.message
        assert 'forgotten' in answer.message
        assert client.ask(frame_message(frame, 2000)).results[0].class_id == '3'
        client.spin_for(0.5)
        assert client.poses == client.initial == []
        assert 'Traceback' not in process.output()


def test_relocalize_publishes_one_pose(street, tmp_path: Path, client: Poses) -> None:
    """The next pose goes to initialpose, once, with or without a subscriber to ~/pose."""
    frame = street.places()[5]
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}) as process:
        client.listen_to('/initialpose', client.initial)
        client.await_listener()
        client.ask(frame_message(frame, 1000))
        for first in (2000, 3000):
            count = len(client.initial)
            answer = client.relocalize()
            assert answer.success
            assert 'once on /initialpose (1 subscriber(s) now)' in answer.message
            # What is unknown is not taken for a pose: it goes on waiting.
            client.ask(ros.image_message(noise, 'rgb8', first))
            client.spin_for(0.3)
            assert len(client.initial) == count
            for more in range(1, 4):
                client.ask(frame_message(frame, first + more))
            client.spin_until(lambda count=count: len(client.initial) > count, 'initialpose')
            client.spin_for(0.3)
            assert len(client.initial) == count + 1
            assert client.initial[-1].header.stamp.nanosec == first + 1
        assert 'relocalised: (' in process.output()


def test_relocalize_forgets_the_way_here(street, tmp_path: Path, client: Poses) -> None:
    """A robot that was carried to place 15 is there at once, not after several frames."""
    frames = street.places()

    def carried(begin_s: int, ask: bool) -> list[int]:
        """Drive some places, then show one far ahead of them; return the answer to that."""
        for number in range(8):
            client.ask(frame_message(frames[number], (begin_s + number) * 10**9))
        if ask:
            assert client.relocalize().success
        return ros.answer_of(client.ask(frame_message(frames[15], (begin_s + 8) * 10**9)))[0]

    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}):
        client.await_listener()
        assert carried(10, ask=False)[:1] != [15]
        assert carried(100, ask=True)[:1] == [15]


def test_relocalize_is_refused_while_nothing_is_recognised(
    street, tmp_path: Path, client: Poses
) -> None:
    """Unconfigured or inactive: no, and why; what was asked for before is asked for no longer."""
    frame = street.places()[5]
    with ros.node(
        tmp_path, 'vpr_node', parameters={'map': street.map, 'autostart': 'false', **SINGLE}
    ):
        for transition in (ros.CONFIGURE, ros.ACTIVATE):
            answer = client.relocalize()
            assert not answer.success
            assert 'activate the node first' in answer.message
            assert client.change(transition)
        client.listen_to('/initialpose', client.initial)
        client.await_listener()
        assert client.relocalize().success
        assert client.change(ros.DEACTIVATE)
        assert client.change(ros.ACTIVATE)
        client.await_listener()
        client.ask(frame_message(frame, 1000))
        client.spin_for(0.5)
        assert client.initial == []


def test_nobody_listens_to_initialpose(street, tmp_path: Path, client: Poses) -> None:
    """The answer says so; who comes later gets no pose of then, as it was published once."""
    frame = street.places()[5]
    with ros.node(
        tmp_path,
        'vpr_node',
        parameters={'map': street.map, **SINGLE},
        remap={'initialpose': '/loc/start'},
    ) as process:
        client.await_listener()
        answer = client.relocalize()
        assert answer.success
        assert '/loc/start (0 subscriber(s) now)' in answer.message
        client.ask(frame_message(frame, 1000))
        # The pose is published after the match, on a busy machine well after it.
        process.wait_for('relocalised: .* published on /loc/start')
        client._node.create_subscription(
            PoseWithCovarianceStamped, '/loc/start', client.initial.append, RELIABLE
        )
        client.spin_for(1.0)
        client.ask(frame_message(frame, 2000))
        client.spin_for(0.3)
        assert client.initial == []


def test_gps_map_faces_along_the_route(street, tmp_path: Path, client: Poses) -> None:
    """Places from GPS are in frame map; the heading is that of the course, not north or east."""
    loaded = load(street.map)
    places = []
    for place in loaded.places:
        assert place.pose is not None
        places.append(replace(place, pose=Pose(place.pose.position)))
    path = save(replace(loaded, places=places, origin=(48.1, 11.5, 520.0)), tmp_path / 'gps')
    with (path / 'places.csv').open() as stream:
        assert {row['frame_id'] for row in csv.DictReader(stream)} == {'map'}
    frames = street.places()
    with ros.node(tmp_path, 'vpr_node', parameters={'map': path, **SINGLE}):
        client.listen_to('/vpr_node/pose', client.poses)
        client.await_listener()
        for number in (4, 12):
            found = client.pose_of(frame_message(frames[number], 1000 + number))
            assert found.header.frame_id == 'map'
            recorded = loaded.places[number].pose
            assert recorded is not None
            q = found.pose.pose.orientation
            # The street bends slowly, and the car that recorded it drove forward.
            assert abs(np.dot([q.x, q.y, q.z, q.w], recorded.orientation)) > np.cos(0.1)
            assert 0.1**2 <= found.pose.covariance[35] < 0.3**2
