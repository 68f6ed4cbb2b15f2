"""Mean and standard deviation of values over many frames."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Statistics(NamedTuple):
    """Mean and standard deviation of each value over many frames, float32 (values,)."""

    mean: NDArray[np.float32]
    std: NDArray[np.float32]


def statistics_of(frames: NDArray[np.uint8]) -> Statistics:
    """Return the statistics of each input over spikes uint8 (frames, inputs)."""
    return Statistics(
        frames.mean(axis=0, dtype=np.float64).astype(np.float32),
        frames.std(axis=0, dtype=np.float64).astype(np.float32),
    )
