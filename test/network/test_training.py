"""Training: places are learnt, modules are cut, seeds decide everything."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.backends.numpy_fp32 import NumpyBackend
from vprtempo_ros.config import BackendConfig, TrainingConfig
from vprtempo_ros.errors import MapError
from vprtempo_ros.network import learning, presentation
from vprtempo_ros.network.network import Network
from vprtempo_ros.network.quantised import training as quantised
from vprtempo_ros.network.training import annealing, module_bounds, presentations_for, train

PLACES, INPUTS = 24, 64
Spikes = NDArray[np.uint8]


def route(seed: int = 0, noise: float = 0.0) -> Spikes:
    """Return spikes of a route (PLACES, INPUTS), with noise for a further traverse."""
    clean = np.random.default_rng(0).uniform(0, 255, (PLACES, INPUTS))
    noisy = clean + np.random.default_rng(seed).normal(0, noise, clean.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def found(network: Network, queries: Spikes) -> NDArray[np.intp]:
    """Return the best place for each query."""
    backend = NumpyBackend(network, BackendConfig())
    return np.array([backend.similarity(query).argmax() for query in queries])


@pytest.mark.parametrize('outputs', ['ridge', 'stdp'])
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
@pytest.mark.parametrize('per_module', [500, 7])
def test_places_are_recognised(readout: str, per_module: int, outputs: str) -> None:
    """A noisy second traverse is recognised, in one module and in several."""
    config = TrainingConfig(readout=readout, places_per_module=per_module, outputs=outputs)
    network = train(route(), np.arange(PLACES), config)
    assert network.places == PLACES
    assert len(network.modules) == (1 if per_module == 500 else 4)
    assert (found(network, route(1, noise=25)) == np.arange(PLACES)).mean() > 0.9


def test_several_traverses_help() -> None:
    """Frames of a second traverse make the map know what a third one shows."""
    rng = np.random.default_rng(5)
    changed = route().astype(float)
    changed[:, : INPUTS // 2] = rng.uniform(0, 255, (PLACES, INPUTS // 2))
    other = changed.astype(np.uint8)
    places = np.arange(PLACES)
    query = np.clip(changed + rng.normal(0, 40, changed.shape), 0, 255).astype(np.uint8)
    single = train(route(), places, TrainingConfig())
    both = train(np.concatenate((route(), other)), np.tile(places, 2), TrainingConfig())
    assert (found(both, query) == places).mean() > (found(single, query) == places).mean()


@pytest.mark.parametrize('outputs', ['ridge', 'stdp'])
@pytest.mark.parametrize('threads', [1, 2])
def test_seed_decides_everything(threads: int, outputs: str) -> None:
    """The same seed gives the same bits with any number of threads; another seed does not."""

    def weights(seed: int, count: int) -> NDArray[np.float32]:
        config = TrainingConfig(seed=seed, threads=count, places_per_module=10, outputs=outputs)
        network = train(route(), np.arange(PLACES), config)
        return np.concatenate([np.ravel(m.output.weights) for m in network.modules])

    assert (weights(7, 1) == weights(7, threads)).all()
    assert (weights(7, 1) != weights(8, 1)).any()


def test_modules_are_balanced() -> None:
    """Modules hold nearly equal numbers of places and never more than configured."""
    for places in (2, 7, 8, 500, 501, 2761):
        bounds = list(module_bounds(places, TrainingConfig(places_per_module=500)))
        sizes = [end - begin for begin, end in bounds]
        assert sum(sizes) == places
        assert max(sizes) <= 500
        assert max(sizes) - min(sizes) <= 1
        assert [begin for begin, _ in bounds[1:]] == [end for _, end in bounds[:-1]]


def test_short_routes_are_shown_more_often_and_copies_are_not() -> None:
    """Four times the places, 2000 at least, however many samples these have; or as many epochs."""
    automatic, three = TrainingConfig(), TrainingConfig(epochs=3)
    assert presentations_for(25, 25, automatic) == 2000
    assert presentations_for(25 * 9, 25, automatic) == 2000
    assert presentations_for(1000 * 9, 1000, automatic) == 4000
    assert presentations_for(25 * 9, 25, three) == 3 * 25 * 9


def test_annealing_falls_to_zero() -> None:
    """Learning rates start at one and fall as (1 - t/T)^2."""
    factor = annealing(4)
    assert factor == pytest.approx([1.0, 0.5625, 0.25, 0.0625])


@pytest.mark.parametrize('places', [[], [0, 0, 0]])
def test_fewer_than_two_places(places: list[int]) -> None:
    """One place is too few: refused with what to do."""
    with pytest.raises(MapError, match='at least 2 places'):
        train(
            np.zeros((len(places), INPUTS), np.uint8), np.array(places, np.int64), TrainingConfig()
        )


def test_progress_is_reported_and_can_cancel() -> None:
    """Progress runs from start to end of every module, and what it raises ends the training."""
    reports: list[tuple[str, int, int]] = []
    train(
        route(),
        np.arange(PLACES),
        TrainingConfig(places_per_module=12),
        lambda *args: reports.append(args),
    )
    assert {stage for stage, _, _ in reports} == {'training module 1/2', 'training module 2/2'}
    assert reports[-1][1] == reports[-1][2]

    def cancel(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(route(), np.arange(PLACES), TrainingConfig(), cancel)


@pytest.mark.parametrize(
    'settings',
    [{'outputs': 'stdp'}, {'quantize': 'qat'}, {'quantize': 'qat', 'outputs': 'stdp'}],
    ids=['stdp', 'qat', 'qat stdp'],
)
def test_large_layers_can_be_cancelled_between_few_neurons(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No report is more than a block of neurons after the one before, in all stages of training."""
    work: list[int] = []
    blocks = presentation.row_blocks

    def counted(rows: int, per_row: int) -> Iterator[tuple[int, int]]:
        for first, last in blocks(rows, per_row):
            work.append((last - first) * per_row)
            yield first, last

    monkeypatch.setattr(presentation, '_WORK', 3_000_000)
    for module in (learning, quantised):
        monkeypatch.setattr(module, 'row_blocks', counted)
    reports = 0

    def report(stage: str, done: int, total: int) -> None:
        nonlocal reports
        reports += 1

    train(route(), np.arange(PLACES), TrainingConfig(**settings), report)
    assert len(work) > 2
    assert max(work) <= 16 * 2000 * 2 * INPUTS
    assert reports > len(work)


def test_only_presented_samples_are_needed() -> None:
    """Of many samples few are presented; the same steps over those alone are the same steps."""
    rng = np.random.default_rng(4)
    samples = rng.random((1000, 3), dtype=np.float32)
    rates = np.ones(40, np.float32)
    shown = presentation.Presentation(samples, rng.integers(0, 1000, 40), rates, rates)
    presented = shown.presented()
    fewer = shown.only(presented, samples[presented])
    assert len(fewer.samples) == len(presented) <= 40
    assert np.array_equal(fewer.samples[fewer.order], samples[shown.order])


def test_dead_inputs_do_no_harm() -> None:
    """Black frames among the places leave all weights finite."""
    spikes = route()
    spikes[3] = 0
    network = train(spikes, np.arange(PLACES), TrainingConfig())
    for module in network.modules:
        assert np.isfinite(module.feature.weights).all()
        assert np.isfinite(module.output.weights).all()
