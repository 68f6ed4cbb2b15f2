"""What vpr_node publishes for a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import PointCloud2
from vision_msgs.msg import Classification, ObjectHypothesis, VisionInfo

from ....config import PoseConfig
from ....frames import Image
from ....interface import BELIEF, INFO, MATCH
from ....maps.layout import layout_of
from ....maps.map import FORMAT_VERSION
from ....matching.match import Match
from ....recogniser import Recogniser
from ...common.qos import LATCHED
from .belief import BeliefCloud
from .markers import Markers
from .match_image import MatchImage
from .pose_output import PoseOutput


class Outputs:
    """The topics of a configured node; those that cost something are made only for listeners."""

    def __init__(
        self, node: LifecycleNode, recogniser: Recogniser, map_path: str, pose: PoseConfig
    ) -> None:
        """Announce the map and make the publishers, which say nothing until the node is active."""
        self._node, self._recogniser = node, recogniser
        layout = layout_of(recogniser.map.places)
        self._cloud = BeliefCloud(layout)
        self.poses = PoseOutput(node, recogniser, pose)
        self._markers = Markers(node, layout)
        self._picture = MatchImage(node, recogniser.map.thumbnails)
        self._matches = node.create_lifecycle_publisher(Classification, MATCH.name, 10)
        self._belief = node.create_lifecycle_publisher(PointCloud2, BELIEF.name, 5)
        self._info = node.create_publisher(VisionInfo, INFO.name, LATCHED)
        self._announce(map_path)

    def set_map(self, recogniser: Recogniser, map_path: str) -> None:
        """Announce another map and show its answers from now on; the topics stay."""
        self._recogniser = recogniser
        layout = layout_of(recogniser.map.places)
        self._cloud = BeliefCloud(layout)
        self.poses.set_map(recogniser)
        self._markers.set_layout(layout)
        self._picture.set_thumbnails(recogniser.map.thumbnails)
        self._announce(map_path)

    def _announce(self, map_path: str) -> None:
        network = self._recogniser.map.network
        info = VisionInfo(
            method=f'VPRTempo, {network.readout} readout, backend {self._recogniser.backend.name}',
            database_location=map_path,
            database_version=FORMAT_VERSION,
        )
        info.header.stamp = self._node.get_clock().now().to_msg()
        self._info.publish(info)

    def publish(self, header: Any, match: Match) -> Any:
        """Publish the answer to a frame; returns its stamp as a ROS message."""
        output = Classification()
        output.header.stamp.sec = int(header.stamp.sec)
        output.header.stamp.nanosec = int(header.stamp.nanosec)
        output.header.frame_id = header.frame_id
        output.results = [
            ObjectHypothesis(class_id=str(place), score=score)
            for place, score in zip(match.places.tolist(), match.confidences.tolist())
        ]
        self._matches.publish(output)
        self.poses.publish(output.header.stamp, match)
        return output.header.stamp

    def picture_of(self, image: Image) -> Image | None:
        """Return the image if it is to be kept until its answer comes, since somebody looks."""
        return image if self._picture.wanted else None

    def publish_views(self, stamp: Any, frame_id: str, match: Match, image: Image | None) -> None:
        """Publish what people look at, of the frame of this stamp, as far as anybody does."""
        if self._belief.get_subscription_count():
            cloud = self._cloud.message(match.similarity, match.belief.astype(np.float32))
            cloud.header.stamp = stamp
            self._belief.publish(cloud)
        self._markers.show(match.places)
        if image is not None:
            self._picture.show(stamp, frame_id, image, match)

    def rest(self) -> None:
        """Take away what would look as if it were still so, before the node turns inactive."""
        self.poses.ask(False)
        self._markers.clear()

    def destroy(self) -> None:
        """Take the topics away."""
        self.poses.destroy()
        self._markers.destroy()
        self._picture.destroy()
        for publisher in (self._matches, self._belief):
            self._node.destroy_lifecycle_publisher(publisher)
        self._node.destroy_publisher(self._info)
