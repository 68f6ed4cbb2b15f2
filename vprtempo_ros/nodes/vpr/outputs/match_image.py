"""Query and matched place side by side, for people; made beside the matching, not in its way."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image

from ....frames import Image as PixelImage
from ....interface import MATCH_IMAGE
from ....matching.match import Match
from ....view.side_by_side import SideBySide
from ..newest_only import NewestFirst

# What eyes need, in seconds a picture; a camera of 120 Hz is not to be copied in full.
_PERIOD = 0.1


class _Shown(NamedTuple):
    stamp: Any
    frame_id: str
    image: PixelImage
    match: Match
    side_by_side: SideBySide


class MatchImage:
    """The topic ~/match_image: at most 10 Hz, and only while somebody listens."""

    def __init__(self, node: LifecycleNode, thumbnails: list[bytes]) -> None:
        """Make the topic, and a thread that draws."""
        self._node = node
        self._side_by_side = SideBySide(thumbnails)
        self._publisher = node.create_lifecycle_publisher(Image, MATCH_IMAGE.name, 2)
        self._worker = NewestFirst(self._draw)
        self._next = 0.0

    def set_thumbnails(self, thumbnails: list[bytes]) -> None:
        """Show the places of another map."""
        self._side_by_side = SideBySide(thumbnails)

    @property
    def wanted(self) -> bool:
        """Whether somebody listens; an image that is to be shown has to be kept until then."""
        return self._publisher.get_subscription_count() > 0

    def show(self, stamp: Any, frame_id: str, image: PixelImage, match: Match) -> None:
        """Have a frame drawn, unless they come faster than 10 Hz; returns at once."""
        now = time.monotonic()
        # On average: of a camera of just that rate, whose frames come a little early or late,
        # none is left out.
        if now >= self._next - _PERIOD / 2:
            self._next = max(self._next + _PERIOD, now)
            self._worker.put(_Shown(stamp, frame_id, image, match, self._side_by_side))

    def destroy(self) -> None:
        """End the thread and take the topic away."""
        self._worker.stop()
        self._node.destroy_lifecycle_publisher(self._publisher)

    def _draw(self, shown: _Shown) -> None:
        try:
            pixels = shown.side_by_side.compose(shown.image, shown.match)
            message = Image(
                height=pixels.shape[0],
                width=pixels.shape[1],
                encoding='rgb8',
                step=pixels.strides[0],
            )
            message.header.stamp = shown.stamp
            message.header.frame_id = shown.frame_id
            # Of all ways to fill the field this is the one that rclpy does not copy byte by byte.
            message.data = pixels.tobytes()
            self._publisher.publish(message)
        except Exception as error:  # noqa: BLE001 - a picture is not worth a node
            if self._node.context.ok():
                self._node.get_logger().warning(
                    f'no picture of the match: {error}', throttle_duration_sec=5.0
                )
