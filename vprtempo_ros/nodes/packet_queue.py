"""A worker that takes items in order, and drops whole ones when it cannot keep up."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Callable

# What may wait, in bytes, however short a time it has been waiting.
_BYTES_MAX = 64 << 20


class PacketQueue:
    """
    Runs `work(data)` in a thread of its own, on each item in the order they came.

    Events add up, so that unlike with images the newest does not replace those before it. One
    that has been waiting for longer than `max_delay` seconds, or for which there is no room, is
    dropped and counted: so what is worked on is never older than that. After an item, while none
    waits, `idle()` is run until it returns False.
    """

    def __init__(
        self, work: Callable[[bytes], None], max_delay: float,
        idle: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self.dropped = 0
        self._work, self._max_delay, self._idle = work, max_delay, idle
        self._items: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._running = True
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name='packets', daemon=True)
        self._thread.start()

    def put(self, data: bytes) -> None:
        """Hand over an item; returns at once."""
        with self._changed:
            self._items.append((time.monotonic(), data))
            self._bytes += len(data)
            # The last one stays: it may be larger than all that is allowed to wait.
            while self._bytes > _BYTES_MAX and len(self._items) > 1:
                self._drop()
            self._changed.notify()

    def stop(self) -> None:
        """Let the work under way finish, drop what waits, end the thread."""
        with self._changed:
            self._running = False
            self._changed.notify()
        self._thread.join()

    def _drop(self) -> None:
        self._bytes -= len(self._items.popleft()[1])
        self.dropped += 1

    def _run(self) -> None:
        more = False
        while True:
            with self._changed:
                while not self._items and self._running and not more:
                    self._changed.wait()
                if not self._running:
                    return
                oldest = time.monotonic() - self._max_delay
                while len(self._items) > 1 and self._items[0][0] < oldest:
                    self._drop()
                data = self._items.popleft()[1] if self._items else None
                self._bytes -= len(data) if data is not None else 0
            if data is None:
                more = self._idle()
            else:
                self._work(data)
                more = True
