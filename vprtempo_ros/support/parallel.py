"""Working ahead in threads, in order, with bounded memory."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar('T')
R = TypeVar('R')

# More threads than this wait for each other and for the disk.
_MOST = 8
# Handing an item to a thread takes as long as decoding a small image: threads take several at once
# where they take less than this, in seconds, together, and up to this weight.
_SHORT, _SEVERAL, _HEAVY = 4e-3, 32, 1 << 18


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def ahead(
    work: Callable[[T], R], items: Iterable[T], weigh: Callable[[T], int] = lambda item: 0
) -> Iterator[R]:
    """
    Yield the results of `work` for each item in order, while threads work on the next ones.

    At most two items per core are read before their results are taken, or two groups of items
    that take little time. With one core nothing runs ahead. Errors are raised where their results
    would come.

    :param weigh: returns the bytes of an item, where it has its data already.
    """
    workers = min(cores(), _MOST)
    if workers < 2:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(workers, 'decode')
    waiting: deque[Future[tuple[list[R], Exception | None, float]]] = deque()
    source, size = iter(items), 1
    try:
        while True:
            while len(waiting) <= 2 * workers and (group := _take(source, size, weigh)):
                waiting.append(pool.submit(_group, work, group))
            if not waiting:
                return
            results, error, seconds = waiting.popleft().result()
            size = min(2 * size, _SEVERAL) if seconds < _SHORT else max(size // 2, 1)
            yield from results
            if error is not None:
                raise error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


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


def _group(work: Callable[[T], R], items: list[T]) -> tuple[list[R], Exception | None, float]:
    """Return the results of several items, the error after them if any, and the seconds taken."""
    begin = time.perf_counter()
    results: list[R] = []
    error = None
    for item in items:
        try:
            results.append(work(item))
        except Exception as found:
            error = found
            break
    return results, error, time.perf_counter() - begin
