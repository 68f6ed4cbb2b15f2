"""Predictions to look at: the best, the worst, the most confidently wrong."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .predictions import Predictions
from .truth import NO_PLACE, GroundTruth

_EACH = 3


class Example(NamedTuple):
    """A query with its predicted place and a true place, each NO_PLACE if there is none."""

    kind: str
    query: int
    place: int
    true: int
    certainty: float
    rank: int


def examples(truth: GroundTruth, predictions: Predictions) -> list[Example]:
    """Return up to three examples of each kind."""
    scored = predictions.answered & truth.known
    correct = truth.are_correct(predictions.places)
    # A true place that is not ranked is behind all others.
    behind = np.where(predictions.ranks > 0, predictions.ranks, np.iinfo(np.intp).max)
    chosen = [
        ('best', scored & correct, predictions.certainty),
        ('worst', scored & ~correct & truth.with_place, behind),
        ('most confidently wrong', scored & ~correct, predictions.certainty),
    ]
    return [
        _example(kind, query, truth, predictions)
        for kind, mask, key in chosen
        for query in _top(mask, key)
    ]


def _top(mask: NDArray[np.bool_], key: NDArray[np.generic]) -> list[int]:
    candidates = np.flatnonzero(mask)
    order = np.argsort(key[candidates], kind='stable')[::-1]
    return [int(query) for query in candidates[order[:_EACH]]]


def _example(kind: str, query: int, truth: GroundTruth, predictions: Predictions) -> Example:
    place = int(predictions.places[query])
    places = truth.correct_places(query)
    true = NO_PLACE
    if len(places):
        # The middle of the correct places; those at the ends are the farthest within the tolerance.
        true = place if place in places else int(places[len(places) // 2])
    return Example(
        kind, query, place, true, float(predictions.certainty[query]), int(predictions.ranks[query])
    )
