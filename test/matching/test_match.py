"""The match of one frame: which places, with which confidence, and when there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.helpers import steady

from vprtempo_ros.config import MatchConfig
from vprtempo_ros.matching.match import Match, distinguishes, match

EVERY = MatchConfig(min_confidence=0.0)


def floats(*values: float) -> np.ndarray:
    """Return scores."""
    return np.array(values, np.float32)


def matched(
    scores: np.ndarray,
    config: MatchConfig = EVERY,
    belief: np.ndarray | None = None,
    answer: int | None = None,
) -> Match:
    """Return the match; without a belief it rises with the scores, whose best is the answer."""
    if belief is None:
        with np.errstate(over='ignore', invalid='ignore'):
            belief = 1 / (1 + np.exp(-scores.astype(float)))
    place = int(scores.argmax()) if answer is None else answer
    return match(scores, scores, place, belief, config, distinguishes(scores))


def test_places_come_best_first() -> None:
    """The answer lists the top_k places by falling score."""
    found = matched(floats(0.1, 0.9, -0.5, 0.7, 0.2), replace(EVERY, top_k=3))
    assert found.places.tolist() == [1, 3, 4]
    assert list(found.confidences) == sorted(found.confidences, reverse=True)


def test_confidences_are_those_of_the_places() -> None:
    """Each place has its own, in the order of the match."""
    found = matched(floats(1, 3, 0), replace(EVERY, top_k=3), np.array([0.25, 0.5, 0.125]))
    assert found.places.tolist() == [1, 0, 2]
    assert found.confidences.tolist() == [0.5, 0.25, 0.125]
    assert (found.known, found.place, found.confidence) == (True, 1, 0.5)
    assert found.belief.tolist() == [0.25, 0.5, 0.125]


def test_confidences_are_of_all_places() -> None:
    """Asking for fewer places does not make the answer surer."""
    values = floats(0.1, 0.9, -0.5, 0.7, 0.2)
    few, all_ = (matched(values, replace(EVERY, top_k=k)) for k in (2, 5))
    assert few.confidences == pytest.approx(all_.confidences[:2])


def test_of_equal_places_the_first_comes_first() -> None:
    """Equal scores are listed by the number of the place."""
    found = matched(floats(1, 3, 3, 0, 3), replace(EVERY, top_k=3))
    assert found.places.tolist() == [1, 2, 4]
    assert len(set(found.confidences)) == 1


@pytest.mark.parametrize('places', [2560, 9001, 9216])
def test_the_highest_of_many_places(places: int) -> None:
    """As if all of them were sorted, where they are near each other, and at either end."""
    rng = np.random.default_rng(places)
    scores = rng.integers(0, 2000, places).astype(np.float32)
    scores[[0, 1, 2, 700, places - 1]] = 3000 + np.arange(5)
    scores[1400:1410] = 2500 + np.arange(10)
    found = matched(scores, replace(EVERY, top_k=12))
    assert found.places.tolist() == np.argsort(-scores, kind='stable')[:12].tolist()


def test_of_many_equal_places_the_first_come() -> None:
    """Once one place has the belief, that of nearly all others is the same."""
    scores = np.full(9001, -27.5, np.float32)
    scores[[300, 5000]] = 9.0, -8.0
    scores[:3] = -28.0
    found = matched(scores, replace(EVERY, top_k=5))
    assert found.places.tolist() == [300, 5000, 3, 4, 5]


@pytest.mark.parametrize(
    ('count', 'listed'), [(1, [0]), (2, [0, 3]), (3, [0, 3, 1]), (4, [0, 3, 1, 2])]
)
def test_the_answer_comes_first(count: int, listed: list[int]) -> None:
    """It is listed once, before places of a higher score, and there are no more than asked for."""
    belief = np.array([0.75, 0.5, 0.0, 0.7])
    found = matched(floats(1, 2, 0, 3), replace(EVERY, top_k=count), belief, answer=0)
    assert found.places.tolist() == listed
    assert found.confidences.tolist() == [0.75, 0.7, 0.5, 0.0][:count]


def test_more_places_asked_for_than_there_are() -> None:
    """All places are listed, once."""
    assert matched(floats(1, 2), replace(EVERY, top_k=1000)).places.tolist() == [1, 0]


def test_below_the_least_confidence_there_is_no_match() -> None:
    """An answer that is not sure enough is none; at exactly the limit it is one."""
    values = floats(0, 3, 0)
    limit = float(matched(values).confidences[0])
    assert len(matched(values, MatchConfig(min_confidence=limit)).places) > 0
    refused = matched(values, MatchConfig(min_confidence=limit + 1e-9))
    assert refused.places.tolist() == []
    assert refused.confidences.tolist() == []


@pytest.mark.parametrize('count', [1, 2, 3, 7, 10, 100, 999])
@pytest.mark.parametrize('value', [0.0, 0.1, -1 / 3, 1e30])
def test_nothing_stands_out(count: int, value: float) -> None:
    """Where all scores are the same there is no match."""
    assert len(matched(np.full(count, value, np.float32)).places) == 0


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_no_match(value: float) -> None:
    """An engine that fails gives no match, and no warning either."""
    assert len(matched(floats(1, value, 3)).places) == 0
    assert len(matched(floats(value, value)).places) == 0


@steady
@given(
    arrays(
        np.float32,
        st.integers(1, 40),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False),
    ),
    st.integers(1, 50),
)
@pytest.mark.filterwarnings('error')
def test_confidences_are_probabilities(values: np.ndarray, top_k: int) -> None:
    """For any scores, an answer is sorted by score and confidence, each from 0 to 1."""
    found = matched(values, replace(EVERY, top_k=top_k))
    if len(found.places) == 0:
        assert values.min() == values.max()
        return
    assert len(found.places) == len(found.confidences) == min(top_k, len(values))
    assert values[found.places[0]] == values.max()
    assert (np.diff(values[found.places].astype(float)) <= 0).all()
    assert found.confidences[0] == found.confidences.max()
    assert found.confidences.min() >= 0
    assert found.confidences.max() <= 1


def test_confidences_fall_with_the_rank() -> None:
    """A neighbour with more belief is not more likely than a place of a higher score."""
    belief = np.array([0.75, 0.5, 0.0, 0.0, 0.25])
    found = matched(floats(5.0, 3.9, 0.0, 0.0, 4.0), replace(EVERY, top_k=3), belief)
    assert found.places.tolist() == [0, 4, 1]
    assert found.confidences.tolist() == [0.75, 0.25, 0.25]
