"""Where odometry was set again, or is that of another node: steps that the robot did not make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .fixes import Kept, Metres, Times, leaps

# Shorter steps, in m, need not be slow.
_FAR = 1.0
# Steps of which the fastest is known.
_ENOUGH = 8
# A step is none of a robot if it is this many times as fast as its fastest ones, or as a robot
# that hardly moves would be, in m/s; to the origin, where odometry begins again, less is enough.
_TIMES, _SLOW = 3.0, 2.0
_TIMES_TO_ORIGIN, _SLOW_TO_ORIGIN = 1.5, 1.0
# A position is at the origin if it is this close, in m, or within a step of the robot, and closer
# than this part of the way to it.
_ORIGIN, _PART = 0.1, 0.1


class Resets(NamedTuple):
    """
    The steps between poses, in m (steps,), and which of them a robot does not make (steps,).

    fast: those faster than any vehicle; to_origin: those that end where odometry begins.
    """

    steps: Metres
    found: Kept
    fast: Kept
    to_origin: Kept


def find_resets(metres: Metres, times: Times) -> Resets:
    """
    Find the steps that a robot does not make.

    At 1 Hz a reset is slower than some vehicles, but faster than this robot is otherwise: than any
    two of three successive steps.

    :param metres: (n, 3), of poses in the order of their times in ns (n,).
    """
    steps, fast = leaps(metres, times, _FAR)
    at_origin = np.zeros(len(steps), bool)
    # A driver may send its last position again, at a higher rate than it measures.
    moved = np.flatnonzero(steps > 0)
    if len(moved) < _ENOUGH:
        return Resets(steps, fast, fast, at_origin)
    common = float(np.median(np.diff(times[moved + 1]))) * 1e-9
    # Messages that were delayed are close to the next.
    seconds = np.maximum((times[moved + 1] - times[moved]) * 1e-9, max(common, 1e-9))
    speeds = steps[moved] / seconds
    fastest = float(np.median(sliding_window_view(speeds, 3), axis=1).max())
    reach = np.minimum(max(_ORIGIN, fastest * common), _PART * steps[moved])
    at_origin[moved] = np.linalg.norm(metres[moved + 1], axis=1) <= reach
    limits = np.where(
        at_origin[moved],
        max(_TIMES_TO_ORIGIN * fastest, _SLOW_TO_ORIGIN),
        _TIMES * max(fastest, _SLOW),
    )
    found = fast.copy()
    found[moved] |= (steps[moved] > _FAR) & (speeds > limits)
    return Resets(steps, found, fast, at_origin)
