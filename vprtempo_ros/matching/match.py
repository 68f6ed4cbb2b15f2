"""The answer for one frame: the best places with their confidences, or none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import MatchConfig


class Match(NamedTuple):
    """Places, best first, with confidences from 0 to 1; both empty where the place is unknown."""

    places: NDArray[np.intp]
    confidences: NDArray[np.float64]


def match(similarity: NDArray[np.float32], config: MatchConfig) -> Match:
    """
    Return the answer to the similarities float32 (places,) of one frame.

    Confidences are a softmax over the similarities in units of their own standard deviation,
    times `sharpness`: they tell how far the best place stands out from all others. They are not
    calibrated. Where nothing stands out at all (all equal, not finite) there is no match.
    """
    values = similarity.astype(np.float64)
    # The deviation of equal values would not do: it is not zero but for rounding.
    if not np.isfinite(values).all() or values.min() == values.max():
        return _none()
    deviation = float(values.std())
    count = min(config.top_k, len(values))
    best = np.argpartition(values, len(values) - count)[len(values) - count:]
    # Of equal similarities the earlier place comes first, whatever the partition did.
    best = best[np.lexsort((best, -values[best]))]
    weights = np.exp((values - values[best[0]]) * (config.sharpness / deviation))
    confidences = weights[best] / weights.sum()
    if confidences[0] < config.min_confidence:
        return _none()
    return Match(best, confidences)


def _none() -> Match:
    return Match(np.empty(0, np.intp), np.empty(0))
