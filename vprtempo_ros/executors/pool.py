"""Processes of this machine that work on tasks, one at a time each."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Generic

from ..errors import VprError
from ..support.parallel import cores
from .executor import R, Task, Work
from .worker import FAILED, PROGRESS, REFUSED

# How often a task is tried that a worker died of.
_ATTEMPTS = 3
# How long a worker may take to end, in seconds.
_PATIENCE = 5.0


class Pool(Generic[R]):
    """
    Processes and the tasks that they work on.

    One that dies costs its task again, and nothing else. Without a task none is started.
    """

    def __init__(
        self, work: Work[R], workers: int, report: Callable[[int, int, int], None] | None = None
    ) -> None:
        """
        Use this number of processes, which share the cores.

        :param report: called with the number of a task, how much of it is done, and of how much.
        """
        self._work, self._most, self._report = work, workers, report
        self._threads = max(1, cores() // max(workers, 1))
        self._workers: dict[Connection, _Worker] = {}
        # By number: those without a result yet, of which some wait for a process.
        self._tasks: dict[int, Task] = {}
        self._waiting: deque[int] = deque()
        self._attempts: dict[int, int] = {}

    def __len__(self) -> int:
        """Return the number of tasks without a result."""
        return len(self._tasks)

    def add(self, number: int, task: Task) -> None:
        """Add a task, which waits until it is given to a process."""
        self._tasks[number] = task
        self._waiting.append(number)

    def give(self) -> None:
        """Give tasks that wait to processes that do not work."""
        while self._waiting and len(self._workers) < self._most:
            # All at once: a task that is larger than a pipe waits until the process has started.
            started = _Worker(self._threads)
            self._workers[started.connection] = started
        idle = [each for each in self._workers.values() if each.number is None]
        for worker, number in zip(idle, list(self._waiting)):
            self._waiting.popleft()
            worker.give(self._work, number, self._tasks[number])

    def receive(self, timeout: float) -> Iterator[tuple[int, R]]:
        """
        Yield what is done, with its number, after waiting for this many seconds at most.

        :raises VprError: the first one that a task raises, or if processes die of one.
        """
        for connection in wait(list(self._workers), timeout):
            assert isinstance(connection, Connection)
            worker = self._workers[connection]
            number = worker.number
            try:
                kind, content = connection.recv()
            except (EOFError, OSError, pickle.UnpicklingError):
                del self._workers[connection]
                self._died(worker)
                continue
            if number is None:
                continue
            if kind != PROGRESS:
                worker.number = None
                yield number, _outcome(kind, content, self._tasks.pop(number))
            elif self._report is not None:
                self._report(number, *content)

    def end(self) -> None:
        """End all processes, in the middle of a task too."""
        for worker in self._workers.values():
            worker.end()

    def _died(self, worker: _Worker) -> None:
        """Clear up after a process that has died, whose task is the next one to be given."""
        reason, number = worker.end(), worker.number
        if number is None:
            return
        self._attempts[number] = self._attempts.get(number, 0) + 1
        if self._attempts[number] >= _ATTEMPTS:
            raise VprError(
                f'{self._tasks[number].path}: {_ATTEMPTS} processes died while they read it, the '
                f'last one by {reason}: is there enough memory? training.workers limits the '
                'processes'
            )
        self._waiting.appendleft(number)


def _outcome(kind: str, content: Any, task: Task) -> Any:
    """Return the result of a task, or raise what it raised."""
    if kind == REFUSED:
        raise content
    if kind == FAILED:
        raise RuntimeError(f'{task.path}: {content}')
    return content


class _Worker:
    """A process; number: of the task that it works on."""

    def __init__(self, threads: int) -> None:
        self.number: int | None = None
        self.connection, theirs = Pipe()
        descriptor = theirs.fileno()
        root = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join(filter(None, [root, os.environ.get('PYTHONPATH')]))
        limits = dict.fromkeys(('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS'), str(threads))
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'vprtempo_ros.executors.worker', str(descriptor)],
            stdin=subprocess.DEVNULL,
            pass_fds=[descriptor],
            env={**os.environ, **limits, 'PYTHONPATH': path},
        )
        theirs.close()

    def give(self, work: Work[Any], number: int, task: Task) -> None:
        """Let it work on a task; that it has died is noticed when its result is awaited."""
        self.number = number
        try:
            self.connection.send((work, task))
        except OSError:
            pass

    def end(self) -> str:
        """End it, in the middle of a task too; return what it died of."""
        self.connection.close()
        try:
            status = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        return signal.Signals(-status).name if status < 0 else f'exit status {status}'
