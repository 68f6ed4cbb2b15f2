"""Recall at N: the part of the queries with a right place among the first N answers."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from .truth import GroundTruth


def recall_at(truth: GroundTruth, answers: Sequence[Sequence[int]], n: int) -> float:
    """
    Return recall@N over the queries that have a true place; NaN if none has.

    :param answers: for each query its places, best first; empty for an unknown place or a frame
        that was lost, which counts as wrong.
    """
    if len(answers) != len(truth):
        raise ValueError(f'{len(answers)} answers to {len(truth)} queries')
    scored = [any(truth.is_right(query, place) for place in answers[query][:n])
              for query in range(len(truth)) if truth.has_place(query)]
    return float(np.mean(scored)) if scored else float('nan')


def ranked(similarity: NDArray[np.float32], n: int) -> list[list[int]]:
    """Return for each row of a matrix (queries, places) its n best columns, best first."""
    order = np.argsort(-similarity, axis=1, kind='stable')[:, :n]
    return [[int(place) for place in row] for row in order]
