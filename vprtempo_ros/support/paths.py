"""Finding files: those that users name, and those that are installed with the package."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Iterable

from ..errors import VprError


def user_path(name: str | Path) -> Path:
    """Return a path given by a user; ~ is the home folder, which no shell expands after `map:=`."""
    return Path(os.path.expanduser(name))


def check_once(paths: Iterable[str | Path], what: str) -> None:
    """
    Check that no file or folder is named twice; paths may differ.

    :raises VprError: for the first that is.
    """
    for path, count in Counter(os.path.realpath(user_path(path)) for path in paths).items():
        if count > 1:
            raise VprError(f'{what}: expected each once, found {path} {count} times')


def check_makeable(path: Path) -> None:
    """
    Check, before long work, that a file or folder of this name can be made or replaced.

    :raises VprError: if its parent is not a folder, or may not be written; also of a folder that is
        there, which could be replaced then, and not be removed.
    """
    if path.is_dir() and not os.access(path, os.W_OK | os.X_OK):
        raise VprError(f'{path}: cannot be replaced, since it may not be written')
    folder = path.absolute().parent
    while not os.path.lexists(folder):
        folder = folder.parent
    if not folder.is_dir():
        raise VprError(f'{path}: cannot be made, since {folder} is not a folder')
    if not os.access(folder, os.W_OK | os.X_OK):
        raise VprError(f'{path}: cannot be made, since {folder} may not be written')


def share_file(name: str) -> Path:
    """
    Return the path of a shared file like 'config/vpr.yaml', installed or in the source tree.

    :raises VprError: if it is in neither.
    """
    source = Path(__file__).resolve().parents[2] / name
    if source.is_file():
        return source
    try:
        from ament_index_python.packages import get_package_share_directory

        installed = Path(get_package_share_directory('vprtempo_ros')) / name
    except Exception as error:  # noqa: BLE001 - the index raises KeyErrors of its own kind
        raise VprError(f'{name} not found: is vprtempo_ros installed? ({error})') from None
    if not installed.is_file():
        raise VprError(f'{installed}: missing; install the package again')
    return installed
