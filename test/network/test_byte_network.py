"""Networks of 8-bit weights: close to the floats, exact in integers, estimated without bias."""

from __future__ import annotations

import numpy as np
import pytest

from vprtempo_ros.backends import create
from vprtempo_ros.backends.numpy_fp32 import NumpyBackend
from vprtempo_ros.backends.two_stage import TwoStageSearch, highest, responses
from vprtempo_ros.config import BackendConfig, TrainingConfig
from vprtempo_ros.errors import BackendError, ConfigError
from vprtempo_ros.network.byte_network import RANK, ByteNetwork, byte_network, integer_sums
from vprtempo_ros.network.network import LinearNetwork
from vprtempo_ros.network.spike_sums import sums_of
from vprtempo_ros.network.training import check_method
from vprtempo_ros.statistics import Statistics
from vprtempo_ros.support import large

PLACES, INPUTS, TOLERANCE = 600, 700, 1


def scenes(rng: np.random.Generator) -> np.ndarray:
    """Return spikes of places that look alike in many ways, uint8 (places, inputs)."""
    common = rng.normal(0, 1, (40, INPUTS))
    mixed = rng.normal(0, 1, (PLACES, 40)) @ common / 6 + rng.normal(0, 0.5, (PLACES, INPUTS))
    return np.clip(128 + 60 * mixed, 0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def made() -> tuple[LinearNetwork, ByteNetwork, np.ndarray]:
    """Return a network, the same in 8 bits, and queries uint8 (places, inputs)."""
    rng = np.random.default_rng(3)
    shown = scenes(rng)
    weights = (shown - shown.mean(axis=0)).astype(np.float32)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    # Some places answer more strongly than others.
    floats = LinearNetwork(weights * rng.uniform(0.5, 2.0, (PLACES, 1)).astype(np.float32))
    numbers = np.arange(PLACES)
    answers = shown / 255.0 @ floats.weights.T
    typical = Statistics(*(each.astype(np.float32) for each in (answers.mean(0), answers.std(0))))
    built = byte_network(
        floats, typical, sums_of(shown, numbers, PLACES), shown, numbers, TOLERANCE
    )
    queries = np.clip(shown + rng.normal(0, 40, shown.shape), 0, 255).astype(np.uint8)
    return floats, built, queries


def test_sums_are_exact_integers() -> None:
    rng = np.random.default_rng(0)
    rows = rng.integers(-127, 128, (9, 2304)).astype(np.int8)
    rows[0] = 127
    spikes = rng.integers(0, 256, 2304).astype(np.uint8)
    spikes[:600] = 255
    assert (integer_sums(rows, spikes) == rows.astype(np.int64) @ spikes.astype(np.int64)).all()


def test_it_is_a_linear_network_of_a_quarter_of_the_size(
    made: tuple[LinearNetwork, ByteNetwork, np.ndarray],
) -> None:
    floats, built, _ = made
    assert isinstance(built, LinearNetwork)
    assert (built.places, built.inputs) == (PLACES, INPUTS)
    assert built.rows.nbytes == floats.weights.nbytes / 4
    assert built.outline.rank == RANK
    step = np.abs(floats.weights).max(axis=1, keepdims=True) / 127
    assert (np.abs(built.weights - floats.weights) <= 0.5001 * step).all()


def test_a_constant_row_stays_zero() -> None:
    weights = np.zeros((5, INPUTS), np.float32)
    weights[1:] = np.random.default_rng(1).normal(size=(4, INPUTS))
    shown = np.random.default_rng(2).integers(0, 256, (5, INPUTS)).astype(np.uint8)
    numbers, typical = np.arange(5), Statistics(np.zeros(5, np.float32), np.ones(5, np.float32))
    sums = sums_of(shown, numbers, 5)
    built = byte_network(LinearNetwork(weights), typical, sums, shown, numbers, 0)
    assert not TwoStageSearch(built, 1)(shown[0])[0]
    assert np.isfinite(built.outline.gains).all()


def test_estimates_have_mean_and_deviation_of_the_responses(
    made: tuple[LinearNetwork, ByteNetwork, np.ndarray],
) -> None:
    floats, built, queries = made
    search = TwoStageSearch(built, 1)
    exact = queries / 255.0 @ floats.weights.T
    estimated = np.stack([search(query) for query in queries])
    wrong = ~np.eye(PLACES, dtype=bool)
    for place in range(0, PLACES, 37):
        one, other = (each[wrong[place], place] for each in (exact, estimated))
        assert other.std() == pytest.approx(one.std(), rel=0.15)
        assert other.mean() == pytest.approx(one.mean(), abs=0.2 * one.std())
        assert np.corrcoef(one, other)[0, 1] > 0.6


def test_the_highest_are_computed(made: tuple[LinearNetwork, ByteNetwork, np.ndarray]) -> None:
    floats, built, queries = made
    search, typical = TwoStageSearch(built, 40), built.outline.typical
    same = 0
    for query in queries[::5]:
        # Some respond twice as strongly to everything.
        exact = (query / 255.0 @ floats.weights.T - typical.mean) / typical.std
        found = search(query)
        best = np.array([((found - typical.mean) / typical.std).argmax()])
        same += int(best[0] == exact.argmax())
        assert found[best] == responses(built, best, query)
    assert same >= 0.98 * len(queries[::5])


def test_the_highest_of_many_values() -> None:
    values = np.random.default_rng(0).normal(size=200_000).astype(np.float32)
    found = highest(values, 500)
    assert set(found) == set(np.argsort(values)[-500:])
    # Many equal values do not make it compute all of them.
    assert len(highest(np.zeros(200_000, np.float32), 500)) == 500
    # Those that a part of the values does not show.
    values[::7] = -9.0
    assert set(highest(values, 500)) == set(np.argsort(values)[-500:])
    assert set(highest(values[:1000], 3)) == set(np.argsort(values[:1000])[-3:])


def test_large_maps_give_the_same_with_compiled_loops(
    made: tuple[LinearNetwork, ByteNetwork, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Estimates but for rounding, and responses to the bit; also of weights that are read only."""
    _, built, queries = made
    rows = built.rows.view()
    rows.setflags(write=False)
    built = ByteNetwork(rows, built.scales, built.outline)
    plain = TwoStageSearch(built, 40)
    expected = [plain(query) for query in queries[::5]]
    places = np.arange(0, PLACES, 7)
    exact = responses(built, places, queries[3])
    monkeypatch.setattr(large, 'COMPILED_FROM', PLACES)
    compiled = TwoStageSearch(built, 40)
    assert compiled.nbytes < plain.nbytes
    for query, other in zip(queries[::5], expected):
        assert compiled(query) == pytest.approx(other, abs=1e-5 * np.abs(other).max())
    assert (responses(built, places, queries[3]) == exact).all()


def test_backend_numpy_searches_unless_exact_is_set(
    made: tuple[LinearNetwork, ByteNetwork, np.ndarray],
) -> None:
    floats, built, queries = made
    backend = create(built, BackendConfig())
    assert isinstance(backend, NumpyBackend)
    assert '512 of 600 responses computed, others estimated in 64 dimensions' in backend.detail
    exact = NumpyBackend(built, BackendConfig(search='exact'))
    assert not exact.detail
    one, other = backend.similarity(queries[7]), exact.similarity(queries[7])
    assert one.dtype == other.dtype == np.float32
    highest_of_all = np.argsort(other)[-50:]
    np.testing.assert_allclose(one[highest_of_all], other[highest_of_all], rtol=1e-5)
    backend.close()
    exact.close()


def test_the_search_is_refused_where_it_cannot_be(
    made: tuple[LinearNetwork, ByteNetwork, np.ndarray],
) -> None:
    floats, built, _ = made
    with pytest.raises(BackendError, match=r'needs the 8-bit weights .* training.weights: int8'):
        create(floats, BackendConfig(search='two_stage'))
    with pytest.raises(BackendError, match=r'two_stage is of backend numpy, and backend lava'):
        create(built, BackendConfig(name='lava', search='two_stage'))


@pytest.mark.parametrize('change', [{'readout': 'clamped'}, {'outputs': 'stdp'}])
def test_8_bits_are_refused_for_other_trainings(change: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match='int8 is for the default training'):
        check_method(TrainingConfig(weights='int8', **change))


def test_several_frames_at_once(made: tuple[LinearNetwork, ByteNetwork, np.ndarray]) -> None:
    """They give what each gives, exactly computed or searched."""
    floats, built, queries = made
    for network in (floats, built):
        backend = NumpyBackend(network, BackendConfig())
        single = np.stack([backend.similarity(query) for query in queries[:5]])
        found = backend.similarities(queries[:5])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, single, rtol=1e-4, atol=1e-5)
        backend.close()
