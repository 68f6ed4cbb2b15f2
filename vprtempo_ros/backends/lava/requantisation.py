"""
The step from sums to answers (step 3 of backend `integer`) in whole numbers alone.

`integer` multiplies a sum by a float32 factor, which rounds the product to 24 significant bits,
and then rounds to a whole number. A factor is mantissa * 2^-shift with a mantissa of 24 bits, so
both roundings can be done by additions and shifts, on products of at most 47 bits:

    product = sum * mantissa
    excess  = max(bits(product) - 24, 0)
    rounded = half_even(product, excess) * 2^excess
    answer  = half_even(rounded, shift)

with half_even(v, b) the whole number nearest to v / 2^b, the even one of two. Rounding twice is
not the same as rounding once; leaving the first one out would change one answer in some 10^5.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...arrays import Floats, Integers
from ...errors import BackendError

MANTISSA_BITS = 24
# Sums have at most 23 bits and a sign, see limits.py: products have at most 47 bits. A shift of
# more than 48 leaves zero whatever is shifted.
_POWERS = np.int64(1) << np.arange(48, dtype=np.int64)
_SHIFT_MAX = 49


class Factors(NamedTuple):
    """Float32 factors taken apart: mantissa * 2^-shift; both int64 (neurons,)."""

    mantissa: Integers
    shift: Integers


def take_apart(factors: Floats) -> Factors:
    """
    Return the whole numbers that make up float32 factors (neurons,), all above 0.

    :raises BackendError: if a factor is so large that no answer would be in range.
    """
    fraction, exponent = np.frexp(factors.astype(np.float64))
    mantissa = np.ldexp(fraction, MANTISSA_BITS).astype(np.int64)
    shift = MANTISSA_BITS - exponent.astype(np.int64)
    if shift.min() < 1:
        raise BackendError(
            f'backend lava: a response would be rescaled by {factors.max():.3g}, '
            'expected less than 2^23; the scales of this map do not fit one another'
        )
    return Factors(mantissa, np.minimum(shift, _SHIFT_MAX))


def requantise(sums: Integers, factors: Factors) -> Integers:
    """Return int64 (neurons,), rint(float32(sums * factors)), for sums within 24 bits."""
    product = sums.astype(np.int64) * factors.mantissa
    magnitude = np.abs(product)
    excess = np.maximum(np.searchsorted(_POWERS, magnitude, side='right') - MANTISSA_BITS, 0)
    rounded = half_even(magnitude, excess) << excess
    return np.where(product < 0, -1, 1) * half_even(rounded, factors.shift)


def half_even(values: Integers, bits: Integers) -> Integers:
    """Return the whole numbers nearest to values / 2^bits, values from 0, halves to even."""
    half = (np.int64(1) << bits) >> 1
    # Just below a half where the quotient is even, a half where it is odd: ties go to even.
    return (values + np.maximum(half - 1, 0) + ((values >> bits) & (half > 0))) >> bits
