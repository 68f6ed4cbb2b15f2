"""A worker that always takes the newest item, and counts those that it had no time for."""

from __future__ import annotations

from typing import Callable, TypeVar

from .worker import Worker

T = TypeVar('T')


class NewestFirst(Worker[T]):
    """
    Works on the newest item; one that waits is replaced by a newer one.

    So a slow consumer falls behind by one item at the most, instead of by a queue.
    """

    def __init__(self, work: Callable[[T], None], idle: Callable[[], bool] = lambda: False) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self._item: T | None = None
        super().__init__(work, idle, 'newest-first')

    def _add(self, item: T) -> None:
        if self._item is not None:
            self.dropped += 1
        self._item = item

    def _take(self) -> T | None:
        item, self._item = self._item, None
        return item
