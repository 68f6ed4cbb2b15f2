"""Where recordings of a route lie, and which of them nobody finished."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import SourceError
from ..support.paths import user_path
from .bags import is_bag
from .natural_sort import natural_key

# Names beyond this many taken ones are not looked for.
_MOST = 10_000


def first_recording(recording: str, map_path: str) -> Path:
    """
    Return the folder of a first recording: the given one, or beside the map.

    :raises SourceError: if neither is given, or it has no name.
    """
    if not (recording or map_path):
        raise SourceError('no destination given: name the folder for the map in the parameter map')
    # For . and .. have a name too; resolve() would go where a link leads.
    target = Path(os.path.abspath(user_path(recording or map_path)))  # noqa: PTH100
    if not target.name:
        raise SourceError(f'{target}: expected a folder that has a name')
    return target if recording else target.with_name(f'{target.name}.recording')


def next_recording(first: Path) -> Path:
    """Return the first name that nothing has yet: `first`, then with _2, _3 ... behind it."""
    for number in range(1, _MOST):
        path = first if number == 1 else first.with_name(f'{first.name}_{number}')
        if not os.path.lexists(path):
            return path
    raise SourceError(
        f'{first}: {_MOST} recordings lie there; remove some, or choose another '
        'folder in live.recording'
    )


def unfinished_recordings(first: Path) -> list[Path]:
    """Return the recordings of these names that were not closed: metadata.yaml is written last."""
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
        return False  # Somebody else's, who lets nobody read it.


def how_to_train(path: Path) -> str:
    """Return the words that tell how to make a map of a recording later."""
    return f'ros2 launch vprtempo_ros train.launch.py bags:={path} map:=...'
