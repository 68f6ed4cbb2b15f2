"""
Requantisation (step 3 of backend `integer`) in integer arithmetic.

`integer` multiplies a sum by a float32 factor, which rounds the product to 24 significant bits,
and then rounds to an integer. A factor is mantissa * 2^-shift with a mantissa of 24 bits, so both
roundings can be done by additions and shifts, on products of at most 47 bits:

    product = sum * mantissa
    excess  = max(bits(product) - 24, 0)
    rounded = half_even(product, excess) * 2^excess
    output  = half_even(rounded, shift)

with half_even(v, b) the integer nearest to v / 2^b, halves to even. Rounding twice differs from
rounding once; without the first rounding one output in some 10^5 would change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...arrays import Floats, Integers
from ...errors import BackendError

MANTISSA_BITS = 24
# Sums have at most 23 bits and a sign, see limits.py: products have at most 47 bits. A shift of
# more than 48 always gives zero.
_POWERS = np.int64(1) << np.arange(48, dtype=np.int64)
_SHIFT_MAX = 49


class Factors(NamedTuple):
    """Float32 factors as mantissa * 2^-shift; both int64 (neurons,)."""

    mantissa: Integers
    shift: Integers


def take_apart(factors: Floats) -> Factors:
    """
    Return mantissa and shift of float32 factors (neurons,), all above 0.

    :raises BackendError: if a factor is so large that no output would be in range.
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
    """Return the integers nearest to values / 2^bits, halves to even, for values from 0."""
    half = (np.int64(1) << bits) >> 1
    # Add just less than a half if the quotient is even, a half if it is odd: ties go to even.
    return (values + np.maximum(half - 1, 0) + ((values >> bits) & (half > 0))) >> bits
