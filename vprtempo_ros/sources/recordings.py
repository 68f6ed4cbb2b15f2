"""Paths of recorded drives, and which recordings were not closed."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import SourceError
from ..support.paths import user_path
from .bags import is_bag
from .natural_sort import natural_key

# No more numbered names than this are tried.
_MOST = 10_000


def first_recording(recording: str, map_path: str) -> Path:
    """
    Return the folder of the first recording: the given one, or one next to the map.

    :raises SourceError: if neither is given, or the path has no name.
    """
    if not (recording or map_path):
        raise SourceError('no destination given: name the folder for the map in the parameter map')
    # abspath gives . and .. a name; resolve() would also follow links.
    target = Path(os.path.abspath(user_path(recording or map_path)))  # noqa: PTH100
    if not target.name:
        raise SourceError(f'{target}: expected a folder that has a name')
    return target if recording else target.with_name(f'{target.name}.recording')


def next_recording(first: Path) -> Path:
    """Return the first free path: `first`, or with _2, _3 ... appended."""
    for number in range(1, _MOST):
        path = first if number == 1 else first.with_name(f'{first.name}_{number}')
        if not os.path.lexists(path):
            return path
    raise SourceError(
        f'{first}: there are {_MOST} recordings; remove some, or choose another '
        'folder in live.recording'
    )


def unfinished_recordings(first: Path) -> list[Path]:
    """Return the recordings with these names that were not closed: without metadata.yaml."""
    try:
        found = [
            path
            for path in first.parent.iterdir()
            if path == first or path.name.removeprefix(f'{first.name}_').isdigit()
        ]
    except OSError:
        return []
    return sorted(filter(_is_unfinished, found), key=natural_key)


def _is_unfinished(path: Path) -> bool:
    try:
        return path.is_dir() and is_bag(path) and not (path / 'metadata.yaml').exists()
    except OSError:
        return False  # Not readable by this user.


def how_to_train(path: Path) -> str:
    """Return the command that makes a map from a recording later."""
    return f'ros2 launch vprtempo_ros train.launch.py bags:={path} map:=...'
