"""The frames of a recording as they are read: places, stamps and samples, in a file if many."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Iterable, Iterator

import numpy as np

from ..arrays import Spikes
from .additional import AdditionalFrame
from .samples import TraverseSamples, TrialFrames
from .stored_spikes import stored

# Frames that are stacked at a time.
_BLOCK = 256


class FramesRead:
    """Frames that are read: their samples in memory, or in a file where they are many."""

    def __init__(self, frames: Iterable[AdditionalFrame], folder: Path | None) -> None:
        """
        Take all frames.

        :param folder: for the file.
        :raises MapError: if there is no room for it.
        """
        self.places: list[int] = []
        self._stamps: list[int] = []
        blocks = self._blocks(frames)
        # None of them has samples.
        first = next(blocks, None)
        self._spikes = None if first is None else stored(chain([first], blocks), folder)

    def _blocks(self, frames: Iterable[AdditionalFrame]) -> Iterator[Spikes]:
        """Yield the samples of some frames at a time, stacked."""
        waiting: list[Spikes] = []
        for place, stamp_ns, spikes in frames:
            self.places.append(place)
            self._stamps.append(stamp_ns)
            waiting.append(spikes)
            if len(waiting) == _BLOCK:
                yield np.stack(waiting)
                waiting.clear()
        if waiting:
            yield np.stack(waiting)

    def samples(self, role: str, trials: TrialFrames | None = None) -> TraverseSamples:
        """Return the samples of the frames, of which there is one."""
        assert self._spikes is not None
        return TraverseSamples(
            self._spikes,
            np.array(self.places, np.int64),
            np.array(self._stamps, np.int64),
            trials or TrialFrames.none(self._spikes.shape[-1]),
            role,
        )
