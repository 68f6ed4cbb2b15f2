"""How far the robot has come between two frames, from the poses of its odometry."""

from __future__ import annotations

import math
import threading
from collections import deque
from itertools import pairwise
from typing import NamedTuple

from ..frames import FACING, WAY_LEAST, WAY_STEP, Pose

# Poses that are remembered: ten seconds at 100 Hz, the most that a frame may come late.
_MEMORY = 1000

# How much newer than all poses a frame may be to have the pose of the newest.
_LATE_NS = 200_000_000

# Between two poses nothing on wheels comes further than this (m, m/s): the odometry was set again.
# The first part is for stamps that are not exact.
_JUMP, _FASTEST = 0.1, 50.0

# Metres by the speed while the position is the very same: only the speed says where the robot is.
_BY_SPEED = 2.0

# Metres of the way over which it is measured how much of it is along the x axis.
_WINDOW = 10.0

Vector = tuple[float, float, float]


class _Point(NamedTuple):
    """A pose, and the metres that the robot had come by then, less those in reverse."""

    stamp_ns: int
    way: float
    pose: Pose
    forward: Vector


class Between(NamedTuple):
    """The poses before and after a stamp, and which part of the way from one to the other it is."""

    before: Pose
    after: Pose
    part: float


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

    Poses of an optical frame, or without orientations, move across their x axis, along which the
    robot would seem to stand: then the way is its length, in steps of a quarter of a metre. So it
    would with a driver that sets the speed only: then the way is what the speed adds up to.

    restarts: how often the way began again; restart_reason: why, the last time.
    """

    def __init__(self, max_gap: float = 1.0) -> None:
        """Start without poses; over a gap between these longer than `max_gap` s no way is known."""
        self._max_gap_ns = int(max_gap * 1e9)
        self.restarts, self.restart_reason = 0, ''
        self._points: deque[_Point] = deque(maxlen=_MEMORY)
        self._asked: _Frame | None = None
        self._kept: _Frame | None = None
        self._lock = threading.Lock()
        self._course = _Course()
        self._by_speed = 0.0

    @property
    def by_speed(self) -> bool:
        """Whether only the speed says how far the robot comes: its position is never set."""
        return self._by_speed >= _BY_SPEED

    @property
    def across(self) -> float | None:
        """Which part of the way is along the x axis, if it is too little; None if it is enough."""
        return self._course.along if self._course.across else None

    def add(self, stamp_ns: int, pose: Pose, speed: float = 0.0) -> None:
        """
        Take the next pose of the odometry, and its speed forward in m/s.

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
                if reason := self._break(last.pose, pose, elapsed_ns):
                    self._restart(reason)
                else:
                    along = _along(last, pose.position, forward)
                    come = self._course.add(pose.position, forward)
                    way = last.way + (come if self._course.across else along)
                    way += self._by_speed_only(last.pose, pose, speed * elapsed_ns * 1e-9)
            self._points.append(_Point(stamp_ns, way, pose, forward))

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

    @property
    def newest(self) -> tuple[int, Pose] | None:
        """The last pose with its stamp in ns, None before the first."""
        with self._lock:
            return (self._points[-1].stamp_ns, self._points[-1].pose) if self._points else None

    def between(self, stamp_ns: int) -> Between | None:
        """Return the poses around a stamp; None outside of those that are remembered."""
        with self._lock:
            if not self._points or not (
                self._points[0].stamp_ns <= stamp_ns <= self._points[-1].stamp_ns
            ):
                return None
            earlier, later, part = self._around(stamp_ns)
            return Between(earlier.pose, later.pose, part)

    def pose_at(self, stamp_ns: int) -> Pose | None:
        """
        Return the pose at a stamp: the nearer one of those around it, or the newest before it.

        None where the odometry does not show it.
        """
        found = self.between(stamp_ns)
        if found is not None:
            return found.before if found.part < 0.5 else found.after
        newest = self.newest
        late_ns = stamp_ns - newest[0] if newest is not None else -1
        return newest[1] if newest is not None and 0 <= late_ns <= _LATE_NS else None

    def rewind(self, stamp_ns: int) -> None:
        """Forget the poses of before the clock was set back to this time, if there are any."""
        with self._lock:
            if self._points and self._points[-1].stamp_ns - stamp_ns > self._max_gap_ns:
                self._restart('time was set back')
            self._asked = self._kept = None

    def _by_speed_only(self, before: Pose, pose: Pose, come: float) -> float:
        """Return the metres that only the speed shows; to be called for each pose."""
        if pose.position != before.position:
            self._by_speed = 0.0
        elif math.isfinite(come):
            self._by_speed += abs(come)
            return come if self.by_speed else 0.0
        return 0.0

    def _restart(self, reason: str) -> None:
        self.restarts, self.restart_reason = self.restarts + 1, reason
        self._points.clear()
        self._course.restart()
        self._asked = self._kept = None

    def _way_at(self, stamp_ns: int) -> float | None:
        if not self._points or stamp_ns < self._points[0].stamp_ns:
            return None
        newest = self._points[-1]
        if stamp_ns >= newest.stamp_ns:
            return newest.way if stamp_ns - newest.stamp_ns <= self._max_gap_ns else None
        earlier, later, part = self._around(stamp_ns)
        return earlier.way + part * (later.way - earlier.way)

    def _around(self, stamp_ns: int) -> tuple[_Point, _Point, float]:
        """Return the points around a stamp within those remembered, and the part between them."""
        for later, earlier in pairwise(reversed(self._points)):
            if earlier.stamp_ns <= stamp_ns:
                part = (stamp_ns - earlier.stamp_ns) / (later.stamp_ns - earlier.stamp_ns)
                return earlier, later, part
        return self._points[0], self._points[0], 0.0

    def _break(self, before: Pose, pose: Pose, elapsed_ns: int) -> str:
        """Return why the way does not go on to the next pose; empty: it does."""
        seconds = elapsed_ns * 1e-9
        if elapsed_ns <= 0:
            return f'its time went back by {-seconds:.1f} s'
        if elapsed_ns > self._max_gap_ns:
            return f'none for {seconds:.1f} s'
        if pose.frame_id != before.frame_id:
            return f'its frame_id changed from {before.frame_id!r} to {pose.frame_id!r}'
        distance = math.dist(pose.position, before.position)
        if distance > _JUMP + _FASTEST * seconds:
            return f'it jumped by {distance:.1f} m in {seconds:.2f} s'
        return ''


class _Course:
    """
    How much of the way is along the x axis of the poses.

    along: that part of the last metres, None before there are enough; across: it is too little for
    poses of something that faces where it drives.
    """

    def __init__(self) -> None:
        self.along: float | None = None
        self.across = False
        self._length = self._ahead = 0.0
        self._last: Vector | None = None

    def restart(self) -> None:
        """Go on from another position."""
        self._last = None

    def add(self, position: Vector, forward: Vector) -> float:
        """Take the next position; return how far it is from the last one that was a step away."""
        last = self._last or position
        step = math.dist(position, last)
        if self._last is None or step < WAY_STEP:
            self._last = last
            return 0.0
        self._last = position
        ahead = abs(sum((b - a) * f for a, b, f in zip(last, position, forward)))
        # Earlier metres fade.
        kept = math.exp(-step / _WINDOW)
        self._length, self._ahead = kept * self._length + step, kept * self._ahead + ahead
        if self._length >= WAY_LEAST:
            self.along = self._ahead / self._length
            self.across = self.along < FACING
        return step


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
    return sum((b - a) * m for a, b, m in zip(last.pose.position, position, mean)) / length
