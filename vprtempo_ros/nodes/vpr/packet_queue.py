"""A worker that takes items in order, and drops whole ones when it cannot keep up."""

from __future__ import annotations

import time
from collections import deque
from typing import Callable

from .worker import Worker

# What may wait, in bytes, however short a time it has been waiting.
_BYTES_MAX = 64 << 20


class PacketQueue(Worker[bytes]):
    """
    Works on each item in the order they came.

    Events add up, so that unlike with images the newest does not replace those before it. One
    that has been waiting for longer than `max_delay` seconds, or for which there is no room, is
    dropped and counted: so what is worked on is never older than that.
    """

    def __init__(
        self,
        work: Callable[[bytes], None],
        max_delay: float,
        idle: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self._max_delay = max_delay
        self._items: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        super().__init__(work, idle, 'packets')

    def _add(self, item: bytes) -> None:
        self._items.append((time.monotonic(), item))
        self._bytes += len(item)
        # The last one stays: it may be larger than all that is allowed to wait.
        while self._bytes > _BYTES_MAX and len(self._items) > 1:
            self._drop()

    def _drop(self) -> None:
        self._bytes -= len(self._items.popleft()[1])
        self.dropped += 1

    def _take(self) -> bytes | None:
        oldest = time.monotonic() - self._max_delay
        while len(self._items) > 1 and self._items[0][0] < oldest:
            self._drop()
        if not self._items:
            return None
        data = self._items.popleft()[1]
        self._bytes -= len(data)
        return data
