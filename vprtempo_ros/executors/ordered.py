"""A stream of tasks in processes of this machine, with results in order and bounded memory."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Generic

from ..support.parallel import cores
from .executor import R, Task, Work
from .processes import Worker, outcome
from .worker import PROGRESS

# Tasks of each worker that are read before the result of the first of them is taken.
_AHEAD = 3


def in_order(work: Work[R], tasks: Iterable[Task], workers: int) -> Iterator[R]:
    """
    Yield the result of each task, in order; tasks are taken from a stream while others run.

    A process that dies costs its task again, and nothing else. Without a task none is started.

    :param workers: processes.
    :raises VprError: the first one that a task raises, or if processes die of one.
    """
    yield from _Stream(work, iter(tasks), workers).results()


class _Stream(Generic[R]):
    """The tasks of a stream that are read, and the processes that work on them."""

    def __init__(self, work: Work[R], source: Iterator[Task], workers: int) -> None:
        self._work, self._source, self._most = work, source, workers
        self._threads = max(1, cores() // max(workers, 1))
        self._workers: dict[Connection, Worker] = {}
        # By number: those without a result yet, of which some wait for a process; the results.
        self._tasks: dict[int, Task] = {}
        self._waiting: deque[int] = deque()
        self._done: dict[int, R] = {}
        self._attempts: dict[int, int] = {}
        self._read = 0

    def results(self) -> Iterator[R]:
        """Yield the results."""
        number = 0
        try:
            while True:
                while number in self._done:
                    yield self._done.pop(number)
                    number += 1
                more = self._read - number < _AHEAD * self._most and self._take()
                if not more and not self._tasks:
                    return
                self._give()
                # Not waiting while there is more to read.
                for connection in wait(list(self._workers), 0.0 if more else 1.0):
                    assert isinstance(connection, Connection)
                    self._receive(connection)
        finally:
            for worker in self._workers.values():
                worker.end()

    def _take(self) -> bool:
        """Read the next task, if there is one."""
        task = next(self._source, None)
        if task is None:
            return False
        self._tasks[self._read] = task
        self._waiting.append(self._read)
        self._read += 1
        return True

    def _give(self) -> None:
        """Give tasks that wait to processes that do not work."""
        while self._tasks and len(self._workers) < self._most:
            # All at once: a task that is larger than a pipe waits until the process has started.
            started = Worker(self._threads)
            self._workers[started.connection] = started
        idle = [each for each in self._workers.values() if each.number is None]
        for worker, number in zip(idle, list(self._waiting)):
            self._waiting.popleft()
            worker.give(self._work, number, self._tasks[number])

    def _receive(self, connection: Connection) -> None:
        """Take what a process has to say."""
        worker = self._workers[connection]
        number = worker.number
        try:
            kind, content = connection.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            del self._workers[connection]
            if number is not None:
                attempts = self._attempts[number] = self._attempts.get(number, 0) + 1
                worker.died(self._tasks[number], attempts)
                self._waiting.appendleft(number)
            return
        if kind != PROGRESS and number is not None:
            self._done[number] = outcome(kind, content, self._tasks.pop(number))
            worker.number = None
