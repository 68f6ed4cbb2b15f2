"""Recall by hand and against the vprtempo package."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.evaluation.truth import GroundTruth


def truth(*ranges: tuple[int, int]) -> GroundTruth:
    """Return the truth of queries whose correct places are these ranges."""
    first, last = np.array(ranges, np.int64).reshape(-1, 2).T
    return GroundTruth(np.arange(len(first), dtype=np.int64), first, last)


def test_recall_by_hand() -> None:
    """Of four queries with a place, one is correct at rank 1 and two within the first three."""
    known = truth((0, 0), (4, 6), (2, 2), (9, 9), (-1, -1))
    predictions = [[0, 1, 2], [7, 3, 6], [5, 6, 7, 2], [], [3]]
    assert recall_at(known, predictions, 1) == 1 / 4
    assert recall_at(known, predictions, 3) == 2 / 4
    assert recall_at(known, predictions, 4) == 3 / 4
    assert recall_at(known, predictions, 99) == 3 / 4


def test_a_query_without_a_place_does_not_count() -> None:
    """Queries off the route are left out; with none on it there is no recall."""
    assert recall_at(truth((-1, -1), (3, 3)), [[0], [3]], 1) == 1.0
    assert math.isnan(recall_at(truth((-1, -1)), [[0]], 1))
    assert math.isnan(recall_at(truth(), [], 1))


def test_answers_must_be_as_many_as_queries() -> None:
    """Predictions that do not belong to the queries are an error in the calling program."""
    with pytest.raises(ValueError, match='1 predictions for 2 queries'):
        recall_at(truth((0, 0), (1, 1)), [[0]], 1)


def test_ranking() -> None:
    """Columns are in order of falling value, equal ones by number, up to the requested number."""
    similarity = np.array([[1, 3, 2], [5, 5, 6], [0, 0, 0]], np.float32)
    assert ranked(similarity, 2) == [[1, 2], [2, 0], [0, 1]]
    assert ranked(similarity, 9) == [[1, 2, 0], [2, 0, 1], [0, 1, 2]]


@pytest.mark.parametrize('n', [1, 2, 5, 20])
def test_recall_is_that_of_the_vprtempo_package(n: int) -> None:
    """On random similarities recall@N is that of upstream's recallAtK."""
    metrics = pytest.importorskip('vprtempo.src.metrics')
    rng = np.random.default_rng(n)
    similarity = rng.random((60, 40), np.float32)
    middle = rng.integers(0, 40, 60)
    known = truth(*((max(0, m - 2), min(39, m + 2)) for m in middle.tolist()))
    hard = np.array(
        [[known.is_correct(query, place) for query in range(60)] for place in range(40)], int
    )
    found = recall_at(known, ranked(similarity, n), n)
    assert found == pytest.approx(metrics.recallAtK(similarity.T, hard, K=n))
    assert 0 < found <= 1
