"""
Confidence: the probability that a match lies within the map's tolerance.

A logistic curve (Platt, 1999) over two figures of a place's score: how high it is, and by how
much it stands above the best place that is another one. Both are in deviations of wrong places'
scores, so that a curve which was fitted when the map was built holds on another day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import VprError
from .stages import Scores


class Curve(NamedTuple):
    """1 / (1 + exp(-(score * height + margin * lead + offset)))."""

    height: float
    lead: float
    offset: float


@dataclass(frozen=True)
class Calibration:
    """
    How confidence is found, and how that was fitted.

    tolerance: places that a match may be off; held_out: what the curves were fitted on; frames:
    how many these were; curves: for each sequence filter; right: part of the frames that were
    matched right, by filter.
    """

    tolerance: int
    held_out: str
    frames: int
    curves: dict[str, Curve]
    right: dict[str, float]


def features(scores: Scores, tolerance: int) -> NDArray[np.float64]:
    """
    Return float64 (places, 2): each place's score, and its lead over the best other place.

    Places within the tolerance of one another are the same place; apart from the best one's own
    neighbours, every place trails the best one.
    """
    best = int(scores.argmax())
    near = slice(max(0, best - tolerance), best + tolerance + 1)
    others = np.concatenate((scores[: near.start], scores[near.stop :]))
    second = float(others.max()) if len(others) else float(scores.min())
    rival = np.full(len(scores), scores[best], np.float64)
    rival[near] = second
    values = scores.astype(np.float64)
    return np.column_stack((values, values - rival))


def confidences(scores: Scores, tolerance: int, curve: Curve) -> NDArray[np.float64]:
    """Return the confidence of every place, float64 (places,), for finite scores."""
    exponent = features(scores, tolerance) @ np.array([curve.height, curve.lead]) + curve.offset
    return 1.0 / (1.0 + np.exp(-np.clip(exponent, -50.0, 50.0)))


def fit(samples: NDArray[np.float64], right: NDArray[np.bool_]) -> Curve:
    """
    Return the curve for the features float64 (frames, 2) of matches and whether they were right.

    A higher score or lead never lowers the confidence. Where all matches were right, or all wrong,
    there is nothing to fit; as in Platt, the curve then says (n + 1) / (n + 2), or the reverse.
    """
    if right.all() or not right.any():
        odds = float(np.log(len(right) + 1.0))
        return Curve(0.0, 0.0, odds if right.all() else -odds)
    for columns in ([0, 1], [1], [0]):
        height, lead, offset = _fit(samples, right, columns)
        if height >= 0.0 and lead >= 0.0:
            return Curve(height, lead, offset)
    rate = float(right.mean())
    return Curve(0.0, 0.0, float(np.log(rate / (1.0 - rate))))


def _fit(
    samples: NDArray[np.float64], right: NDArray[np.bool_], columns: list[int]
) -> tuple[float, float, float]:
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        raise VprError(
            'fitting confidence needs scikit-learn: pip install scikit-learn (apt: python3-sklearn)'
        ) from None
    model = LogisticRegression().fit(samples[:, columns], right)
    weights = np.zeros(2)
    weights[columns] = model.coef_[0]
    return float(weights[0]), float(weights[1]), float(model.intercept_[0])
