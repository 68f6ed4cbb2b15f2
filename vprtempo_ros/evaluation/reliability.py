"""Whether confidences mean what they say: reliability and expected calibration error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .answers import Answers
from .truth import GroundTruth

BINS = 10


class Bin(NamedTuple):
    """Answers with a confidence in (low, high]: how many, mean confidence, part right."""

    low: float
    high: float
    answers: int
    confidence: float
    right: float


def reliability(truth: GroundTruth, answers: Answers) -> list[Bin]:
    """
    Return ten bins of equal width over the confidences of all answered queries.

    A confidence of 0 is in the first bin. Answers to queries without a true place are wrong.
    """
    judged = answers.answered & truth.judged
    confidence = answers.certainty[judged]
    right = truth.are_right(answers.places)[judged]
    # Of the product with ten, which is exact enough: 0.3 belongs to the third bin.
    number = np.clip(np.ceil(np.round(confidence * BINS, 9)) - 1, 0, BINS - 1).astype(int)
    bins = []
    for index in range(BINS):
        inside = number == index
        count = int(inside.sum())
        bins.append(
            Bin(
                index / BINS,
                (index + 1) / BINS,
                count,
                float(confidence[inside].mean()) if count else float('nan'),
                float(right[inside].mean()) if count else float('nan'),
            )
        )
    return bins


def calibration_error(bins: list[Bin]) -> float:
    """
    Return the expected calibration error; NaN if nothing was answered.

    The mean over all answers of the distance between the mean confidence of its bin and the part
    of it that is right (Naeini et al., AAAI 2015; Guo et al., ICML 2017).
    """
    total = sum(entry.answers for entry in bins)
    if not total:
        return float('nan')
    return (
        sum(entry.answers * abs(entry.confidence - entry.right) for entry in bins if entry.answers)
        / total
    )
