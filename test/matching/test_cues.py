"""The cues of a match, by hand and at the ends of the map, and that confidence follows them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from support.helpers import steady

from vprtempo_ros.config import SequenceConfig
from vprtempo_ros.errors import VprError
from vprtempo_ros.matching.confidence import (
    Curve,
    Model,
    confidence,
    confidences,
    model_from,
    shipped_models,
)
from vprtempo_ros.matching.cues import NAMES, Cues, CueTracker
from vprtempo_ros.matching.sequence import Unfiltered, sequence_filter
from vprtempo_ros.matching.stages import FrameTiming, Route
from vprtempo_ros.support import large

SECOND = 10**9


def floats(*values: float) -> np.ndarray:
    """Return scores."""
    return np.array(values, np.float32)


def cue(cues: Cues, name: str) -> float:
    """Return a cue by its name."""
    return float(cues.features[NAMES.index(name)])


def test_the_belief_of_bayes_is_read_from_its_log_odds() -> None:
    """Mass around each place, what is missing to 1, and the frame's own part."""
    belief = np.array([0.05, 0.5, 0.2, 0.0, 0.05], np.float64)
    scores = np.log(np.maximum(belief, 1e-12) / (1 - belief)).astype(np.float32)
    tracker = CueTracker(1, sequence_filter(Route(5, 1.0), SequenceConfig(filter='bayes')))
    found = tracker(floats(0, 1, 2, 0, 5), scores)
    assert found.best == 1
    assert found.belief == pytest.approx([0.55, 0.75, 0.7, 0.25, 0.05], abs=1e-6)
    assert cue(found, 'mass') == pytest.approx(math.log(3))
    assert cue(found, 'off') == pytest.approx(math.log(0.2 / 0.8), rel=1e-4)
    # The frame's best near place 1 is 2, at other places 5.
    assert (cue(found, 'own'), cue(found, 'lead'), cue(found, 'agrees')) == (2, -3, 0)
    assert cue(found, 'rival') == pytest.approx(math.log(0.75 / 0.05), rel=1e-4)


@pytest.mark.parametrize(
    ('tolerance', 'belief', 'answer'),
    [
        # A peak at the edge of a broad mode: half of the belief is two places further.
        (2, [0.0, 0.21, 0.12, 0.19, 0.2, 0.16, 0.0, 0.0, 0.1], 3),
        # Without tolerance the most probable place.
        (0, [0.0, 0.21, 0.12, 0.19, 0.2, 0.16, 0.0, 0.0, 0.1], 1),
        # Belief in other places than those around the peak moves nothing.
        (1, [0.2, 0.0, 0.0, 0.0, 0.3, 0.05, 0.0, 0.2, 0.2], 4),
        # Of two middle ones the first, as of equal places.
        (1, [0.0, 0.0, 0.0, 0.4, 0.4, 0.0, 0.0, 0.0, 0.0], 3),
    ],
)
def test_the_answer_is_the_median_around_the_most_probable_place(
    tolerance: int, belief: list[float], answer: int
) -> None:
    """Half of the belief in the places around is on either side."""
    values = np.array(belief)
    scores = np.log(np.maximum(values, 1e-12) / (1 - values)).astype(np.float32)
    stage = sequence_filter(Route(len(values), 1.0), SequenceConfig())
    found = CueTracker(tolerance, stage)(np.zeros(9, np.float32), scores)
    assert found.answer == answer
    # The cues are those of the most probable place.
    assert found.best == values.argmax()


def test_scores_without_odds_become_a_belief() -> None:
    """It sums up to 1, the best place has the most."""
    found = CueTracker(0, Unfiltered())(floats(0, 3, 1), floats(0, 3, 1))
    assert found.belief.sum() == pytest.approx(1.0)
    assert found.belief.argmax() == found.best == found.answer == 1
    assert cue(found, 'lead') == pytest.approx(2.0)
    assert cue(found, 'recent') == 0.0


def test_memory_is_forgotten_by_a_reset() -> None:
    """What was agreed on before a reset does not count after it."""
    fresh, used = CueTracker(1, Unfiltered()), CueTracker(1, Unfiltered())
    for _ in range(20):
        used(floats(5, 0, 0, 0, 0, 0), floats(0, 0, 0, 0, 0, 5))
    used.reset()
    scores = floats(0, 3, 1, 0, 0, 0)
    assert used(scores, scores).features.tolist() == fresh(scores, scores).features.tolist()


@pytest.mark.parametrize('name', ['seqslam', 'bayes'])
def test_memory_ends_where_that_of_the_filter_does(name: str) -> None:
    """After an interval in which the robot may have come anywhere, a frame is a first one."""
    route = Route(20, 1.0)
    rows = np.random.default_rng(3).normal(0, 1, (30, 20)).astype(np.float32)
    settings = SequenceConfig(filter=name)
    used, fresh = (sequence_filter(route, settings) for _ in range(2))
    trackers = CueTracker(1, used), CueTracker(1, fresh)
    late = 500
    for number, row in enumerate(rows):
        timing = FrameTiming((number + 1 + (late if number > 20 else 0)) * 10**9)
        found = trackers[0](row, used(row, timing)).features
        if number > 20:
            np.testing.assert_array_equal(found, trackers[1](row, fresh(row, timing)).features)


def test_a_frame_that_shows_nothing_speaks_for_nobody() -> None:
    """No own score, no lead, and no memory of it."""
    one, other = CueTracker(1, Unfiltered()), CueTracker(1, Unfiltered())
    scores = floats(0, 3, 1, 0, 0, 0)
    found = one(None, scores)
    assert (cue(found, 'own'), cue(found, 'lead')) == (0, 0)
    assert one(scores, scores).features.tolist() == other(scores, scores).features.tolist()


@steady
@given(
    arrays(np.float32, st.integers(1, 30), elements=st.floats(-28, 14, width=32)),
    st.integers(0, 30),
    st.sampled_from(['none', 'bayes']),
)
@pytest.mark.filterwarnings('error')
def test_confidences_are_probabilities_that_neighbours_share(
    scores: np.ndarray, tolerance: int, name: str
) -> None:
    """Finite, from 0 to 1, none above the best place's; the same belief gives the same."""
    stage = sequence_filter(Route(30, 1.0), SequenceConfig(filter=name))
    cues = CueTracker(tolerance, stage)(scores, scores)
    assert np.isfinite(cues.features).all()
    assert len(cues.features) == len(NAMES)
    best = confidence(cues, shipped_models()[name], Curve())
    found = confidences(cues, best)
    assert found.dtype == np.float64
    assert found.min() >= 0
    assert found.max() <= best
    assert found[cues.best] == best


def test_confidences_of_large_maps_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the bit, from compiled loops."""
    belief = np.random.default_rng(0).random(500)
    cues = Cues(np.zeros(len(NAMES)), 7, 7, belief)
    expected = confidences(cues, 0.7)
    monkeypatch.setattr(large, 'COMPILED_FROM', 500)
    assert (confidences(cues, 0.7) == expected).all()


@pytest.mark.parametrize('name', ['none', 'seqslam', 'bayes'])
def test_the_shipped_models_point_the_right_way(name: str) -> None:
    """More belief never lowers confidence, more doubt never raises it."""
    weights = dict(zip(NAMES, shipped_models()[name].weights))
    for each, weight in weights.items():
        if each in ('entropy', 'off', 'rank', 'rank_recent'):
            assert weight <= 0
        elif each not in ('age', 'places'):
            assert weight >= 0
    assert weights['mass'] > 0


def test_a_model_is_read_strictly() -> None:
    """A cue that is not known is not passed over."""
    assert model_from({'mass': 2, 'offset': -1}).exponent(np.eye(len(NAMES))[0]) == 1.0
    with pytest.raises(VprError, match='no such cue: shine'):
        model_from({'shine': 1.0, 'offset': 0.0})
    with pytest.raises(KeyError):
        model_from({'mass': 1.0})


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('offset', [-1e6, 1e6])
def test_extreme_exponents_are_probabilities(offset: float) -> None:
    """No overflow."""
    cues = CueTracker(0, Unfiltered())(floats(0, 1), floats(0, 1))
    assert 0 <= confidence(cues, Model(np.zeros(len(NAMES)), offset), Curve()) <= 1


def test_no_neighbours_across_the_border_of_two_segments() -> None:
    """The belief around a place ends with its segment; what is beyond is a rival."""
    belief = np.array([0.05, 0.5, 0.2, 0.0, 0.05], np.float64)
    scores = np.log(np.maximum(belief, 1e-12) / (1 - belief)).astype(np.float32)
    route = Route(5, 1.0, starts=(0, 2))
    stage = sequence_filter(route, SequenceConfig(filter='bayes'))
    found = CueTracker(1, stage, route.segments)(floats(0, 1, 2, 0, 5), scores)
    assert found.belief == pytest.approx([0.55, 0.55, 0.2, 0.25, 0.05], abs=1e-6)
    assert (cue(found, 'own'), cue(found, 'lead')) == (1, -4)
    assert cue(found, 'rival') == pytest.approx(math.log(0.55 / 0.25), rel=1e-4)


@pytest.mark.parametrize('name', ['seqslam', 'bayes'])
@pytest.mark.parametrize('rate', [1, 3, 8])
def test_memory_goes_by_places_not_by_frames(name: str, rate: int) -> None:
    """After five places that show nothing, half of the last ten agreed, at any rate of frames."""
    stage = sequence_filter(Route(60, 1.0), SequenceConfig(filter=name))
    tracker = CueTracker(1, stage)
    views = np.random.default_rng(3).normal(0, 1, (36, 60)).astype(np.float32)
    views[:31] += 6 * np.eye(31, 60, dtype=np.float32)
    for number in range(35 * rate + 1):
        place, part = divmod(number, rate)
        scores = (
            views[place : place + 2].T @ np.array([rate - part, part], np.float32)[: 36 - place]
        )
        scores /= scores.std()
        timing = FrameTiming(SECOND + number * SECOND // rate)
        found = tracker(scores, stage(scores, timing))
    assert cue(found, 'agreed') == pytest.approx(0.5, abs=0.2)
    assert cue(found, 'age') == pytest.approx(1 / 37, rel=0.15)


def test_standing_still_makes_nothing_surer() -> None:
    """However long the same view is shown, it counts once."""
    stage = sequence_filter(Route(60, 1.0), SequenceConfig())
    tracker = CueTracker(1, stage)
    view = np.random.default_rng(3).normal(0, 1, 60).astype(np.float32)
    for number in range(50):
        found = tracker(view, stage(view, FrameTiming(SECOND + number * SECOND)))
    assert cue(found, 'age') == pytest.approx(0.5, abs=0.01)
