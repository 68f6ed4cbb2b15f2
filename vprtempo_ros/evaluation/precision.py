"""Precision and recall over the threshold below which an answer is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .answers import Answers
from .truth import GroundTruth

# The precisions at which recall is reported.
REPORTED = (0.99, 1.0)


@dataclass(frozen=True)
class Curve:
    """
    Precision and recall for each threshold, thresholds ascending; all float64 (thresholds,).

    An answer counts where its certainty is at least the threshold. area: the area under the
    steps of the curve (average precision), from 0 to recall@1.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    area: float

    def recall_at(self, precision: float) -> float:
        """Return the largest recall of all thresholds with at least this precision, 0 if none."""
        return float(self.recall[self.precision >= precision].max(initial=0.0))


def curve(truth: GroundTruth, answers: Answers) -> Curve:
    """
    Return the curve of a method's best answers, one a query.

    Precision is the part of the answers that are right; an answer to a query without a true place
    is wrong. Recall is the part of the queries with a true place that are answered right. So at
    the lowest threshold recall is recall@1, where the curve of single best matches in
    vprtempo.src.metrics.createPR, which divides by the answers that are right, ends at 1.
    """
    judged = answers.answered & truth.judged
    right = truth.are_right(answers.places)[judged]
    possible = int(truth.with_place.sum())
    if not right.any() or not possible:
        thresholds = np.unique(answers.certainty[judged])
        return Curve(thresholds, np.zeros_like(thresholds), np.zeros_like(thresholds), 0.0)
    from sklearn.metrics import average_precision_score, precision_recall_curve

    certainty = answers.certainty[judged]
    precision, recall, thresholds = precision_recall_curve(right, certainty)
    reached = float(right.sum()) / possible
    # The last point, precision 1 at recall 0, is a convention and has no threshold.
    return Curve(
        thresholds,
        precision[:-1],
        recall[:-1] * reached,
        float(average_precision_score(right, certainty)) * reached,
    )


class Point(NamedTuple):
    """What holds at one threshold: parts of the answers and queries, NaN where there are none."""

    threshold: float
    precision: float
    recall: float
    answered: float


def at_threshold(truth: GroundTruth, answers: Answers, threshold: float) -> Point:
    """Return precision, recall and the part of the queries that are answered at a threshold."""
    given = answers.answered & (answers.certainty >= threshold) & truth.judged
    right = truth.are_right(answers.places) & given
    return Point(
        threshold,
        _part(right.sum(), given.sum()),
        _part(right.sum(), truth.with_place.sum()),
        _part(given.sum(), truth.judged.sum()),
    )


def threshold_keeping(truth: GroundTruth, answers: Answers, part: float) -> float:
    """Return the highest threshold that keeps this part of the right answers; NaN if none is."""
    right = truth.are_right(answers.places) & answers.answered
    certainty = np.sort(answers.certainty[right])[::-1]
    if not len(certainty):
        return float('nan')
    # The slack keeps 0.95 of 20 from becoming 20 by rounding.
    return float(certainty[int(np.ceil(part * len(certainty) - 1e-9)) - 1])


def rejected(answers: Answers, threshold: float) -> float:
    """Return the part of the queries that get no answer at a threshold; NaN without one."""
    if np.isnan(threshold):
        return float('nan')
    return 1.0 - float((answers.answered & (answers.certainty >= threshold)).mean())


def _part(count: int, total: int) -> float:
    return float(count / total) if total else float('nan')
