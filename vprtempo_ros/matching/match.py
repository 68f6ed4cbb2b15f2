"""The result for one frame: the best places with their confidences, or an unknown place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..config import MatchConfig
from .stages import Scores, all_finite

# Places of which the highest score is taken first, to look for the highest of many.
_RUN = 256


@dataclass(frozen=True, eq=False)
class Match:
    """
    What was recognised in a frame.

    places: int (top k,), the answer first (`Cues.answer`), then by score; confidences:
    float64 (top k,), 0 to 1, descending; both are empty where the place is unknown. Of every place,
    float32 (places,): similarity, the response of the network; scores, the same after normalisation
    and sequence filter, higher is better; and float64 (places,): belief, the confidence, NaN where
    the scores are not finite.
    """

    places: NDArray[np.intp]
    confidences: NDArray[np.float64]
    similarity: Scores
    scores: Scores
    belief: NDArray[np.float64]

    @property
    def known(self) -> bool:
        """Whether the place is known."""
        return len(self.places) > 0

    @property
    def place(self) -> int | None:
        """The best place, None where it is unknown."""
        return int(self.places[0]) if self.known else None

    @property
    def confidence(self) -> float:
        """The confidence of the best place, 0 where it is unknown."""
        return float(self.confidences[0]) if self.known else 0.0


def match(
    similarity: Scores,
    scores: Scores,
    answer: int,
    belief: NDArray[np.float64],
    config: MatchConfig,
    clear: bool,
) -> Match:
    """
    Return the result for similarity, scores and belief of one frame, as in `Match`.

    The place is unknown where the best confidence is below `min_confidence`, and where similarity
    or scores distinguish no place.

    :param answer: the place to answer with, which comes first.
    :param clear: similarity distinguishes places, and scores are finite.
    """
    if not (clear and _differ(scores)):
        return Match(*_NO_PLACES, similarity, scores, belief)
    count = min(config.top_k, len(scores))
    best = _highest(scores, count)
    # Of equal scores the lower place comes first, independent of the partition.
    best = best[np.lexsort((best, -scores[best]))]
    if best[0] != answer:
        best = np.concatenate(([answer], best[best != answer]))[:count]
    # Neighbours share the lead of the best place; with a lower score they are not more likely.
    confidences = np.minimum.accumulate(belief[best])
    if confidences[0] < config.min_confidence:
        return Match(*_NO_PLACES, similarity, scores, belief)
    return Match(best, confidences, similarity, scores, belief)


def _highest(scores: Scores, count: int) -> NDArray[np.intp]:
    """Return the places with the highest scores, in any order; of equal ones mostly the first."""
    runs = len(scores) // _RUN
    if runs <= 2 * count:
        return np.argpartition(scores, len(scores) - count)[len(scores) - count :]
    # As many runs have a score of this or more: the highest scores are among these.
    table = scores[: runs * _RUN].reshape(runs, _RUN)
    tops = np.maximum.reduce(table, axis=1)
    least = np.partition(tops, runs - count)[runs - count]
    near = np.flatnonzero(scores > least)
    if len(near) >= count:
        return near[np.argpartition(scores[near], len(near) - count)[len(near) - count :]]
    # Nearly all may be equal to it, as once one place has the belief: the first of these.
    rows = np.flatnonzero(tops >= least)[:count]
    row, column = np.nonzero(table[rows] == least)
    return np.concatenate([near, (rows[row] * _RUN + column)[: count - len(near)]])


def distinguishes(values: Scores) -> bool:
    """Return whether values are finite and not all equal."""
    return all_finite(values) and _differ(values)


def _differ(values: Scores) -> bool:
    # The standard deviation of equal values would not do: rounding can make it positive. In nearly
    # every frame the first value and the last are enough.
    first = values.item(0)
    return values.item(-1) != first or bool((values != first).any())


_NO_PLACES = (np.empty(0, np.intp), np.empty(0))
