"""Finding files: those that users name, and those that are installed with the package."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import VprError


def user_path(name: str | Path) -> Path:
    """Return a path that a user gave; ~ is the home folder, as no shell does it after `map:=`."""
    return Path(os.path.expanduser(name))


def share_file(name: str) -> Path:
    """
    Return the path of a shared file like 'config/vpr.yaml', installed or in the source tree.

    :raises VprError: if it is in neither.
    """
    source = Path(__file__).resolve().parent.parent / name
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
