"""What both kinds of backend `lava` have in common: a worker that is shown a frame a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque

from ...arrays import Scores, Spikes
from ...config import LavaConfig
from .limits import Demand, describe
from .plan import Tensors
from .worker_handle import Worker


class SteppedWorker(ABC):
    """
    Lava in its worker, stepped.

    `delay` is how many steps later an answer comes: none with `lava.mode: one_at_a_time`, where a
    frame's steps are run at once.
    """

    name = 'lava'
    delay: int

    def __init__(self, kind: str, config: LavaConfig, tensors: Tensors) -> None:
        """
        Start Lava.

        :raises BackendError: if it does not come to run.
        """
        self._worker = Worker(kind, config, tensors)
        self._shown: deque[bool] = deque()

    def step(self, spikes: Spikes | None) -> Scores | None:
        """Show a frame, or none; return the answer to that of `delay` steps before, if any."""
        answer = self._exchange(spikes)
        self._shown.append(spikes is not None)
        if len(self._shown) <= self.delay:
            return None
        return answer if self._shown.popleft() else None

    def close(self) -> None:
        """Stop Lava; whatever happens, none of its processes is left."""
        self._worker.end()

    def _tell(self, config: LavaConfig, demands: list[Demand]) -> str:
        """Return how and where the network runs, and what of Loihi 2 it takes."""
        return f'{config.mode.replace("_", " ")}, {self._worker.where.format(describe(demands))}'

    @abstractmethod
    def _exchange(self, spikes: Spikes | None) -> Scores:
        """Run a step with a frame, or with none; return what the outputs say in it."""
