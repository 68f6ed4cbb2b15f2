"""NIR export: what is written computes the same, and what NIR cannot express is refused."""

from __future__ import annotations

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
from vprtempo_ros.network.network import FloatNetwork
from vprtempo_ros.tools import to_nir


def run(graph: object, amplitudes: np.ndarray) -> np.ndarray:
    """Compute a graph as NIR defines it: y = W x along the edges; outputs in their order."""
    import nir

    values = {'input': amplitudes}
    edges = list(graph.edges)  # type: ignore[attr-defined]
    while edges:
        for source, target in list(edges):
            if source in values:
                node = graph.nodes[target]  # type: ignore[attr-defined]
                assert isinstance(node, (nir.Linear, nir.Output))
                values[target] = (
                    node.weight @ values[source] if isinstance(node, nir.Linear) else values[source]
                )
                edges.remove((source, target))
    names = sorted(
        name
        for name, node in graph.nodes.items()  # type: ignore[attr-defined]
        if isinstance(node, nir.Output)
    )
    return np.concatenate([values[name] for name in names])


@pytest.mark.parametrize('modules', [1, 3])
def test_round_trip(tmp_path: Path, modules: int) -> None:
    """Written and read, the graph has the same weights and gives the network's similarities."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    network = quantised.trained(modules=modules)
    file = tmp_path / 'network.nir'
    to_nir.write_nir(network, file)
    graph = nir.read(file)
    backend = backends.create(network, BackendConfig(name='numpy'))
    for spikes in quantised.frames(10):
        np.testing.assert_allclose(
            run(graph, spikes / 255.0), backend.similarity(spikes), rtol=1e-3, atol=1e-5
        )
    suffix = '' if modules == 1 else '_0'
    weights = graph.nodes[f'feature{suffix}'].weight
    assert weights.dtype == np.float32
    assert (weights == network.floats.modules[0].feature.weights).all()
    assert len(graph.nodes) == 1 + 3 * modules
    assert [path.name for path in tmp_path.iterdir()] == ['network.nir']


def test_the_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a map to a file."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    folder = save(tiny_map(), tmp_path / 'map')
    assert to_nir.main([str(folder), str(tmp_path / 'network.nir')]) == 0
    assert '64 inputs, 6 places in 2 modules, linear readout' in capsys.readouterr().out
    assert len(nir.read(tmp_path / 'network.nir').nodes) == 7


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
