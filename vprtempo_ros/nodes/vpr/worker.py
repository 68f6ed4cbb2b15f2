"""A thread that works on what is handed over to it, item by item."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from concurrent.futures import Future
from typing import Any, Callable, Generic, TypeVar

T = TypeVar('T')
R = TypeVar('R')


class Worker(ABC, Generic[T]):
    """
    Runs `work(item)` in a thread of its own; what may wait, and what is dropped, a subclass says.

    After an item, while none waits, `idle()` is run until it returns False. `dropped` counts the
    items that there was no time for.
    """

    def __init__(self, work: Callable[[T], None], idle: Callable[[], bool], name: str) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self.dropped = 0
        self._work, self._idle = work, idle
        self._errands: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._running = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item; returns at once."""
        with self._changed:
            self._add(item)
            self._changed.notify()

    def between(self, errand: Callable[[], R]) -> R:
        """
        Run something in the thread between two items, before those that wait, and wait for it.

        What it returns is returned, what it raises is raised. Not to be called from the
        thread itself, nor after `stop`.
        """
        future: Future[R] = Future()
        with self._changed:
            self._errands.append((errand, future))
            self._changed.notify()
        return future.result()

    def stop(self) -> None:
        """Let the work under way finish, drop what waits, end the thread."""
        with self._changed:
            self._running = False
            self._changed.notify()
        self._thread.join()

    @abstractmethod
    def _add(self, item: T) -> None:
        """Have an item wait."""

    @abstractmethod
    def _take(self) -> T | None:
        """Return the next item and have it wait no longer, or None if none waits."""

    def _run(self) -> None:
        more = False
        while True:
            errand, item = None, None
            with self._changed:
                while self._running and not self._errands and (item := self._take()) is None:
                    if more:
                        break
                    self._changed.wait()
                if not self._running:
                    return
                if item is None and self._errands:
                    errand = self._errands.popleft()
            if errand is not None:
                _fulfil(*errand)
            elif item is None:
                more = self._idle()
            else:
                self._work(item)
                more = True


def _fulfil(errand: Callable[[], Any], future: Future[Any]) -> None:
    try:
        future.set_result(errand())
    except BaseException as error:  # noqa: BLE001 - raised where it was asked for
        future.set_exception(error)
