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
from vprtempo_ros.executors.ordered import in_order

pytestmark = pytest.mark.process


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[NumberedTask]:
    """Return tasks whose workers can import this test's work."""
    monkeypatch.setenv('PYTHONPATH', environment()['PYTHONPATH'])
    return [NumberedTask(f'/bags/{number}', tmp_path, number) for number in range(30)]


def here(task: NumberedTask) -> int:
    """Return the square of the number, in this process."""
    return task.number**2


def test_results_are_in_order_and_tasks_are_taken_late(tasks: list[NumberedTask]) -> None:
    """The first ones are worked on here, the others in two processes, which are gone then."""
    taken = 0

    def stream() -> Iterator[NumberedTask]:
        nonlocal taken
        for task in tasks:
            taken += 1
            yield task

    ahead = []
    for number, result in enumerate(in_order(squared, here, stream(), 2, 4)):
        assert result == number**2
        ahead.append(taken - number)
    assert len(ahead) == 30 and max(ahead) <= 8
    workers = {pid for task in tasks for pid in pids(task)}
    assert [len(pids(task)) for task in tasks] == [0] * 4 + [1] * 26
    assert os.getpid() not in workers and len(workers) <= 2
    assert not any(psutil.pid_exists(pid) for pid in workers)


@pytest.mark.parametrize(('count', 'workers'), [(0, 2), (4, 2), (9, 1)])
def test_short_streams_start_no_process(
    tasks: list[NumberedTask], count: int, workers: int
) -> None:
    """Nor does one worker."""
    found = list(in_order(squared, here, tasks[:count], workers, 4))
    assert found == [number**2 for number in range(count)]
    assert not any(pids(task) for task in tasks)


def test_deaths_refusals_and_streams_that_fail(tasks: list[NumberedTask]) -> None:
    """A death costs its task again; a task that kills is given up; errors are raised here."""
    found = list(in_order(deadly_once, here, tasks[:6], 2, 1))
    assert found == [0, 1, 4, 9, 16, 25]
    assert [len(pids(task)) for task in tasks[1:6]] == [2, 1, 2, 1, 2]
    with pytest.raises(VprError, match=r'/bags/11: 3 processes died .* by SIGKILL: is there'):
        list(in_order(deadly, here, tasks[10:12], 2, 1))
    with pytest.raises(SourceError, match=r'^/bags/\d: not usable$'):
        list(in_order(refusing, here, tasks[:5], 2, 1))

    def failing() -> Iterator[NumberedTask]:
        yield from tasks[20:23]
        raise SourceError('cut off')

    with pytest.raises(SourceError, match='^cut off$'):
        list(in_order(squared, here, failing(), 2, 1))
    assert not any(psutil.pid_exists(pid) for task in tasks for pid in pids(task))
