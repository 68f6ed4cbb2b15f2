"""Hub places are played down on the drive, right places and a stop are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.matching.following import Following
from vprtempo_ros.matching.normalisation import Normaliser
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.statistics import Statistics
from vprtempo_ros.support import large

PLACES = 200
Array = NDArray[np.float32]


def frame(number: int, hub: float = 0.0, at: int | None = None) -> Array:
    """Return standardised scores in which place 7 answers to everything."""
    values = np.random.default_rng(number).standard_normal(PLACES)
    values[7] += hub
    if at is not None:
        values[at] += 4.0
    return ((values - values.mean()) / values.std()).astype(np.float32)


def followed(frames: list[Array]) -> list[Array]:
    """Return what comes out of a new stage."""
    stage = Following(PLACES)
    return [stage(scores, FrameTiming(number + 1)) for number, scores in enumerate(frames)]


def test_a_hub_is_played_down() -> None:
    """A place that always answers comes out lower, the others as they were."""
    frames = [frame(number, hub=3.0) for number in range(300)]
    found = followed(frames)
    hub = np.mean([scores[7] for scores in found[150:]])
    assert hub < np.mean([scores[7] for scores in frames[150:]]) - 0.7
    assert np.corrcoef(np.delete(found[-1], 7), np.delete(frames[-1], 7))[0, 1] > 0.97


def test_what_comes_out_is_standardised() -> None:
    """Mean 0, variance 1; the input is not changed."""
    scores = frame(3)
    before = scores.copy()
    found = followed([scores])[0]
    assert found.dtype == np.float32
    assert found.mean() == pytest.approx(0.0, abs=1e-5)
    assert found.std() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(scores, before)


def test_a_place_that_is_passed_slowly_still_stands_out() -> None:
    """Ten views of the right place cost it less than a deviation."""
    frames = [frame(number, at=50) for number in range(10)]
    assert followed(frames)[-1][50] > frames[-1][50] - 1.0


def test_a_stop_counts_once() -> None:
    """A thousand times the same view is one view."""
    stage, once = Following(PLACES), Following(PLACES)
    stopped = frame(1, at=50)
    for number in range(1000):
        stage(stopped, FrameTiming(number + 1))
    once(stopped, FrameTiming(1))
    np.testing.assert_allclose(
        stage(frame(2), FrameTiming(2000)), once(frame(2), FrameTiming(2)), atol=1e-5
    )


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_passes_and_leaves_nothing(value: float) -> None:
    """And flat scores stay flat."""
    stage, clean = Following(PLACES), Following(PLACES)
    damaged = frame(0)
    damaged[3] = value
    np.testing.assert_array_equal(stage(damaged, FrameTiming(1)), damaged)
    flat = np.zeros(PLACES, np.float32)
    np.testing.assert_array_equal(stage(flat, FrameTiming(2)), flat)
    np.testing.assert_array_equal(stage(frame(5), FrameTiming(3)), clean(frame(5), FrameTiming(3)))


def test_a_reset_forgets() -> None:
    """The next frame comes out as the first of all."""
    stage = Following(PLACES)
    first = stage(frame(0), FrameTiming(1))
    for number in range(1, 40):
        stage(frame(number, hub=3.0), FrameTiming(number))
    stage.reset()
    np.testing.assert_array_equal(stage(frame(0), FrameTiming(50)), first)


def test_large_maps_give_the_same_with_compiled_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """NumPy and compiled loops agree but for rounding, with hubs, stops and what is not finite."""
    rng = np.random.default_rng(5)
    typical = Statistics(*rng.uniform(0.5, 2.0, (2, 5000)).astype(np.float32))
    plain = Normaliser(typical), Following(5000)
    monkeypatch.setattr(large, 'COMPILED_FROM', 5000)
    compiled = Normaliser(typical), Following(5000)
    for number in range(40):
        scores = rng.standard_normal(5000).astype(np.float32)
        scores[7] += 8
        if number % 9 == 4:
            scores[3] = math.nan
        for _ in range(2):
            found = []
            for normalise, follow in (plain, compiled):
                normalised = normalise(scores, FrameTiming(number))
                found += [normalised, follow(normalised, FrameTiming(number))]
            np.testing.assert_allclose(found[2], found[0], atol=1e-5)
            np.testing.assert_allclose(found[3], found[1], atol=1e-5)
            assert found[2].dtype == found[3].dtype == np.float32
    equal = compiled[1](np.zeros(5000, np.float32), FrameTiming(50))
    assert np.isfinite(equal).all()
