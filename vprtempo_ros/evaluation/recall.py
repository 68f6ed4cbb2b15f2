"""Recall@N: the fraction of queries with a correct place among the first N."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from .predictions import Predictions, from_lists
from .truth import GroundTruth

# The values of N in reports.
REPORTED = (1, 5, 10, 25)


def recall_of(truth: GroundTruth, predictions: Predictions, n: int) -> float:
    """
    Return recall@N over the queries that have a true place.

    An unknown place counts as wrong. NaN if no query has a true place, or if the predictions rank
    fewer than N places.
    """
    if predictions.depth and n > predictions.depth or not truth.with_place.any():
        return float('nan')
    found = predictions.answered & (predictions.ranks > 0) & (predictions.ranks <= n)
    return float(found[truth.with_place].mean())


def recall_at(truth: GroundTruth, places: Sequence[Sequence[int]], n: int) -> float:
    """
    Return recall@N over the queries that have a true place; NaN if none has.

    :param places: for each query its places, best first; empty for an unknown place or a lost
        frame, which count as wrong.
    """
    ranked = [list(listed) for listed in places]
    return recall_of(truth, from_lists(truth, ranked, [0.0] * len(ranked), 0), n)


def ranked(similarity: NDArray[np.float32], n: int) -> list[list[int]]:
    """Return for each row of a matrix (queries, places) its n best columns, best first."""
    order = np.argsort(-similarity, axis=1, kind='stable')[:, :n]
    return [[int(place) for place in row] for row in order]
