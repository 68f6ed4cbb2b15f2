"""What a method answered to a query, reduced to what the metrics need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .truth import GroundTruth

Scores = NDArray[np.float32]

# In place of a number of a place: no answer.
NONE = -1


@dataclass(frozen=True)
class Answers:
    """
    The answers of one method to all queries.

    places: intp (queries,), best place or NONE; certainty: float64 (queries,), what says how sure
    it is, higher is surer; ranks: intp (queries,), the position from 1 of the first right place,
    0 where it is not among those ranked; depth: how many places an answer ranks, 0 for all.
    """

    places: NDArray[np.intp]
    certainty: NDArray[np.float64]
    ranks: NDArray[np.intp]
    depth: int = 0

    def __len__(self) -> int:
        """Return the number of queries."""
        return len(self.places)

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which queries got an answer: bool (queries,)."""
        return self.places != NONE


class Recorder:
    """Collects the answers of a method query by query; of the scores nothing is kept."""

    def __init__(self, truth: GroundTruth) -> None:
        """Take what is right."""
        self._truth = truth
        count = len(truth)
        self._answers = Answers(
            np.full(count, NONE, np.intp), np.zeros(count), np.zeros(count, np.intp)
        )

    def add(self, query: int, place: int, certainty: float, scores: Scores) -> None:
        """Note the answer to a query, chosen by scores float32 (places,)."""
        self._answers.places[query] = place
        self._answers.certainty[query] = certainty
        self._answers.ranks[query] = rank(scores, self._truth.right_places(query))

    def answers(self) -> Answers:
        """Return what was collected; queries that were not added have no answer."""
        return self._answers


def rank(scores: Scores, right: NDArray[np.intp]) -> int:
    """
    Return the position from 1 of the best right place by falling score, 0 if there is none.

    Of equal scores the earlier place comes first, as in a match.
    """
    if not len(right):
        return 0
    best = right[int(scores[right].argmax())]
    value = scores[best]
    if np.isnan(value):
        return 0
    return 1 + int((scores > value).sum()) + int((scores[:best] == value).sum())


def from_lists(
    truth: GroundTruth, places: list[list[int]], certainty: list[float], depth: int
) -> Answers:
    """Make answers from ranked places, best first, empty where there is no answer."""
    if len(places) != len(truth):
        raise ValueError(f'{len(places)} answers to {len(truth)} queries')
    ranks = [
        next(
            (position for position, place in enumerate(ranked, 1) if truth.is_right(query, place)),
            0,
        )
        for query, ranked in enumerate(places)
    ]
    return Answers(
        np.array([ranked[0] if ranked else NONE for ranked in places], np.intp),
        np.array(certainty, float),
        np.array(ranks, np.intp),
        depth,
    )
