"""
Makes ROS 2 usable from an environment's Python alone: nothing to source, nothing to export.

`bootstrap.py` copies this file into the environment and has a .pth file run it when Python starts.
ROS finds packages through AMENT_PREFIX_PATH, and loads the type support of messages by bare library
name, for which the dynamic loader looks in LD_LIBRARY_PATH as it was when the process began: hence
the one `exec`. The ROS wheels do the same with a .pth of their own, but take an environment for
activated that was started from another one, and so load the other's libraries; this one does not.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

_WHEELS_GUARD = '_ROS_WHEELS_BOOTSTRAP_COMPLETE'


def _add(paths: list[str], variable: str) -> bool:
    """Put paths in front of a path list of the environment; False if it had them all already."""
    present = [part for part in os.environ.get(variable, '').split(os.pathsep) if part]
    # Where they are present they stay: an overlay that was sourced on top of them comes first.
    if set(paths) <= set(present):
        return False
    os.environ[variable] = os.pathsep.join(paths + [part for part in present if part not in paths])
    return True


def activate() -> None:
    """Set this process's environment, and restart it if its libraries would not be found."""
    bundled = Path(sysconfig.get_path('purelib')).glob('ros_*.libs')
    libraries = [Path(sys.prefix, 'lib'), *sorted(bundled)]
    _add([sys.prefix], 'AMENT_PREFIX_PATH')
    os.environ[_WHEELS_GUARD] = '1'
    if _add([str(path) for path in libraries], 'LD_LIBRARY_PATH'):
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


# An interpreter that embeds Python has no executable of its own to start again.
if sys.executable and sys.prefix != sys.base_prefix:
    activate()
