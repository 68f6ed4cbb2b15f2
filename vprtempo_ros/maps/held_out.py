"""Frames that are held out of training, to fit confidence on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Indices, Integers, Spikes
from ..encoding.adaptation import standardise
from ..statistics import Statistics

# Maximum number of frames to keep.
_MOST = 1024


@dataclass(frozen=True)
class HeldOut:
    """
    Held-out frames in recorded order.

    spikes: uint8 (frames, inputs), encoded; first, last: int64 (frames,), the correct places,
    inclusive; stamps: int64 (frames,) in ns; name: for the map; traverse: number of the traverse.
    """

    spikes: Spikes
    first: Indices
    last: Indices
    stamps: Integers
    name: str
    traverse: int

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamps)

    def standardised(self, statistics: Statistics) -> HeldOut:
        """Return the frames with their pixels standardised."""
        return replace(self, spikes=standardise(self.spikes, statistics))


class Collector:
    """Collects held-out frames; of more than 1024 it keeps every second, fourth, ... frame."""

    def __init__(self, name: str, traverse: int) -> None:
        """Start without frames; `name` and `traverse` are those of `HeldOut`."""
        self._name, self._traverse = name, traverse
        self._frames: list[tuple[Spikes, int, int, int]] = []
        self._seen, self._stride = 0, 1

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._frames)

    def wanted(self) -> bool:
        """Return whether to add the next frame; call it once for each frame."""
        self._seen += 1
        return (self._seen - 1) % self._stride == 0

    def add(self, spikes: Spikes, first: int, last: int, stamp_ns: int) -> None:
        """Add a frame whose correct places are first to last."""
        self._frames.append((spikes, first, last, stamp_ns))
        if len(self._frames) > _MOST:
            self._frames = self._frames[::2]
            self._stride *= 2

    def frames(self, places: int) -> HeldOut:
        """Return the frames, of which there must be one, for a map with this number of places."""
        spikes, first, last, stamps = zip(*self._frames)
        return HeldOut(
            np.stack(spikes),
            np.array(first, np.int64),
            np.minimum(np.array(last, np.int64), places - 1),
            np.array(stamps, np.int64),
            self._name,
            self._traverse,
        )
