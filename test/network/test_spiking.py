"""The spiking network: arithmetic by hand, maps that hold it, backend `cuba`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.helpers import tiny_map
from support.spiking import made

from vprtempo_ros import backends
from vprtempo_ros.backends.integer import IntegerBackend
from vprtempo_ros.config import BackendConfig
from vprtempo_ros.errors import BackendError, MapError
from vprtempo_ros.maps.network_file import network_in, write_network
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.network.spiking.network import (
    SpikingModule,
    SpikingNetwork,
    channels,
    check,
    similarity,
    spike_trains,
)
from vprtempo_ros.tools import map_info


def by_hand(network: SpikingNetwork, frame: list[int]) -> list[float]:
    """Compute the similarities of a frame with Python's integers, neuron by neuron."""
    values = [max(2 * v - 255, 0) for v in frame] + [max(255 - 2 * v, 0) for v in frame]
    similarities: list[float] = []
    for module in network.modules:
        hidden, output = module.hidden.tolist(), module.output.tolist()
        potential, totals = [0] * len(hidden), [0] * len(output)
        for t in range(network.steps):
            arrived = [
                ((t + 1) * v + p) // 255 - (t * v + p) // 255
                for v, p in zip(values, (j * 97 % 255 for j in range(len(values))))
            ]
            fired = []
            for i, row in enumerate(hidden):
                kept = abs(potential[i]) * (4096 - network.decay) >> 12
                kept = kept if potential[i] >= 0 else -kept
                potential[i] = kept + 64 * sum(w * s for w, s in zip(row, arrived))
                fired.append(potential[i] > 64 * network.threshold)
                if fired[i]:
                    potential[i] = 0
            for i, row in enumerate(output):
                totals[i] += 64 * sum(w for w, s in zip(row, fired) if s)
        similarities += [total / (64 * 64 * network.steps) for total in totals]
    return similarities


def test_equal_to_neurons_by_hand() -> None:
    """Trains, leak, threshold, reset and outputs, on noise and on extremes."""
    network = made()
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 256, (6, 64)).astype(np.uint8)
    frames[0], frames[1], frames[2] = 0, 255, 127
    found = similarity(network, frames)
    assert found.dtype == np.float32
    for frame, similarities in zip(frames, found):
        assert similarities.tolist() == [
            float(np.float32(a)) for a in by_hand(network, frame.tolist())
        ]
    assert len(np.unique(found)) > 10


def test_rates_are_amplitudes() -> None:
    """Over 255 steps a channel spikes as often as its value; only one of a pair does."""
    values = channels(np.arange(256, dtype=np.uint8)[np.newaxis])
    trains = spike_trains(values, 255)
    assert (trains.sum(axis=1) == values).all()
    assert set(np.unique(trains)) == {0, 1}
    on, off = trains[0, :, :256].any(axis=0), trains[0, :, 256:].any(axis=0)
    assert not (on & off).any()


def test_backend() -> None:
    """It is the default for such a map, gives the same for a frame alone, and shares nothing."""
    network = made()
    backend = backends.create(network, BackendConfig())
    assert (backend.name, backend.places) == ('cuba', 6)
    assert str(network) == '2 modules, spiking neurons'
    frames = np.random.default_rng(2).integers(0, 256, (5, 64)).astype(np.uint8)
    assert np.array_equal(
        [backend.similarity(frame) for frame in frames], similarity(made(), frames)
    )
    backend.close()


@pytest.mark.parametrize('name', ['numpy', 'integer', 'torch', 'sinabs'])
def test_other_backends_refuse_it(name: str) -> None:
    """Backends that cannot run it name those that can."""
    if name in ('torch', 'sinabs'):
        pytest.importorskip('torch')
    with pytest.raises(BackendError, match='cuba or lava|training.method'):
        backends.create(made(), BackendConfig(name=name))


def test_cuba_refuses_other_maps() -> None:
    """A map without such a network names the setting that makes one."""
    with pytest.raises(BackendError, match='holds none.*training.method: bootstrap'):
        backends.create(tiny_map().network, BackendConfig(name='cuba'))


def test_a_map_keeps_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is saved is loaded, bit for bit, and map_info describes it."""
    network = made()
    built = replace(tiny_map(), network=network)
    folder = save(built, tmp_path / 'map')
    loaded = load(folder).network
    assert isinstance(loaded, SpikingNetwork)
    for one, other in zip(network.modules, loaded.modules):
        assert (one.hidden == other.hidden).all()
        assert (one.output == other.output).all()
    assert (loaded.steps, loaded.threshold, loaded.decay) == (16, 4096, 123)
    assert map_info.main([str(folder)]) == 0
    said = capsys.readouterr().out
    assert '2 modules of spiking neurons, 16 time steps' in said
    assert 'module 1: 128-20-2, places 4 to 5' in said
    assert '1 Loihi 2 chip (4 of 128 cores' in said
    assert 'module 1: 2 cores (1.6% of a chip), 22 neurons (0.0%), 2,600 synapses (0.0%)' in said


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda n: replace(n, steps=0), 'spiking.steps: expected 1 to 1000, found 0'),
        (lambda n: replace(n, threshold=1 << 20), 'spiking.threshold: expected'),
        (lambda n: replace(n, decay=-1), 'spiking.decay: expected'),
        (
            lambda n: replace(
                n, modules=[SpikingModule(n.modules[0].hidden + 1, n.modules[0].output)]
            ),
            'module.0.spiking.hidden: expected even weights from -256 to 254',
        ),
        (
            lambda n: replace(
                n, modules=[SpikingModule(n.modules[0].hidden, n.modules[0].output[:, :5])]
            ),
            'do not fit one another',
        ),
        (lambda n: made(hidden=4000, inputs=4), 'a current of [0-9]+ may occur'),
    ],
)
def test_parameters_beyond_loihi_are_refused(change: Any, words: str) -> None:
    """Parameters out of range are named."""
    with pytest.raises(MapError, match=words):
        check(change(made()))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """Shapes and types are checked before anything is computed."""
    file = tmp_path / 'network.safetensors'
    network = made()
    network.modules[0].output = network.modules[0].output[:, :5]
    write_network(network, file)
    with pytest.raises(MapError, match='spiking.output: expected'):
        network_in(np.fromfile(file, np.uint8), tiny_map().config, network.inputs, 6)


def test_integers_of_such_a_map(tmp_path: Path) -> None:
    """The reference backend names the one to use."""
    with pytest.raises(BackendError, match='spiking network of this map'):
        IntegerBackend(made(), BackendConfig())
