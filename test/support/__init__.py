"""What tests share: recordings, maps, nodes as processes."""

from __future__ import annotations

import os
from pathlib import Path

# How long anything may take that normally takes well under a second, in seconds: a busy machine
# takes its time.
PATIENCE = 120.0
TEST = Path(__file__).resolve().parent.parent
ROOT = TEST.parent


def environment(*folders: Path) -> dict[str, str]:
    """Return this process's environment for one that imports from these folders and `support`."""
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(str(path) for path in (TEST, *folders))}
