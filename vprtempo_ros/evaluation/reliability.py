"""Calibration of confidences: reliability diagram and expected calibration error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .predictions import Predictions
from .truth import GroundTruth

BINS = 10


class ReliabilityBin(NamedTuple):
    """Predictions with a confidence in (low, high]: number, mean confidence, fraction correct."""

    low: float
    high: float
    matches: int
    confidence: float
    correct: float


def reliability(truth: GroundTruth, predictions: Predictions) -> list[ReliabilityBin]:
    """
    Return ten bins of equal width over the confidences of predictions with a known truth.

    A confidence of 0 is in the first bin. Predictions for queries without a true place are
    wrong.
    """
    scored = predictions.answered & truth.known
    confidence = predictions.certainty[scored]
    correct = truth.are_correct(predictions.places)[scored]
    # Rounded, so that 0.3 is in the third bin.
    number = np.clip(np.ceil(np.round(confidence * BINS, 9)) - 1, 0, BINS - 1).astype(int)
    bins = []
    for index in range(BINS):
        inside = number == index
        count = int(inside.sum())
        bins.append(
            ReliabilityBin(
                index / BINS,
                (index + 1) / BINS,
                count,
                float(confidence[inside].mean()) if count else float('nan'),
                float(correct[inside].mean()) if count else float('nan'),
            )
        )
    return bins


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """
    Return the expected calibration error; NaN without predictions.

    The mean over all predictions of the difference between mean confidence and fraction correct of
    their bin (Naeini et al., AAAI 2015; Guo et al., ICML 2017).
    """
    total = sum(entry.matches for entry in bins)
    if not total:
        return float('nan')
    return (
        sum(
            entry.matches * abs(entry.confidence - entry.correct) for entry in bins if entry.matches
        )
        / total
    )
