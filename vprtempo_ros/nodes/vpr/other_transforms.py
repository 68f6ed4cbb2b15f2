"""Transforms of other nodes that contradict map -> odom."""

from __future__ import annotations

import struct
import time
from collections import deque
from typing import Any

from rclpy.lifecycle import LifecycleNode

from ...errors import ImageError
from ...interface import TF
from ...sources.cdr import prepare, read_message
from ..common.qos import streaming

_TYPE = 'tf2_msgs/msg/TFMessage'
# Before this byte of a message of one transform is the name of its parent.
_CHILD = 17
# What was seen this long ago, in seconds, is over.
_OVER = 5.0
# Own transforms that are remembered, to know them when they come back.
_OWN = 500


class OtherTransforms:
    """
    Listens to /tf for parents of the odometry's frame other than ours, and for loops.

    Messages stay bytes unless they give one of the two frames a parent, or a parent of the map's.
    """

    def __init__(self, node: LifecycleNode, message: Any) -> None:
        """Subscribe."""
        self._node = node
        self._own: deque[tuple[int, int]] = deque(maxlen=_OWN)
        self._names: tuple[bytes, ...] = ()
        # When a transform was seen last, by parent and child.
        self._seen: dict[tuple[str, str], float] = {}
        prepare(_TYPE)
        self._subscription = node.create_subscription(
            message, TF.name, self._on_message, streaming(100, 'best_effort'), raw=True
        )

    def note_own(self, seconds: int, nanoseconds: int) -> None:
        """Remember the stamp of a transform before it is published."""
        self._own.append((seconds, nanoseconds))

    def problem(self, map_frame: str, odom_frame: str) -> str:
        """Return which transform of another node contradicts; empty: none."""
        limit = time.monotonic() - _OVER
        self._seen = {pair: at for pair, at in self._seen.items() if at > limit}
        self._names = tuple(
            struct.pack('<I', len(name) + 1) + name + b'\0'
            for name in (frame.encode() for frame in {odom_frame} | self._above(map_frame))
            if name
        )
        for parent, child in self._seen:
            if child == map_frame and odom_frame in self._above(parent):
                return (
                    f'another node publishes {parent} -> {child}, which makes a loop with '
                    f'{map_frame} -> {odom_frame}: stop that node'
                )
            if child == odom_frame and odom_frame:
                return (
                    f'another node publishes {parent} -> {child} too (AMCL, SLAM?), so the robot '
                    'jumps between the two: stop that node, or set tf.publish to false'
                )
        return ''

    def _above(self, frame: str) -> set[str]:
        """Return a frame with its parents, their parents and so on, of those that were seen."""
        above: set[str] = {frame}
        found = above
        while found:
            found = {parent for parent, child in self._seen if child in above} - above
            above = above | found
        return above

    def stop(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _on_message(self, data: bytes) -> None:
        if not any(data.find(name, _CHILD) >= 0 for name in self._names):
            return
        try:
            transforms = read_message(data, _TYPE).transforms
        except ImageError:
            # Not ours to report: users of transforms do.
            return
        for transform in transforms:
            stamp = transform.header.stamp
            if (stamp.sec, stamp.nanosec) not in self._own:
                pair = (transform.header.frame_id, transform.child_frame_id)
                if len(self._seen) < _OWN:
                    self._seen[pair] = time.monotonic()
