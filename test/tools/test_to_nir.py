"""NIR export: what is written computes the same, and what NIR cannot express is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import quantised
from support.helpers import tiny_map

from vprtempo_ros import backends
from vprtempo_ros.config import BackendConfig
from vprtempo_ros.errors import MapError, VprError
from vprtempo_ros.maps.store import save
from vprtempo_ros.network.network import FloatNetwork, LinearNetwork, Network
from vprtempo_ros.tools import to_nir


def run(graph: object, amplitudes: np.ndarray) -> np.ndarray:
    """Compute a chain as NIR defines it: y = W x + b along the edges."""
    import nir

    following = dict(graph.edges)  # type: ignore[attr-defined]
    name, values = 'input', amplitudes
    while (name := following.get(name)) is not None:
        node = graph.nodes[name]  # type: ignore[attr-defined]
        if isinstance(node, nir.Affine):
            values = node.weight @ values + node.bias
    return values


@pytest.mark.parametrize('modules', [1, 3])
def test_round_trip(tmp_path: Path, modules: int) -> None:
    """Written and read, the graph has the same weights and gives the network's similarities."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    network = quantised.trained(modules=modules)
    file = tmp_path / 'network.nir'
    to_nir.write_nir(network, file)
    graph = nir.read(file)
    assert_same_responses(network, lambda amplitudes: run(graph, amplitudes))
    weights = graph.nodes['feature'].weight
    first = network.floats.modules[0].feature.weights
    assert weights.dtype == np.float32
    assert (weights[: len(first)] == first).all()
    assert list(graph.nodes) == ['feature', 'input', 'output', 'readout']
    assert [path.name for path in tmp_path.iterdir()] == ['network.nir']


def assert_same_responses(
    network: Network, respond: Callable[[np.ndarray], np.ndarray], tolerance: float = 1e-3
) -> None:
    """Compare responses float (places,) to amplitudes with those of backend numpy."""
    backend = backends.create(network, BackendConfig(name='numpy'))
    for spikes in quantised.frames(10, network.inputs):
        expected = backend.similarity(spikes)
        found = respond(spikes.astype(np.float32) / 255)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-5)
    backend.close()


def test_large_maps_are_multiplied_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacked readouts of many modules are nearly all zeros."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    network = quantised.trained(modules=3)
    monkeypatch.setattr(to_nir, '_LARGEST', 1000)
    graph = to_nir.to_graph(network)
    assert sorted(graph.nodes) == ['input', 'output', 'readout']
    assert_same_responses(network, lambda amplitudes: run(graph, amplitudes))


@pytest.mark.parametrize('kind', ['one matrix', 'one module', 'three modules'])
def test_sinabs_runs_it(tmp_path: Path, kind: str) -> None:
    """An importer of another project gives the same responses."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    sinabs_nir = pytest.importorskip('sinabs.nir', reason='needs sinabs: make lava')
    import torch

    if kind == 'one matrix':
        weights = np.random.default_rng(0).normal(size=(9, quantised.INPUTS)).astype(np.float32)
        network: Network = LinearNetwork(weights)
    else:
        network = quantised.trained(modules=1 if kind == 'one module' else 3)
    to_nir.write_nir(network, tmp_path / 'network.nir')
    loaded = sinabs_nir.from_nir(nir.read(tmp_path / 'network.nir'), batch_size=1)

    def respond(amplitudes: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            found = loaded(torch.from_numpy(amplitudes)[None])
        # Some versions also return the state.
        return (found[0] if isinstance(found, tuple) else found).numpy().reshape(-1)

    assert_same_responses(network, respond)


def test_the_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a map to a file."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    folder = save(tiny_map(), tmp_path / 'map')
    assert to_nir.main([str(folder), str(tmp_path / 'network.nir')]) == 0
    assert '64 inputs, 6 places in 2 modules, linear readout' in capsys.readouterr().out
    assert len(nir.read(tmp_path / 'network.nir').nodes) == 4


def test_what_nir_cannot_express() -> None:
    """A clamp, rounding between layers, spiking neurons of ours: each is named."""
    from support.spiking import made

    with pytest.raises(MapError, match='cannot express the clamp.*readout: linear'):
        to_nir.to_graph(quantised.trained('clamped'))
    with pytest.raises(MapError, match='cannot express integers with rounding.*keep_fp32'):
        to_nir.to_graph(quantised.trained(keep_fp32=False))
    with pytest.raises(MapError, match='the spiking network of training.method: bootstrap'):
        to_nir.to_graph(made())


def test_mistakes_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback where the map cannot be exported, the file not be written, NIR is missing."""
    clamped = replace(tiny_map(), network=FloatNetwork(tiny_map().network.modules, 'clamped'))
    clamped = replace(
        clamped,
        config=replace(
            clamped.config, training=replace(clamped.config.training, readout='clamped')
        ),
    )
    folder = save(clamped, tmp_path / 'clamped')
    assert to_nir.main([str(folder), str(tmp_path / 'x.nir')]) == 1
    assert 'cannot express the clamp' in capsys.readouterr().err
    if to_nir is not None and backends.find_spec('nir') is not None:
        folder = save(tiny_map(), tmp_path / 'map')
        assert to_nir.main([str(folder), str(tmp_path / 'no' / 'x.nir')]) == 1
        assert 'cannot be written' in capsys.readouterr().err
    monkeypatch.setitem(__import__('sys').modules, 'nir', None)
    with pytest.raises(VprError, match='needs the package nir: pip install nir'):
        to_nir.to_graph(tiny_map().network)
