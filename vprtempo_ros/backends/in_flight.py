"""Frames in a pipelined backend: which result belongs to which frame."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

from ..arrays import Scores, Spikes
from . import Backend, PipelinedBackend

T = TypeVar('T')


class InFlight(Generic[T]):
    """Feeds frames to a backend, pipelined or not, and pairs each result with its frame's tag."""

    def __init__(self, backend: Backend) -> None:
        """Start without frames."""
        self._backend = backend
        self._pipeline: PipelinedBackend | None = None
        if getattr(backend, 'delay', 0):
            self._pipeline = backend  # type: ignore[assignment]
        self._tags: deque[T] = deque()

    def __len__(self) -> int:
        """Return the number of frames whose results are pending."""
        return len(self._tags)

    def submit(self, spikes: Spikes, tag: T) -> list[tuple[T, Scores]]:
        """
        Feed a frame; return the results that are ready: of this frame, or of an earlier one.

        :param spikes: uint8 (inputs,).
        :param tag: returned with the result of this frame.
        """
        if self._pipeline is None:
            return [(tag, self._backend.similarity(spikes))]
        similarity = self._pipeline.step(spikes)
        # After the step: if it raises, no result is pending.
        self._tags.append(tag)
        return self._ready(similarity)

    def advance(self) -> list[tuple[T, Scores]]:
        """Run a step without a frame, if results are pending; return the result that is ready."""
        if self._pipeline is None or not self._tags:
            return []
        return self._ready(self._pipeline.step(None))

    def _ready(self, similarity: Scores | None) -> list[tuple[T, Scores]]:
        return [] if similarity is None else [(self._tags.popleft(), similarity)]
