"""What the tests of the neuromorphic backends share."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import psutil
import pytest

from support import PATIENCE
from vprtempo_ros.support.lava_shim import lava_dl_is_installed, lava_is_installed

needs_lava = pytest.mark.skipif(not lava_is_installed(), reason='needs Lava: make lava')
needs_lava_dl = pytest.mark.skipif(
    not lava_dl_is_installed(), reason='needs lava-dl and torch: make lava on Python 3.11'
)


def processes_of_lava(parent: int | None = None) -> list[psutil.Process]:
    """Return the worker below a process (this one), and all that Lava has started there."""
    found = []
    for child in psutil.Process(parent).children(recursive=True):
        try:
            if 'vprtempo_ros.backends.lava.worker' in ' '.join(child.cmdline()):
                found.append(child)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def await_processes_of_lava(parent: int) -> list[psutil.Process]:
    """Wait until a process has started the worker; return what there is of it by then."""
    deadline = time.monotonic() + PATIENCE
    while not (found := processes_of_lava(parent)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert found
    return found


def sessions_of(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Wait until no process is in the sessions that these led; return those that stay."""
    led = {process.pid for process in processes}
    deadline = time.monotonic() + PATIENCE
    while True:
        found = [
            process
            for process in psutil.process_iter()
            if _runs(process) and _session(process.pid) in led
        ]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


def lava_processes(parent: int | None = None) -> list[psutil.Process]:
    """Return the same while Lava is running: the worker and one for each process of Lava."""
    found = processes_of_lava(parent)
    assert len(found) > 5
    return found


def shared_memory(processes: Iterable[psutil.Process]) -> set[Path]:
    """Return the files of shared memory that processes have."""
    return {
        Path(part.path)
        for process in processes
        for part in process.memory_maps()
        if part.path.startswith('/dev/shm/psm_')
    }


def assert_gone(processes: Iterable[psutil.Process]) -> None:
    """Wait until all have ended (a zombie has); fail if they do not."""
    deadline = time.monotonic() + PATIENCE
    left = list(processes)
    while left and time.monotonic() < deadline:
        left = [process for process in left if _runs(process)]
        time.sleep(0.05)
    assert not left, left


def assert_released(files: set[Path]) -> None:
    """Wait until none of these files is there; fail if one stays."""
    assert files
    deadline = time.monotonic() + PATIENCE
    while any(file.exists() for file in files) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [file for file in files if file.exists()]


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
