"""A stream of tasks in processes: results in order, bounded memory, deaths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import environment
from support.executed import NumberedTask, deadly, deadly_once, pids, refusing, squared

from vprtempo_ros.errors import SourceError, VprError
from vprtempo_ros.executors.ordered import streamed

pytestmark = pytest.mark.process


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[NumberedTask]:
    """Return tasks whose workers can import this test's work."""
    monkeypatch.setenv('PYTHONPATH', environment()['PYTHONPATH'])
    return [NumberedTask(f'/bags/{number}', tmp_path, number) for number in range(30)]


def test_results_are_in_order_and_tasks_are_taken_late(tasks: list[NumberedTask]) -> None:
    """Two processes, which are gone then, are a few tasks ahead."""
    taken = 0

    def stream() -> Iterator[NumberedTask]:
        nonlocal taken
        for task in tasks:
            taken += 1
            yield task

    ahead = []
    for number, result in enumerate(streamed(squared, stream(), 2)):
        assert result == number**2
        ahead.append(taken - number)
    assert len(ahead) == 30 and max(ahead) <= 8
    workers = {pid for task in tasks for pid in pids(task)}
    assert [len(pids(task)) for task in tasks] == [1] * 30
    assert os.getpid() not in workers and len(workers) == 2
    assert not any(psutil.pid_exists(pid) for pid in workers)


def test_no_tasks_start_no_process() -> None:
    """There is nothing to wait for."""
    assert list(streamed(squared, [], 2)) == []


def test_deaths_refusals_and_streams_that_fail(tasks: list[NumberedTask]) -> None:
    """A death costs its task again; a task that kills is given up; errors are raised here."""
    found = list(streamed(deadly_once, tasks[:6], 2))
    assert found == [0, 1, 4, 9, 16, 25]
    assert [len(pids(task)) for task in tasks[:6]] == [1, 2] * 3
    with pytest.raises(VprError, match=r'/bags/10: 3 processes died .* by SIGKILL: is there'):
        list(streamed(deadly, tasks[10:11], 2))
    with pytest.raises(SourceError, match=r'^/bags/\d: not usable$'):
        list(streamed(refusing, tasks[:5], 2))

    def failing() -> Iterator[NumberedTask]:
        yield from tasks[20:23]
        raise SourceError('cut off')

    with pytest.raises(SourceError, match='^cut off$'):
        list(streamed(squared, failing(), 2))
    assert not any(psutil.pid_exists(pid) for task in tasks for pid in pids(task))
