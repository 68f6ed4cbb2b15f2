"""A worker for images: of those of a camera that wait, only the newest is kept."""

from __future__ import annotations

from typing import Callable, Hashable, TypeVar

from .worker import Worker

T = TypeVar('T')


class NewestOnly(Worker[T]):
    """
    Works on the newest item; one that waits is replaced by the next, and counted as dropped.

    Items of different keys do not replace each other and are worked on in the order of the first.
    A slow worker is at most one item of each key late.
    """

    def __init__(
        self,
        work: Callable[[T], None],
        idle: Callable[[], bool] = lambda: False,
        key: Callable[[T], Hashable] = lambda item: None,
    ) -> None:
        """Start the thread; `work` and `idle` must not raise."""
        self._items: dict[Hashable, T] = {}
        self._key = key
        super().__init__(work, idle, 'newest-only')

    def _add(self, item: T) -> None:
        key = self._key(item)
        if key in self._items:
            self.dropped += 1
        self._items[key] = item

    def _take(self) -> T | None:
        if not self._items:
            return None
        return self._items.pop(next(iter(self._items)))
