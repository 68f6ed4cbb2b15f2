"""Poses for navigation: the robot's on ~/pose, and one on initialpose when it is asked for."""

from __future__ import annotations

from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile, ReliabilityPolicy

from ....config import PoseConfig
from ....interface import INITIAL_POSE, POSE
from ....matching.match import Match
from ....matching.pose import PoseEstimate, PoseEstimator
from ....recogniser import Recogniser

# Not latched: who comes later must not take an old pose for the robot's.
_ONCE = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)


class PoseOutput:
    """The topics ~/pose and initialpose; without listeners, nothing is computed."""

    def __init__(self, node: LifecycleNode, recogniser: Recogniser, config: PoseConfig) -> None:
        """Make the topics, which are silent until the node is active."""
        self._node, self._config = node, config
        self._poses = node.create_lifecycle_publisher(PoseWithCovarianceStamped, POSE.name, 10)
        self._initial = node.create_lifecycle_publisher(
            PoseWithCovarianceStamped, INITIAL_POSE.name, _ONCE
        )
        self._asked = False
        self.set_map(recogniser)

    def set_map(self, recogniser: Recogniser) -> None:
        """Publish poses of this map from now on, if it has any."""
        loaded = recogniser.map
        poses = [place.pose for place in loaded.places]
        # Of a fix the orientation is not known.
        self._estimator = (
            PoseEstimator(
                poses, loaded.calibration.tolerance, self._config, oriented=loaded.origin is None
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
        """The name of initialpose, as it is after remapping."""
        return str(self._initial.topic_name)

    @property
    def initial_listeners(self) -> int:
        """How many listen to initialpose."""
        return int(self._initial.get_subscription_count())

    def ask(self, asked: bool = True) -> None:
        """Have the next pose published on initialpose too, or not any longer."""
        self._asked = asked

    def publish(self, stamp: Any, match: Match) -> None:
        """Publish the pose of a frame with this stamp, if its place is known and has one."""
        if (
            self._estimator is None
            or match.place is None
            or not (self._asked or self._poses.get_subscription_count())
        ):
            return
        estimate = self._estimator(match.belief, match.place)
        if estimate is None:
            return
        message = pose_message(estimate, stamp)
        self._poses.publish(message)
        if self._asked:
            self._asked = False
            self._initial.publish(message)
            x, y, _ = estimate.pose.position
            self._node.get_logger().info(
                f'relocalised: ({x:.2f}, {y:.2f}) in {estimate.pose.frame_id} published on '
                f'{self.initial_topic}'
            )

    def destroy(self) -> None:
        """Take the topics away."""
        for publisher in (self._poses, self._initial):
            self._node.destroy_lifecycle_publisher(publisher)


def pose_message(estimate: PoseEstimate, stamp: Any) -> PoseWithCovarianceStamped:
    """Return an estimate as a message."""
    message = PoseWithCovarianceStamped()
    message.header.stamp = stamp
    message.header.frame_id = estimate.pose.frame_id
    position, orientation = message.pose.pose.position, message.pose.pose.orientation
    position.x, position.y, position.z = estimate.pose.position
    orientation.x, orientation.y, orientation.z, orientation.w = estimate.pose.orientation
    message.pose.covariance = estimate.covariance.ravel()
    return message
