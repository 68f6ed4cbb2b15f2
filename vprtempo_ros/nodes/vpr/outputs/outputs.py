"""The topics that vpr_node publishes."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import PointCloud2
from vision_msgs.msg import Classification, ObjectHypothesis, VisionInfo

from ....config import PoseConfig
from ....frames import Image
from ....interface import BELIEF, INFO, MATCH
from ....maps.layout import Layout, layout_of
from ....maps.map import Map
from ....matching.match import Match
from ....matching.pose import PoseEstimate
from ....recogniser import Recogniser
from ....sources.cdr import Header
from ...common.qos import LATCHED
from .belief import BeliefCloud
from .markers import Markers
from .match_image import MatchImage
from .pose_output import PoseOutput


class Outputs:
    """The topics of a configured node; expensive ones are published only for subscribers."""

    def __init__(
        self, node: LifecycleNode, recogniser: Recogniser, map_path: str, pose: PoseConfig
    ) -> None:
        """Make the publishers, which are silent until activation, and announce the map."""
        self._node, self._recogniser = node, recogniser
        layout = _layout_of(recogniser)
        self._cloud = BeliefCloud(layout)
        self.poses = PoseOutput(node, recogniser, pose)
        self._markers = Markers(node, layout)
        self._match_image = MatchImage(node)
        self._matches = node.create_lifecycle_publisher(Classification, MATCH.name, 10)
        self._belief = node.create_lifecycle_publisher(PointCloud2, BELIEF.name, 5)
        self._info = node.create_publisher(VisionInfo, INFO.name, LATCHED)
        # One for all frames: in Python a message takes longer to make than to fill.
        self._output = Classification()
        self._announce(map_path)

    def set_map(self, recogniser: Recogniser, map_path: str) -> None:
        """Announce another map and publish its results from now on; the topics stay."""
        self._recogniser = recogniser
        layout = _layout_of(recogniser)
        self._cloud = BeliefCloud(layout)
        self.poses.set_map(recogniser)
        self._markers.set_layout(layout)
        self._announce(map_path)

    def _announce(self, map_path: str) -> None:
        loaded, backend = self._recogniser.map, self._recogniser.backend
        detail = getattr(backend, 'detail', '')
        info = VisionInfo(
            method=f'VPRTempo, {loaded.config.training.readout} readout, backend {backend.name}'
            + (f', {detail}' if detail else ''),
            database_location=map_path,
            database_version=loaded.revision,
        )
        info.header.stamp = self._node.get_clock().now().to_msg()
        self._info.publish(info)

    def publish(
        self, header: Header, match: Match, wants_pose: bool, turned: bool
    ) -> tuple[Time, PoseEstimate | None]:
        """
        Publish match and pose of a frame; return its stamp as a ROS message, and the pose.

        :param turned: whether the camera looks backwards, seen from the map's.
        """
        output = self._output
        # Views are drawn in another thread while the next frame is published.
        stamp = Time(sec=int(header.stamp.sec), nanosec=int(header.stamp.nanosec))
        output.header.stamp = stamp
        output.header.frame_id = header.frame_id
        if len(output.results) != len(match.places):
            output.results = [ObjectHypothesis() for _ in match.places]
        for result, place, score in zip(
            output.results, match.places.tolist(), match.confidences.tolist()
        ):
            result.class_id, result.score = str(place), score
        self._matches.publish(output)
        return stamp, self.poses.publish(stamp, match, wants_pose, turned)

    def image_to_show(self, image: Image) -> Image | None:
        """Return the image if it must be kept for the match image, else None."""
        return image if self._match_image.wanted else None

    def publish_views(
        self, stamp: Time, frame_id: str, match: Match, image: Image | None, shown: Map
    ) -> None:
        """
        Publish belief, markers and match image of a frame to their subscribers.

        :param shown: the map of the frame's camera.
        """
        if self._belief.get_subscription_count():
            cloud = self._cloud.message(match.similarity, match.belief.astype(np.float32))
            cloud.header.stamp = stamp
            self._belief.publish(cloud)
        self._markers.show(match.places)
        if image is not None:
            self._match_image.show(stamp, frame_id, image, match, shown)

    def clear(self) -> None:
        """Remove the displayed match and a pending initial pose, before deactivation."""
        self.poses.cancel_initial_pose()
        self._markers.clear()

    def destroy(self) -> None:
        """Remove the topics."""
        self.poses.destroy()
        self._markers.destroy()
        self._match_image.destroy()
        for publisher in (self._matches, self._belief):
            self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._info)


def _layout_of(recogniser: Recogniser) -> Layout:
    loaded = recogniser.map
    return layout_of(loaded.places, loaded.parts(), loaded.labels)
