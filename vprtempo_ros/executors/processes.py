"""The executor of processes on this machine."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ..errors import VprError
from ..support.parallel import cores
from ..support.progress import ProgressCallback
from .executor import R, Take, Task, TotalProgress, Work
from .worker import FAILED, PROGRESS, REFUSED

# How often a task is tried that a worker died of.
_ATTEMPTS = 3
# How long a worker may take to end, in seconds.
_PATIENCE = 5.0


class Processes:
    """
    Runs tasks in processes of this machine, each of which works on one at a time.

    A process that dies costs its task again, and nothing else.
    """

    def __init__(self, workers: int = 0) -> None:
        """Use this number of processes; 0: one for each core."""
        self._workers = workers or cores()

    def run(
        self,
        work: Work[R],
        tasks: Sequence[Task],
        stage: str,
        progress: ProgressCallback,
        take: Take[R],
    ) -> None:
        """Run the tasks; one of them alone is run here."""
        total = TotalProgress(stage, len(tasks), progress)
        waiting = deque(enumerate(tasks))
        attempts = [0] * len(tasks)
        workers: dict[Connection, Worker] = {}
        threads = max(1, cores() // min(self._workers, len(tasks)))
        try:
            while waiting or any(each.number is not None for each in workers.values()):
                while waiting and len(workers) < self._workers:
                    started = Worker(threads)
                    workers[started.connection] = started
                    started.give(work, *waiting.popleft())
                for connection in wait(list(workers), 1.0):
                    assert isinstance(connection, Connection)
                    worker = workers[connection]
                    number = worker.number
                    assert number is not None
                    try:
                        kind, content = connection.recv()
                    except (EOFError, OSError, pickle.UnpicklingError):
                        del workers[connection]
                        attempts[number] += 1
                        worker.died(tasks[number], attempts[number])
                        waiting.appendleft((number, tasks[number]))
                        continue
                    if kind == PROGRESS:
                        total.report(number, *content)
                        continue
                    result = outcome(kind, content, tasks[number])
                    total.report(number, 1, 1)
                    take(number, result)
                    worker.number = None
                    if waiting:
                        worker.give(work, *waiting.popleft())
                    else:
                        del workers[connection]
                        worker.end()
                total.show()
        finally:
            for worker in workers.values():
                worker.end()


def outcome(kind: str, content: Any, task: Task) -> Any:
    """Return the result of a task, or raise what it raised."""
    if kind == REFUSED:
        raise content
    if kind == FAILED:
        raise RuntimeError(f'{task.path}: {content}')
    return content


class Worker:
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

    def died(self, task: Task, attempts: int) -> None:
        """
        Clear up after it has died of a task.

        :raises VprError: if that was the last attempt.
        """
        reason = self.end()
        if attempts >= _ATTEMPTS:
            raise VprError(
                f'{task.path}: {_ATTEMPTS} processes died while they read it, the last one by '
                f'{reason}: is there enough memory? training.workers limits the processes'
            )

    def end(self) -> str:
        """End it, in the middle of a task too; return what it died of."""
        self.connection.close()
        try:
            status = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        return signal.Signals(-status).name if status < 0 else f'exit status {status}'
