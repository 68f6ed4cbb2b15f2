"""Frames that the network was not trained on, by which confidence is fitted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..encoding.adaptation import standardise
from ..frames import Frame
from ..statistics import Statistics

# So many frames between places are kept at the most.
_MOST = 1024


@dataclass(frozen=True)
class HeldOut:
    """
    Frames in the order in which they were driven.

    spikes: uint8 (frames, inputs), encoded; first, last: int64 (frames,), the right places,
    inclusive; stamps: int64 (frames,) in ns; name: what they are; traverse: which they are from.
    """

    spikes: NDArray[np.uint8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    stamps: NDArray[np.int64]
    name: str
    traverse: int

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.stamps)

    def standardised(self, statistics: Statistics) -> HeldOut:
        """Return the frames with their pixels standardised."""
        return replace(self, spikes=standardise(self.spikes, statistics))


class Collector:
    """Gathers held-out frames; of too many it keeps an even part."""

    def __init__(self, name: str, traverse: int) -> None:
        """Start without frames; `name` says what they are, `traverse` where they are from."""
        self._name, self._traverse = name, traverse
        self._frames: list[tuple[NDArray[np.uint8], int, int, int]] = []
        self._seen, self._stride = 0, 1

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self._frames)

    def wanted(self) -> bool:
        """Tell whether the next frame is to be added; asked once a frame."""
        self._seen += 1
        return (self._seen - 1) % self._stride == 0

    def add(self, spikes: NDArray[np.uint8], first: int, last: int, stamp_ns: int) -> None:
        """Add a frame whose right places are first to last."""
        self._frames.append((spikes, first, last, stamp_ns))
        if len(self._frames) > _MOST:
            self._frames = self._frames[::2]
            self._stride *= 2

    def frames(self, places: int) -> HeldOut:
        """Return what was gathered, one frame at least, for a map of so many places."""
        spikes, first, last, stamps = zip(*self._frames)
        return HeldOut(
            np.stack(spikes),
            np.array(first, np.int64),
            np.minimum(np.array(last, np.int64), places - 1),
            np.array(stamps, np.int64),
            self._name,
            self._traverse,
        )


class HoldoutSplitter:
    """Passes frames on, and hands those that nobody takes to a function."""

    def __init__(self, frames: Iterable[Frame], leave: Callable[[Frame], None]) -> None:
        """Pass on these frames."""
        self._frames, self._leave = frames, leave
        self._taken: Frame | None = None

    def __iter__(self) -> Iterator[Frame]:
        """Yield each frame; whoever uses it says so before asking for the next."""
        for frame in self._frames:
            yield frame
            if frame is not self._taken:
                self._leave(frame)

    def take(self, frame: Frame) -> None:
        """Say that this frame is used."""
        self._taken = frame
