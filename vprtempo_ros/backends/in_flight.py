"""Which answer belongs to which frame, with backends that answer some steps later."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from . import Backend, SteppedBackend

T = TypeVar('T')


class InFlight(Generic[T]):
    """Frames that a backend was shown and has not answered, each with what it is known by."""

    def __init__(self, backend: Backend) -> None:
        """Begin with none."""
        self._backend = backend
        self._stepped: SteppedBackend | None = None
        if getattr(backend, 'delay', 0):
            self._stepped = backend  # type: ignore[assignment]
        self._tags: deque[T] = deque()

    def __len__(self) -> int:
        """Return how many frames wait for their answers."""
        return len(self._tags)

    def show(self, spikes: NDArray[np.uint8], tag: T) -> list[tuple[T, NDArray[np.float32]]]:
        """
        Show a frame; return the answers that came: to this one, or to one of some frames before.

        :param spikes: uint8 (inputs,).
        :param tag: given back with the answer to this frame.
        """
        if self._stepped is None:
            return [(tag, self._backend.similarity(spikes))]
        similarity = self._stepped.step(spikes)
        # Not before: a backend that fails owes no answer.
        self._tags.append(tag)
        return self._answered(similarity)

    def advance(self) -> list[tuple[T, NDArray[np.float32]]]:
        """Run a step without a frame, if any frame waits; return the answer that came."""
        if self._stepped is None or not self._tags:
            return []
        return self._answered(self._stepped.step(None))

    def _answered(
        self, similarity: NDArray[np.float32] | None
    ) -> list[tuple[T, NDArray[np.float32]]]:
        return [] if similarity is None else [(self._tags.popleft(), similarity)]
