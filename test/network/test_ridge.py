"""Ridge regression of the output weights, against scikit-learn and by property."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import TrainingConfig
from vprtempo_ros.errors import VprError
from vprtempo_ros.network.layers import SPIKE_MAX
from vprtempo_ros.network.quantised.network import floats_of
from vprtempo_ros.network.ridge import DECAY, TARGET, Sums, ridge_weights
from vprtempo_ros.network.training import train
from vprtempo_ros.support.blas import BlasThreads

Array = NDArray[np.float32]


def route(samples: int = 120, size: int = 30, places: int = 40) -> tuple[Array, NDArray[np.int64]]:
    """Return features float32 (samples, size) with a mean, and the place of each sample."""
    rng = np.random.default_rng(0)
    features = rng.normal(rng.uniform(-1, 3, size), rng.uniform(0.1, 2, size), (samples, size))
    return features.astype(np.float32), np.arange(samples) % places


def fitted(features: Array, places: NDArray[np.int64], count: int) -> Array:
    """Return the weights for samples, whose neighbours are wrong places."""
    sums = Sums.zero(count, features.shape[1])
    sums.add(features, places)
    return ridge_weights(sums, np.ones(1, np.float32))


@pytest.mark.long
def test_it_is_ridge_regression_before_the_mean_frame_is_taken_out() -> None:
    """Scikit-learn's Ridge on centred features and targets, with the same decay."""
    linear_model = pytest.importorskip('sklearn.linear_model')
    features, places = route()
    found = fitted(features, places, 40)
    exact = features.astype(float)
    decay = DECAY * exact.var(axis=0).sum() * len(exact) / exact.shape[1]
    targets = TARGET * (places[:, np.newaxis] == np.arange(40))
    model = linear_model.Ridge(alpha=decay, fit_intercept=True, solver='cholesky').fit(
        exact, targets
    )
    mean = exact.mean(axis=0)
    expected = model.coef_ - np.outer(model.coef_ @ mean, mean) / (mean @ mean)
    assert found == pytest.approx(expected, abs=1e-6)
    assert abs(model.coef_ @ mean).max() > 0.01
    assert found.dtype == np.float32
    assert found.flags.c_contiguous


def test_the_delta_rule_converges_to_it() -> None:
    """Many small steps of it, with the decay, end at the weights of the closed form."""
    features, places = route(60, 12, 20)
    centred = (features - features.mean(axis=0)).astype(float)
    targets = TARGET * ((places[:, np.newaxis] == np.arange(20)) - 1 / 20)
    decay = DECAY * (centred**2).sum() / centred.shape[1]
    weights = np.zeros((20, 12))
    for _ in range(5000):
        error = targets - centred @ weights.T
        weights += 0.5e-2 * (error.T @ centred - decay * weights) / len(centred) * 2
    mean = features.mean(axis=0).astype(float)
    weights -= np.outer(weights @ mean, mean) / (mean @ mean)
    assert fitted(features, places, 20) == pytest.approx(weights, abs=1e-5)


def test_no_response_to_the_mean_frame() -> None:
    """What all frames have in common is no reason to prefer a place."""
    features, places = route()
    features += np.float32(5)
    weights = fitted(features, places, 40).astype(float)
    mean = features.mean(axis=0, dtype=float)
    ordinary = abs(weights @ (features - mean).T).mean()
    assert abs(weights @ mean).max() < 1e-3 * ordinary


def test_more_samples_than_a_batch() -> None:
    """Samples are taken in parts; how many there are makes no difference."""
    features, places = route(9000, 16, 30)
    found = fitted(features, places, 30)
    centred = features - features.mean(axis=0, dtype=float)
    power = centred.T @ centred
    power[np.diag_indices(16)] += DECAY * np.trace(power) / 16
    wanted = TARGET * np.stack([centred[places == place].sum(axis=0) for place in range(30)])
    weights = np.linalg.solve(power, wanted.T).T
    mean = features.mean(axis=0, dtype=float)
    weights -= np.outer(weights @ mean, mean) / (mean @ mean)
    assert found == pytest.approx(weights, abs=1e-6)
    # Each sample twice is the same problem at twice the size, decay included.
    twice = fitted(np.repeat(features, 2, axis=0), np.repeat(places, 2), 30)
    assert twice == pytest.approx(found, abs=1e-6)


def constant(features: Array) -> Array:
    """Make a third of the features constant."""
    features[:, ::3] = 7
    return features


def equal(features: Array) -> Array:
    """Make all frames the same."""
    features[:] = features[0]
    return features


def dead(features: Array) -> Array:
    """Make all features zero."""
    features[:] = 0
    return features


@pytest.mark.parametrize('damage', [constant, equal, dead])
def test_degenerate_features(damage: Callable[[Array], Array]) -> None:
    """Features that never change, frames that are all alike or black: finite, and no response."""
    features, places = route(40, 30, 40)
    weights = fitted(damage(features), places, 40)
    assert np.isfinite(weights).all()
    if damage is not constant:
        assert abs(weights @ features.T).max() < 1e-3
    else:
        responses = (features - features.mean(axis=0)) @ weights.T
        assert (responses.argmax(axis=1) == places).mean() > 0.9


def test_one_sample_a_place_and_fewer_than_features() -> None:
    """A place seen once is known, also where there are far more features than frames."""
    rng = np.random.default_rng(1)
    for places, size in ((2, 5), (3, 200), (50, 400)):
        features = rng.random((places, size)).astype(np.float32)
        weights = fitted(features, np.arange(places), places)
        assert (features @ weights.T).argmax(axis=1).tolist() == list(range(places))


def test_places_in_any_order_and_number_of_samples() -> None:
    """Samples may be in any order, and a place may have several."""
    features, places = route()
    order = np.random.default_rng(2).permutation(len(places))
    assert fitted(features[order], places[order], 40) == pytest.approx(
        fitted(features, places, 40), abs=1e-6
    )


def test_threads_make_no_difference() -> None:
    """Any number of BLAS threads gives the same bits, and the number is restored."""
    from threadpoolctl import threadpool_info

    features, places = route(3000, 300, 100)
    found = []
    for count in (1, 2, 1):
        threads = BlasThreads(count)
        found.append(fitted(features, places, 100))
        assert {
            pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'blas'
        } == {count}
        threads.restore()
    assert (found[0] == found[1]).all()
    assert (found[0] == found[2]).all()


def test_without_scipy_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, as for any other library that is used only where it is needed."""
    monkeypatch.setitem(sys.modules, 'scipy.linalg', None)
    with pytest.raises(VprError, match='pip install scipy') as caught:
        fitted(*route(), 40)
    assert '\n' not in str(caught.value)


def spikes() -> NDArray[np.uint8]:
    """Return the spikes of a route of 24 places."""
    return np.random.default_rng(0).integers(0, 256, (24, 64)).astype(np.uint8)


@pytest.mark.parametrize('readout', ['linear', 'clamped'])
@pytest.mark.parametrize('quantize', ['none', 'qat'])
def test_outputs_are_solved_for_what_the_readout_hands_them(readout: str, quantize: str) -> None:
    """The weights of a trained network are those for its own features, clamped or not."""
    config = TrainingConfig(readout=readout, quantize=quantize)
    (module,) = floats_of(train(spikes(), np.arange(24), config)).modules
    responses = spikes().astype(np.float32) / np.float32(255) @ module.feature.weights.T
    if readout == 'clamped':
        responses = np.clip(responses, 0, SPIKE_MAX)
        assert (responses == 0).mean() > 0.05
    expected = fitted(responses, np.arange(24), 24)
    # With quantisation features are rounded to a hundredth of their range.
    off = abs(module.output.weights - expected).max() / abs(expected).max()
    assert off < 1e-4 if quantize == 'none' else 1e-3 < off < 0.4


def test_the_published_rule_is_still_available() -> None:
    """With training.outputs: stdp the output layer is learnt presentation by presentation."""
    networks = [
        train(spikes(), np.arange(24), TrainingConfig(outputs=outputs))
        for outputs in ('ridge', 'stdp')
    ]
    solved, learnt = (network.modules[0] for network in networks)
    # The feature layers are the same, to the last bit; only the outputs differ.
    assert (solved.feature.weights == learnt.feature.weights).all()
    assert abs(solved.output.weights - learnt.output.weights).max() > 0.001
    # What the published rule keeps: synapses stay what they were drawn as, and none is absent.
    assert (learnt.output.weights != 0).all()
