"""Whether poses move, and as a robot does that faces where it drives."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..frames import FACING, WAY_LEAST, WAY_STEP

# Poses that stay within this, in m, over this time, in ns, do not move.
_STILL, _LONG_NS = 0.01, 10_000_000_000
# Steps of more than this, in m, are not those of a vehicle if at least this many follow each other,
# of which this part turns back.
_STEP, _PAIRS, _BACK = 1.0, 16, 0.3
# The origin is no position if the robot would have come there, or from there, over more than this,
# in m, this many times as fast as it is at most; few poses do not say how fast that is.
_AWAY, _FASTER, _AT_MOST, _FEW = 1.0, 2.0, 0.95, 8
# Every second position is on a track of its own if it is this far, in m, from the line between its
# neighbours, and its distance is this many times that from the line between those of its own track.
_APART, _TIMES = 0.1, 3.0
# Positions beyond this, in m, are none.
_FARTHEST = 1e9


def motion_notes(
    name: str,
    times: NDArray[np.int64],
    positions: NDArray[np.float64],
    orientations: NDArray[np.float64],
) -> Iterator[str]:
    """
    Yield what is said of poses in the order of time that are not those of a driving robot.

    :param times: int64 ns (n,); positions: float64 m (n, 3); orientations: quaternions xyzw (n, 4).
    """
    # Positions may be anything finite.
    if not len(times) or np.abs(positions).max() > _FARTHEST:
        return
    extent = float(np.linalg.norm(np.ptp(positions, axis=0)))
    if extent < _STILL and times[-1] - times[0] > _LONG_NS:
        yield (
            f'{name}: the position is the same for all of {(times[-1] - times[0]) * 1e-9:.0f} s: '
            'did the robot stand, or is this not the odometry?'
        )
        return
    taken = _apart(positions)
    steps = np.diff(positions[taken], axis=0)
    way = float(np.linalg.norm(steps, axis=1).sum())
    if way < WAY_LEAST:
        return
    shares = np.abs(np.einsum('nij,ni->nj', _axes(orientations[taken][1:]), steps)).sum(axis=0)
    shares = shares / way
    if shares[0] >= FACING:
        return
    if shares[2] >= FACING:
        why = f'{shares[2]:.0%} are along z (an optical frame of REP 103?)'
    elif np.ptp(orientations, axis=0).max() < 1e-6:
        why = 'all orientations are the same (not set?)'
    elif shares[1] >= FACING:
        why = f'{shares[1]:.0%} are along y (other axes than those of REP 103?)'
    else:
        why = 'the rest is along no other axis (does it turn on the robot?)'
    yield (
        f'{name}: {shares[0]:.0%} of the way are along x of the poses, which is forward, and '
        f'{why}: headings are not those of the robot'
    )


def not_lost(
    positions: NDArray[np.float64], times: NDArray[np.int64], name: str, notes: list[str]
) -> NDArray[np.bool_]:
    """
    Return which poses are not the origin, as visual odometry sends it while it is lost.

    After odometry was reset, and where a drive begins or passes there, steps are those of a drive.

    :param positions: float64 m (n, 3); times: int64 ns (n,), in order.
    """
    keep = np.ones(len(times), bool)
    at_origin = np.asarray(~positions.any(axis=1))
    if not at_origin.any() or np.count_nonzero(~at_origin) < _FEW:
        return keep
    steps = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    speeds = steps / np.maximum(np.diff(times) * 1e-9, 1e-3)
    driven = speeds[~(at_origin[1:] | at_origin[:-1])]
    if not len(driven):
        return keep
    fast = _FASTER * np.quantile(driven, _AT_MOST)
    leap = np.asarray((steps > _AWAY) & (speeds > fast))
    edges = np.flatnonzero(np.diff(at_origin, prepend=False, append=False))
    for first, end in edges.reshape(-1, 2).tolist():
        if leap[max(first - 1, 0) : first].all() and leap[end - 1 : end].all():
            keep[first:end] = False
    if not keep.all():
        notes.append(
            f'{name}: {np.count_nonzero(~keep)} of {len(times)} poses are at the origin, a leap '
            'away from those around them (it was lost?): left out'
        )
    return keep


def to_and_fro(name: str, positions: NDArray[np.float64]) -> Iterator[str]:
    """
    Yield a line if positions, float64 m (n, 3) in the order of time, do not go on as a robot does.

    A receiver that stands has such noise, and so have two on one topic. Heights do not count.
    """
    if np.abs(positions).max(initial=0.0) > _FARTHEST:
        return
    steps = np.diff(positions[:, :2], axis=0)
    far = np.linalg.norm(steps, axis=1) > _STEP
    pairs = far[1:] & far[:-1]
    back = pairs & (np.einsum('ni,ni->n', steps[1:], steps[:-1]) < 0)
    count, turned = int(np.count_nonzero(pairs)), int(np.count_nonzero(back))
    if count >= _PAIRS and turned > _BACK * count:
        yield (
            f'{name}: {turned} of {count} steps of more than a metre turn back: positions are that '
            'noisy, or of two sources by turns; places.spacing has to be larger than their noise'
        )


def by_turns(name: str, times: NDArray[np.int64], positions: NDArray[np.float64]) -> Iterator[str]:
    """
    Yield a line if every second position is on a track of its own, as of two receivers on a topic.

    Of two antennas that are less than a metre apart no step of a driving robot turns back.

    :param times: int64 ns (n,), in order; positions: float64 m (n, 3). Heights do not count.
    """
    if np.abs(positions).max(initial=0.0) > _FARTHEST:
        return
    # A position that is sent twice would be halfway to its neighbours.
    moved = np.ones(len(times), bool)
    moved[1:] = (np.diff(positions[:, :2], axis=0) != 0).any(axis=1)
    level, at = positions[moved, :2], times[moved]
    if len(at) < _PAIRS + 4:
        return
    other, own = (float(np.median(_off_line(at, level, step))) for step in (1, 2))
    if other > _APART and other > _TIMES * own:
        yield (
            f'{name}: every second position is off the line between its neighbours, by '
            f'{other:.2f} m in the median: positions are of two sources by turns, as of two '
            'receivers, or stamps are not of when they were measured; record each on a topic of '
            'its own'
        )


def _off_line(
    times: NDArray[np.int64], positions: NDArray[np.float64], step: int
) -> NDArray[np.float64]:
    """Return how far positions are from those between the ones `step` before and after."""
    before, here, after = (slice(2 + move, len(times) - 2 + move) for move in (-step, 0, step))
    span = times[after] - times[before]
    part = np.where(span > 0, (times[here] - times[before]) / np.maximum(span, 1), 0.5)
    between = positions[before] + part[:, None] * (positions[after] - positions[before])
    return np.asarray(np.linalg.norm(positions[here] - between, axis=1))


def _apart(positions: NDArray[np.float64]) -> list[int]:
    """Return the numbers of positions that are a step from the one before."""
    taken, last = [0], positions[0]
    for number, position in enumerate(positions):
        x, y, z = position - last
        if x * x + y * y + z * z >= WAY_STEP * WAY_STEP:
            taken.append(number)
            last = position
    return taken


def _axes(quaternions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotation matrices (n, 3, 3), whose columns are the axes, of quaternions xyzw."""
    x, y, z, w = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], -1),
            np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], -1),
            np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], -1),
        ],
        1,
    )
