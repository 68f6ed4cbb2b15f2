"""The match of one frame: which places, with which confidence, and when there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import steady
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from vprtempo_ros.config import MatchConfig
from vprtempo_ros.matching.match import match


def floats(*values: float) -> np.ndarray:
    """Return similarities."""
    return np.array(values, np.float32)


def test_places_come_best_first() -> None:
    """The answer lists the top_k places by falling similarity."""
    found = match(floats(0.1, 0.9, -0.5, 0.7, 0.2), MatchConfig(top_k=3))
    assert found.places.tolist() == [1, 3, 4]
    assert list(found.confidences) == sorted(found.confidences, reverse=True)


def test_confidences_are_a_softmax_in_standard_deviations() -> None:
    """Similarities 0, 0 and 3 deviate by the square root of 2 from their mean."""
    found = match(floats(0, 3, 0), MatchConfig(top_k=3, sharpness=1.0))
    best = math.exp(3 / math.sqrt(2))
    assert found.confidences == pytest.approx([best / (best + 2), 1 / (best + 2), 1 / (best + 2)])
    assert found.confidences.sum() == pytest.approx(1)


def test_confidences_are_of_all_places() -> None:
    """Asking for fewer places does not make the answer surer."""
    values = floats(0.1, 0.9, -0.5, 0.7, 0.2)
    few, all_ = (match(values, MatchConfig(top_k=k)) for k in (2, 5))
    assert few.confidences == pytest.approx(all_.confidences[:2])


def test_scale_and_offset_of_the_similarities_do_not_matter() -> None:
    """An engine with another scale gives the same confidences."""
    values = floats(1, 5, 2, 8)
    first, second = match(values, MatchConfig()), match(values * 1000 - 77, MatchConfig())
    assert first.places.tolist() == second.places.tolist()
    assert first.confidences == pytest.approx(second.confidences, rel=1e-4)


def test_sharpness_makes_surer() -> None:
    """The steeper, the more confidence for the best place."""
    values = floats(0.1, 0.9, -0.5, 0.7, 0.2)
    found = [match(values, MatchConfig(sharpness=s)).confidences[0] for s in (0.01, 1, 4, 100)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.2, abs=0.01)
    assert found[-1] == pytest.approx(1)


def test_of_equal_places_the_first_comes_first() -> None:
    """Equal similarities are listed by the number of the place."""
    found = match(floats(1, 3, 3, 0, 3), MatchConfig(top_k=3))
    assert found.places.tolist() == [1, 2, 4]
    assert len(set(found.confidences)) == 1


def test_more_places_asked_for_than_there_are() -> None:
    """All places are listed, once."""
    assert match(floats(1, 2), MatchConfig(top_k=1000)).places.tolist() == [1, 0]


def test_below_the_least_confidence_there_is_no_match() -> None:
    """An answer that is not sure enough is none; at exactly the limit it is one."""
    values = floats(0, 3, 0)
    limit = float(match(values, MatchConfig()).confidences[0])
    assert len(match(values, MatchConfig(min_confidence=limit)).places) > 0
    refused = match(values, MatchConfig(min_confidence=limit + 1e-9))
    assert refused.places.tolist() == []
    assert refused.confidences.tolist() == []


@pytest.mark.parametrize('count', [1, 2, 3, 7, 10, 100, 999])
@pytest.mark.parametrize('value', [0.0, 0.1, -1 / 3, 1e30])
def test_nothing_stands_out(count: int, value: float) -> None:
    """Where all similarities are the same, whatever they are, there is no match."""
    assert len(match(np.full(count, value, np.float32), MatchConfig()).places) == 0


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_match(value: float) -> None:
    """An engine that fails gives no match, and no warning either."""
    assert len(match(floats(1, value, 3), MatchConfig()).places) == 0
    assert len(match(floats(value, value), MatchConfig()).places) == 0


@steady
@given(arrays(np.float32, st.integers(1, 40),
              elements=st.floats(width=32, allow_nan=False, allow_infinity=False,
                                 allow_subnormal=False)),
       st.integers(1, 50), st.floats(0.01, 100))
@pytest.mark.filterwarnings('error')
def test_confidences_are_probabilities(values: np.ndarray, top_k: int, sharpness: float) -> None:
    """Whatever the similarities, an answer is sorted, each from 0 to 1, in all at most 1."""
    found = match(values, MatchConfig(top_k=top_k, sharpness=sharpness))
    if len(found.places) == 0:
        assert values.min() == values.max()
        return
    assert len(found.places) == len(found.confidences) == min(top_k, len(values))
    assert values[found.places[0]] == values.max()
    assert (np.diff(values[found.places].astype(float)) <= 0).all()
    assert (np.diff(found.confidences) <= 0).all()
    assert found.confidences.min() >= 0
    assert found.confidences.sum() <= 1 + 1e-9
