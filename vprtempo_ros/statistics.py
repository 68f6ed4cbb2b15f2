"""Mean and standard deviation of values over many frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Frames whose squares are in memory at a time.
_BLOCK = 256


class Statistics(NamedTuple):
    """Mean and standard deviation of each value over many frames, float32 (values,)."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]


def correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float | None:
    """Return the correlation of the spikes uint8 (inputs,) of two frames; None: one is uniform."""
    first, second = (each.astype(np.float32) - each.mean() for each in (one, other))
    length = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / length if length else None


def statistics_of(frames: NDArray[np.uint8]) -> Statistics:
    """
    Return the statistics of each input over spikes uint8 (frames, inputs).

    They are those of `numpy.mean` and `numpy.std`, to the bit, without a copy of all frames.
    """
    mean = frames.mean(axis=0, dtype=np.float64)
    squares: NDArray[np.float64] = np.zeros(frames.shape[1:])
    for begin in range(0, len(frames), _BLOCK):
        apart = frames[begin : begin + _BLOCK] - mean
        apart *= apart
        # In the order of the frames, as all of them together are added up.
        apart[0] += squares
        squares = np.add.reduce(apart, axis=0)
    deviation = np.sqrt(squares / len(frames))
    return Statistics(mean.astype(np.float32), deviation.astype(np.float32))
