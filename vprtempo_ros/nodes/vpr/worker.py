"""A thread that works on items, and between them on tasks."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future
from typing import Callable, Generic, TypeVar

T = TypeVar('T')
R = TypeVar('R')


class Worker(ABC, Generic[T]):
    """
    Runs `work(item)` in its own thread; a subclass decides which items wait and which are dropped.

    After an item, while none waits, `idle()` is run until it returns False. `dropped` counts the
    items that were not worked on.
    """

    def __init__(self, work: Callable[[T], None], idle: Callable[[], bool], name: str) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self.dropped = 0
        self._work, self._idle = work, idle
        self._tasks: deque[Callable[[], None]] = deque()
        self._running = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Add an item; returns at once."""
        with self._changed:
            self._add(item)
            self._changed.notify()

    def run_between_items(self, task: Callable[[], R]) -> R:
        """
        Run a task in the thread, after the present item and before those that wait.

        Return what it returns, and raise what it raises. Not to be called from the thread itself,
        nor after `stop`.
        """
        future: Future[R] = Future()

        def run() -> None:
            try:
                future.set_result(task())
            except BaseException as error:  # noqa: BLE001 - raised in the calling thread
                future.set_exception(error)

        with self._changed:
            self._tasks.append(run)
            self._changed.notify()
        return future.result()

    def stop(self) -> None:
        """Finish the present item, drop those that wait, end the thread."""
        with self._changed:
            self._running = False
            self._changed.notify()
        self._thread.join()

    @abstractmethod
    def _add(self, item: T) -> None:
        """Let an item wait."""

    @abstractmethod
    def _take(self) -> T | None:
        """Remove and return the next item, or None if none waits."""

    def _run(self) -> None:
        more = False
        while True:
            task, item = None, None
            with self._changed:
                while self._running and not self._tasks and (item := self._take()) is None:
                    if more:
                        break
                    self._changed.wait()
                if not self._running:
                    return
                if item is None and self._tasks:
                    task = self._tasks.popleft()
            if task is not None:
                task()
            elif item is None:
                more = self._idle()
            else:
                self._work(item)
                more = True
