"""Working ahead in threads, in order, with bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar('T')
R = TypeVar('R')

# More threads than this wait for each other and for the disk.
_MOST = 8


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """
    Yield the results of `work` for each item in order, while threads work on the next ones.

    At most two items per core are read before their results are taken. With one core nothing
    runs ahead. Errors are raised where their results would come.
    """
    workers = min(cores(), _MOST)
    if workers < 2:
        yield from map(work, items)
        return
    pool = ThreadPoolExecutor(workers, 'decode')
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
