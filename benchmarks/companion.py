"""A camera in the process of the benchmark that receives the matches of its images."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

from vprtempo_ros.sources.cdr import IMAGE, restamp, write_message
from vprtempo_ros.sources.image_bag import image_message

# Number of different images; a constant image might be cheaper to process.
_PICTURES = 16


class Companion:
    """Publishes VGA images on `image` and counts the matches received."""

    def __init__(self) -> None:
        """Subscribe to matches."""
        self.matches = 0
        self.others: dict[str, int] = {}
        self._shown = 0
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node('companion', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        reliable = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
        self._publisher = self._node.create_publisher(Image, 'image', reliable)
        self._node.create_subscription(Classification, '/vpr_node/match', self._on_match, 1000)
        rng = np.random.default_rng(0)
        self._pictures = [
            write_message(
                image_message(
                    0, rng.integers(0, 256, (480, 640, 3)).astype(np.uint8), 'rgb8', 'camera'
                ),
                IMAGE,
            )
            for _ in range(_PICTURES)
        ]

    def __enter__(self) -> Companion:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the node."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def listen(self, topics: Sequence[tuple[str, type]]) -> None:
        """Subscribe to more topics and count their messages."""
        for topic, kind in topics:
            self.others[topic] = 0

            def count(message: bytes, topic: str = topic) -> None:
                self.others[topic] += 1

            self._node.create_subscription(kind, topic, count, 10, raw=True)

    @property
    def heard(self) -> bool:
        """Whether the images have a subscriber."""
        return bool(self._publisher.get_subscription_count())

    def show(self) -> None:
        """Publish an image stamped with now."""
        data = self._pictures[self._shown % _PICTURES]
        self._shown += 1
        self._publisher.publish(restamp(data, time.time_ns()))

    def spin(self, seconds: float) -> None:
        """Process one message, waiting at most this long."""
        self._executor.spin_once(timeout_sec=seconds)

    def _on_match(self, match: Classification) -> None:
        self.matches += 1
