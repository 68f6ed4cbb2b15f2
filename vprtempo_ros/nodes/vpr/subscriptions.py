"""What vpr_node listens to while it is active, and how messages get to the worker's thread."""

from __future__ import annotations

import time
from typing import Any, Callable, TypeVar

from nav_msgs.msg import Odometry
from rclpy.lifecycle import LifecycleNode

from ...config import LiveInputConfig
from ...errors import ImageError
from ...interface import EVENTS, IMAGE, ODOM
from ...sources.cdr import read_message, stamp_ns
from ...sources.poses import ODOMETRY, pose_of
from ..common.qos import streaming
from .frame_processor import FrameProcessor
from .newest_only import NewestFirst
from .packet_queue import PacketQueue

R = TypeVar('R')

# Messages that the middleware may queue by itself.
_IMAGES_DEPTH, _EVENTS_DEPTH = 5, 200
# A second of odometry at 100 Hz; as sensor data it is heard from reliable publishers too.
_ODOMETRY_QOS = streaming(100, 'best_effort')
# How often messages are looked for while the executor waits for a map, in seconds.
_SERVING_PERIOD = 0.002
# Warnings about bad messages come at most this often, in seconds.
_WARN_PERIOD = 5.0


class InputSubscriptions:
    """Subscriptions to images or events, and to odometry, and the worker that takes the former."""

    def __init__(
        self, node: LifecycleNode, config: LiveInputConfig, answering: FrameProcessor
    ) -> None:
        """Start the worker and subscribe."""
        self._node, self._answering = node, answering
        loaded = answering.loaded
        depth = config.depth or (_EVENTS_DEPTH if loaded.events else _IMAGES_DEPTH)
        self._worker: NewestFirst[bytes] | PacketQueue = (
            PacketQueue(answering.process, config.max_delay, answering.advance)
            if loaded.events
            else NewestFirst(answering.process, answering.advance)
        )
        # Raw: rclpy's conversion of an image costs several times the matching.
        self._inputs: list[Any] = [
            node.create_subscription(
                loaded.message,
                (EVENTS if loaded.events else IMAGE).name,
                self._on_message,
                streaming(depth, config.reliability),
                raw=True,
            )
        ]
        if config.odometry:
            self._inputs.append(
                node.create_subscription(
                    Odometry, ODOM.name, self._on_odometry, _ODOMETRY_QOS, raw=True
                )
            )

    @property
    def topics(self) -> list[str]:
        """The names of what is listened to, as they are after remapping."""
        return [str(subscription.topic_name) for subscription in self._inputs]

    @property
    def dropped(self) -> int:
        """How many messages came but had to be dropped."""
        return self._worker.dropped

    def between(self, errand: Callable[[], R]) -> R:
        """Run something between two messages, in the thread that works on them."""
        return self._worker.between(errand)

    def serve_until(self, done: Callable[[], bool]) -> None:
        """
        Hand over what comes, until something is done, in the executor's place.

        For a callback of the executor that takes so long that messages would be lost.
        """
        while not done():
            for subscription in self._inputs:
                # What the executor does with a subscription; it has no call for some of them.
                while not done():
                    with subscription.handle:
                        taken = subscription.handle.take_message(
                            subscription.msg_type, subscription.raw
                        )
                    if taken is None:
                        break
                    subscription.callback(taken[0])
            time.sleep(_SERVING_PERIOD)

    def stop(self) -> None:
        """Unsubscribe, let the work under way finish and answer what was taken."""
        for subscription in self._inputs:
            self._node.destroy_subscription(subscription)
        self._worker.stop()
        self._answering.finish()

    def _on_message(self, data: bytes) -> None:
        self._answering.statistics.add_received()
        self._worker.put(data)

    def _on_odometry(self, data: bytes) -> None:
        try:
            message = read_message(data, ODOMETRY)
        except ImageError as error:
            self._node.get_logger().warning(
                f'bad odometry skipped: {error}', throttle_duration_sec=_WARN_PERIOD
            )
            return
        pose = pose_of(message, ODOMETRY)
        if pose is not None:
            self._answering.odometer.add(stamp_ns(message.header), pose)
        # Counted last: whoever sees the count knows that frames are answered with it.
        self._answering.statistics.add_odometry()
