"""Training by gradient with lava-dl's bootstrap, and the same network run by netx in Lava."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import PATIENCE
from support.helpers import drive, tiny_config
from support.neuromorphic import lava_processes, needs_lava_dl

from vprtempo_ros import backends
from vprtempo_ros.backends.in_flight import InFlight
from vprtempo_ros.backends.lava import worker_handle
from vprtempo_ros.config import BackendConfig, BootstrapConfig, LavaConfig, TrainingConfig
from vprtempo_ros.errors import BackendError, ConfigError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.network.spiking import training as bootstrap
from vprtempo_ros.network.spiking.hdf5_file import write_hdf5
from vprtempo_ros.network.spiking.network import SpikingNetwork, similarity
from vprtempo_ros.network.training import train
from vprtempo_ros.support.progress import silent

SPIKES = np.random.default_rng(0).integers(0, 256, (9, 64)).astype(np.uint8)
# With one thread: others would wait for one another where the machine has more to do.
SMALL = BootstrapConfig(hidden=60, steps=16, epochs=12, batch=3, spiking_epochs=2)


def noisy(spread: float) -> np.ndarray:
    """Return the places again, with noise."""
    noise = np.random.default_rng(1).normal(0, spread, SPIKES.shape)
    return np.clip(SPIKES + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope='module')
def network() -> SpikingNetwork:
    """Return a small network of two modules."""
    config = TrainingConfig(method='bootstrap', places_per_module=5, threads=1, bootstrap=SMALL)
    return train(SPIKES, np.arange(9), config, size=(8, 8))


@needs_lava_dl
def test_it_learns_its_places(network: SpikingNetwork) -> None:
    """Places are recognised under noise, and the loss has fallen in all modes of bootstrap."""
    assert isinstance(network, SpikingNetwork)
    assert (network.places, network.inputs) == (9, 64)
    right = similarity(network, noisy(25)).argmax(axis=1) == np.arange(9)
    assert right.mean() >= 7 / 9


@needs_lava_dl
def test_every_mode_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """SAMPLE, FIT and ANN take turns, and in the last epochs the hidden layer is in SNN."""
    trainer = bootstrap.Trainer(SPIKES, np.arange(9), (8, 8), SMALL, 0, threads=1)
    used: Counter[tuple[str, ...]] = Counter()
    original = trainer._forward

    def forward(shown: Any, mode: Any) -> Any:
        count, modes = mode.count, iter(mode)
        used[tuple(next(modes).name for _ in range(2))] += 1
        mode.count = count
        return original(shown, mode)

    monkeypatch.setattr(trainer, '_forward', forward)
    trainer.run('module', silent)
    assert set(used) == {
        ('SAMPLE',) * 2,
        ('FIT',) * 2,
        ('ANN',) * 2,
        ('SNN', 'ANN'),
        ('SNN', 'FIT'),
    }
    assert used['SAMPLE', 'SAMPLE'] == 2 * 3
    assert used['FIT', 'FIT'] + used['SNN', 'FIT'] == 2


@needs_lava_dl
def test_the_gradient_lowers_the_loss() -> None:
    """What is learnt beyond the start: rarely seen places stand out further."""
    trainer = bootstrap.Trainer(SPIKES, np.arange(9), (8, 8), SMALL, 0, threads=1)

    def margin() -> float:
        found = trainer.similarity(noisy(60), quantised=True)
        own = found[np.arange(9), np.arange(9)]
        np.fill_diagonal(found, -np.inf)
        return float(((own - found.max(axis=1)) / np.abs(own).mean()).mean())

    before = margin()
    trainer.run('module', silent)
    assert margin() > before


@needs_lava_dl
def test_lava_dl_cuba_and_floats_agree() -> None:
    """Exported weights give in integers what torch gives; floats differ by rounding only."""
    trainer = bootstrap.Trainer(SPIKES, np.arange(9), (8, 8), SMALL, 0, threads=1)
    trainer.run('module', silent)
    network = SpikingNetwork([trainer.module()], SMALL.steps, *trainer.constants())
    shown = np.concatenate([SPIKES, noisy(60)])
    mine = similarity(network, shown)
    assert np.array_equal(trainer.similarity(shown, quantised=True), mine)
    floats = trainer.similarity(shown, quantised=False)
    assert not np.array_equal(floats, mine)
    assert (floats.argmax(axis=1) == mine.argmax(axis=1)).mean() > 0.9


@needs_lava_dl
def test_same_seed_same_network() -> None:
    """Training is repeatable."""
    made = []
    for seed in (0, 0, 1):
        config = TrainingConfig(method='bootstrap', seed=seed, threads=1, bootstrap=SMALL)
        spiking = train(SPIKES, np.arange(9), config, size=(8, 8))
        assert isinstance(spiking, SpikingNetwork)
        made.append(spiking.modules[0])
    assert (made[0].hidden == made[1].hidden).all()
    assert (made[0].output == made[1].output).all()
    assert (made[0].hidden != made[2].hidden).any()


@needs_lava_dl
def test_hdf5_is_what_lava_dl_exports(tmp_path: Path) -> None:
    """Our file has every entry of lava-dl's own, with the same values."""
    import h5py

    trainer = bootstrap.Trainer(SPIKES, np.arange(9), (8, 8), SMALL, 0, threads=1)
    trainer.run('module', silent)
    module = trainer.module()
    network = SpikingNetwork([module], SMALL.steps, *trainer.constants())
    write_hdf5(module, network, tmp_path / 'ours.net')
    with h5py.File(tmp_path / 'theirs.net', 'w') as theirs:
        for number, block in enumerate(trainer.blocks):
            block.export_hdf5(theirs.create_group(f'layer/{number}'))
    with h5py.File(tmp_path / 'ours.net') as ours, h5py.File(tmp_path / 'theirs.net') as theirs:
        names: list[str] = []
        theirs.visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        assert len(names) >= 20
        for name in names:
            assert np.array_equal(ours[name][()], theirs[name][()]), name


@needs_lava_dl
@pytest.mark.parametrize('mode', ['one_at_a_time', 'streaming'])
def test_netx_gives_the_same_bits(
    network: SpikingNetwork, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loaded by netx and run in Lava, in fixed point: the integers of cuba, in order."""
    monkeypatch.setattr(worker_handle, '_KILL', PATIENCE)
    backend = backends.create(network, BackendConfig(name='lava', lava=LavaConfig(mode)))
    assert 'simulated as on 1 Loihi 2 chip' in backend.detail
    # They would be most of the start, and memory in each process of Lava.
    loaded = {Path(part.path).name for part in lava_processes()[0].memory_maps()}
    assert not [name for name in loaded if name.startswith('libtorch')]
    shown = np.concatenate([SPIKES, noisy(60)])
    in_flight: InFlight[int] = InFlight(backend)
    found = [
        result for number, spikes in enumerate(shown) for result in in_flight.submit(spikes, number)
    ]
    while len(in_flight):
        found += in_flight.advance()
    backend.close()
    # By itself, or, as Lava's own end hangs once in many times, by the worker's clock.
    assert backend._worker.status in (0, 1)
    assert [number for number, _ in found] == list(range(len(shown)))
    assert np.array_equal([result for _, result in found], similarity(network, shown))


@needs_lava_dl
def test_a_map_is_built_and_kept(tmp_path: Path) -> None:
    """training.method in the trainer's configuration makes a map that recognises its places."""
    bag = drive(tmp_path / 'route', [0.0, 1.0, 2.0, 3.0], [1, 2, 3, 4])
    config = tiny_config(
        bag,
        training__method='bootstrap',
        training__bootstrap__hidden=60,
        training__bootstrap__epochs=12,
        training__threads=1,
    )
    stages: list[str] = []
    built = build_map(config, lambda stage, done, total: stages.append(stage))
    assert 'training module 1/1' in stages
    loaded = load(save(built, tmp_path / 'map')).network
    assert isinstance(loaded, SpikingNetwork)
    assert backends.default_backend(loaded)[0] == 'cuba'
    assert loaded.places == 4


def test_without_lava_dl_one_line_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice is refused where it cannot be had, before any recording is looked for."""
    monkeypatch.setattr(bootstrap, 'lava_dl_is_installed', lambda: False)
    message = 'training.method: bootstrap needs lava-dl.*make lava'
    with pytest.raises(ConfigError, match=message):
        train(SPIKES, np.arange(9), TrainingConfig(method='bootstrap'), size=(8, 8))
    with pytest.raises(ConfigError, match=message):
        build_map(tiny_config(tmp_path / 'none', training__method='bootstrap'))


def test_running_without_lava_dl_names_the_other_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spiking map can be run without lava-dl, by cuba."""
    from support.spiking import made

    from vprtempo_ros.backends.lava import spiking_backend

    monkeypatch.setattr(spiking_backend, 'lava_dl_is_installed', lambda: False)
    with pytest.raises(BackendError, match='needs lava-dl.*backend cuba gives the same'):
        backends.create(made(), BackendConfig(name='lava'))
