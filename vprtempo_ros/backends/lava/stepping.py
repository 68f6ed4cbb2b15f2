"""What both kinds of backend `lava` have in common: a worker that takes one frame per step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque

from ...arrays import Scores, Spikes
from ...config import LavaConfig
from .limits import Demand, describe
from .plan import Tensors
from .worker_handle import WorkerHandle


class LavaBackend(ABC):
    """
    A pipelined backend whose steps run in Lava, in a worker process.

    `delay`: steps from a frame to its result; 0 with `lava.mode: one_at_a_time`, where all steps
    of a frame run at once.
    """

    name = 'lava'
    delay: int

    def __init__(self, kind: str, config: LavaConfig, tensors: Tensors) -> None:
        """
        Start Lava.

        :raises BackendError: if Lava does not start.
        """
        self._worker = WorkerHandle(kind, config, tensors)
        self._shown: deque[bool] = deque()

    def step(self, spikes: Spikes | None) -> Scores | None:
        """Feed a frame, or none; return the similarities of `delay` steps before, if any."""
        similarity = self._exchange(spikes)
        self._shown.append(spikes is not None)
        if len(self._shown) <= self.delay:
            return None
        return similarity if self._shown.popleft() else None

    def close(self) -> None:
        """Stop Lava; none of its processes is left, even after an error."""
        self._worker.end()

    def _describe(self, config: LavaConfig, demands: list[Demand]) -> str:
        """Return how and where the network runs, and its demand on Loihi 2, in words."""
        return f'{config.mode.replace("_", " ")}, {self._worker.where.format(describe(demands))}'

    @abstractmethod
    def _exchange(self, spikes: Spikes | None) -> Scores:
        """Run a step with a frame, or with none; return the outputs of this step."""
