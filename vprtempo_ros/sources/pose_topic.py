"""The poses of a topic: which are usable, and what is left out."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, SourceError
from ..frames import Pose
from .bags import BagReader
from .cdr import read_message, valid_ns
from .clocks import Clocks, Stamps
from .poses import FIX, Origin, PoseTrack, local_metres, pose_of
from .storage import Topic

# Latitude and longitude 0 is a fix only if the route is this close to it, in degrees.
_NULL_ISLAND = 0.1
# A step is none of a vehicle if it is longer (between fixes, other poses) and faster, in m and m/s.
_FAR, _FAR_ODOMETRY, _FAST = 300.0, 1.0, 150.0
# Fixes between two such steps are outliers if they are fewer than this part of the longest run.
_PART = 0.1
# Poses of other coordinate frames than most are left out if most are at least this part.
_MOST = 0.9


class NoPose(SourceError):
    """A pose topic holds no usable pose."""


class PoseMessages(NamedTuple):
    """The usable poses of a topic in the order of recording; notes: what was left out."""

    topic: Topic
    stamps: Stamps
    poses: list[Pose]
    notes: list[str]


def read_pose_messages(bag: BagReader, topic: Topic) -> PoseMessages:
    """
    Read a whole pose topic into memory, a few dozen bytes per pose.

    :raises NoPose: if the topic holds no usable pose.
    :raises SourceError: if a message is none, or poses are in several coordinate frames.
    """
    received: list[int] = []
    stamped: list[int] = []
    poses: list[Pose] = []
    unusable = without_fix = 0
    for raw in bag.recorded([topic.name]):
        try:
            message = read_message(raw.data, topic.type)
        except ImageError as error:
            raise SourceError(f'{bag.path}: {topic.name}: {error}') from None
        pose = pose_of(message, topic.type)
        if pose is None:
            unusable += 1
            without_fix += topic.type == FIX and message.status.status < 0
            continue
        received.append(raw.stamp_ns)
        stamp = message.header.stamp
        stamped.append(valid_ns(stamp.sec, stamp.nanosec))
        poses.append(pose)
    # A driver may send its last pose again, at a higher rate than it measures.
    repeated = [
        number > 0 and poses[number - 1] == pose and stamped[number - 1] == stamped[number]
        for number, pose in enumerate(poses)
    ]
    keep: NDArray[np.bool_] = np.ones(len(poses), bool)
    notes: list[str] = []
    if unusable:
        notes.append(
            f'{topic.name}: {unusable} of {topic.messages} poses are unusable'
            + (f' ({without_fix} have status -1, no fix)' if without_fix else '')
        )
    if topic.type == FIX:
        keep = _not_null(poses, topic, notes)
    elif poses:
        keep = _one_frame(poses, topic, bag, notes)
    if not keep.any():
        why = f' ({notes[0]})' if notes else ''
        raise NoPose(
            f'{bag.path}: {topic.name} holds no usable pose{why}; name another topic in '
            'poses.topic, or none'
        )
    return PoseMessages(
        topic,
        Stamps(
            topic.name,
            np.array(received, np.int64)[keep],
            np.array(stamped, np.int64)[keep],
            repeated=np.array(repeated, bool)[keep],
        ),
        [pose for pose, kept in zip(poses, keep) if kept],
        notes,
    )


def track_of(
    found: PoseMessages, clocks: Clocks, max_gap: float, origin: Origin | None
) -> tuple[PoseTrack, Origin | None]:
    """
    Return the poses at the times of `clocks`; what is left out is added to `found.notes`.

    NavSatFix becomes metres east, north and up of `origin`, or of the first fix if that is None;
    the origin used is returned (None for other types).
    """
    times = clocks.poses
    assert times is not None
    breaks = set(clocks.breaks)
    positions = np.array([pose.position for pose in found.poses])
    orientations = np.array([pose.orientation for pose in found.poses])
    if found.topic.type == FIX:
        given = origin
        origin = origin or found.poses[0].position
        metres = local_metres(positions, origin)
        keep = _without_outliers(metres, times, found)
        if given is None and not keep[0]:
            origin = found.poses[int(np.flatnonzero(keep)[0])].position
            metres = local_metres(positions, origin)
        positions, orientations, times = metres[keep], orientations[keep], times[keep]
    else:
        origin = None
        breaks |= _moved(positions, times, found)
    frame_id = found.poses[0].frame_id
    return PoseTrack(times, positions, orientations, frame_id, max_gap, breaks), origin


def _not_null(poses: list[Pose], topic: Topic, notes: list[str]) -> NDArray[np.bool_]:
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


def _one_frame(
    poses: list[Pose], topic: Topic, bag: BagReader, notes: list[str]
) -> NDArray[np.bool_]:
    """Return which poses are in the coordinate frame of nearly all."""
    frames = Counter(pose.frame_id for pose in poses)
    frame_id, count = frames.most_common(1)[0]
    if count < _MOST * len(poses):
        listed = ' and '.join(map(repr, sorted(frames)[:4]))
        raise SourceError(
            f'{bag.path}: expected all poses of {topic.name} in one frame, found {listed}: did '
            'two nodes publish them? Name another topic in poses.topic, or none'
        )
    if len(frames) > 1:
        notes.append(
            f'{topic.name}: {len(poses) - count} poses are not in frame {frame_id!r}: left out'
        )
    return np.array([pose.frame_id == frame_id for pose in poses])


def _leaps(
    metres: NDArray[np.float64], times: NDArray[np.int64], far: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the steps between poses in the order of time, in m, and which no vehicle makes."""
    steps = np.linalg.norm(np.diff(metres, axis=0), axis=1)
    return steps, (steps > far) & (steps > _FAST * np.diff(times) * 1e-9)


def _moved(metres: NDArray[np.float64], times: NDArray[np.int64], found: PoseMessages) -> set[int]:
    """Return the times of poses before which odometry was reset, or is of another node."""
    order = np.argsort(times, kind='stable')
    steps, leap = _leaps(metres[order], times[order], _FAR_ODOMETRY)
    if leap.any():
        found.notes.append(
            f'{found.topic.name}: steps between poses that are faster than any vehicle: '
            f'{np.count_nonzero(leap)}, the largest of {steps[leap].max():.1f} m (was it reset, or '
            'do two nodes publish it?): poses before and after are not in one coordinate frame'
        )
    return set(times[order][1:][leap].tolist())


def _without_outliers(
    metres: NDArray[np.float64], times: NDArray[np.int64], found: PoseMessages
) -> NDArray[np.bool_]:
    """Return which fixes are not far from those around them, in the order of the messages."""
    order = np.argsort(times, kind='stable')
    steps, leap = _leaps(metres[order, :2], times[order], _FAR)
    runs = np.concatenate(([0], np.cumsum(leap)))
    lengths = np.bincount(runs)
    keep = np.empty(len(times), bool)
    keep[order] = (lengths >= _PART * lengths.max())[runs]
    left_out = np.count_nonzero(~keep)
    name = found.topic.name
    if left_out:
        found.notes.append(
            f'{name}: {left_out} of {len(times)} fixes are up to {steps.max() * 1e-3:.1f} km from '
            'those around them: left out'
        )
    kept = order[keep[order]]
    rest, jumps = _leaps(metres[kept, :2], times[kept], _FAR)
    if jumps.any():
        found.notes.append(
            f'{name}: {np.count_nonzero(jumps)} steps between fixes are faster than any vehicle, '
            f'the largest of {rest[jumps].max() * 1e-3:.1f} km'
        )
    return keep
