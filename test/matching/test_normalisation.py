"""Scores of places against their typical response: by hand, on tiny maps, hyperactive neurons."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from support.street import Street

from vprtempo_ros.backends import create
from vprtempo_ros.config import BackendConfig, TrainerConfig
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.normalisation import (
    Normaliser,
    hyperactive,
    measure_response_statistics,
    softened,
)
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat
from vprtempo_ros.statistics import Statistics

NOW = FrameTiming(0)
Matrix = NDArray[np.float32]


def typical(mean: list[float], deviation: list[float]) -> Statistics:
    """Return statistics."""
    return Statistics(np.array(mean, np.float32), np.array(deviation, np.float32))


def test_scores_by_hand() -> None:
    """Deviations of each place, then of all, these shrunk as if ten more were as expected."""
    normalise = Normaliser(typical([1, 2, 3, 4], [1, 2, 1, 0.5]))
    found = normalise(np.array([2, 2, 1, 8], np.float32), NOW)
    first = np.array([1.0, 0.0, -2.0, 8.0])
    centred = first - first.sum() / 14
    expected = centred * math.sqrt(14 / ((centred**2).sum() + 10))
    assert found == pytest.approx(expected, rel=1e-6)
    assert found.dtype == np.float32


def test_many_wrong_places_are_standard_normal() -> None:
    """For any scale and offset places and frame have."""
    rng = np.random.default_rng(0)
    mean, deviation = rng.uniform(-5, 5, 5000), rng.uniform(0.1, 4, 5000)
    normalise = Normaliser(typical(list(mean), list(deviation)))
    responses = mean + deviation * (3 + 2 * rng.standard_normal(5000))
    found = normalise(responses.astype(np.float32), NOW)
    assert found.mean() == pytest.approx(0, abs=0.01)
    assert found.std() == pytest.approx(1, abs=0.01)


def test_usual_responses_by_hand() -> None:
    """Three places, each asked with its own frame; what a place answers to itself is left out."""
    rows = np.array([[9, 1, 2], [3, 9, 4], [5, 7, 9]], np.float32)
    found = measure_response_statistics(enumerate(rows), 3, 0)
    assert found.mean.tolist() == [4, 4, 3]
    variance = np.array([1.0, 9.0, 1.0])
    usually = 1.0
    assert found.std == pytest.approx(np.sqrt((2 * variance + 10 * usually) / 12))
    assert found.mean.dtype == found.std.dtype == np.float32


def test_neighbours_within_the_tolerance_are_the_place_itself() -> None:
    """Frames next to a place do not count for what it answers to others."""
    rows = np.full((6, 6), 1.0, np.float32)
    for place in range(6):
        rows[place, max(0, place - 1) : place + 2] = 50
    assert measure_response_statistics(enumerate(rows), 6, 1).mean.tolist() == [1.0] * 6
    assert (measure_response_statistics(enumerate(rows), 6, 0).mean > 10).all()


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('places', [2, 3])
@pytest.mark.parametrize('tolerance', [0, 1, 5])
@pytest.mark.parametrize('kind', ['different', 'equal', 'own only'])
def test_tiny_maps_are_finite(places: int, tolerance: int, kind: str) -> None:
    """Of two places nothing is known about others if both are one another's neighbours."""
    rows = {
        'different': np.random.default_rng(0).random((places, places)),
        'equal': np.full((places, places), 0.3),
        'own only': np.eye(places),
    }[kind]
    found = measure_response_statistics(enumerate(rows.astype(np.float32)), places, tolerance)
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.std).all()
    assert found.std.min() > 0
    for row in rows.astype(np.float32):
        scores = Normaliser(found)(row, NOW)
        assert np.isfinite(scores).all()
        if kind == 'own only':
            assert scores.argmax() == row.argmax()
    assert hyperactive(found).tolist() == []


def test_a_place_that_was_never_tried_is_a_usual_one() -> None:
    """The middle of three places has only neighbours: it is taken for what the others are."""
    rows = np.array([[9, 1, 4], [1, 9, 1], [6, 1, 9]], np.float32)
    found = measure_response_statistics(enumerate(rows), 3, 1)
    assert found.mean.tolist() == [6, 5, 4]
    assert found.std.tolist() == [1, 1, 1]


def test_one_wild_neuron_does_not_make_all_look_wild() -> None:
    """What places with few frames are taken for does not come from a neuron that is ill."""
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (20, 20)).astype(np.float32)
    before = measure_response_statistics(enumerate(rows), 20, 1).std
    rows[:, 3] *= 1000
    after = measure_response_statistics(enumerate(rows), 20, 1).std
    others = np.arange(20) != 3
    assert after[others] == pytest.approx(before[others], rel=0.05)
    assert after[3] > 300


@pytest.mark.filterwarnings('error')
def test_equal_similarities_stay_equal() -> None:
    """A frame to which all places answer alike has no best place after it either."""
    for value in (0.0, 0.1, -1 / 3, 1e30):
        scores = Normaliser(typical([0.5] * 9, [2.0] * 9))(np.full(9, value, np.float32), NOW)
        assert np.isfinite(scores).all()
        assert scores.min() == scores.max()


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_stays_so(value: float) -> None:
    """A broken similarity is not made to look sound, and nothing is printed about it."""
    values = np.array([1, 2, value, 4, 5], np.float32)
    assert not np.isfinite(Normaliser(typical([0] * 5, [1] * 5))(values, NOW)).all()


def test_the_input_is_left_as_it_is() -> None:
    """Similarities go to the topics too."""
    values = np.array([1, 2, 3], np.float32)
    Normaliser(typical([1, 1, 1], [2, 2, 2]))(values, NOW)
    assert values.tolist() == [1, 2, 3]


def responses_of(loaded: Map) -> Matrix:
    """Return the responses of the places of a map to its own reference frames."""
    backend = create(loaded.network, BackendConfig())
    rows = np.stack([backend.similarity(spikes) for spikes in loaded.shown()])
    backend.close()
    return rows


@pytest.fixture(scope='module')
def responses(street: Street) -> Matrix:
    """Return the responses of a map of the street with encoder pixels."""
    settings = {
        'bags': [str(street.recordings.reference)],
        'map': 'none',
        'places.by': 'metres',
        'places.spacing': 2.0,
        'encoding.encoder': 'pixels',
    }
    return responses_of(build_map(from_flat(TrainerConfig, settings)))


@pytest.mark.parametrize('kind', ['high', 'wild'])
def test_a_hyperactive_neuron_is_found_and_tamed(responses: Matrix, kind: str) -> None:
    """Wherever the robot is, a neuron that answers to everything wins; normalised it does not."""
    places, sick = len(responses), 5
    assert hyperactive(measure_response_statistics(enumerate(responses), places, 1)).tolist() == []
    rng = np.random.default_rng(0)
    spread = responses.std()
    damaged = responses.copy()
    damaged[:, sick] += 20 * spread if kind == 'high' else rng.normal(0, 100 * spread, places)
    of_sick = measure_response_statistics(enumerate(damaged), places, 1)
    assert hyperactive(of_sick).tolist() == [sick]
    normalise = Normaliser(of_sick)
    others = np.arange(places) != sick
    raw = damaged.argmax(axis=1)[others]
    tamed = np.array([normalise(row, NOW).argmax() for row in damaged])[others]
    healthy = np.arange(places)[others]
    assert (raw == sick).mean() > 0.2
    assert (tamed == healthy).mean() > 0.9
    assert (tamed == sick).mean() < 0.1


def test_rounding_is_not_hyperactive() -> None:
    """Places that all answer alike, but for the last bit, are in order; so are all zeros."""
    values = np.full(50, 0.3, np.float32)
    values[::10] = np.nextafter(values[0], np.float32(1))
    assert hyperactive(Statistics(values, values)).tolist() == []
    assert hyperactive(Statistics(np.zeros(9, np.float32), np.ones(9, np.float32))).tolist() == []


def test_modules_answer_on_a_common_scale(responses: Matrix) -> None:
    """A second module with larger responses does not win everywhere."""
    places = len(responses)
    half = places // 2
    scaled = responses.copy()
    scaled[:, half:] = 4 * scaled[:, half:] + 100
    normalise = Normaliser(measure_response_statistics(enumerate(scaled), places, 1))
    assert (scaled[:half].argmax(axis=1) >= half).mean() > 0.9
    found = np.array([normalise(row, NOW).argmax() for row in scaled])
    assert (found == np.arange(places)).mean() > 0.9


def test_responses_in_the_map_are_measured_on_its_reference(street: Street) -> None:
    """The map has the statistics of its network's responses, softened as its encoder needs."""
    loaded = load(street.map)
    responses = responses_of(loaded)
    tolerance = loaded.config.places.tolerance
    part = encoder_for(loaded.config).profile.normalisation
    assert 0.0 < part < 1.0
    expected = softened(
        measure_response_statistics(enumerate(responses), len(responses), tolerance), part
    )
    for one, other in zip(loaded.response_statistics, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-3, abs=1e-4)
    backend = create(loaded.network, BackendConfig(name='numpy'))
    again = softened(measure_responses(backend, loaded.shown(), tolerance), part)
    backend.close()
    assert (again.mean == loaded.response_statistics.mean).all()


def test_softened_statistics() -> None:
    """Nothing is removed by 0 but a common scale, everything by 1, and half in between."""
    statistics = Statistics(np.array([1, 2, 3], np.float32), np.array([1, 2, 4], np.float32))
    assert softened(statistics, 1.0) is statistics
    none = softened(statistics, 0.0)
    assert none.mean.tolist() == [0, 0, 0]
    assert none.std.tolist() == [2, 2, 2]
    half = softened(statistics, 0.5)
    assert half.mean.tolist() == [0.5, 1.0, 1.5]
    assert half.std == pytest.approx([2 * 0.5**0.5, 2, 2 * 2**0.5])
