"""A worker for event packets: in order, and those that waited too long are dropped."""

from __future__ import annotations

import time
from collections import deque
from typing import Callable

from .worker import Worker

# Maximum number of bytes that wait.
_BYTES_MAX = 64 << 20


class PacketQueue(Worker[bytes]):
    """
    Works on all items in their order, since events add up.

    An item that waited longer than `max_delay` seconds, or does not fit, is dropped and counted.
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
        super().__init__(work, idle, 'packet-queue')

    def _add(self, item: bytes) -> None:
        self._items.append((time.monotonic(), item))
        self._bytes += len(item)
        # The last one stays: it may be larger than the limit.
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
