"""A worker that always takes the newest item, and counts those that it had no time for."""

from __future__ import annotations

import threading
from typing import Callable, Generic, TypeVar

T = TypeVar('T')


class NewestFirst(Generic[T]):
    """
    Runs `work(item)` in a thread of its own; an item that waits is replaced by a newer one.

    So a slow consumer falls behind by one item at the most, instead of by a queue. After an item,
    while none waits, `idle()` is run until it returns False.
    """

    def __init__(
        self, work: Callable[[T], None], idle: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self.dropped = 0
        self._work = work
        self._idle = idle
        self._item: T | None = None
        self._running = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='newest-first', daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand over an item; returns at once."""
        with self._changed:
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._changed.notify()

    def stop(self) -> None:
        """Let the work under way finish, drop what waits, end the thread."""
        with self._changed:
            self._running = False
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        more = False
        while True:
            with self._changed:
                while self._item is None and self._running and not more:
                    self._changed.wait()
                item, self._item = self._item, None
                if not self._running:
                    return
            if item is None:
                more = self._idle()
            else:
                self._work(item)
                more = True
