"""Requantisation in integers, as in Lava's neurons, against the floats that define it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import steady

from vprtempo_ros.backends.lava.requantisation import half_even, requantise, take_apart
from vprtempo_ros.errors import BackendError

BOUND = 1 << 23


def defined(sums: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return step 3 of backend integer: a product of float32, rounded."""
    return np.rint(sums.astype(np.float32) * factors).astype(np.int64)


@steady
@given(st.integers(-BOUND, BOUND - 1), st.floats(2.0**-40, 2.0**22, width=32))
def test_any_sum_and_factor(total: int, factor: float) -> None:
    """Every drawn pair is the same in both."""
    sums, factors = np.array([total]), np.array([factor], np.float32)
    assert requantise(sums, take_apart(factors)) == defined(sums, factors)


@pytest.mark.parametrize('factor', [3.1e-4, 2.0**-12, 3 * 2.0**-13, 0.0123, 0.5, 1.0, 1e-9])
def test_every_sum(factor: float) -> None:
    """All 2^24 sums that an accumulator of 24 bits holds, in steps that meet every residue."""
    factors = np.array([factor], np.float32)
    sums = np.arange(-BOUND, BOUND, 7)
    assert (requantise(sums, take_apart(factors)) == defined(sums, factors)).all()


def test_the_first_rounding_matters() -> None:
    """Rounding once, as if the product were exact, gives other outputs: both are needed."""
    rng = np.random.default_rng(0)
    factors = rng.uniform(1e-4, 1e-3, 1000).astype(np.float32)
    # Sums next to where the output changes.
    outputs = rng.integers(1, 127, 1000)
    sums = np.rint((outputs + 0.5) / factors.astype(float)).astype(np.int64)
    sums = (sums[:, np.newaxis] + np.arange(-2, 3)).ravel()
    factors = np.repeat(factors, 5)
    taken = take_apart(factors)
    once = half_even(sums * taken.mantissa, taken.shift)
    assert (once != defined(sums, factors)).any()
    assert (requantise(sums, taken) == defined(sums, factors)).all()


def test_halves_go_to_even() -> None:
    """0.5, 1.5 and 2.5 become 0, 2 and 2, on both sides of zero."""
    factors = take_apart(np.full(6, 0.5, np.float32))
    outputs = requantise(np.array([1, 3, 5, -1, -3, -5]), factors)
    assert outputs.tolist() == [0, 2, 2, 0, -2, -2]


def test_factors_beyond_the_arithmetic_are_refused() -> None:
    """A factor that leaves no output in range is named."""
    with pytest.raises(BackendError, match='rescaled by 1.68e.07, expected less than 2.23'):
        take_apart(np.array([1.0, 2.0**24], np.float32))
