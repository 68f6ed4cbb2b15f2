"""Poses for navigation: the robot's on ~/pose, and one on initialpose on request."""

from __future__ import annotations

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy

from ....config import PoseConfig
from ....interface import INITIAL_POSE, POSE
from ....matching.match import Match
from ....matching.pose import PoseEstimate, PoseEstimator
from ....recogniser import Recogniser

# Not latched: a late subscriber must not get an old pose.
_ONCE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class PoseOutput:
    """The topics ~/pose and initialpose; poses are computed only for subscribers or a request."""

    def __init__(self, node: LifecycleNode, recogniser: Recogniser, config: PoseConfig) -> None:
        """Make the topics, which are silent until activation."""
        self._node, self._config = node, config
        self._poses = node.create_lifecycle_publisher(PoseWithCovarianceStamped, POSE.name, 10)
        self._initial = node.create_lifecycle_publisher(
            PoseWithCovarianceStamped, INITIAL_POSE.name, _ONCE
        )
        self._initial_requested = False
        self.set_map(recogniser)

    def set_map(self, recogniser: Recogniser) -> None:
        """Publish poses of this map from now on, if it has poses."""
        loaded = recogniser.map
        poses = [place.pose for place in loaded.places]
        # Satellite fixes have no orientation.
        self._estimator = (
            PoseEstimator(
                poses,
                loaded.calibration.tolerance,
                self._config,
                loaded.origin is None,
                loaded.parts(),
            )
            if any(poses)
            else None
        )

    @property
    def has_poses(self) -> bool:
        """Whether the map has poses."""
        return self._estimator is not None

    @property
    def initial_topic(self) -> str:
        """The name of initialpose after remapping."""
        return str(self._initial.topic_name)

    @property
    def initial_subscribers(self) -> int:
        """Number of subscribers to initialpose."""
        return int(self._initial.get_subscription_count())

    def request_initial_pose(self) -> None:
        """Publish the next pose on initialpose too."""
        self._initial_requested = True

    def cancel_initial_pose(self) -> None:
        """Do not publish the next pose on initialpose."""
        self._initial_requested = False

    def estimate(self, match: Match, turned: bool = False) -> PoseEstimate | None:
        """
        Return the pose of a match, if its place is known and has a pose.

        :param turned: whether the camera looks backwards, seen from the map's.
        """
        if self._estimator is None or match.place is None:
            return None
        found = self._estimator(match.belief, match.place)
        return found._replace(pose=found.pose.turned()) if found and turned else found

    def publish(
        self, stamp: Time, match: Match, wanted: bool, turned: bool = False
    ) -> PoseEstimate | None:
        """
        Publish the pose of a match, if its place is known and has a pose, and return it.

        :param wanted: whether to estimate it without subscribers too; turned: as in `estimate`.
        """
        if not (wanted or self._initial_requested or self._poses.get_subscription_count()):
            return None
        estimate = self.estimate(match, turned)
        if estimate is None:
            return None
        message = pose_message(estimate, stamp)
        self._poses.publish(message)
        if self._initial_requested:
            self._initial_requested = False
            self._initial.publish(message)
            x, y, _ = estimate.pose.position
            self._node.get_logger().info(
                f'relocalised: ({x:.2f}, {y:.2f}) in {estimate.pose.frame_id} published on '
                f'{self.initial_topic}'
            )
        return estimate

    def destroy(self) -> None:
        """Remove the topics."""
        for publisher in (self._poses, self._initial):
            self._node.destroy_lifecycle_publisher(publisher)


def pose_message(estimate: PoseEstimate, stamp: Time) -> PoseWithCovarianceStamped:
    """Return an estimate as a message with this stamp."""
    message = PoseWithCovarianceStamped()
    message.header.stamp = stamp
    message.header.frame_id = estimate.pose.frame_id
    position, orientation = message.pose.pose.position, message.pose.pose.orientation
    position.x, position.y, position.z = estimate.pose.position
    orientation.x, orientation.y, orientation.z, orientation.w = estimate.pose.orientation
    message.pose.covariance = estimate.covariance.ravel()
    return message
