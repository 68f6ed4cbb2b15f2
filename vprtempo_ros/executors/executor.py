"""What all executors have in common: tasks in, results out, one progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from ..support.progress import ProgressCallback

R = TypeVar('R')

# Steps of a task in the progress of all of them.
_STEPS = 1000
# Minimum time between two reports of a worker, in seconds.
_PERIOD = 0.1


class Task(Protocol):
    """
    An argument of the work; it travels to other processes as a pickle.

    path: of the recording that a worker must see.
    """

    @property
    def path(self) -> str:
        """The path of the recording."""


Work = Callable[[Any, ProgressCallback], R]
"""A function of a module, of a task and its progress; the result depends on the task only."""

Take = Callable[[int, R], None]
"""Called with the number of a task and its result, in the order in which they are ready."""


class Executor(Protocol):
    """Runs a function for each of some tasks."""

    def run(
        self,
        work: Work[R],
        tasks: Sequence[Task],
        stage: str,
        progress: ProgressCallback,
        take: Take[R],
    ) -> None:
        """
        Run `work` once for each task, and hand over each result.

        :param stage: what is done, for the progress of several tasks; it may raise to cancel.
        :raises VprError: the first one that a task raises, or if the work cannot be done here.
        """


class TotalProgress:
    """The progress of tasks at the same time as one; it does not go back if one is repeated."""

    def __init__(self, stage: str, tasks: int, progress: ProgressCallback) -> None:
        """Start with nothing done."""
        self._stage, self._progress = stage, progress
        self._done = [0] * tasks

    def report(self, task: int, done: int, total: int) -> None:
        """Take the progress of a task."""
        if total:
            self._done[task] = max(self._done[task], _STEPS * min(done, total) // total)
        self.show()

    def show(self) -> None:
        """Report the progress of all tasks."""
        self._progress(self._stage, sum(self._done), _STEPS * len(self._done))


def seldom(send: Callable[[int, int], None]) -> ProgressCallback:
    """Return a callback that passes on how much is done, several times a second at the most."""
    last = 0.0

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PERIOD:
            last = now
            send(done, total)

    return report
