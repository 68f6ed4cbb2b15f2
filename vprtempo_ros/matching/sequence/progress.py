"""How far the robot has come, in places, and what a frame adds to the frames before it."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...arrays import Indices
from ..stages import FrameTiming, Route, Scores, renumber

# Further than this many places without a frame to keep the robot may be anywhere.
_LOST_AFTER = 100.0

# Intervals between frames are averaged over about this many.
_INTERVALS = 8

# The view has changed if its scores correlate with those of the kept frame by less than one
# minus this. Noise of the sensor alone (6 grey levels, the demo's street) leaves 0.9999; template
# matching one frame further gave 0.94 at the most on Nordland, 0.976 on LENS, 0.895 in the street.
_CHANGED = 0.02

# A view that differs by this much from the kept one shows that the robot has moved: frames a place
# apart differ by 0.28 (street, LENS) to 0.76 (Nordland), with encoder oriented too.
_MOVED = 0.2

# Correlations over fewer places than this say nothing.
_ENOUGH_PLACES = 10

# Time going back further than this, in places, is a jump; else two frames are in the wrong order.
FARTHEST_BACK = -1.0


class Step(NamedTuple):
    """
    What is between the frame that was kept last and this one.

    time: places that the reference came in the time, 0 or more; way: places by odometry, negative
    in reverse; an interval counts in one of them only. come: places that the robot has probably
    come, 0 or more. weight: the part of a frame's evidence that is new, 0 to 1. keep: this is the
    frame to count from. restart: earlier frames carry no information about this one. moved: how
    certain the view makes it that the robot does not stand still, 0 to 1.
    """

    time: float
    way: float
    come: float
    weight: float
    keep: bool
    restart: bool
    moved: float = 0.0


NO_STEP = Step(0.0, 0.0, 0.0, 0.0, False, False)
"""Before the first frame."""


class Progress:
    """
    Measures the distance between frames in places, so that a filter does not depend on their rate.

    Without odometry it is the time in units of `route.step_s`, the time between places when the
    reference was driven. Where neither stamps nor the route show a time, frames are a place
    apart. Frames within a place of each other show nearly the same and are no independent
    evidence: the newest one counts by the part of a place that it is further. That a robot stands
    is seen from scores that stay the same: such time does not count, as it comes nowhere and
    learns nothing.
    """

    def __init__(self, route: Route, odometry: bool) -> None:
        """Make it for a route; `odometry` allows the use of `FrameTiming.travelled`."""
        self._step_s = _positive(route.step_s)
        self._step_m = _positive(route.step_m) if odometry else None
        # The kept scores, and the sum of their squares.
        self._kept, self._power = np.zeros(route.places, np.float32), 0.0
        self._has_kept = False
        self._stamp_ns: int | None = None
        # Places since the kept frame, by time and by odometry.
        self._time = self._way = 0.0
        # Places between one frame and the next, 1 at the most, and how many that is the mean of.
        self._interval, self._intervals = 0.0, 0

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._stamp_ns = None
        self._interval, self._intervals = 0.0, 0
        self._start()

    def continue_from(self, before: Progress, source: Indices) -> None:
        """Go on measuring from the frame that was kept, which other places answered."""
        renumber(self._kept, before._kept, source, 0.0)
        self._power = float(self._kept @ self._kept)
        self._has_kept, self._stamp_ns = before._has_kept, before._stamp_ns
        self._time, self._way = before._time, before._way
        self._interval, self._intervals = before._interval, before._intervals

    def __call__(self, scores: Scores | None, timing: FrameTiming, speed: float) -> Step:
        """
        Return the step to a frame.

        :param scores: float32 (places,), finite, of mean 0; None for a frame that shows nothing.
        :param speed: probable speed of the robot relative to the reference, 0 or more: a fast one
            gets more frames for its time. A slow one does not get fewer, so that it may speed up.
        """
        restart = not self._advance(timing)
        if restart:
            self._start()
        pace = max(1.0, speed)
        if scores is None:
            come = self._time * pace + abs(self._way)
            return Step(self._time, self._way, come, 0.0, False, restart)
        power = float(scores @ scores)
        if not self._has_kept:
            self._keep(scores, power)
            return Step(0.0, 0.0, 0.0, 1.0, True, restart)
        difference = self._difference(scores, power) if self._time > 0.0 else 1.0
        change = min(1.0, difference / _CHANGED)
        time = self._time * change
        moved = min(1.0, difference / _MOVED)
        way = self._way
        come = time * pace + abs(way)
        # The frame nearest to a place further is kept: this one, unless the next will be nearer.
        enough = 1.0 - min(pace * self._interval, 1.0) / 2
        keep = come >= enough and change == 1.0
        if keep:
            self._keep(scores, power)
        elif change < 1.0 and self._time * pace + abs(way) >= enough:
            # It stands: the kept frame is what was seen until now.
            self._time = 0.0
        return Step(time, way, come, min(1.0, come), keep, restart, moved)

    def _start(self) -> None:
        self._time = self._way = 0.0
        self._has_kept = False

    def _keep(self, scores: Scores, power: float) -> None:
        self._kept[:] = scores
        self._power = power
        self._time = self._way = 0.0
        self._has_kept = True

    def _advance(self, timing: FrameTiming) -> bool:
        """Add the interval since the frame before; False if it shows nothing about this one."""
        last, self._stamp_ns = self._stamp_ns, timing.stamp_ns
        if last is None:
            return True
        places = places_between(last, timing.stamp_ns, self._step_s)
        if places < FARTHEST_BACK:
            return False
        if places < 0.0:
            # Two frames in the wrong order.
            places, self._stamp_ns = 0.0, last
        travelled = timing.travelled
        if self._step_m is None or travelled is None or not math.isfinite(travelled):
            self._time += places
        else:
            places = travelled / self._step_m
            self._way += places
        self._intervals = min(self._intervals + 1, _INTERVALS)
        self._interval += (min(abs(places), 1.0) - self._interval) / self._intervals
        return self._time + abs(self._way) <= _LOST_AFTER

    def _difference(self, scores: Scores, power: float) -> float:
        """Return one minus the correlation with the kept frame, 0 to 1."""
        if len(scores) < _ENOUGH_PLACES:
            return 1.0
        length = math.sqrt(power * self._power)
        if length == 0.0:
            return 1.0
        return min(1.0, max(0.0, 1.0 - float(scores @ self._kept) / length))


def places_between(last_ns: int, stamp_ns: int, step_s: float | None) -> float:
    """
    Return the time between two frames in places of the reference.

    Without a duration of places, or where a stamp is 0 (none): 1, or minus infinity if time went
    back.
    """
    if step_s is None or not step_s > 0.0 or stamp_ns <= 0 or last_ns <= 0:
        return 1.0 if stamp_ns >= last_ns else -math.inf
    return (stamp_ns - last_ns) * 1e-9 / step_s


def _positive(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value > 0.0 else None
