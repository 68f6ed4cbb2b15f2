"""The answer for one frame: the best places with their confidences, or none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import MatchConfig
from .confidence import Curve, confidences
from .stages import Scores


class Match(NamedTuple):
    """Places, best first, with confidences from 0 to 1; both empty where the place is unknown."""

    places: NDArray[np.intp]
    confidences: NDArray[np.float64]


def match(scores: Scores, tolerance: int, curve: Curve, config: MatchConfig) -> Match:
    """
    Return the answer to the scores float32 (places,) of one frame.

    There is none where the best place's confidence is below `min_confidence`, or where nothing
    stands out at all (all equal, not finite).
    """
    # The deviation of equal values would not do: it is not zero but for rounding.
    if not np.isfinite(scores).all() or scores.min() == scores.max():
        return unknown()
    count = min(config.top_k, len(scores))
    best = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
    # Of equal scores the earlier place comes first, whatever the partition did.
    best = best[np.lexsort((best, -scores[best]))]
    # A neighbour of the best place shares its lead; behind a better score it is not more likely.
    found = np.minimum.accumulate(confidences(scores, tolerance, curve)[best])
    if found[0] < config.min_confidence:
        return unknown()
    return Match(best, found)


def unknown() -> Match:
    """Return the answer for an unknown place."""
    return Match(np.empty(0, np.intp), np.empty(0))
