"""A map's own curve: what a second traverse may change, and how little a handful of frames does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import steady

from vprtempo_ros.matching.refining import refine


def made(slope: float, offset: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return exponents, and whether matches were right with that curve's probability."""
    rng = np.random.default_rng(0)
    exponents = rng.uniform(-5, 5, count)
    return exponents, rng.random(count) < 1 / (1 + np.exp(-(slope * exponents + offset)))


@pytest.mark.parametrize(('slope', 'offset'), [(1.0, 0.0), (0.6, -1.5), (1.4, 1.0)])
def test_a_known_curve_is_found_again(slope: float, offset: float) -> None:
    """Of many frames."""
    found = refine(*made(slope, offset, 50_000))
    assert found.slope == pytest.approx(slope, abs=0.1)
    assert found.offset == pytest.approx(offset, abs=0.2)


@pytest.mark.parametrize('right', [True, False])
def test_a_few_frames_change_little(right: bool) -> None:
    """Ten frames, all right or all wrong."""
    found = refine(np.zeros(10), np.full(10, right))
    assert abs(found.offset) < 0.5
    assert found.slope == pytest.approx(1.0, abs=0.1)


def test_all_right_is_not_certain() -> None:
    """A thousand frames that were all right raise the curve, but not without end."""
    found = refine(np.linspace(0, 6, 1000), np.ones(1000, bool))
    assert 0.0 < found.offset < 3.0


@steady
@given(st.integers(0, 10**6), st.integers(1, 200))
def test_any_frames_give_a_rising_curve(seed: int, count: int) -> None:
    """Pure noise too, and exponents without measure."""
    rng = np.random.default_rng(seed)
    found = refine(rng.normal(0, 1000, count), rng.random(count) < rng.random())
    assert np.isfinite(found).all()
    assert found.slope > 0
