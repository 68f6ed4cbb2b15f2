"""Tasks in processes of this machine: results, deaths, refusals, cancelling."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from support import PATIENCE, environment
from support.executed import (
    NumberedTask,
    broken,
    deadly,
    deadly_once,
    pids,
    refusing,
    slow,
    squared,
)

from vprtempo_ros.config import TrainingConfig
from vprtempo_ros.errors import ConfigError, SourceError, VprError
from vprtempo_ros.executors.choice import check_executor, executor_for
from vprtempo_ros.executors.executor import TotalProgress
from vprtempo_ros.executors.processes import Processes
from vprtempo_ros.executors.single import Single
from vprtempo_ros.support.progress import silent

pytestmark = pytest.mark.process


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[NumberedTask]:
    """Return five tasks whose workers can import this test's work."""
    monkeypatch.setenv('PYTHONPATH', environment()['PYTHONPATH'])
    return [NumberedTask(f'/bags/{number}', tmp_path, number) for number in range(5)]


def results(
    executor: Any, work: Any, tasks: list[NumberedTask], progress: Any = silent
) -> list[int]:
    """Run all tasks."""
    found: dict[int, int] = {}
    executor.run(work, tasks, 'all', progress, found.__setitem__)
    return [found[number] for number in range(len(tasks))]


def test_results_and_progress(tasks: list[NumberedTask]) -> None:
    """Each task is worked on once, by two processes that are gone then, with one progress."""
    reports: list[tuple[str, int, int]] = []
    found = results(Processes(2), squared, tasks, lambda *report: reports.append(report))
    assert found == [0, 1, 4, 9, 16]
    used = [pids(each) for each in tasks]
    assert all(len(each) == 1 for each in used)
    workers = {each[0] for each in used}
    assert len(workers) == 2 and os.getpid() not in workers
    assert not any(psutil.pid_exists(pid) for pid in workers)
    assert {stage for stage, _, _ in reports} == {'all'}
    done = [done for _, done, _ in reports]
    assert done == sorted(done) and reports[-1][1] == reports[-1][2]


def test_workers_that_die(tasks: list[NumberedTask]) -> None:
    """A death costs its task again, and nothing else."""
    assert results(Processes(2), deadly_once, tasks) == [0, 1, 4, 9, 16]
    assert [len(pids(each)) for each in tasks] == [1, 2, 1, 2, 1]


def test_a_task_that_kills(tasks: list[NumberedTask]) -> None:
    """It is given up after three deaths, in one line."""
    with pytest.raises(VprError, match=r'/bags/0: 3 processes died .* by SIGKILL: is there enough'):
        results(Processes(1), deadly, tasks[:1])
    assert len(pids(tasks[0])) == 3


def test_refusals_and_defects(tasks: list[NumberedTask]) -> None:
    """What a task raises is raised here: a line for users, a traceback of a defect."""
    with pytest.raises(SourceError, match=r'^/bags/\d: not usable$'):
        results(Processes(2), refusing, tasks)
    with pytest.raises(RuntimeError, match=r'(?s)/bags/\d: Traceback.*ValueError: a defect'):
        results(Processes(2), broken, tasks)


def test_cancelling(tasks: list[NumberedTask]) -> None:
    """A progress that raises ends the processes in the middle of their tasks."""

    class Cancelled(Exception):
        pass

    def cancel(stage: str, done: int, total: int) -> None:
        if len([each for each in tasks if pids(each)]) == 2:
            raise Cancelled

    started = time.monotonic()
    with pytest.raises(Cancelled):
        results(Processes(2), slow, tasks, cancel)
    assert time.monotonic() - started < PATIENCE
    assert not any(psutil.pid_exists(pid) for each in tasks for pid in pids(each))


def test_progress_does_not_go_back() -> None:
    """A task that is worked on again reports less than before."""
    reports: list[int] = []
    total = TotalProgress('all', 2, lambda stage, done, of: reports.append(done))
    for done in (1, 5, 2, 7):
        total.report(0, done, 10)
    total.report(1, 0, 0)
    assert reports == [100, 500, 500, 700, 700]


def test_the_choice(tasks: list[NumberedTask], tmp_path: Path) -> None:
    """Processes where several recordings are large, unless something else is asked for."""
    one, many = tasks[:1], tasks
    assert isinstance(executor_for(TrainingConfig(), many), Single)
    assert isinstance(executor_for(TrainingConfig(executor='processes'), many), Processes)
    assert isinstance(executor_for(TrainingConfig(executor='processes'), one), Single)
    large = tmp_path / 'bag' / 'bag_0.mcap'
    large.parent.mkdir()
    with large.open('wb') as stream:
        stream.truncate(40 << 20)
    many = [NumberedTask(str(path), tmp_path, 0) for path in (large.parent, large)]
    for workers, kind in (
        (1, Single),
        (0, Processes if len(os.sched_getaffinity(0)) > 1 else Single),
    ):
        assert isinstance(executor_for(TrainingConfig(workers=workers), many), kind)
    assert isinstance(executor_for(TrainingConfig(executor='single'), many), Single)


def test_settings_that_do_not_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each, before anything is read."""
    with pytest.raises(ConfigError, match='but training.executor is empty: set it to dask'):
        check_executor(TrainingConfig(scheduler='tcp://host:8786'))
    with pytest.raises(ConfigError, match='training.executor dask needs training.scheduler'):
        check_executor(TrainingConfig(executor='dask'))
    monkeypatch.setitem(sys.modules, 'distributed', None)
    with pytest.raises(ConfigError, match='distributed is not installed: pip install distributed'):
        check_executor(TrainingConfig(executor='dask', scheduler='tcp://host:8786'))
