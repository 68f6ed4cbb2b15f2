"""What tests share: recordings, maps, nodes as processes."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# How long anything may take that normally takes well under a second, in seconds: a busy machine
# takes its time.
PATIENCE = 120.0
TEST = Path(__file__).resolve().parent.parent
ROOT = TEST.parent


def environment(*folders: Path) -> dict[str, str]:
    """Return this process's environment for one that imports from these folders and `support`."""
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(str(path) for path in (TEST, *folders))}


def folder_of_machine(name: str) -> Path:
    """Return a folder of this user's in which all runs of the tests on the machine lock files."""
    folder = Path(tempfile.gettempdir(), f'vprtempo_ros_{name}_{os.getuid()}')
    folder.mkdir(exist_ok=True)
    return folder
