"""vpr_node in place of AMCL: map -> odom on /tf, from a drive along the route."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_msgs.msg import PoseWithCovarianceStamped, TransformStamped
from nav_msgs.msg import Odometry
from std_srvs.srv import Empty, Trigger
from support import ros
from support.ros import Client, frame_message

from vprtempo_ros.frames import Frame, Pose
from vprtempo_ros.localisation.planar import Planar, planar_of
from vprtempo_ros.maps.editing import forget
from vprtempo_ros.maps.revisions import edit

TFMessage = pytest.importorskip('tf2_msgs.msg', reason='needs tf2_msgs: make setup').TFMessage
# The odometry's frame in the map's, which the robot does not know.
TRUTH = Planar(4.0, -3.0, 0.0, 0.5)
# By which a transform is valid after its odometry, in ns.
TOLERANCE = 500_000_000


def valid_ns(transform: Any) -> int:
    """Return until when a transform is valid, in ns."""
    return int(transform.header.stamp.sec * 10**9 + transform.header.stamp.nanosec)


class Rover(Client):
    """A robot that drives along the recorded route, with odometry from another start."""

    def __init__(self) -> None:
        super().__init__()
        self.transforms: list[Any] = []
        self.tracked: list[Any] = []
        self.frame_id = 'odom'
        self._node.create_subscription(TFMessage, '/tf', self._on_transforms, 100)
        self._node.create_subscription(
            PoseWithCovarianceStamped, '/vpr_node/tracked_pose', self.tracked.append, 100
        )
        self.others = self._node.create_publisher(TFMessage, '/tf', 100)
        self.given = self._node.create_publisher(PoseWithCovarianceStamped, '/initialpose', 1)
        self.shift = Planar(0.0, 0.0, 0.0, 0.0)
        self._last: tuple[Pose, int] | None = None
        self._repeated = 0

    def _on_transforms(self, message: Any) -> None:
        self.transforms += [t for t in message.transforms if t.header.frame_id == 'map']

    def start(self) -> None:
        """Wait until the node listens to everything."""
        self.await_listener()
        self.odometry = self.await_odometry_listener()

    def odometry_at(self, pose: Pose, stamp_ns: int) -> None:
        """Publish the odometry of a robot at a pose of the map."""
        found = self.shift.then(TRUTH.inverse().then(planar_of(pose)))
        message = Odometry()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
        message.header.frame_id = self.frame_id
        position, turned = message.pose.pose.position, message.pose.pose.orientation
        position.x, position.y = found.x, found.y
        turned.z, turned.w = math.sin(found.yaw / 2), math.cos(found.yaw / 2)
        self.odometry.publish(message)

    def drive(self, frames: list[Frame], late_ns: int = 0) -> None:
        """Show frames, each after its odometry; late_ns: by which their stamps are behind."""
        for frame in frames:
            assert frame.pose is not None
            self._last, self._repeated = (frame.pose, frame.stamp_ns), 0
            self.odometry_at(*self._last)
            self.spin_for(0.02)
            self.ask(frame_message(frame, frame.stamp_ns - late_ns))

    def give(self, pose: Pose, frame_id: str = 'map', variance: float = 0.0) -> None:
        """Publish an initial pose, as RViz does; variance: of x."""
        message = PoseWithCovarianceStamped()
        message.header.frame_id = frame_id
        message.pose.covariance[0] = variance
        point, turned = message.pose.pose.position, message.pose.pose.orientation
        point.x, point.y, point.z = pose.position
        turned.x, turned.y, turned.z, turned.w = pose.orientation
        self.given.publish(message)

    def stand(self) -> None:
        """Publish the last odometry again, a microsecond later: a slow node must not miss it."""
        assert self._last is not None
        pose, stamp_ns = self._last
        self._repeated += 1
        self.odometry_at(pose, stamp_ns + 1000 * self._repeated)

    def says(self, text: str) -> None:
        """Stand until the diagnostics of the transform say this."""
        self.statuses.clear()
        self.feed(
            self.stand,
            lambda: any(
                status.name == '/vpr_node: transform' and text in status.message
                for status in self.statuses
            ),
            text,
        )

    def await_transform(self) -> Any:
        """Stand until there is a transform of the last odometry; return it."""
        assert self._last is not None
        first = self._last[1] + TOLERANCE
        self.transforms.clear()
        self.feed(
            self.stand,
            lambda: any(valid_ns(found) >= first for found in self.transforms),
            'map -> odom',
        )
        return self.transforms[-1]

    def relocalize(self) -> Any:
        """Call the service."""
        return self._call(Trigger, 'relocalize', Trigger.Request())


@pytest.fixture
def rover() -> Iterator[Rover]:
    """Return a robot that is gone after the test."""
    with Rover() as found:
        yield found


def parameters(street, **others: Any) -> dict[str, Any]:
    """Return those of a node that publishes transforms, for places two metres apart."""
    return {'map': street.map, 'tf.publish': 'true', 'tf.agreeing': 3, **others}


def error(transform: Any, pose: Pose) -> float:
    """Return how far from its true pose a transform has the robot, in metres."""
    origin, turned = transform.transform.translation, transform.transform.rotation
    found = Planar(origin.x, origin.y, 0.0, 2 * math.atan2(turned.z, turned.w))
    robot = found.then(TRUTH.inverse().then(planar_of(pose)))
    return math.dist(robot[:2], pose.position[:2])


def test_another_revision_of_the_map(street, tmp_path: Path, rover: Rover) -> None:
    """An edit does not move the robot: the transform goes on, with the places of the revision."""
    folder = Path(shutil.copytree(street.map, tmp_path / 'map'))
    frames = street.frames()
    with ros.node(tmp_path, 'vpr_node', parameters=parameters(street, map=folder)):
        rover.start()
        rover.drive(frames[:30])
        rover.await_transform()
        edit(folder, 'forget 0-1', lambda content: forget(content, [0, 1]))
        rover.spin_until(lambda: rover.infos[-1].database_version == 2, 'the revision')
        for frame in frames[30:34]:
            rover.drive([frame])
            assert frame.pose is not None
            assert error(rover.await_transform(), frame.pose) < 2.0


def test_map_to_odom(street, tmp_path: Path, rover: Rover) -> None:
    """Names, stamp, value and covariance; nothing before matches agree, nothing while inactive."""
    frames = street.frames()
    with ros.node(tmp_path, 'vpr_node', parameters=parameters(street)) as process:
        rover.start()
        rover.drive(frames[:1])
        rover.spin_for(0.3)
        assert rover.transforms == []
        rover.drive(frames[1:20])
        found = rover.await_transform()
        assert (found.header.frame_id, found.child_frame_id) == ('map', 'odom')
        # By microseconds later, as often as its odometry was repeated.
        assert 0 <= valid_ns(found) - frames[19].stamp_ns - TOLERANCE < 1_000_000
        assert error(found, frames[19].pose) < 2.0
        turned = found.transform.rotation
        assert 2 * math.atan2(turned.z, turned.w) == pytest.approx(TRUTH.yaw, abs=0.1)
        rover.tracked.clear()
        rover.feed(rover.stand, lambda: bool(rover.tracked), 'the pose')
        pose = rover.tracked[-1]
        assert pose.header.frame_id == 'map'
        point, true = pose.pose.pose.position, frames[19].pose
        assert math.dist((point.x, point.y), true.position[:2]) < 2.0
        covariance = np.array(pose.pose.covariance).reshape(6, 6)
        assert np.linalg.eigvalsh(covariance).min() > 0.0
        rover.says('publishing')
        assert rover.change(ros.DEACTIVATE)
        rover.await_discovery()
        rover.transforms.clear()
        rover.spin_for(0.5)
        assert rover.transforms == []
        assert rover.listeners('/initialpose') == 0
        assert 'Traceback' not in process.output()


def test_a_given_pose_and_relocalize(street, tmp_path: Path, rover: Rover) -> None:
    """A pose on initialpose locates at once, one in another frame does not; relocalize forgets."""
    frame = street.frames()[30]
    with ros.node(tmp_path, 'vpr_node', parameters=parameters(street)) as process:
        rover.start()
        rover.give(frame.pose)
        process.wait_for('initial pose ignored: no odometry has arrived yet')
        rover.drive([frame])
        rover.give(frame.pose, 'world')
        process.wait_for('expected frame_id map, found world')
        rover.give(frame.pose, variance=-1.0)
        process.wait_for('initial pose ignored: not finite, a negative variance')
        assert rover.transforms == []
        rover.give(frame.pose)
        assert error(rover.await_transform(), frame.pose) < 0.01
        answer = rover.relocalize()
        assert answer.success
        assert 'agree over 2 m' in answer.message
        rover.await_discovery()
        rover.transforms.clear()
        rover.spin_for(0.5)
        assert rover.transforms == []
        # As Nav2's behaviour trees ask AMCL; the response may be lost, see `ros.call`.
        asking = rover._node.create_client(Empty, '/reinitialize_global_localization')
        rover.spin_until(asking.service_is_ready, 'the service under the name of AMCL')
        asking.call_async(Empty.Request())
        process.wait_for('earlier frames and the position are forgotten')
        assert 'Traceback' not in process.output()


def test_odometry_that_jumps_or_stops(street, tmp_path: Path, rover: Rover) -> None:
    """Nothing is published, and the diagnostics say why; matches that agree bring it back."""
    frames = street.frames()
    with ros.node(tmp_path, 'vpr_node', parameters=parameters(street)):
        rover.start()
        rover.drive(frames[:20])
        rover.await_transform()
        rover.component(
            'transform', lambda status: 'no odometry on /odom' in status.message, 'silence'
        )
        rover.transforms.clear()
        rover.spin_for(0.5)
        assert rover.transforms == []
        rover.shift = Planar(200.0, 0.0, 0.0, 0.0)
        rover.drive(frames[20:21])
        rover.says('began again (it jumped by')
        rover.drive(frames[21:40])
        assert error(rover.await_transform(), frames[39].pose) > 100.0


def test_other_transforms_and_clocks(street, tmp_path: Path, rover: Rover) -> None:
    """Another parent of odom, a loop, a missing frame_id and other clocks are named."""
    frames = street.frames()

    def other(parent: str, child: str) -> None:
        transform = TransformStamped(child_frame_id=child)
        transform.header.frame_id = parent
        rover.others.publish(TFMessage(transforms=[transform]))

    def says(text: str, send: Any = lambda: None) -> None:
        rover.statuses.clear()
        rover.feed(
            send,
            lambda: any(
                status.name == '/vpr_node: transform' and text in status.message
                for status in rover.statuses
            ),
            text,
            rate=10.0,
        )

    with ros.node(tmp_path, 'vpr_node', parameters=parameters(street)):
        rover.start()
        rover.drive(frames[:3])
        says('publishes base -> odom too', lambda: other('base', 'odom'))
        says('makes a loop with map -> odom', lambda: other('odom', 'map'))

        def round_about() -> None:
            other('odom', 'base')
            other('base', 'map')

        says('publishes base -> map, which makes a loop with map -> odom', round_about)
        rover.frame_id = ''
        rover.drive(frames[3:5])
        says('has no frame_id')
        rover.frame_id = 'odom'

    with ros.node(tmp_path, 'vpr_node', parameters=parameters(street)):
        rover.start()
        number = iter(range(5, 500))

        def late() -> None:
            rover.drive([frames[next(number) % len(frames)]], late_ns=100 * 10**9)

        says('synchronise the clocks', late)
        assert rover.transforms == []


def test_refused_without_poses(street, tmp_path: Path) -> None:
    """A map without poses cannot give transforms: one line, at configuration."""
    from dataclasses import replace

    from vprtempo_ros.maps.store import load, save

    loaded = load(street.map)
    places = [replace(place, pose=None) for place in loaded.places]
    bare = save(replace(loaded, places=places), tmp_path / 'bare')
    with ros.node(tmp_path, 'vpr_node', parameters={'map': bare, 'tf.publish': 'true'}) as process:
        process.wait_for('tf.publish needs a map with poses, but .* has none')
        assert 'Traceback' not in process.output()
