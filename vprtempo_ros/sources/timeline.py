"""What is read of a bag, when it was, and where the robot was then."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import PosesConfig
from ..errors import SourceError
from .bag_poses import poses_of
from .bags import BagReader
from .clocks import common_clock
from .completeness import Completeness
from .named_poses import track_of_file
from .pose_topic import PoseMessages, track_of
from .poses import Origin, PoseTrack
from .scan import Scan, check_size, scan
from .storage import Topic


class Timeline(NamedTuple):
    """
    A topic of frames or events, and the poses of a bag, on one clock.

    times: int64 ns (messages,) in the order of recording; origin: of GPS poses.
    """

    scan: Scan
    times: NDArray[np.int64]
    track: PoseTrack | None
    origin: Origin | None
    completeness: Completeness


def read_timeline(
    bag: BagReader,
    topic: Topic,
    config: PosesConfig,
    origin: Origin | None = None,
    frame_id: str = '',
) -> Timeline:
    """
    Look at all stamps of a topic, and read all poses into memory.

    :param frame_id: only messages of this coordinate frame; empty: all.

    :raises SourceError: if the topics do not fit the configuration, most messages are not of one
        size, or it cannot be decided when messages were sent.
    """
    found = scan(bag, topic, frame_id)
    notes = [*bag.incomplete, *found.notes()]
    camera = found.frame_ids.most_common(1)
    poses = None if config.file else poses_of(bag, config, camera[0][0] if camera else '', notes)
    return join(bag.path, found, poses, config, origin, notes)


def join(
    path: Path,
    found: Scan,
    poses: PoseMessages | None,
    config: PosesConfig,
    origin: Origin | None,
    notes: list[str],
) -> Timeline:
    """
    Return images or packets and poses on one clock.

    :param notes: what was found so far.
    :raises SourceError: see `read_timeline`.
    """
    check_size(found, path)
    complete = Completeness(len(found.other), notes=notes)
    try:
        clocks = common_clock(found.stamps, poses.stamps if poses else None)
    except SourceError as error:
        raise SourceError(f'{path}: {error}') from None
    complete.notes += clocks.notes
    complete.out_of_order, complete.largest_step = clocks.disorder
    complete.add_gaps(np.sort(clocks.frames[~found.other]))
    track = None
    if config.file:
        span = (int(clocks.frames.min()), int(clocks.frames.max())) if len(clocks.frames) else None
        track, origin = track_of_file(path, span, config, origin, complete.notes)
    elif poses is not None and clocks.poses is not None:
        track, origin = track_of(poses, clocks, config.max_gap, origin)
        complete.add_notes(poses.notes)
    return Timeline(found, clocks.frames, track, origin if track else None, complete)
