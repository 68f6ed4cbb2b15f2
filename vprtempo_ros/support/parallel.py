"""Working ahead in threads, in order, with bounded memory."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar('T')
R = TypeVar('R')

# More threads than this wait for each other and for the disk.
_MOST = 8
# Handing an item to a thread takes as long as decoding a small image: threads take several at once
# where they take less than this, in seconds, together, and up to this weight.
_SHORT, _SEVERAL, _HEAVY = 4e-3, 64, 1 << 18
# Places of a block: products of a thousand rows are as fast as those of more.
_BLOCK = 1024


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def ahead(
    work: Callable[[T], R],
    items: Iterable[T],
    weigh: Callable[[T], int] = lambda item: 0,
    threads: int = 0,
) -> Iterator[R]:
    """
    Yield the results of `work` for each item in order, while threads work on the next ones.

    The caller works too where it would wait: one thread per core, and none that waits, since small
    images are decoded in less time than a thread needs to wake up. At most two items per core are
    read before their results are taken, or two groups of items that take little time. With one core
    nothing runs ahead. Errors are raised where their results would come.

    :param weigh: returns the bytes of an item, where it has its data already.
    :param threads: that work, this one included; 0: one per core.
    """
    workers = min(threads or cores(), _MOST)
    if workers < 2:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(workers - 1, 'ahead')
    waiting: deque[_Group[T, R]] = deque()
    source, size = iter(items), 1
    try:
        while True:
            while len(waiting) <= 2 * workers and (taken := _take(source, size, weigh)):
                waiting.append(_Group(pool, work, taken))
            if not waiting:
                return
            group = waiting.popleft()
            group.run_here()
            while not group.done and any(each.run_here() for each in waiting):
                pass
            found = group.outcome()
            size = min(2 * size, _SEVERAL) if found.seconds < _SHORT else max(size // 2, 1)
            yield from found.results
            if found.error is not None:
                raise found.error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def each_block(work: Callable[[slice], None], count: int, threads: int = 0) -> None:
    """
    Call `work` for blocks of 0 to `count`, in threads, and wait for all of them.

    Blocks are the same for any number of threads, so that what is rounded in them is too.

    :param threads: that work, this one included; 0: one per core.
    """
    for _ in ahead(work, blocks(count), threads=threads):
        pass


def blocks(count: int) -> list[slice]:
    """Return the slices of 0 to `count` that `each_block` works on."""
    return [slice(at, min(at + _BLOCK, count)) for at in range(0, count, _BLOCK)]


@dataclass(frozen=True)
class _Outcome(Generic[R]):
    """The results of several items, the error after them if any, and the seconds taken."""

    results: list[R]
    error: Exception | None
    seconds: float


class _Group(Generic[T, R]):
    """
    Several items that one thread works on, of a pool or the caller's.

    Nothing is kept of what is done: the pool holds a group that it lost until it comes to it.
    """

    def __init__(self, pool: ThreadPoolExecutor, work: Callable[[T], R], items: list[T]) -> None:
        """Hand the items to the pool."""
        self._work, self._items = work, items
        self._future = pool.submit(self._run)
        self._own: _Outcome[R] | None = None

    @property
    def done(self) -> bool:
        """Whether the outcome is there."""
        return self._future.done()

    def run_here(self) -> bool:
        """Work on the items in this thread, unless another has begun; return whether it did."""
        if self._future.cancelled() or not self._future.cancel():
            return False
        self._own = self._run()
        return True

    def outcome(self) -> _Outcome[R]:
        """Return the outcome, once it is there."""
        found, self._own = self._own, None
        return self._future.result() if found is None else found

    def _run(self) -> _Outcome[R]:
        begin = time.perf_counter()
        items, self._items = self._items, []
        results: list[R] = []
        error = None
        for item in items:
            try:
                results.append(self._work(item))
            except Exception as found:
                error = found
                break
        return _Outcome(results, error, time.perf_counter() - begin)


def _take(source: Iterator[T], most: int, weigh: Callable[[T], int]) -> list[T]:
    """Return the next items, as many as may be in a group."""
    found: list[T] = []
    weight = 0
    for item in source:
        found.append(item)
        weight += weigh(item)
        if len(found) >= most or weight >= _HEAVY:
            break
    return found
