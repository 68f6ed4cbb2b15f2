"""Backend `sinabs`, spike trains from amplitudes and from events, and that samna stays away."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE, environment, quantised

from vprtempo_ros import backends
from vprtempo_ros.backends.integrate_and_fire import spike_counts
from vprtempo_ros.backends.sinabs_rate import RateCodedModule, SinabsBackend
from vprtempo_ros.backends.spike_trains import RateCode
from vprtempo_ros.config import BackendConfig, EncodingConfig, SinabsConfig, TrainingConfig
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.errors import BackendError
from vprtempo_ros.events.binning import Binner
from vprtempo_ros.events.packet import EventBuffer
from vprtempo_ros.network.layers import SPIKE_MAX
from vprtempo_ros.network.network import Network
from vprtempo_ros.network.training import train
from vprtempo_ros.sources.folder import FolderFrames

needs_sinabs = pytest.mark.skipif(
    find_spec('sinabs') is None or find_spec('torch') is None,
    reason='needs sinabs and torch: make lava on Python 3.11',
)


def network(readout: str, modules: int = 3) -> Network:
    """Return a network of floats."""
    return train(
        quantised.SPIKES,
        np.arange(quantised.PLACES),
        TrainingConfig(readout=readout, places_per_module=-(-quantised.PLACES // modules)),
    )


def sinabs(of: Network, **settings: float) -> SinabsBackend:
    """Start the backend."""
    backend = backends.create(of, BackendConfig(name='sinabs', sinabs=SinabsConfig(**settings)))
    assert isinstance(backend, SinabsBackend)
    return backend


def test_samna_is_not_installed() -> None:
    """On PyPI it is a stub that installs from another index when it is imported."""
    assert find_spec('samna') is None


@needs_sinabs
def test_samna_is_not_imported() -> None:
    """Not even tried: in a new interpreter, a finder records imports of it."""
    code = """
import sys
tried = []
class Note:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'samna':
            tried.append(name)
sys.meta_path.insert(0, Note())
import test_sinabs
backend = test_sinabs.sinabs(test_sinabs.network('linear'), steps=5)
backend.similarity(test_sinabs.quantised.SPIKES[0])
print(tried, 'samna' in sys.modules, 'sinabs' in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        env=environment(Path(__file__).parent),
        check=False,
        timeout=PATIENCE,
    )
    assert done.stdout == '[] False True\n', done.stderr


@needs_sinabs
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_longer_trains_approach_the_floats(readout: str) -> None:
    """Rates approach responses: with T = 1000 similarities are close to those of floats."""
    of = network(readout)
    floats = backends.create(of, BackendConfig(name='numpy'))
    shown = quantised.frames(12)[2:]
    wanted = np.stack([floats.similarity(frame) for frame in shown])
    errors = []
    for steps in (10, 100, 1000):
        backend = sinabs(of, steps=steps)
        found = np.stack([backend.similarity(frame) for frame in shown])
        assert found.dtype == np.float32
        errors.append(float(np.abs(found - wanted).mean() / wanted.std()))
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.1


@needs_sinabs
def test_the_clamp_is_a_highest_rate() -> None:
    """With the clamped readout no feature spikes for more than 0.9."""
    backend = sinabs(network('clamped', 1), steps=50, threshold=0.3)
    response = backend.respond(np.full((50, quantised.INPUTS), 1.0, np.float32))
    rates = response.features[0] * 0.3 / 50
    assert rates.max() <= SPIKE_MAX + 1e-6
    assert (rates > 0).sum() > 0


@needs_sinabs
def test_a_lower_threshold_costs_more_spikes() -> None:
    """T and thresholds are parameters: they set how many spikes are sent."""
    of = network('linear', 1)

    def sent(**settings: float) -> float:
        backend = sinabs(of, **settings)
        return float(
            sum(c.sum() for c in backend.respond(backend.train(quantised.SPIKES[0])).features)
        )

    assert sent(threshold=0.2) > 2 * sent(threshold=1.0)
    assert sent(steps=200) > 1.5 * sent(steps=100)


@needs_sinabs
@pytest.mark.parametrize('threshold', [1.0, 0.3])
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_spikes_are_those_of_sinabs(readout: str, threshold: float) -> None:
    """What is computed here and what sinabs simulates: the same spikes and similarities."""
    backend = sinabs(network(readout), steps=100, threshold=threshold)
    for frame in quantised.SPIKES[:6]:
        shown = backend.train(frame)
        response = backend.respond(shown)
        for part, counts in zip(backend._parts, response.features):
            assert isinstance(part, RateCodedModule)
            for layer in part._network:
                if hasattr(layer, 'reset_states'):
                    layer.reset_states()
            feature, neurons = list(part._network)[:2]
            arrived = feature(torch_of(shown)).detach()
            simulated = neurons(arrived).detach().numpy()
            signs = 1 if readout == 'clamped' else 2
            drive = arrived.numpy()[:, : len(counts) // signs]
            ours = spike_counts(drive, np.float32(part._threshold), signs, part._most)
            assert (ours == simulated.sum(axis=0)).all()
            # Two matrix products may round differently, and a spike then comes a step later.
            assert np.abs(counts - ours).max() <= 1
            assert (counts != ours).mean() < 0.01


def torch_of(shown: np.ndarray) -> Any:
    """Return a tensor."""
    import torch

    return torch.from_numpy(shown)


@needs_sinabs
def test_spiking_outputs() -> None:
    """With a threshold the outputs spike too, and their counts are the similarities."""
    backend = sinabs(network('linear', 1), steps=200, output_threshold=0.002)
    response = backend.respond(backend.train(quantised.SPIKES[3]))
    assert response.outputs > 0
    counts = response.similarity * 200 / 0.002
    assert np.allclose(counts, np.rint(counts), atol=1e-2)
    assert counts.sum() == pytest.approx(response.outputs, rel=1e-3)


@needs_sinabs
def test_a_result_does_not_depend_on_earlier_frames() -> None:
    """Potentials start at zero with each frame, and a frame always gets the same train."""
    backend = sinabs(network('linear'), steps=20)
    first = backend.similarity(quantised.SPIKES[0])
    backend.similarity(quantised.SPIKES[1])
    assert (backend.similarity(quantised.SPIKES[0]) == first).all()


@needs_sinabs
def test_binned_events_are_a_spike_train() -> None:
    """A network responds to events as to the amplitudes with the same rates."""
    of = network('linear', 1)
    backend = sinabs(of, steps=60)
    rng = np.random.default_rng(5)
    steps, inputs = np.nonzero(rng.random((60, quantised.INPUTS)) < quantised.SPIKES[4] / 255)
    # A sensor of 12x12 pixels, of which each input covers four; bins of a millisecond. The first
    # event opens a window that counts from the next on, the last one closes it.
    x = np.concatenate([[0], inputs % 6 * 2 + rng.integers(0, 2, len(steps)), [0]])
    y = np.concatenate([[0], inputs // 6 * 2 + rng.integers(0, 2, len(steps)), [0]])
    t = np.concatenate([[0], 60_000_000 + steps * 1_000_000 + 7, [120_000_000]])
    buffer = EventBuffer()
    buffer.show(
        (y.astype(np.uint64) << np.uint64(48))
        | (x.astype(np.uint64) << np.uint64(32))
        | t.astype(np.uint64),
        0,
    )
    binner = Binner(60, 1_000_000, (6, 6), (12, 12))
    windows = [bins.counts.copy() for bins in binner.add(buffer, 1, True)]
    assert len(windows) == 1
    train_ = windows[0].reshape(60, -1)
    assert train_.sum() == len(steps)
    floats = backends.create(of, BackendConfig(name='numpy')).similarity(quantised.SPIKES[4])
    found = backend.respond(train_).similarity
    assert np.corrcoef(found, floats)[0, 1] > 0.9


def test_rates_of_drawn_spikes() -> None:
    """Black never spikes, white always, other values at the rate of their amplitude."""
    levels = np.arange(256, dtype=np.uint8)
    train_ = RateCode(256, 4000, 3)(levels)
    rates = train_.mean(axis=0)
    assert rates[0] == 0
    assert rates[255] == 1
    assert np.abs(rates - levels / 255).max() < 5 * 0.5 / np.sqrt(4000)
    assert (RateCode(256, 4000, 3)(levels) == train_).all()
    assert (RateCode(256, 4000, 4)(levels) != train_).any()


@needs_sinabs
def test_a_map_without_floats_is_refused() -> None:
    """It converts floats."""
    of = quantised.trained(keep_fp32=False)
    with pytest.raises(BackendError, match="'sinabs' needs the floats.*keep_fp32"):
        backends.create(of, BackendConfig(name='sinabs'))


def test_missing_sinabs_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what is missing, and how to install it without samna."""
    monkeypatch.setitem(sys.modules, 'sinabs', None)
    message = "backend 'sinabs' needs sinabs.*make lava on Python 3.11.*samna"
    with pytest.raises(BackendError, match=message):
        backends.create(network('linear'), BackendConfig(name='sinabs'))


@needs_sinabs
@pytest.mark.long
def test_recall_on_nordland(shared_data) -> None:
    """At T = 100 recall@1 is within 0.03 of floats, for every fourth of 500 places."""
    folder = shared_data('nordland_64x32')
    names = str(folder / 'filtered_names.txt')
    encoder = PixelEncoder(EncodingConfig())
    learnt, shown = (
        np.stack(
            [
                encoder(frame.image)
                for frame, _ in zip(FolderFrames(folder / season, names), range(500))
            ]
        )
        for season in ('summer', 'winter')
    )
    of = train(learnt, np.arange(500), TrainingConfig())
    floats = backends.create(of, BackendConfig(name='numpy'))
    spiking = backends.create(of, BackendConfig(name='sinabs', threads=2))
    chosen = np.arange(0, 500, 4)
    right = [
        np.mean([backend.similarity(shown[i]).argmax() == i for i in chosen])
        for backend in (floats, spiking)
    ]
    assert right[0] > 0.3
    assert abs(right[0] - right[1]) <= 0.03
