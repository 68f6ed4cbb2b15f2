"""Backends: equal similarities from every engine, and clear messages if one cannot run."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import environment

from vprtempo_ros import backends
from vprtempo_ros.config import BackendConfig, TrainingConfig
from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.layers import SPIKE_MAX
from vprtempo_ros.network.network import FloatNetwork
from vprtempo_ros.network.training import train
from vprtempo_ros.support import plugins

PLACES, INPUTS = 13, 36
SPIKES = np.random.default_rng(0).integers(0, 256, (PLACES, INPUTS)).astype(np.uint8)


def network(readout: str) -> FloatNetwork:
    """Return a network of three modules."""
    config = TrainingConfig(readout=readout, places_per_module=5)
    return train(SPIKES, np.arange(PLACES), config)


def by_hand(trained: FloatNetwork, spikes: np.ndarray) -> np.ndarray:
    """Run the network layer by layer in double precision."""
    parts = []
    for module in trained.modules:
        response = module.feature.weights.astype(float) @ (spikes / 255.0)
        if trained.readout == 'clamped':
            response = np.clip(response, 0, SPIKE_MAX)
        output = module.output.weights.astype(float) @ response
        parts.append(np.clip(output, 0, SPIKE_MAX) if trained.readout == 'clamped' else output)
    return np.concatenate(parts)


@pytest.mark.parametrize('name', ['numpy', 'torch'])
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_equal_to_layers_by_hand(name: str, readout: str) -> None:
    """Multiplied matrices give the same as one layer after the other."""
    if name == 'torch':
        pytest.importorskip('torch')
    trained = network(readout)
    backend = backends.create(trained, BackendConfig(name=name))
    assert (backend.name, backend.places) == (name, PLACES)
    for spikes in SPIKES:
        similarity = backend.similarity(spikes)
        assert similarity.dtype == np.float32
        np.testing.assert_allclose(similarity, by_hand(trained, spikes), rtol=1e-3, atol=1e-5)
    backend.close()


def test_a_result_is_not_overwritten_by_the_next() -> None:
    """The array that a backend returned does not change with the next frame."""
    backend = backends.create(network('linear'), BackendConfig())
    first = backend.similarity(SPIKES[0])
    kept = first.copy()
    backend.similarity(SPIKES[1])
    assert (first == kept).all()


def test_unknown_backend_lists_the_known() -> None:
    """The error for a wrong name lists the right ones."""
    with pytest.raises(BackendError, match=r"unknown backend 'gpu'; known are .*numpy.*torch"):
        backends.create(network('linear'), BackendConfig(name='gpu'))


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend whose library is missing names it and says how to install it."""
    entry = importlib.metadata.EntryPoint(
        'loihi', 'no_such_library.backend:Backend', backends.ENTRY_POINT_GROUP
    )
    monkeypatch.setattr(plugins, 'find', lambda group, name: entry)
    with pytest.raises(BackendError, match='needs no_such_library.*pip install no_such_library'):
        backends.create(network('linear'), BackendConfig(name='loihi'))


def test_default_for_floats() -> None:
    """Without a name floats run in NumPy, with or without torch, and the reason is given."""
    assert backends.default_backend(network('linear')) == ('numpy', 'the map holds floats only')


def test_default_for_floats_does_not_wait_for_torch() -> None:
    """The default backend of floats does not import torch."""
    code = (
        'import sys; from vprtempo_ros.backends import create; '
        'from vprtempo_ros.config import BackendConfig; from test_backends import network; '
        'before = "torch" in sys.modules; create(network("linear"), BackendConfig()); '
        'sys.exit(before or "torch" in sys.modules)'
    )
    assert (
        subprocess.run(
            [sys.executable, '-c', code], env=environment(Path(__file__).parent), check=False
        ).returncode
        == 0
    )
