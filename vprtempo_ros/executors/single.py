"""The executor that is this process itself."""

from __future__ import annotations

from collections.abc import Sequence

from ..support.progress import ProgressCallback
from .executor import R, Take, Task, Work


class Single:
    """Runs one task after another here."""

    def run(
        self,
        work: Work[R],
        tasks: Sequence[Task],
        stage: str,
        progress: ProgressCallback,
        take: Take[R],
    ) -> None:
        """Run the tasks, each with a progress of its own."""
        for number, task in enumerate(tasks):
            take(number, work(task, progress))
