"""map -> odom while vpr_node is active: odometry, matches and a given pose in, transforms out."""

from __future__ import annotations

import math
import time
from collections import deque
from typing import Callable, NamedTuple

import numpy as np
from geometry_msgs.msg import PoseWithCovarianceStamped, TransformStamped
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from std_srvs.srv import Empty

from ...config import NodeConfig
from ...frames import Pose
from ...health.transform import ODOMETRY_SILENCE, TransformState
from ...interface import GIVEN_POSE, REINITIALISE, TF, TRACKED_POSE
from ...localisation.hypothesis import Fix
from ...localisation.localiser import Localiser, Located, Sighting
from ...localisation.nearby import NearbyPlaces
from ...localisation.planar import Planar, planar_covariance, planar_of, ros_covariance
from ...matching.match import Match
from ...matching.odometry import Odometer
from ...matching.pose import PoseEstimate
from .loading import LoadedMap, transform_message
from .other_transforms import OtherTransforms
from .outputs.pose_output import pose_message

# Frames that wait for the odometry at their time, and for how long in seconds.
_WAITING, _PATIENCE = 50, 1.0
_MAP = 'map'


class _Waiting(NamedTuple):
    """A frame that waits for odometry; since: time of a steady clock in seconds."""

    since: float
    stamp_ns: int
    loaded: LoadedMap
    sighting: Sighting


class Localisation:
    """
    Publishes /tf and ~/tracked_pose; exists only while the node is active.

    `see` may be called from any thread, everything else from that of the executor.
    """

    def __init__(
        self,
        node: LifecycleNode,
        config: NodeConfig,
        loaded: LoadedMap,
        odometer: Odometer,
        forget_frames: Callable[[], None],
    ) -> None:
        """
        Make the topics and start without knowing where the robot is.

        :param forget_frames: makes the recogniser forget earlier frames.
        """
        self._node, self._config, self._odometer = node, config, odometer
        self._message = transform_message()
        self._waiting: deque[_Waiting] = deque(maxlen=_WAITING)
        self._restarts = odometer.restarts
        self._heard, self._heard_at = 0, -math.inf
        self._unmatched, self._offset = 0, 0.0
        self._published = 0
        self._deviation: tuple[float, float] | None = None
        self._set_map(loaded)
        self._others = OtherTransforms(node, self._message)
        self._transforms = node.create_publisher(self._message, TF.name, 100)
        self._poses = node.create_publisher(PoseWithCovarianceStamped, TRACKED_POSE.name, 10)
        self._given = node.create_subscription(
            PoseWithCovarianceStamped, GIVEN_POSE.name, self._on_given_pose, 1
        )
        self._forget_frames = forget_frames
        self._service = node.create_service(Empty, REINITIALISE.name, self._on_reinitialise)
        self._timer = node.create_timer(
            1.0 / config.tf.rate, self._publish, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def see(
        self, loaded: LoadedMap, stamp_ns: int, match: Match, estimate: PoseEstimate | None
    ) -> None:
        """Take a frame; it counts once there is odometry of its time."""
        fix = None
        # Places of merged maps may have poses in another frame, which says nothing in this one.
        if estimate is not None and estimate.pose.frame_id == self._poses_frame:
            fix = Fix(planar_of(estimate.pose), planar_covariance(estimate.covariance))
        sighting = Sighting(fix, match.confidence, match.similarity)
        self._waiting.append(_Waiting(time.monotonic(), stamp_ns, loaded, sighting))

    def forget(self) -> str:
        """Forget earlier frames and where the robot is; return what happens next."""
        self._forget_frames()
        self._localiser.reset('relocalisation was asked for, and no matches agree yet')
        limits = self._config.tf
        return (
            'earlier frames and the position are forgotten; map -> odom is published again when '
            f'{limits.agreeing} matches with a confidence of at least {limits.min_confidence:g} '
            f'agree over {limits.distance:g} m, or after a pose on {self._given.topic_name}'
        )

    def state(self) -> TransformState:
        """Return what diagnostics say; counts of frames are those since the last call."""
        unmatched, self._unmatched = self._unmatched, 0
        newest = self._odometer.newest
        odom_frame = newest[1].frame_id if newest else ''
        map_frame = self._map_frame(odom_frame)
        return TransformState(
            odometry_silence=time.monotonic() - self._heard_at,
            odometry_seen=newest is not None,
            map_frame=map_frame,
            odom_frame=odom_frame,
            restarts=self._odometer.restarts,
            restart_reason=self._odometer.restart_reason,
            unmatched=unmatched,
            offset=self._offset,
            others=self._others.problem(map_frame, odom_frame),
            doubt=self._localiser.doubt,
            published=self._published,
            deviation=self._deviation,
            since_match=self._localiser.since_match,
            jumps=self._localiser.jumps,
            rejected=self._localiser.rejected,
        )

    def stop(self) -> None:
        """Remove the topics."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._given)
        self._node.destroy_service(self._service)
        self._others.stop()
        for publisher in (self._transforms, self._poses):
            self._node.destroy_publisher(publisher)

    def _set_map(self, loaded: LoadedMap) -> None:
        """Follow the robot through this map from now on."""
        self._localiser = Localiser(self._config.tf, self._take_places(loaded))

    def _take_places(self, loaded: LoadedMap) -> NearbyPlaces:
        """Return the places of a map that is in use from now on."""
        built = loaded.recogniser.map
        poses = [place.pose for place in built.places]
        self._loaded = loaded
        self._poses_frame = next((pose.frame_id for pose in poses if pose is not None), _MAP)
        own = [pose if pose and pose.frame_id == self._poses_frame else None for pose in poses]
        return NearbyPlaces(own, built.calibration.tolerance)

    def _map_frame(self, odom_frame: str) -> str:
        named = self._config.tf.map_frame
        # A map that was recorded in an earlier `odom` is not in the present one.
        return named or (_MAP if self._poses_frame in ('', odom_frame) else self._poses_frame)

    def _publish(self) -> None:
        newest = self._odometer.newest
        if newest is None:
            self._drop_old(None)
            return
        stamp_ns, pose = newest
        if stamp_ns != self._heard:
            self._heard, self._heard_at = stamp_ns, time.monotonic()
        if self._odometer.restarts != self._restarts:
            self._restarts = self._odometer.restarts
            self._localiser.reset(
                f'the odometry began again: {self._odometer.restart_reason}; no matches agree since'
            )
        self._take_frames(stamp_ns)
        silent = time.monotonic() - self._heard_at > ODOMETRY_SILENCE
        map_frame = self._map_frame(pose.frame_id)
        if silent or not pose.frame_id or map_frame == pose.frame_id:
            located = None
        else:
            located = self._localiser.now(planar_of(pose))
        self._deviation = _deviation(located)
        if located is not None:
            self._send(located, stamp_ns, map_frame, pose.frame_id)

    def _take_frames(self, newest_ns: int) -> None:
        """Let the localiser see the frames that there is odometry for."""
        while self._waiting and self._waiting[0].stamp_ns <= newest_ns:
            frame = self._waiting.popleft()
            odometry = self._odometry_at(frame.stamp_ns)
            if odometry is None:
                self._unmatched += 1
                self._offset = (newest_ns - frame.stamp_ns) * 1e-9
                continue
            if frame.loaded.route is not self._loaded.route:
                self._set_map(frame.loaded)
            elif frame.loaded is not self._loaded:
                # Another revision: the robot is where it was.
                self._localiser.nearby = self._take_places(frame.loaded)
            self._localiser.see(frame.sighting, odometry)
        self._drop_old(newest_ns)

    def _drop_old(self, newest_ns: int | None) -> None:
        """Drop frames that have waited too long for odometry."""
        limit = time.monotonic() - _PATIENCE
        while self._waiting and self._waiting[0].since < limit:
            frame = self._waiting.popleft()
            if newest_ns is not None:
                self._unmatched += 1
                self._offset = (newest_ns - frame.stamp_ns) * 1e-9

    def _odometry_at(self, stamp_ns: int) -> Planar | None:
        found = self._odometer.between(stamp_ns)
        if found is None:
            return None
        before, after = planar_of(found.before), planar_of(found.after)
        step = before.inverse().then(after)
        return before.then(Planar(*(found.part * value for value in step)))

    def _send(self, located: Located, stamp_ns: int, map_frame: str, odom_frame: str) -> None:
        transform = TransformStamped()
        valid_ns = stamp_ns + round(self._config.tf.tolerance * 1e9)
        stamp = transform.header.stamp
        stamp.sec, stamp.nanosec = divmod(valid_ns, 10**9)
        transform.header.frame_id, transform.child_frame_id = map_frame, odom_frame
        origin = located.map_to_odom.pose(map_frame)
        part = transform.transform
        part.translation.x, part.translation.y, part.translation.z = origin.position
        rotation = part.rotation
        rotation.x, rotation.y, rotation.z, rotation.w = origin.orientation
        self._others.note_own(stamp.sec, stamp.nanosec)
        self._transforms.publish(self._message(transforms=[transform]))
        self._published += 1
        if self._poses.get_subscription_count():
            tilt = self._config.pose.heading_std**2
            covariance = ros_covariance(located.covariance, tilt)
            estimate = PoseEstimate(located.robot.pose(map_frame), covariance)
            message = pose_message(estimate, type(stamp)(sec=stamp.sec, nanosec=stamp.nanosec))
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, 10**9)
            self._poses.publish(message)

    def _on_reinitialise(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        self._node.get_logger().info(self.forget())
        return response

    def _on_given_pose(self, message: PoseWithCovarianceStamped) -> None:
        """Begin at the pose that a person, or another node, gives."""
        logger, newest = self._node.get_logger(), self._odometer.newest
        if newest is None:
            logger.warning('initial pose ignored: no odometry has arrived yet')
            return
        map_frame = self._map_frame(newest[1].frame_id)
        if message.header.frame_id != map_frame:
            logger.warning(
                f'initial pose ignored: expected frame_id {map_frame}, found '
                f'{message.header.frame_id or "none"}'
            )
            return
        fix = self._given_fix(message)
        if fix is None:
            logger.warning(
                'initial pose ignored: not finite, a negative variance (-1 for unknown?), or its '
                'quaternion has no length'
            )
            return
        stamp_ns = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        self._localiser.place(fix, self._odometry_at(stamp_ns) or planar_of(newest[1]))
        logger.info(f'initial pose: ({fix.pose.x:.2f}, {fix.pose.y:.2f}) in {map_frame}')

    def _given_fix(self, message: PoseWithCovarianceStamped) -> Fix | None:
        position, turned = message.pose.pose.position, message.pose.pose.orientation
        values = (position.x, position.y, position.z, turned.x, turned.y, turned.z, turned.w)
        covariance = np.array(message.pose.covariance, np.float64).reshape(6, 6)
        if (
            not all(map(math.isfinite, values))
            or math.hypot(*values[3:]) < 1e-9
            or not np.isfinite(covariance).all()
            or covariance.diagonal().min() < 0.0
        ):
            return None
        # No pose is exact, and RViz leaves the height without variance.
        across, heading = self._config.pose.lateral_std**2, self._config.pose.heading_std**2
        spread = planar_covariance(covariance)
        spread = (spread + spread.T) / 2
        lowest = float(np.linalg.eigvalsh(spread).min())
        if lowest < 0.0:
            spread = spread - lowest * np.eye(4)
        least = np.array([across, across, across, heading])
        spread = spread + np.diag(np.maximum(least - np.diag(spread), 0.0))
        return Fix(planar_of(Pose(values[:3], values[3:])), spread)


def _deviation(located: Located | None) -> tuple[float, float] | None:
    if located is None:
        return None
    variance = np.diag(located.covariance)
    return float(np.sqrt(variance[:2].max())), float(np.sqrt(variance[3]))
