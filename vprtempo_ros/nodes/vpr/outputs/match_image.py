"""Query image next to the matched reference, drawn in a thread of its own."""

from __future__ import annotations

import time
from typing import NamedTuple

from builtin_interfaces.msg import Time
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image

from ....frames import Image as PixelImage
from ....interface import MATCH_IMAGE
from ....maps.map import Map
from ....matching.match import Match
from ....view.side_by_side import SideBySide
from ..newest_only import NewestOnly

# Minimum time between two images, in seconds: a camera of 120 Hz need not be copied in full.
_PERIOD = 0.1


class _Shown(NamedTuple):
    stamp: Time
    frame_id: str
    image: PixelImage
    match: Match
    loaded: Map


class MatchImage:
    """The topic ~/match_image: at most 10 Hz, and only for subscribers."""

    def __init__(self, node: LifecycleNode) -> None:
        """Make the topic, and start the thread."""
        self._node = node
        self._publisher = node.create_lifecycle_publisher(Image, MATCH_IMAGE.name, 2)
        self._worker = NewestOnly(self._draw)
        self._next = 0.0

    @property
    def wanted(self) -> bool:
        """Whether there are subscribers, for whom the image of a frame must be kept."""
        return self._publisher.get_subscription_count() > 0

    def show(
        self, stamp: Time, frame_id: str, image: PixelImage, match: Match, loaded: Map
    ) -> None:
        """
        Draw and publish a frame in the thread, at most 10 per second; returns at once.

        :param loaded: the map of the match, with thumbnails and labels of its places.
        """
        now = time.monotonic()
        # On average, so that a camera of 10 Hz with jitter loses no frame.
        if now >= self._next - _PERIOD / 2:
            self._next = max(self._next + _PERIOD, now)
            self._worker.put(_Shown(stamp, frame_id, image, match, loaded))

    def destroy(self) -> None:
        """End the thread and remove the topic."""
        self._worker.stop()
        self._node.destroy_lifecycle_publisher(self._publisher)

    def _draw(self, shown: _Shown) -> None:
        try:
            side_by_side = SideBySide(shown.loaded.thumbnails, shown.loaded.labels)
            pixels = side_by_side.compose(shown.image, shown.match)
            message = Image(
                height=pixels.shape[0],
                width=pixels.shape[1],
                encoding='rgb8',
                step=pixels.strides[0],
            )
            message.header.stamp = shown.stamp
            message.header.frame_id = shown.frame_id
            # bytes: rclpy copies other types element by element.
            message.data = pixels.tobytes()
            self._publisher.publish(message)
        except Exception as error:  # noqa: BLE001 - matching must go on
            if self._node.context.ok():
                self._node.get_logger().warning(
                    f'no picture of the match: {error}', throttle_duration_sec=5.0
                )
