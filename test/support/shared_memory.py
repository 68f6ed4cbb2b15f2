"""Shared memory that killed processes leave: 33 MB each, which fills the memory in a whole run."""

from __future__ import annotations

import fcntl
import re
import time
from pathlib import Path

_FOLDER = Path('/dev/shm')
# A segment's lock file, which Fast DDS holds as long as the process runs.
_LOCK = re.compile('fastrtps_[0-9a-f]{16}_el')
# Between making its lock file and holding it, a process needs less, in seconds.
_NEW = 30.0


def remove_abandoned() -> int:
    """Remove the segments of Fast DDS whose processes have ended; return their number."""
    removed = 0
    for lock in _FOLDER.glob('fastrtps_*_el'):
        if not _LOCK.fullmatch(lock.name):
            continue
        try:
            if time.time() - lock.stat().st_mtime < _NEW:
                continue
            with lock.open('rb') as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                lock.with_name(lock.name.removesuffix('_el')).unlink(missing_ok=True)
                lock.unlink()
        except OSError:
            # In use, or removed by another process that runs tests.
            continue
        removed += 1
    return removed
