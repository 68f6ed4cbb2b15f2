"""Segments that killed nodes leave are removed after a test, and those of running ones are not."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from support import ros, shared_memory


def segments_of(node: ros.Process) -> set[Path]:
    """Return the lock files of a running node's own segments of Fast DDS, which it holds open."""
    opened: set[Path] = set()
    for link in Path(f'/proc/{node.process.pid}/fd').iterdir():
        # Others are opened and closed meanwhile.
        with suppress(FileNotFoundError):
            opened.add(link.readlink())
    return {file for file in opened if re.fullmatch('/dev/shm/fastrtps_[0-9a-f]{16}_el', str(file))}


def test_only_abandoned_ones(tmp_path: Path) -> None:
    """Of two nodes one is killed; only what it leaves is removed."""
    if os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp') != 'rmw_fastrtps_cpp':
        pytest.skip('another middleware than Fast DDS')
    missing = {'map': tmp_path / 'missing'}
    with (
        ros.node(tmp_path, 'vpr_node', parameters=missing) as kept,
        ros.node(tmp_path, 'vpr_node', parameters=missing) as killed,
    ):
        for node in (kept, killed):
            node.wait_for('missing')
        # Other tests may share the machine: only segments of these nodes are looked at.
        own, left = segments_of(kept), segments_of(killed)
        assert own
        assert left
        assert not own & left
        killed.end(signal.SIGKILL)
        for lock in own | left:
            # As old as those that are no longer being made.
            os.utime(lock, (0, 0))
        assert shared_memory.remove_abandoned()
        assert not any(lock.exists() for lock in left)
        assert all(lock.exists() for lock in own)
