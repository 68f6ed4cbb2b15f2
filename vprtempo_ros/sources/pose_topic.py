"""The poses of a topic: which are usable, and what is left out."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError, SourceError
from ..frames import Pose
from ..support.reasons import Reasons
from .bags import BagReader
from .cdr import read_message, valid_ns
from .clocks import Clocks
from .fixes import (
    filled_heights,
    in_radians,
    mixed_status,
    not_null,
    of_one_receiver,
    single_precision,
    without_outliers,
    without_stuck,
)
from .pose_checks import by_turns, motion_notes, not_lost, to_and_fro
from .poses import FIX, Origin, PoseTrack, local_metres, pose_or_reason
from .resets import find_resets
from .stamps import Stamps
from .storage import Topic

# Poses of other coordinate frames than most are left out if most are at least this part.
_MOST = 0.9


class NoPose(SourceError):
    """A pose topic holds no usable pose."""


class PoseMessages(NamedTuple):
    """
    The usable poses of a topic in the order of recording; notes: what was left out.

    jumps: numbers of poses before which the robot was localised again.
    """

    topic: Topic
    stamps: Stamps
    poses: list[Pose]
    notes: list[str]
    jumps: tuple[int, ...] = ()


def read_pose_messages(bag: BagReader, topic: Topic) -> PoseMessages:
    """
    Read a whole pose topic into memory, a few dozen bytes per pose.

    :raises NoPose: if the topic holds no usable pose.
    :raises SourceError: if a message is none, or poses are in several coordinate frames.
    """
    received: list[int] = []
    stamped: list[int] = []
    poses: list[Pose] = []
    unusable = Reasons()
    statuses: Counter[int] = Counter()
    antennas: list[str] = []
    for raw in bag.recorded([topic.name]):
        try:
            message = read_message(raw.data, topic.type)
        except ImageError as error:
            raise SourceError(f'{bag.path}: {topic.name}: {error}') from None
        pose = pose_or_reason(message, topic.type)
        if isinstance(pose, str):
            unusable.count(pose)
            continue
        if topic.type == FIX:
            statuses[int(message.status.status)] += 1
            antennas.append(message.header.frame_id.lstrip('/'))
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
        reasons = '; '.join(f'{count} have {reason}' for reason, count in unusable.items())
        notes.append(
            f'{topic.name}: {unusable.total()} of {topic.messages} poses are unusable ({reasons})'
        )
    if topic.type == FIX:
        keep = not_null(poses, topic, notes)
        keep &= of_one_receiver(antennas, topic, notes)
        notes += mixed_status(statuses, topic)
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
    name, notes = found.topic.name, found.notes
    times = clocks.poses
    assert times is not None
    common = float(np.median(np.diff(np.sort(times)))) * 1e-9 if len(times) > 1 else 0.0
    if common > max_gap * 1.25:
        notes.append(
            f'{name}: poses are {common:.1f} s apart, and between those more than '
            f'{max_gap:g} s apart (poses.max_gap) frames have none'
        )
    jumps = set(times[list(found.jumps)].tolist())
    breaks = jumps | set(clocks.breaks)
    positions = np.array([pose.position for pose in found.poses])
    orientations = np.array([pose.orientation for pose in found.poses])
    if found.topic.type == FIX:
        notes.extend(in_radians(positions[:, :2], name))
        notes.extend(single_precision(positions[:, :2], name))
        positions = filled_heights(positions, times, name, notes)
        given = origin
        origin = origin or _origin(positions[0])
        metres = local_metres(positions, origin)
        keep = without_outliers(metres, times, name, notes)
        keep &= without_stuck(metres, times, name, notes)
        if given is None and not keep[0]:
            origin = _origin(positions[np.flatnonzero(keep)[0]])
            metres = local_metres(positions, origin)
        kept = np.flatnonzero(keep)
        order = kept[np.argsort(times[kept], kind='stable')]
        positions, orientations, times = metres[order], orientations[order], times[order]
    else:
        origin = None
        order = np.argsort(times, kind='stable')
        positions, orientations, times = positions[order], orientations[order], times[order]
        keep = not_lost(positions, times, name, notes)
        positions, orientations, times = positions[keep], orientations[keep], times[keep]
        breaks |= _moved(positions, times, jumps, found)
        notes.extend(motion_notes(name, times, positions, orientations))
    turns = [*by_turns(name, times, positions)]
    notes.extend(turns or to_and_fro(name, positions))
    frame_id = found.poses[0].frame_id
    on_ground = origin is not None
    track = PoseTrack(times, positions, orientations, frame_id, max_gap, breaks, on_ground)
    return track, origin


def _origin(fix: NDArray[np.float64]) -> Origin:
    latitude, longitude, altitude = fix.tolist()
    return latitude, longitude, altitude


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


def _moved(
    metres: NDArray[np.float64], times: NDArray[np.int64], known: set[int], found: PoseMessages
) -> set[int]:
    """Return the times of poses before which odometry was reset, or is of another node."""
    resets = find_resets(metres, times)
    leap = resets.found & ~np.isin(times[1:], list(known))
    if leap.any():
        how = 'than any vehicle' if resets.fast[leap].all() else 'by far than the others'
        began = np.count_nonzero(leap & resets.to_origin)
        ends = f', {began} to the origin' if began else ''
        found.notes.append(
            f'{found.topic.name}: steps between poses that are faster {how}: '
            f'{np.count_nonzero(leap)}, the largest of {resets.steps[leap].max():.1f} m{ends} (was '
            'it reset, or do two nodes publish it?): poses before and after are not in one '
            'coordinate frame'
        )
    return set(times[1:][leap].tolist())
