"""
Where the robot stood or crawled while the reference was recorded: many frames of one place.

A minute at a traffic light is sixty places of one view where places are sampled by frames or
seconds. The robot that drives past it later would have to come sixty places further at once, which
no speed is; the light and the typical responses of the route would be those of that view. So they
become one place.

The view is the same as long as frames correlate with the first of it, as in `encoding.adaptation`.
Frames that show nothing, as of a plain wall or without an event, do not: they are alike by what
they lack, and the robot may drive. What lasts in front of nothing, as the robot's own bonnet in
fog, is a view like any other: only poses say that the robot drives then. How long a view stays the
same while the robot drives depends on its speed and on how often a place is taken, so it is
measured on the drive itself; what stays far longer is a stop.

A drive that crawled for long, as in a jam, has the same on the whole: places lie many times as
close there, and what they look like is what the route looks like. So places are evened out by what
they show, if there is much of it. A few views that stay somewhat longer are left as they are, for a
place for each frame is what users expect.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Floats, Indices, Spikes
from ..encoding.adaptation import SAME, apart
from ..frames import Pose
from ..statistics import correlation, statistics_of
from ..support.several import several

# A view that stays this many times as long as most is a stop. A shorter one is part of a slow
# drive, past which another robot is up to this many times as fast as the reference, and the filter
# follows it (`match.sequence.fastest`).
_LONG = 10
# Where views that stay more than this many times as long as most have this part of the frames of a
# drive too many, stops aside, the drive is uneven.
_LONGER, _MUCH = 2, 0.1
# A robot that has moved this far in metres by its poses does not stand, even if it sees the same.
_MOVED = 0.5
# What is left out changes what the route looks like on the whole, and that what is the same.
_ROUNDS = 10


def stood_at(frames: Spikes, poses: Sequence[Pose | None]) -> Indices:
    """
    Return for each frame how many after it show the same while the robot stands, int64 (frames,).

    Those are no places of their own. A view that is blocked for a moment, as by a pedestrian, does
    not end a stop. Of a view that mostly stays the same for several frames, as many are left of a
    stop. Where the robot crawled for long, the same goes for views that stay longer than most.

    :param frames: uint8 (frames, inputs), the frames of a drive as encoded, in order.
    :param poses: of the frames.
    """
    evened = _repeated(frames, poses, _LONGER)
    if not evened.any():
        return evened
    stops = _repeated(frames, poses, _LONG)
    crawled = evened.sum() - stops.sum()
    return evened if crawled > _MUCH * (len(frames) - stops.sum()) else stops


def _repeated(frames: Spikes, poses: Sequence[Pose | None], times: int) -> Indices:
    """Return what `stood_at` does, of views that stay more than `times` as long as most."""
    kept = np.ones(len(frames), bool)
    following = np.zeros(len(frames), np.int64)
    for _ in range(_ROUNDS):
        driven = frames if kept.all() else frames[kept]
        views = _Views(frames, poses, apart(statistics_of(driven)))
        common = round(float(np.median(np.diff(views.starts(0)))))
        starts = views.starts(times * common)
        lengths = np.diff(starts)
        long = lengths > times * common
        following[:] = 0
        following[starts[:-1][long] + common - 1] = lengths[long] - common
        before, kept = kept, ~_after(following)
        if (kept == before).all():
            break
    return following


def _after(following: Indices) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which frames are among those that follow another one, bool (frames,)."""
    found = np.zeros(len(following), bool)
    for first in np.flatnonzero(following).tolist():
        found[first + 1 : first + 1 + int(following[first])] = True
    return found


def numbers_of(following: Indices) -> Indices:
    """Return the place of each frame, int64 (frames,), -1 for those that are left out."""
    left = ~_after(following)
    return np.where(left, np.cumsum(left) - 1, -1)


def note_of(following: Indices) -> list[str]:
    """Return the line that says what was left out; none if the robot stood nowhere."""
    stops = int(np.count_nonzero(following))
    if not stops:
        return []
    left_out = several(int(following.sum()), 'frame')
    return [
        f'the robot stood or crawled at {several(stops, "place")}: {left_out} that show what the '
        'one before shows are no places of their own, so that frame n of the recording need not be '
        'place n; places.stops: keep makes them places'
    ]


class _Views:
    """Divides a drive into views, each of frames that show the same as the first of them."""

    def __init__(self, frames: Spikes, poses: Sequence[Pose | None], apart: float) -> None:
        """Take the squared distance from which on frames are different."""
        self._frames, self._poses, self._apart = frames, poses, apart

    def starts(self, blocked: int) -> Indices:
        """
        Return the first frame of each view, and the number of frames.

        :param blocked: for this many frames, and for no more than have been the same, others may
            come between.
        """
        found, count = [0], len(self._frames)
        while found[-1] < count:
            found.append(self._end(found[-1], blocked))
        return np.array(found)

    def _end(self, first: int, blocked: int) -> int:
        """Return the frame after the last one of a view."""
        view: Floats = self._frames[first].astype(np.float32)
        last, same = first, 1
        at = first + 1
        while at < len(self._frames) and at - last <= 1 + min(blocked, same - 1):
            difference = self._frames[at] - view
            near = float(difference @ difference) <= self._apart
            if near and self._shows_it(first, at) and not self._has_moved(first, at):
                last, same = at, same + 1
            at += 1
        return last + 1

    def _shows_it(self, first: int, at: int) -> bool:
        """Return whether there is something in both frames that they have in common."""
        found = correlation(self._frames[first], self._frames[at])
        return found is not None and found > SAME

    def _has_moved(self, first: int, at: int) -> bool:
        one, other = self._poses[first], self._poses[at]
        return one is not None and other is not None and one.distance(other) > _MOVED
