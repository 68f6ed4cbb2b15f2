"""Precision and recall over the threshold of the certainty, and open-set rejection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .predictions import Predictions
from .truth import GroundTruth

# Precisions at which reports give the recall.
REPORTED = (0.99, 1.0)


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """
    Precision and recall for each threshold, thresholds ascending; all float64 (thresholds,).

    A prediction counts if its certainty is at least the threshold. area: the area under the steps
    of the curve (average precision), from 0 to recall@1.
    """

    thresholds: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    area: float

    def recall_at(self, precision: float) -> float:
        """Return the largest recall of all thresholds with at least this precision, 0 if none."""
        return float(self.recall[self.precision >= precision].max(initial=0.0))


def precision_recall(truth: GroundTruth, predictions: Predictions) -> PrecisionRecallCurve:
    """
    Return the precision-recall curve of a method's best places, one per query.

    Precision is the fraction of predictions that are correct; a prediction for a query without a
    true place is wrong. Recall is the fraction of queries with a true place whose prediction is
    correct. At the lowest threshold it is recall@1; vprtempo.src.metrics.createPR with
    matching='single' divides by the number of correct predictions instead and ends at 1.
    """
    scored = predictions.answered & truth.known
    correct = truth.are_correct(predictions.places)[scored]
    thresholds, which = np.unique(predictions.certainty[scored], return_inverse=True)
    # At a threshold all predictions count that are at least as certain.
    given = np.bincount(which, minlength=len(thresholds))[::-1].cumsum()[::-1]
    right = np.bincount(which[correct], minlength=len(thresholds))[::-1].cumsum()[::-1]
    recall = right / max(int(truth.with_place.sum()), 1)
    precision = right / given
    area = float(((recall - np.append(recall[1:], 0.0)) * precision).sum())
    return PrecisionRecallCurve(thresholds, precision, recall, area)


class OperatingPoint(NamedTuple):
    """The figures at one threshold, as fractions; NaN without predictions or queries."""

    threshold: float
    precision: float
    recall: float
    answered: float


def at_threshold(truth: GroundTruth, predictions: Predictions, threshold: float) -> OperatingPoint:
    """Return precision, recall and the fraction of queries answered at a threshold."""
    given = predictions.answered & (predictions.certainty >= threshold) & truth.known
    correct = truth.are_correct(predictions.places) & given
    return OperatingPoint(
        threshold,
        _fraction(correct.sum(), given.sum()),
        _fraction(correct.sum(), truth.with_place.sum()),
        _fraction(given.sum(), truth.known.sum()),
    )


def threshold_keeping(truth: GroundTruth, predictions: Predictions, fraction: float) -> float:
    """Return the highest threshold that keeps this fraction of correct predictions; NaN if none."""
    correct = truth.are_correct(predictions.places) & predictions.answered
    certainty = np.sort(predictions.certainty[correct])[::-1]
    if not len(certainty):
        return float('nan')
    # The tolerance keeps 0.95 of 20 from becoming 20 by rounding.
    return float(certainty[int(np.ceil(fraction * len(certainty) - 1e-9)) - 1])


def rejected(predictions: Predictions, threshold: float) -> float:
    """Return the fraction of queries rejected at a threshold; NaN if the threshold is NaN."""
    if np.isnan(threshold):
        return float('nan')
    return 1.0 - float((predictions.answered & (predictions.certainty >= threshold)).mean())


def _fraction(count: int, total: int) -> float:
    return float(count / total) if total else float('nan')
