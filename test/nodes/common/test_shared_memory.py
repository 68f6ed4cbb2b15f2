"""Segments that killed nodes leave are removed after a test, and those of running ones are not."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from support import ros, shared_memory


def segments() -> set[str]:
    """Return the names of the segments of Fast DDS on this machine."""
    return {file.name for file in Path('/dev/shm').glob('fastrtps_*_el')}


def test_only_abandoned_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two nodes one is killed; only what it leaves is removed."""
    if os.environ.get('RMW_IMPLEMENTATION', 'rmw_fastrtps_cpp') != 'rmw_fastrtps_cpp':
        pytest.skip('another middleware than Fast DDS')
    monkeypatch.setattr(shared_memory, '_NEW', 0.0)
    # Several runs may share the machine: only new ones are of this test.
    missing = {'map': tmp_path / 'missing'}
    with ros.node(tmp_path, 'vpr_node', parameters=missing) as kept:
        kept.wait_for('missing')
        before = segments()
        with ros.node(tmp_path, 'vpr_node', parameters=missing) as killed:
            killed.wait_for('missing')
            own = segments() - before
            assert own
            killed.end(signal.SIGKILL)
        assert shared_memory.remove_abandoned()
        # Ports are not segments.
        assert not {name for name in own & segments() if 'port' not in name}
        assert before <= segments()
