"""A worker for images: of those that wait, only the newest is kept."""

from __future__ import annotations

from typing import Callable, TypeVar

from .worker import Worker

T = TypeVar('T')


class NewestOnly(Worker[T]):
    """
    Works on the newest item; one that waits is replaced by the next, and counted as dropped.

    A slow worker is at most one item late.
    """

    def __init__(self, work: Callable[[T], None], idle: Callable[[], bool] = lambda: False) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self._item: T | None = None
        super().__init__(work, idle, 'newest-only')

    def _add(self, item: T) -> None:
        if self._item is not None:
            self.dropped += 1
        self._item = item

    def _take(self) -> T | None:
        item, self._item = self._item, None
        return item
