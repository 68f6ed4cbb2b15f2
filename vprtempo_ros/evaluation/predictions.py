"""The predictions of a method for all queries, reduced to what the metrics need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays import Scores
from .truth import NO_PLACE, GroundTruth


@dataclass(frozen=True)
class Predictions:
    """
    The predictions of one method for all queries.

    places: intp (queries,), the best place, NO_PLACE for an unknown place; certainty: float64
    (queries,), confidence or score of the best place; ranks: intp (queries,), the rank from 1 of
    the first correct place, 0 if it is not ranked; depth: places in a ranking, 0 for all places.
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
        """Which queries have a predicted place: bool (queries,)."""
        return self.places != NO_PLACE


class PredictionRecorder:
    """Collects the predictions of a method query by query; does not keep the scores."""

    def __init__(self, truth: GroundTruth) -> None:
        """Begin without predictions for the queries of this ground truth."""
        self._truth = truth
        count = len(truth)
        self._predictions = Predictions(
            np.full(count, NO_PLACE, np.intp), np.zeros(count), np.zeros(count, np.intp)
        )

    def add(self, query: int, place: int, certainty: float, scores: Scores) -> None:
        """Add the prediction for a query, which was made from scores float32 (places,)."""
        self._predictions.places[query] = place
        self._predictions.certainty[query] = certainty
        self._predictions.ranks[query] = rank(scores, self._truth.correct_places(query), place)

    def predictions(self) -> Predictions:
        """Return the predictions; queries that were not added have none."""
        return self._predictions


def rank(scores: Scores, correct: NDArray[np.intp], place: int) -> int:
    """
    Return the rank from 1 of the best correct place, 0 if there is none.

    As in a match, `place` is first, then others by falling score, of equal scores the lower place.
    """
    if not len(correct):
        return 0
    if place in correct:
        return 1
    best = correct[int(scores[correct].argmax())]
    value = scores[best]
    if np.isnan(value):
        return 0
    before = int((scores > value).sum()) + int((scores[:best] == value).sum())
    first = scores[place] > value or (scores[place] == value and place < best)
    return 1 + before + int(not first)


def from_lists(
    truth: GroundTruth, places: list[list[int]], certainty: list[float], depth: int
) -> Predictions:
    """
    Make predictions from ranked places, best first, empty for an unknown place.

    :raises ValueError: if there is not one list for each query.
    """
    if len(places) != len(truth):
        raise ValueError(f'{len(places)} predictions for {len(truth)} queries')
    ranks = [
        next(
            (
                position
                for position, place in enumerate(ranked, 1)
                if truth.is_correct(query, place)
            ),
            0,
        )
        for query, ranked in enumerate(places)
    ]
    return Predictions(
        np.array([ranked[0] if ranked else NO_PLACE for ranked in places], np.intp),
        np.array(certainty, float),
        np.array(ranks, np.intp),
        depth,
    )
