"""A real Dask scheduler with workers as processes over TCP, one of them killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support import PATIENCE, ROOT, environment
from support.executed import NumberedTask, deadly, pids, refusing, slow, squared
from support.helpers import drive, tiny_config, tree
from support.measuring import unmeasured

from vprtempo_ros.demo.processes import running
from vprtempo_ros.errors import ConfigError, SourceError, VprError
from vprtempo_ros.executors import dask_cluster
from vprtempo_ros.executors.dask_cluster import DaskCluster
from vprtempo_ros.maps import building
from vprtempo_ros.maps.store import save
from vprtempo_ros.support.progress import silent

pytest.importorskip('distributed', reason='pip install distributed')

HOST = '127.0.0.1'


class Cluster:
    """A scheduler and workers, each a process."""

    def __init__(self, folder: Path, stack: ExitStack, path: Path = ROOT) -> None:
        self._folder, self._stack = folder, stack
        # Nothing runs there but what workers run too.
        with unmeasured():
            self.scheduler, log = self._start('dask_scheduler', '--port', '0', path=path)
        self.address = self._after(log, 'Scheduler at:')
        self.workers: list[subprocess.Popen[str]] = []

    def add_worker(self, path: Path = ROOT) -> None:
        """Start a worker that imports the package from a folder, and wait until it is known."""
        process, log = self._start(
            'dask_worker', self.address, '--no-nanny', '--nthreads', '1', path=path
        )
        self.workers.append(process)
        self._after(log, 'Registered to:')

    def _start(
        self, module: str, *words: str, path: Path = ROOT
    ) -> tuple[subprocess.Popen[str], Path]:
        number = len(list(self._folder.glob('*.log')))
        log = self._folder / f'{number}.log'
        command = [sys.executable, '-m', f'distributed.cli.{module}', *words]
        command += ['--host', HOST, '--no-dashboard']
        found = [each for each in sys.path if (Path(each) / 'distributed').is_dir()]
        env = {**environment(path, *map(Path, found)), 'OMP_NUM_THREADS': '1'}
        stream = self._stack.enter_context(log.open('w'))
        return self._stack.enter_context(
            running(command, env, stream, errors=subprocess.STDOUT)
        ), log

    def _after(self, log: Path, words: str) -> str:
        """Return what follows some words in a log."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for line in log.read_text().splitlines():
                if words in line:
                    return line.partition(words)[2].split()[0]
            time.sleep(0.05)
        pytest.fail(f'{words!r} not in {log.read_text()}')


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Return a scheduler without workers."""
    folder = tmp_path / 'cluster'
    folder.mkdir()
    monkeypatch.chdir(folder)
    with ExitStack() as stack:
        yield Cluster(folder, stack)


def new_tasks(folder: Path, count: int = 4) -> list[NumberedTask]:
    """Return tasks whose recordings are there."""
    found = [NumberedTask(str(folder / f'bag{n}'), folder, n) for n in range(count)]
    for each in found:
        Path(each.path).touch()
    return found


def results(
    cluster: Cluster, work: Any, tasks: list[NumberedTask], progress: Any = silent
) -> list[int]:
    """Run all tasks."""
    found: dict[int, int] = {}
    DaskCluster(cluster.address).run(work, tasks, 'all', progress, found.__setitem__)
    return [found[number] for number in range(len(tasks))]


def test_a_worker_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    """It costs the task that it was working on, and nothing else; one progress shows all."""
    for _ in range(2):
        cluster.add_worker()
    tasks = new_tasks(tmp_path)
    killed: list[NumberedTask] = []
    reports: list[tuple[str, int, int]] = []

    def kill(stage: str, done: int, total: int) -> None:
        reports.append((stage, done, total))
        begun = [each for each in tasks if pids(each)]
        # Progress of tasks that are not done yet has come from the workers.
        if not killed and len(begun) == 2 and done:
            killed.append(begun[0])
            os.kill(pids(begun[0])[0], signal.SIGKILL)
        elif killed and len(pids(killed[0])) == 1:
            (tmp_path / 'go').touch()

    assert results(cluster, slow, tasks, kill) == [0, 1, 4, 9]
    assert [len(pids(each)) for each in tasks] == [1 + (each in killed) for each in tasks]
    assert {stage for stage, _, _ in reports} == {'all'}
    assert [done for _, done, _ in reports] == sorted(done for _, done, _ in reports)
    # It is used again, by a later training.
    assert results(cluster, squared, tasks) == [0, 1, 4, 9]


def test_the_same_map(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of a cluster, whose worker is killed on the way, has the bytes of one made here."""
    monkeypatch.setattr(building, 'now', lambda: '2026-01-01T00:00:00+00:00')
    # What the one that is killed has measured is lost.
    with unmeasured():
        cluster.add_worker()
    cluster.add_worker()
    bags = [drive(tmp_path / f'bag{n}', range(8), range(n, n + 8)) for n in range(6)]
    config = {'places__bags': 'all'}
    here = save(building.build_map(tiny_config(*bags, **config)), tmp_path / 'here')
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        if stage == 'reading 6 recordings' and not killed:
            killed.append(cluster.workers[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    remote = tiny_config(
        *bags, **config, training__executor='dask', training__scheduler=cluster.address
    )
    there = save(building.build_map(remote, kill), tmp_path / 'there')
    assert killed
    assert tree(here) == tree(there)


def refused(cluster: Cluster, work: Any, tasks: list[NumberedTask], kind: type[Exception]) -> str:
    """Return the line with which a training is refused."""
    with pytest.raises(kind) as error:
        results(cluster, work, tasks)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_what_is_missing(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No workers; a recording that none of them sees; one that is of no use; a deadly one."""
    tasks = new_tasks(tmp_path)
    monkeypatch.setattr(dask_cluster, '_FIRST', 0.5)
    line = refused(cluster, squared, tasks, ConfigError)
    assert f'at {cluster.address} has no workers: start `dask worker {cluster.address}`' in line
    cluster.add_worker()
    Path(tasks[2].path).unlink()
    line = refused(cluster, squared, tasks, VprError)
    assert f'{tasks[2].path}: no worker of the Dask cluster sees it (1 worker(s) on {HOST})' in line
    Path(tasks[2].path).touch()
    line = refused(cluster, refusing, tasks, SourceError)
    assert line.startswith(str(tmp_path)) and ': not usable (on worker ' in line
    # The last worker dies, and no other comes.
    monkeypatch.setattr(dask_cluster, '_LOST', 1.0)
    line = refused(cluster, deadly, tasks[:1], VprError)
    assert 'the workers of the Dask cluster that saw it are gone' in line


def test_a_task_that_kills(cluster: Cluster, tmp_path: Path) -> None:
    """It is given up after several workers have died of it, in one line."""
    with unmeasured():
        for _ in range(4):
            cluster.add_worker()
    line = refused(cluster, deadly, new_tasks(tmp_path, 1), VprError)
    assert 'several workers of the Dask cluster died while they read it' in line


def other_packages(folder: Path) -> tuple[Path, Path]:
    """Return folders with a package that cannot be imported, and one of another version."""
    none, other = folder / 'none' / 'vprtempo_ros', folder / 'other' / 'vprtempo_ros'
    for path in (none, other):
        path.mkdir(parents=True)
    (none / '__init__.py').write_text('raise ImportError\n')
    (other / '__init__.py').touch()
    (other / 'version.py').write_text("__version__ = '0.0.1'\n")
    return none.parent, other.parent


def test_workers_that_do_not_fit(cluster: Cluster, tmp_path: Path) -> None:
    """Without the package, and with another version of it."""
    tasks = new_tasks(tmp_path)
    none, other = other_packages(tmp_path)
    cluster.add_worker(none)
    line = refused(cluster, squared, tasks, ConfigError)
    assert line.startswith('Dask worker tcp://127.0.0.1:')
    assert 'has no vprtempo_ros, expected' in line
    cluster.workers[0].send_signal(signal.SIGINT)
    cluster.workers[0].wait(PATIENCE)
    cluster.add_worker(other)
    line = refused(cluster, squared, tasks, ConfigError)
    assert 'has vprtempo_ros 0.0.1, expected' in line


def test_a_scheduler_that_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs the package as the workers do."""
    monkeypatch.chdir(tmp_path)
    none, _ = other_packages(tmp_path)
    with ExitStack() as stack:
        cluster = Cluster(tmp_path, stack, none)
        line = refused(cluster, squared, new_tasks(tmp_path), ConfigError)
    assert line.startswith(f'Dask scheduler {cluster.address} has no vprtempo_ros, expected')


def test_no_scheduler(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was never there, and one that goes away."""
    monkeypatch.setattr(dask_cluster, '_CONNECT', 1.0)
    tasks = new_tasks(tmp_path)
    with pytest.raises(ConfigError, match=r'^no Dask scheduler at tcp://127\.0\.0\.1:1 \('):
        DaskCluster('tcp://127.0.0.1:1').run(squared, tasks, 'all', silent, lambda *_: None)
    with unmeasured():
        cluster.add_worker()

    def kill(stage: str, done: int, total: int) -> None:
        if pids(tasks[0]) and cluster.scheduler.poll() is None:
            cluster.scheduler.kill()

    with pytest.raises(VprError, match='the Dask scheduler at .* was lost'):
        results(cluster, slow, tasks, kill)
    (tmp_path / 'go').touch()
