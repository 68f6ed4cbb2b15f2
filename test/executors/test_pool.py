"""Processes with their tasks: those that die without one, and tasks that come later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from multiprocessing import Pipe
from pathlib import Path

import psutil
import pytest
from support import PATIENCE, environment
from support.executed import NumberedTask, pids, squared

from vprtempo_ros.executors.pool import Pool
from vprtempo_ros.executors.worker import FAILED

pytestmark = pytest.mark.process


def results(pool: Pool[int], count: int) -> dict[int, int]:
    """Return this many results."""
    found: dict[int, int] = {}
    until = time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < until:
        pool.give()
        found.update(pool.receive(1.0))
    return found


def test_a_process_that_dies_idle_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs nothing, and tasks that are added later are worked on."""
    monkeypatch.setenv('PYTHONPATH', environment()['PYTHONPATH'])
    tasks = [NumberedTask(f'/bags/{number}', tmp_path, number) for number in range(5)]
    pool = Pool(squared, 1)
    try:
        assert list(pool.receive(0.0)) == [] and len(pool) == 0
        pool.add(0, tasks[0])
        assert len(pool) == 1
        assert results(pool, 1) == {0: 0}
        (killed,) = pids(tasks[0])
        os.kill(killed, signal.SIGKILL)
        for number in range(1, 5):
            pool.add(number, tasks[number])
        assert results(pool, 4) == {1: 1, 2: 4, 3: 9, 4: 16}
        assert len(pool) == 0
    finally:
        pool.end()
    used = {pid for task in tasks for pid in pids(task)}
    assert len(used) == 2 and not any(psutil.pid_exists(pid) for pid in used)


def test_workers_end_when_nobody_has_work_for_them() -> None:
    """In one way: two threads that both end Python crash it now and then."""
    workers = []
    for _ in range(6):
        own, other = Pipe()
        command = [sys.executable, '-m', 'vprtempo_ros.executors.worker', str(other.fileno())]
        workers.append(
            (own, subprocess.Popen(command, pass_fds=[other.fileno()], env=environment()))
        )
        other.close()
    for own, _ in workers:
        own.send((abs, -1))
    # A worker calls its work with the task and what takes its progress.
    assert [own.recv()[0] for own, _ in workers] == [FAILED] * 6
    for own, _ in workers:
        own.close()
    assert [process.wait(PATIENCE) for _, process in workers] == [1] * 6
