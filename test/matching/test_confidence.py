"""Confidence: the figures it is made of, its fit, and that it means what it says."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from support.helpers import steady

from vprtempo_ros.errors import VprError
from vprtempo_ros.matching.confidence import Curve, confidences, features, fit

Samples = NDArray[np.float64]


def floats(*values: float) -> np.ndarray:
    """Return scores."""
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ('scores', 'tolerance', 'leads'),
    [
        # The best is 2 above the next, all others trail the best.
        (floats(1, 5, 3, 0), 0, [-4, 2, -2, -5]),
        # 3 is beside the best, so it has the same rival, which is 0; 1 is beside it as well.
        (floats(1, 5, 3, 0), 1, [1, 5, 3, -5]),
        # The best at either end.
        (floats(5, 4, 3, 2), 1, [2, 1, -2, -3]),
        (floats(2, 3, 4, 5), 1, [-3, -2, 1, 2]),
        (floats(5, 4, 3, 2), 2, [3, 2, 1, -3]),
        # The tolerance takes in all places: the lowest is the rival.
        (floats(2, 7, 4), 1, [0, 5, 2]),
        (floats(2, 7, 4), 9, [0, 5, 2]),
        (floats(3), 1, [0]),
        # Of two equal ones the first is the best, and the other its rival.
        (floats(4, 0, 4), 0, [0, -4, 0]),
    ],
)
def test_figures_by_hand(scores: np.ndarray, tolerance: int, leads: list[float]) -> None:
    """Score and lead of each place, at the ends of the map too, by tolerance."""
    found = features(scores, tolerance)
    assert found[:, 0].tolist() == scores.tolist()
    assert found[:, 1].tolist() == leads
    assert found.dtype == np.float64


def test_confidences_are_the_curve_by_hand() -> None:
    """A logistic curve over both figures."""
    found = confidences(floats(1, 5, 3, 0), 0, Curve(0.3, 0.7, -2.0))
    exponents = [
        0.3 * score + 0.7 * lead - 2 for score, lead in ((1, -4), (5, 2), (3, -2), (0, -5))
    ]
    assert found == pytest.approx([1 / (1 + math.exp(-value)) for value in exponents])


@steady
@given(
    arrays(np.float32, st.integers(1, 30), elements=st.floats(-30, 30, width=32)),
    st.integers(0, 30),
    st.floats(0, 10),
    st.floats(0, 10),
    st.floats(-10, 10),
)
@pytest.mark.filterwarnings('error')
def test_what_stands_out_more_is_surer(
    scores: np.ndarray, tolerance: int, height: float, lead: float, offset: float
) -> None:
    """Raising the best score raises its confidence; each is a probability, the best's highest."""
    curve = Curve(height, lead, offset)
    found = confidences(scores, tolerance, curve)
    best = int(scores.argmax())
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert found[best] == found.max()
    raised = scores.copy()
    raised[best] += 1
    assert confidences(raised, tolerance, curve)[best] >= found[best]


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('value', [1e30, -1e30])
def test_extreme_scores_are_probabilities(value: float) -> None:
    """No overflow, however far a place stands out."""
    found = confidences(floats(value, 0, 1), 0, Curve(1e6, 1e6, -1e6))
    assert found.max() <= 1
    assert found.min() >= 0


def made(curve: Curve, count: int, seed: int) -> tuple[Samples, NDArray[np.bool_]]:
    """Return figures of matches, and whether they were right with the curve's probability."""
    rng = np.random.default_rng(seed)
    samples = np.column_stack((rng.uniform(0, 8, count), rng.exponential(1.0, count)))
    chance = 1 / (1 + np.exp(-(samples @ np.array([curve.height, curve.lead]) + curve.offset)))
    return samples, rng.random(count) < chance


@pytest.mark.parametrize('curve', [Curve(0.8, 1.5, -4.0), Curve(0.2, 3.0, -2.0)])
def test_a_known_curve_is_found_again(curve: Curve) -> None:
    """Within what 5000 samples allow, and calibrated on samples that it has not seen."""
    found = fit(*made(curve, 5000, 0))
    assert found.height == pytest.approx(curve.height, abs=0.1)
    assert found.lead == pytest.approx(curve.lead, abs=0.25)
    assert found.offset == pytest.approx(curve.offset, abs=0.4)
    samples, right = made(curve, 20_000, 1)
    said = 1 / (1 + np.exp(-(samples @ np.array(found[:2]) + found.offset)))
    number = np.minimum((said * 10).astype(int), 9)
    error = sum(abs((said - right)[number == each].sum()) for each in range(10)) / len(said)
    assert error < 0.02


@pytest.mark.parametrize('figure', [0, 1])
def test_a_figure_that_misleads_is_left_out(figure: int) -> None:
    """Where wrong matches have more of one figure, confidence goes by the other alone."""
    samples, right = made(Curve(0.8, 0.8, -4.0), 4000, 0)
    samples[:, figure] *= np.where(right, 0.2, 1.0)
    found = fit(samples, right)
    assert found[figure] == 0
    assert found[1 - figure] > 0.1


def test_no_slope_is_ever_negative() -> None:
    """Where both mislead nothing but the part that was right is left."""
    samples, right = made(Curve(0.8, 0.8, -4.0), 4000, 0)
    found = fit(-samples, right)
    assert found[:2] == (0, 0)
    assert 1 / (1 + math.exp(-found.offset)) == pytest.approx(right.mean())


@steady
@given(st.integers(0, 10**6), st.integers(2, 60))
def test_slopes_of_any_samples(seed: int, count: int) -> None:
    """Few samples and pure noise give a curve that is finite and does not fall."""
    rng = np.random.default_rng(seed)
    found = fit(rng.normal(0, 3, (count, 2)), rng.random(count) < rng.random())
    assert np.isfinite(found).all()
    assert found.height >= 0
    assert found.lead >= 0


def test_without_scikit_learn_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, as for any other library that is used only where it is needed."""
    monkeypatch.setitem(sys.modules, 'sklearn.linear_model', None)
    with pytest.raises(VprError, match='pip install scikit-learn') as caught:
        fit(*made(Curve(1.0, 1.0, -1.0), 50, 0))
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('count', [1, 10, 2000])
@pytest.mark.parametrize('right', [True, False])
def test_where_all_are_right_or_all_wrong(count: int, right: bool) -> None:
    """Laplace's rule: sure as far as that many samples can make it, whatever the scores."""
    found = fit(np.random.default_rng(0).random((count, 2)), np.full(count, right))
    said = confidences(floats(0, 9, 1), 0, found)
    chance = (count + 1) / (count + 2)
    assert said == pytest.approx(np.full(3, chance if right else 1 - chance))
