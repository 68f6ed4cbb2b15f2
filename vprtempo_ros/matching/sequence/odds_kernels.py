"""
Log odds of beliefs and back, compiled: by series, which unlike calls of log and exp make vectors.

Loops go over slices: numba checks an index that may be negative, which would not make vectors.
"""

from __future__ import annotations

import math

import numpy as np

from ...arrays import Scores
from ...support.compiled import BLOCK, FAST, njit
from .vectorised import LEAST, NEAREST_TO_ONE

F = np.float32
_ZERO, _ONE = F(0.0), F(1.0)

# log(1 + x) = x + x^2 (x P(x) - 1/2) and exp(x) = Q(x) of S. Moshier's Cephes library (logf.c and
# expf.c), highest powers first, and ln 2, in two parts too, the first of few digits.
_LOG = tuple(
    F(value)
    for value in (
        7.0376836292e-2,
        -1.1514610310e-1,
        1.1676998740e-1,
        -1.2420140846e-1,
        1.4249322787e-1,
        -1.6668057665e-1,
        2.0000714765e-1,
        -2.4999993993e-1,
        3.3333331174e-1,
    )
)
_EXP = tuple(
    F(value)
    for value in (
        1.9875691500e-4,
        1.3981999507e-3,
        8.3334519073e-3,
        4.1665795894e-2,
        1.6666665459e-1,
        5.0000001201e-1,
        1.0,
        1.0,
    )
)
_COARSE, _FINE = F(0.693359375), F(-2.12194440e-4)
_TWOS, _HALF = F(1 / math.log(2)), F(0.5)
# In the bits of a float32: sqrt(1/2), the exponent, that of 1, and ln 2 in units of the exponent.
_ROOT, _EXPONENT = np.int32(0x3F3504F3), np.int32(-0x800000)
_EXPONENT_OF_ONE = np.int32(0x3F800000)
_LOG_OF_TWO = F(math.log(2) / 2**23)
_FARTHEST = F(80.0)
# Added to a number it leaves the nearest integer in the last bits.
_ROUNDING = F(1.5 * 2**23)


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def log_odds(total: Scores, scale: np.float32, out: Scores) -> None:
    """
    Set out to the log odds of a belief of scale * total; float32 (places,).

    By a series, which unlike a call of log makes vectors; it errs by as much as rounding does.
    """
    exponents = np.empty(BLOCK, np.int32)
    bits = out.view(np.int32)
    for start in range(0, out.shape[0], BLOCK):
        stop = min(start + BLOCK, out.shape[0])
        row, result, number = total[start:stop], out[start:stop], bits[start:stop]
        for i in range(row.shape[0]):
            value = row[i] * scale
            result[i] = max(value, LEAST) / max(_ONE - value, NEAREST_TO_ONE)
        for i in range(row.shape[0]):
            # Exponent and mantissa, the latter from sqrt(1/2) to sqrt(2).
            exponent = (number[i] - _ROOT) & _EXPONENT
            exponents[i] = exponent
            number[i] -= exponent
        for i in range(row.shape[0]):
            x = result[i] - _ONE
            value = x * _LOG[0] + _LOG[1]
            for k in range(2, len(_LOG)):
                value = value * x + _LOG[k]
            result[i] = (F(exponents[i]) * _LOG_OF_TWO + x) + x * x * (x * value - _HALF)


@njit(nogil=True, cache=True, fastmath={'contract', 'nsz'}, error_model='numpy')
def probabilities(odds: Scores, out: Scores) -> float:
    """
    Set out to the probabilities of log odds, clipped to -80 to 80; return their sum.

    float32 (places,). By a series as `log_odds`; sums may not be reordered here.
    """
    shifted, powers = np.empty(BLOCK, F), np.empty(BLOCK, np.int32)
    bits, factors = shifted.view(np.int32), powers.view(np.float32)
    total = np.float64(0.0)
    for start in range(0, out.shape[0], BLOCK):
        stop = min(start + BLOCK, out.shape[0])
        row, result = odds[start:stop], out[start:stop]
        for i in range(row.shape[0]):
            # The nearest number of powers of two, as the last bits of a float, and what is left.
            x = min(max(-row[i], -_FARTHEST), _FARTHEST)
            wide = x * _TWOS + _ROUNDING
            shifted[i] = wide
            count = wide - _ROUNDING
            x = (x - count * _COARSE) - count * _FINE
            value = x * _EXP[0] + _EXP[1]
            for k in range(2, len(_EXP)):
                value = value * x + _EXP[k]
            result[i] = value
        for i in range(row.shape[0]):
            powers[i] = (bits[i] << 23) + _EXPONENT_OF_ONE
        for i in range(row.shape[0]):
            result[i] = _ONE / (_ONE + result[i] * factors[i])
        total += _sum(result)
    return total


@njit(nogil=True, cache=True, fastmath=FAST, error_model='numpy')
def _sum(values: Scores) -> np.floating:
    total = _ZERO
    for i in range(values.shape[0]):
        total += values[i]
    return total
