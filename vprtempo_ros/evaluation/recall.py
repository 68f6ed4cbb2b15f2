"""Recall at N: the part of the queries with a right place among the first N answers."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from .answers import Answers, from_lists
from .truth import GroundTruth

# The N that are reported.
REPORTED = (1, 5, 10, 25)


def recall_of(truth: GroundTruth, answers: Answers, n: int) -> float:
    """
    Return recall@N over the queries that have a true place.

    A query without an answer counts as wrong. NaN if no query has a true place, or if the answers
    do not rank as many as N places.
    """
    if answers.depth and n > answers.depth or not truth.with_place.any():
        return float('nan')
    found = answers.answered & (answers.ranks > 0) & (answers.ranks <= n)
    return float(found[truth.with_place].mean())


def recall_at(truth: GroundTruth, answers: Sequence[Sequence[int]], n: int) -> float:
    """
    Return recall@N over the queries that have a true place; NaN if none has.

    :param answers: for each query its places, best first; empty for an unknown place or a frame
        that was lost, which counts as wrong.
    """
    ranked = [list(places) for places in answers]
    return recall_of(truth, from_lists(truth, ranked, [0.0] * len(ranked), 0), n)


def ranked(similarity: NDArray[np.float32], n: int) -> list[list[int]]:
    """Return for each row of a matrix (queries, places) its n best columns, best first."""
    order = np.argsort(-similarity, axis=1, kind='stable')[:, :n]
    return [[int(place) for place in row] for row in order]
