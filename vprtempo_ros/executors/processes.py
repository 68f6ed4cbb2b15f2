"""The executor of processes on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from ..support.parallel import cores
from ..support.progress import ProgressCallback
from .executor import R, Take, Task, TotalProgress, Work
from .pool import Pool


class Processes:
    """
    Runs tasks in processes of this machine, each of which works on one at a time.

    A process that dies costs its task again, and nothing else.
    """

    def __init__(self, workers: int = 0) -> None:
        """Use this number of processes; 0: one for each core."""
        self._workers = workers or cores()

    def run(
        self,
        work: Work[R],
        tasks: Sequence[Task],
        stage: str,
        progress: ProgressCallback,
        take: Take[R],
    ) -> None:
        """Run the tasks."""
        total = TotalProgress(stage, len(tasks), progress)
        pool = Pool(work, min(self._workers, len(tasks)), total.report)
        for number, task in enumerate(tasks):
            pool.add(number, task)
        try:
            while pool:
                pool.give()
                for number, result in pool.receive(1.0):
                    # Before it is taken, which may take a while.
                    pool.give()
                    total.report(number, 1, 1)
                    take(number, result)
                total.show()
        finally:
            pool.end()
