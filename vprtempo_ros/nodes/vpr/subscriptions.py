"""The subscriptions of an active vpr_node, and the threads that receive and process messages."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Callable, NamedTuple, TypeVar

from nav_msgs.msg import Odometry
from rclpy.lifecycle import LifecycleNode
from rclpy.subscription import Subscription

from ...config import LiveInputConfig
from ...errors import ImageError
from ...interface import ODOM
from ...sources.cdr import first_stamp_ns, read_message, stamp_ns
from ...sources.heads import FrameChoice
from ...sources.poses import ODOMETRY, pose_or_reason
from ..common.losses import subscribe_counting_losses
from ..common.qos import streaming
from ..common.topic_check import compressed_topic
from .frame_processor import FrameProcessor
from .newest_only import NewestOnly
from .packet_queue import PacketQueue
from .receiver import Receiver, ReceiverGroup

R = TypeVar('R')


class _Message(NamedTuple):
    """An image as it was received, and its camera."""

    camera: str
    data: bytes


# Messages that the middleware may queue.
_IMAGES_DEPTH, _EVENTS_DEPTH = 5, 200
# A second of odometry at 100 Hz; best effort receives from reliable publishers too.
_ODOMETRY_QOS = streaming(100, 'best_effort')
# Minimum time between two warnings about unusable messages, in seconds.
_WARN_PERIOD = 5.0


class InputSubscriptions:
    """Subscriptions to images or events and to odometry, their receiver, the worker for images."""

    def __init__(
        self,
        node: LifecycleNode,
        config: LiveInputConfig,
        processor: FrameProcessor,
        odometry: bool,
    ) -> None:
        """Start the threads and subscribe, to odometry too if it is used."""
        self._node, self._processor = node, processor
        self._choice = FrameChoice(
            config.frame_id, lambda: self.image_topics[0], node.get_logger().warning
        )
        loaded = processor.loaded
        depth = config.depth or (_EVENTS_DEPTH if loaded.events else _IMAGES_DEPTH)
        self._worker: NewestOnly[_Message] | PacketQueue = (
            PacketQueue(processor.process, config.max_delay, processor.advance)
            if loaded.events
            else NewestOnly(
                lambda item: processor.process(item.data, item.camera),
                processor.advance,
                lambda item: item.camera,
            )
        )

        group = ReceiverGroup()

        def subscribe(name: str, topic: str) -> Subscription:
            # Raw: converting an image in rclpy costs several times the matching.
            return subscribe_counting_losses(
                node,
                loaded.message,
                topic,
                partial(self._on_message, name),
                streaming(depth, config.reliability),
                partial(processor.add_lost, name),
                group,
            )

        topics = {name: camera.topic for name, camera in loaded.cameras.items()}
        self._images = [subscribe(name, topic) for name, topic in topics.items()]
        # Packets of events come when there is something to see, at no steady rate.
        self._steady = loaded.events is None
        self._odometry: list[Subscription] = []
        if odometry:
            self._odometry = [
                node.create_subscription(
                    Odometry,
                    ODOM.name,
                    self._on_odometry,
                    _ODOMETRY_QOS,
                    callback_group=group,
                    raw=True,
                )
            ]
        # The driver may not have started yet: one of the two topics stays silent.
        below = [
            subscribe(name, found)
            for name, topic in topics.items()
            if (found := compressed_topic(node, topic, loaded.message))
        ]
        self._subscriptions = [*self._images, *self._odometry, *below]
        # Odometry first: a frame that arrives with it uses it.
        self._receiver = Receiver(node, [*self._odometry, *self._images, *below])

    @property
    def topics(self) -> list[str]:
        """The names of all topics after remapping."""
        return _names(self._subscriptions)

    @property
    def image_topics(self) -> list[str]:
        """The names of the topics of images or events after remapping, one for each camera."""
        return _names(self._images)

    @property
    def odometry_topic(self) -> str:
        """The name of the topic of odometry after remapping; empty: not subscribed to."""
        return ''.join(_names(self._odometry))

    @property
    def other_frames(self) -> int:
        """Number of messages that were left out by input.frame_id."""
        return self._choice.left_out

    @property
    def dropped(self) -> int:
        """Number of received messages that were dropped."""
        return self._worker.dropped

    def run_between_items(self, task: Callable[[], R]) -> R:
        """Run a task between two messages, in the thread that processes them."""
        return self._worker.run_between_items(task)

    def stop(self) -> None:
        """Unsubscribe, finish the present message, and publish all pending results."""
        self._receiver.stop()
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._worker.stop()
        self._processor.finish()

    def _on_message(self, camera: str, data: bytes) -> None:
        if not self._choice.takes(data):
            return
        if isinstance(self._worker, PacketQueue):
            self._worker.put(data)
        else:
            self._worker.put(_Message(camera, data))
        # Counted last: while the other thread wakes up.
        self._processor.add_received(camera, first_stamp_ns(data) if self._steady else None)

    def _on_odometry(self, data: bytes) -> None:
        try:
            message = read_message(data, ODOMETRY)
        except ImageError as error:
            self._node.get_logger().warning(
                f'bad odometry skipped: {error}', throttle_duration_sec=_WARN_PERIOD
            )
            return
        pose = pose_or_reason(message, ODOMETRY)
        if not isinstance(pose, str):
            # As it is: a missing name of the frame is reported, not guessed.
            pose = replace(pose, frame_id=message.header.frame_id.lstrip('/'))
        speed = float(message.twist.twist.linear.x)
        self._processor.add_odometry(stamp_ns(message.header), pose, speed)
        # Counted last: once it is counted, frames use it.
        self._processor.statistics.add_odometry()


def _names(subscriptions: list[Subscription]) -> list[str]:
    return [str(subscription.topic_name) for subscription in subscriptions]
