"""
The compiled loops of normalisation, following and confidence, for large maps.

They do what NumPy does in `normalisation.py`, `following.py` and `confidence.py`, but for rounding,
and read each array once instead of once for each operation.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Doubles, Floats
from ..support.compiled import FAST, njit
from .stages import Scores

F = np.float32
_ZERO = F(0.0)

# Places whose sums are float32: those of all places are float64.
_BLOCK = 2048


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def deviations(scores: Scores, mean: Floats, scale: Floats, out: Scores) -> tuple[float, float]:
    """
    Set out to (scores - mean) * scale; return its sum and the sum of its squares.

    All float32 (places,).
    """
    total, power = np.float64(0.0), np.float64(0.0)
    for start in range(0, scores.shape[0], _BLOCK):
        stop = min(start + _BLOCK, scores.shape[0])
        row, middle, factor = scores[start:stop], mean[start:stop], scale[start:stop]
        result = out[start:stop]
        one, two = _ZERO, _ZERO
        for i in range(row.shape[0]):
            value = (row[i] - middle[i]) * factor[i]
            result[i] = value
            one += value
            two += value * value
        total += one
        power += two
    return total, power


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def follow(
    scores: Scores,
    mean: Floats,
    variance: Floats,
    share: np.float32,
    highest: np.float32,
    least: np.float32,
    out: Scores,
) -> tuple[float, float]:
    """
    Count scores in the running mean and variance, and set out to their deviations by these.

    Return the sum of these and that of their squares. All float32 (places,).

    :param share: weight of the frame, 0: it does not count; highest: scores that count are clipped
        to this; least: minimum variance of deviations.
    """
    total, power = np.float64(0.0), np.float64(0.0)
    for start in range(0, scores.shape[0], _BLOCK):
        stop = min(start + _BLOCK, scores.shape[0])
        row, middle, spread = scores[start:stop], mean[start:stop], variance[start:stop]
        result = out[start:stop]
        one, two = _ZERO, _ZERO
        for i in range(row.shape[0]):
            counted = min(row[i], highest)
            before = counted - middle[i]
            now = middle[i] + share * before
            middle[i] = now
            around = spread[i] + share * ((counted - now) * before - spread[i])
            spread[i] = around
            value = (row[i] - now) / np.sqrt(max(around, least))
            result[i] = value
            one += value
            two += value * value
        total += one
        power += two
    return total, power


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def scaled(values: Scores, centre: np.float32, scale: np.float32) -> None:
    """Set values float32 (places,) to (values - centre) * scale."""
    for i in range(values.shape[0]):
        values[i] = (values[i] - centre) * scale


@njit(nogil=True, cache=True, error_model='numpy')
def shared(belief: Doubles, most: float, best: float, out: Doubles) -> None:
    """Set out to min(belief / most, 1) * best, both float64 (places,)."""
    for i in range(belief.shape[0]):
        out[i] = min(belief[i] / most, 1.0) * best
