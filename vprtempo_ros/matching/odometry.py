"""How far the robot has come between two frames, from the poses of its odometry."""

from __future__ import annotations

import math
import threading
from collections import deque
from itertools import pairwise
from typing import NamedTuple

from ..frames import Pose

# Poses that are remembered: ten seconds at 100 Hz, the most that a frame may come late.
_MEMORY = 1000

# Between two poses nothing on wheels comes further than this (m, m/s): the odometry was set again.
# The first part is for stamps that are not exact.
_JUMP, _FASTEST = 0.1, 50.0

Vector = tuple[float, float, float]


class _Point(NamedTuple):
    """A pose, and the metres that the robot had come by then, less those in reverse."""

    stamp_ns: int
    way: float
    position: Vector
    forward: Vector
    frame_id: str


class _Frame(NamedTuple):
    """A frame, and the metres that the robot had come by then, if these are known."""

    stamp_ns: int
    way: float | None


class Odometer:
    """
    Measures the way from frame to frame along the direction that the robot faces, x forward.

    Positions are interpolated at the stamps of frames. Of a frame that is newer than all poses
    the rest of its way counts for the next one, so that nothing is lost. For any poses are,
    no exception: where they do not show the way it is None. It may be fed from another thread.
    """

    def __init__(self, max_gap: float = 1.0) -> None:
        """Start without poses; over a gap between these longer than `max_gap` s no way is known."""
        self._max_gap_ns = int(max_gap * 1e9)
        self._points: deque[_Point] = deque(maxlen=_MEMORY)
        self._asked: _Frame | None = None
        self._kept: _Frame | None = None
        self._lock = threading.Lock()

    def add(self, stamp_ns: int, pose: Pose) -> None:
        """
        Take the next pose of the odometry.

        One that is a little late, or not finite, is ignored. After a jump of the position, the time
        or the frame, and after a gap, the way begins again.
        """
        forward = _forward(pose.orientation)
        if forward is None or not all(map(math.isfinite, pose.position)):
            return
        with self._lock:
            way = 0.0
            if self._points:
                last = self._points[-1]
                elapsed_ns = stamp_ns - last.stamp_ns
                if -self._max_gap_ns < elapsed_ns <= 0:
                    return
                reach = _JUMP + _FASTEST * elapsed_ns * 1e-9
                if (
                    not 0 < elapsed_ns <= self._max_gap_ns
                    or pose.frame_id != last.frame_id
                    or math.dist(pose.position, last.position) > reach
                ):
                    self._points.clear()
                    self._asked = self._kept = None
                else:
                    way = last.way + _along(last, pose.position, forward)
            self._points.append(_Point(stamp_ns, way, pose.position, forward, pose.frame_id))

    def travelled(self, stamp_ns: int) -> float | None:
        """
        Return the way in metres from the frame that was kept last to this one.

        It is negative in reverse, and None where the odometry does not show it or the frame is
        older than the one before.
        """
        with self._lock:
            self._asked = _Frame(stamp_ns, self._way_at(stamp_ns))
            before, now = self._kept, self._asked
            if before is None or before.way is None or now.way is None:
                return None
            return now.way - before.way if stamp_ns >= before.stamp_ns else None

    def keep(self) -> None:
        """Count from the frame that was asked about last: it was not a bad one."""
        with self._lock:
            self._kept = self._asked

    def rewind(self, stamp_ns: int) -> None:
        """Forget the poses of before the clock was set back to this time, if there are any."""
        with self._lock:
            if self._points and self._points[-1].stamp_ns - stamp_ns > self._max_gap_ns:
                self._points.clear()
            self._asked = self._kept = None

    def _way_at(self, stamp_ns: int) -> float | None:
        if not self._points or stamp_ns < self._points[0].stamp_ns:
            return None
        newest = self._points[-1]
        if stamp_ns >= newest.stamp_ns:
            return newest.way if stamp_ns - newest.stamp_ns <= self._max_gap_ns else None
        for later, earlier in pairwise(reversed(self._points)):
            if earlier.stamp_ns <= stamp_ns:
                part = (stamp_ns - earlier.stamp_ns) / (later.stamp_ns - earlier.stamp_ns)
                return earlier.way + part * (later.way - earlier.way)
        return None


def _forward(orientation: tuple[float, float, float, float]) -> Vector | None:
    """Return the x axis of a robot with this orientation (x, y, z, w), or None if that is none."""
    length = math.hypot(*orientation)
    if not 1e-9 < length < math.inf:
        return None
    x, y, z, w = (value / length for value in orientation)
    return 1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w)


def _along(last: _Point, position: Vector, forward: Vector) -> float:
    """Return how far a position is ahead of the last point, in the mean direction of both."""
    mean = tuple(a + b for a, b in zip(last.forward, forward))
    length = math.hypot(*mean)
    # Turned round between the two: the newer direction it is.
    mean, length = (mean, length) if length > 1e-9 else (forward, 1.0)
    return sum((b - a) * m for a, b, m in zip(last.position, position, mean)) / length
