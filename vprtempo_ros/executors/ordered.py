"""A stream of tasks in processes of this machine, with results in order and bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .executor import R, Task, Work
from .pool import Pool

# Tasks of each worker that are read before the result of the first of them is taken.
_AHEAD = 3


def streamed(work: Work[R], tasks: Iterable[Task], workers: int) -> Iterator[R]:
    """
    Yield the result of each task, in order; tasks are taken from a stream while others run.

    A process that dies costs its task again, and nothing else. Without a task none is started.

    :param workers: processes.
    :raises VprError: the first one that a task raises, or if processes die of one.
    """
    pool, source = Pool(work, workers), iter(tasks)
    done: dict[int, R] = {}
    read = number = 0
    try:
        while True:
            while number in done:
                yield done.pop(number)
                number += 1
            task = next(source, None) if read - number < _AHEAD * workers else None
            if task is not None:
                pool.add(read, task)
                read += 1
            elif not pool:
                return
            pool.give()
            # Not waiting while there is more to read.
            done.update(pool.receive(1.0 if task is None else 0.0))
    finally:
        pool.end()
