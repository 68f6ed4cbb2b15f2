"""Which fixes of a satellite receiver are where the robot was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..frames import Pose
from .storage import Topic

Metres = NDArray[np.float64]
Times = NDArray[np.int64]
Kept = NDArray[np.bool_]

# Latitude and longitude 0 is a fix only if the route is this close to it, in degrees.
_NULL_ISLAND = 0.1
# A step is none of a vehicle if it is longer (between fixes) and faster, in m and m/s.
_FAR, _FAST = 300.0, 150.0
# Fixes between two such steps are outliers if they are fewer than this part of the longest run.
_PART = 0.1
# A position that was sent for this long, in ns, was not where the robot was if the next is further
# away, in m, and that many times as fast as common.
_STUCK_NS, _AWAY, _TIMES = 2_000_000_000, 5.0, 3.0
# Status of sensor_msgs/NavSatStatus of fixes that are exact, as those of RTK.
_EXACT = 2
# Receivers take turns if the coordinate frame changes at least this often.
_TURNS = 16
# Other numbers than those of single precision are not all on its grid by chance, if these are as
# many; a grid that is finer than this, in m, does not matter.
_DISTINCT, _COARSE = 4, 0.1
_METRES_PER_DEGREE = 111_195.0


def not_null(poses: list[Pose], topic: Topic, notes: list[str]) -> Kept:
    """Return which fixes are none at latitude and longitude 0, which receivers send without one."""
    angles = np.array([pose.position[:2] for pose in poses]).reshape(-1, 2)
    null = (np.abs(angles) < 1e-7).all(axis=1)
    others = angles[~null]
    if not null.any() or (len(others) and (np.abs(np.median(others, axis=0)) < _NULL_ISLAND).all()):
        return np.ones(len(poses), bool)
    notes.append(
        f'{topic.name}: {np.count_nonzero(null)} of {topic.messages} fixes are at latitude and '
        'longitude 0: left out'
    )
    return ~null


def of_one_receiver(frames: Sequence[str], topic: Topic, notes: list[str]) -> Kept:
    """
    Return which fixes are those of one receiver, by their coordinate frames, one of each antenna.

    Of receivers that take turns the one with most fixes is taken; others follow each other.
    """
    counts = Counter(frames)
    if len(counts) < 2:
        return np.ones(len(frames), bool)
    most = counts.most_common(1)[0][0]
    listed = ', '.join(f'{count} in {frame[:40]!r}' for frame, count in counts.most_common(4))
    if sum(before != after for before, after in pairwise(frames)) < _TURNS:
        notes.append(
            f'{topic.name}: fixes are in several coordinate frames ({listed}): if these are two '
            'antennas, positions are as far apart'
        )
        return np.ones(len(frames), bool)
    notes.append(
        f'{topic.name}: fixes are of several receivers by turns ({listed}): those in {most[:40]!r} '
        'are used, the others left out'
    )
    return np.array([frame == most for frame in frames])


def single_precision(angles: Metres, name: str) -> list[str]:
    """Return a line if fixes, degrees (fixes, 2), were numbers of single precision before."""
    single = angles.astype(np.float32)
    if (single != angles).any():
        return []
    largest = np.abs(single).max(axis=0)
    across = np.cos(np.radians(np.abs(angles[:, 0]).min()))
    grid = np.spacing(largest) * _METRES_PER_DEGREE * np.array([1.0, across])
    several = np.array([len(np.unique(column)) >= _DISTINCT for column in angles.T])
    if not (several & (grid >= _COARSE)).any():
        return []
    return [
        f'{name}: latitudes and longitudes have single precision (float32), so positions are on a '
        f'grid of {grid[0]:.2f} m by {grid[1]:.2f} m: record them in double precision; '
        'places.spacing has to be larger than the grid'
    ]


def in_radians(angles: Metres, name: str) -> list[str]:
    """Return a line if fixes, degrees (fixes, 2), are at sea where all places in radians are."""
    furthest = np.abs(angles).max(axis=0)
    if (furthest < _NULL_ISLAND).all() or (furthest > (np.pi / 2, np.pi)).any():
        return []
    return [
        f'{name}: fixes are in the Gulf of Guinea, as those in radians would be: latitudes and '
        'longitudes of messages are in degrees; distances would be 57 times too small'
    ]


def leaps(metres: Metres, times: Times, far: float) -> tuple[Metres, Kept]:
    """Return the steps between poses in the order of time, in m, and which no vehicle makes."""
    steps = np.linalg.norm(np.diff(metres, axis=0), axis=1)
    return steps, (steps > far) & (steps > _FAST * np.diff(times) * 1e-9)


def without_outliers(metres: Metres, times: Times, name: str, notes: list[str]) -> Kept:
    """Return which fixes are not far from those around them, in the order of the messages."""
    order = np.argsort(times, kind='stable')
    steps, leap = leaps(metres[order, :2], times[order], _FAR)
    runs = np.concatenate(([0], np.cumsum(leap)))
    lengths = np.bincount(runs)
    keep = np.empty(len(times), bool)
    keep[order] = (lengths >= _PART * lengths.max())[runs]
    left_out = np.count_nonzero(~keep)
    if left_out:
        notes.append(
            f'{name}: {left_out} of {len(times)} fixes are up to {steps.max() * 1e-3:.1f} km from '
            'those around them: left out'
        )
    kept = order[keep[order]]
    rest, jumps = leaps(metres[kept, :2], times[kept], _FAR)
    if jumps.any():
        notes.append(
            f'{name}: {np.count_nonzero(jumps)} steps between fixes are faster than any vehicle, '
            f'the largest of {rest[jumps].max() * 1e-3:.1f} km'
        )
    return keep


def filled_heights(fixes: Metres, times: Times, name: str, notes: list[str]) -> Metres:
    """
    Return fixes (latitude, longitude, altitude) with the nearest height where they have none.

    Without one a fix has height 0: a step of as much as the route is above the sea.
    """
    without = fixes[:, 2] == 0.0
    if not without.any() or without.all():
        return fixes
    order = np.argsort(times, kind='stable')
    known = order[~without[order]]
    wanted = np.flatnonzero(without)
    after = np.searchsorted(times[known], times[wanted]).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    sooner = times[wanted] - times[known[before]] <= times[known[after]] - times[wanted]
    filled = fixes.copy()
    filled[wanted, 2] = fixes[np.where(sooner, known[before], known[after]), 2]
    notes.append(
        f'{name}: {len(wanted)} of {len(fixes)} fixes have no height: that of the nearest is taken'
    )
    return filled


def without_stuck(metres: Metres, times: Times, name: str, notes: list[str]) -> Kept:
    """
    Return which fixes are not the last position, sent again while the robot drove on.

    A robot that stands, and a receiver that holds the position meanwhile, go on from there.
    """
    order = np.argsort(times, kind='stable')
    level, at = metres[order, :2], times[order]
    steps = np.linalg.norm(np.diff(level, axis=0), axis=1)
    moving = steps > 0
    keep = np.ones(len(times), bool)
    if moving.sum() < 2:
        return keep
    seconds = np.maximum(np.diff(at) * 1e-9, 1e-3)
    common = float(np.median(steps[moving] / seconds[moving]))
    away = (steps > _AWAY) & (steps > _TIMES * common * seconds)
    longest = 0.0
    for step in np.flatnonzero(away):
        since = np.flatnonzero(moving[:step])
        first = int(since[-1]) + 1 if len(since) else 0
        if at[step] - at[first] >= _STUCK_NS:
            keep[order[first + 1 : step + 1]] = False
            longest = max(longest, float(at[step] - at[first]) * 1e-9)
    if not keep.all():
        notes.append(
            f'{name}: {np.count_nonzero(~keep)} of {len(times)} fixes repeat one position, for up '
            f'to {longest:.1f} s, from which the next is a leap away: left out'
        )
    return keep


def mixed_status(statuses: Counter[int], topic: Topic) -> Iterator[str]:
    """Yield a line if only some of the fixes are exact."""
    exact = sum(count for status, count in statuses.items() if status >= _EXACT)
    if 0 < exact < statuses.total():
        yield (
            f'{topic.name}: {statuses.total() - exact} of {topic.messages} fixes have a status '
            f'below {_EXACT} (RTK lost?): they may be metres from where the others would be'
        )
