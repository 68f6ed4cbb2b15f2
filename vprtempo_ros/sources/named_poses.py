"""The poses of a recording that are not in it: of the file, or the bag, that poses.file names."""

from __future__ import annotations

import os
from pathlib import Path

from ..config import PosesConfig
from ..errors import SourceError
from ..support.paths import user_path
from .bag_poses import own_clock, poses_of
from .bags import BagReader
from .clocks import Clocks
from .kinds import STORAGE_FILES
from .pose_file import read_pose_file
from .pose_topic import PoseMessages, track_of
from .poses import Origin, PoseTrack
from .stamps import Times


def pose_file_of(recording: Path, name: str) -> Path:
    """Return the file of poses of a recording: relative to its folder; {name} is its own name."""
    # Links stay: poses are next to the name that the user gave.
    found = Path(os.path.abspath(recording))  # noqa: PTH100
    own = found.name if found.is_dir() else Path(found.name.removesuffix('.zstd')).stem
    return found.parent / user_path(name.replace('{name}', own))


def track_of_file(
    recording: Path,
    span: tuple[int, int] | None,
    config: PosesConfig,
    origin: Origin | None,
    notes: list[str],
) -> tuple[PoseTrack, Origin | None]:
    """
    Read the poses of a recording from a file, or from another bag; `origin` as in `track_of`.

    :param span: the first and the last time of the recording in ns, None if there is none.
    :param notes: what was left out is added.
    :raises SourceError: if there is no such file, or it is not of the times of the recording.
    """
    path = pose_file_of(recording, config.file)
    if _is_bag(path):
        found, clocks = _of_bag(path, config)
    else:
        _check_alone(recording, config)
        found = read_pose_file(path, config.offset)
        times = found.stamps.stamped
        clocks = Clocks(times, times, [])
    _check_spans(recording, span, path, clocks.frames)
    track, origin = track_of(found, clocks, config.max_gap, origin)
    notes += [*clocks.notes, *found.notes]
    return track, origin


def _is_bag(path: Path) -> bool:
    return path.is_dir() or path.name.lower().removesuffix('.zstd').endswith(STORAGE_FILES)


def _of_bag(path: Path, config: PosesConfig) -> tuple[PoseMessages, Clocks]:
    """Return the poses of another bag, as if it were the recording, and their times."""
    notes: list[str] = []
    with BagReader(path) as bag:
        found = poses_of(bag, config, '', notes)
        if found is None:
            raise SourceError('; '.join([f'{path}: expected poses, found none', *notes]))
        clocks = own_clock(found)
        times = clocks.frames + round(config.offset * 1e9)
        return found, Clocks(times, times, [*bag.incomplete, *clocks.notes])


def _check_alone(recording: Path, config: PosesConfig) -> None:
    """
    Check that nothing is set that is of poses in a bag.

    :raises SourceError: if something is.
    """
    if config.topic not in ('', 'none'):
        raise SourceError(
            f'{recording}: expected poses of a topic or of a file, found poses.topic '
            f'{config.topic!r} and poses.file {config.file!r}'
        )
    if config.fixed_frame or config.robot_frame:
        raise SourceError(
            f'{recording}: poses.fixed_frame and poses.robot_frame are of transforms, and '
            f'poses.file {config.file!r} is no bag: leave them empty'
        )


def _check_spans(recording: Path, span: tuple[int, int] | None, path: Path, stamps: Times) -> None:
    """
    Check that a recording, with first and last time in ns, and poses at other times overlap.

    :raises SourceError: if they do not.
    """
    first, last = int(stamps.min()), int(stamps.max())
    if span is not None and (span[1] < first or span[0] > last):
        units = '' if _is_bag(path) else ' or units (columns stamp_ns, stamp_us, stamp_ms)'
        raise SourceError(
            f'{recording}: is of {_seconds(span)}, and the poses in {path.name} are of '
            f'{_seconds((first, last))}: other clocks{units}? poses.offset is added to the stamps '
            'of the poses'
        )


def _seconds(span: tuple[int, int]) -> str:
    return f'{span[0] * 1e-9:.3f} to {span[1] * 1e-9:.3f} s'
