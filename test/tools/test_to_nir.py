"""NIR export: what is written computes the same, and what NIR cannot express is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from support import ROOT, onnx_models, quantised
from support.helpers import tiny_map
from support.nir_peers import python_with
from support.spiking import made

from vprtempo_ros import backends
from vprtempo_ros.api import build_map
from vprtempo_ros.backends.spike_trains import RateCode
from vprtempo_ros.config import BackendConfig, SinabsConfig
from vprtempo_ros.errors import MapError, VprError
from vprtempo_ros.maps.checked_file import read_checked
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.maps.tensors import Tensors, tensors_in
from vprtempo_ros.network.byte_network import ByteNetwork, Outline
from vprtempo_ros.network.layers import SPIKE_MAX, Layer
from vprtempo_ros.network.network import FloatNetwork, LinearNetwork, Module, Network
from vprtempo_ros.network.spiking.network import channels, similarity, spike_trains
from vprtempo_ros.options import Value
from vprtempo_ros.statistics import Statistics
from vprtempo_ros.tools import nir_chain, to_nir
from vprtempo_ros.tools.nir_chain import chain_of


def run(graph: object, amplitudes: np.ndarray) -> np.ndarray:
    """Compute a chain as NIR defines it, in steps of 0.1 ms; return the mean of its outputs."""
    import nir

    following = dict(graph.edges)  # type: ignore[attr-defined]
    potentials: dict[str, np.ndarray] = {}
    outputs = []
    for values in np.atleast_2d(amplitudes):
        name = 'input'
        while (name := following.get(name)) is not None:
            node = graph.nodes[name]  # type: ignore[attr-defined]
            if isinstance(node, nir.Affine):
                values = node.weight @ values + node.bias
            if isinstance(node, (nir.IF, nir.LIF)):
                before = potentials.get(name, np.zeros(len(node.r)))
                if isinstance(node, nir.IF):
                    change = node.r * values * 1e-4
                else:
                    change = (node.v_leak - before + node.r * values) * (1e-4 / node.tau)
                values = (before + change > node.v_threshold).astype(np.float32)
                potentials[name] = np.where(values > 0, node.v_reset, before + change)
        outputs.append(values)
    return np.mean(outputs, axis=0)


def arrays_of(file: Path) -> Tensors:
    """Return the arrays of a safetensors file."""
    return tensors_in(read_checked(file).data, file.name)


@pytest.mark.parametrize('modules', [1, 3])
def test_round_trip(tmp_path: Path, modules: int) -> None:
    """Written and read, the graph has the same weights and gives the network's similarities."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    network = quantised.trained(modules=modules)
    file = tmp_path / 'network.nir'
    to_nir.write_nir(chain_of(network), file)
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
    monkeypatch.setattr(nir_chain, 'LARGEST', 1000)
    graph = to_nir.to_graph(chain_of(network))
    assert sorted(graph.nodes) == ['input', 'output', 'readout']
    assert_same_responses(network, lambda amplitudes: run(graph, amplitudes))


def of_kind(kind: str) -> tuple[Network, SinabsConfig | None]:
    """Return a network whose chain has stages of its own, and with what it is rate-coded."""
    if kind == 'three modules':
        return quantised.trained(modules=3), None
    weights = np.random.default_rng(0).normal(size=(9, quantised.INPUTS)).astype(np.float32)
    return LinearNetwork(weights), SinabsConfig(steps=20) if kind == 'rate-coded' else None


@pytest.mark.parametrize('tool', ['sinabs', 'norse', 'snntorch', 'rockpool', 'spikingjelly'])
def test_other_tools_run_it(tmp_path: Path, tool: str) -> None:
    """The importers of other projects give the same responses (`make nir-peers`)."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    python = python_with(tool)
    files: list[Path] = []
    expected: dict[Path, np.ndarray] = {}
    for kind in ('one matrix', 'three modules', 'rate-coded'):
        network, rate = of_kind(kind)
        spikes = quantised.frames(10, network.inputs)
        names = [tmp_path / f'{kind}{suffix}' for suffix in ('.nir', ' shown.npy', ' found.npy')]
        backend = backends.create(network, BackendConfig(name='numpy'))
        if rate is None:
            trains = (spikes.astype(np.float32) / np.float32(255))[:, np.newaxis]
            responses = [backend.similarity(frame) for frame in spikes]
        else:
            assert isinstance(network, LinearNetwork)
            code = RateCode(network.inputs, rate.steps, 0)
            trains = np.stack([code(frame) for frame in spikes])
            responses = [network.weights @ train.mean(axis=0) for train in trains]
        backend.close()
        to_nir.write_nir(chain_of(network, rate), names[0])
        np.save(names[1], trains)
        expected[names[2]] = np.stack(responses)
        files += names
    # Importing a tool takes longer than all that it computes.
    script = ROOT / 'benchmarks' / 'nir_importers.py'
    done = subprocess.run([python, script, tool, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for file, responses in expected.items():
        np.testing.assert_allclose(
            np.load(file), responses, rtol=1e-3, atol=1e-5, err_msg=file.stem
        )


def test_rate_coded() -> None:
    """With neurons as NIR defines them, rates follow the responses of the network."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    network = quantised.trained()
    chain = chain_of(network, SinabsConfig(steps=800))
    assert (chain.input, chain.highest) == ('rate', np.inf)
    graph = to_nir.to_graph(chain)
    code = RateCode(network.inputs, chain.steps, 0)
    backend = backends.create(network, BackendConfig(name='numpy'))
    for spikes in quantised.frames(10, network.inputs)[1:]:
        found = run(graph, code(spikes))
        assert np.corrcoef(found, backend.similarity(spikes))[0, 1] > 0.95
    backend.close()


def test_the_clamp_is_one_spike_in_each_step() -> None:
    """The reset loses what is above the threshold, so between 0 and the clamp are steps."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    # Of one input that spikes in each step.
    responses = np.array([-1.0, 0.0, 0.25, 0.5, 0.875, 1.0, 2.0], np.float32)
    count = len(responses)
    none = np.zeros(count, np.float32)
    module = Module(
        Layer(responses[:, np.newaxis], none, none),
        Layer(np.eye(count, dtype=np.float32), none, none),
    )
    chain = chain_of(FloatNetwork([module], 'clamped'), SinabsConfig(steps=100))
    assert chain.highest == SPIKE_MAX
    found = run(to_nir.to_graph(chain), np.ones((chain.steps, 1), np.float32))
    # A neuron spikes in every n-th step, the first in which n responses exceed the clamp.
    every = np.array([np.inf, np.inf, 4, 2, 2, 1, 1])
    np.testing.assert_allclose(found, SPIKE_MAX / every, rtol=1e-6)


def test_spiking() -> None:
    """The neurons of a bootstrap network, but for the rounding of the decay."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    network = made()
    chain = chain_of(network)
    graph = to_nir.to_graph(chain)
    spikes = quantised.frames(10, network.inputs)
    trains = spike_trains(channels(spikes), network.steps).astype(np.float32)
    found = np.stack([run(graph, train) for train in trains])
    np.testing.assert_allclose(found, similarity(network, spikes), rtol=1e-4, atol=1e-4)


def test_integer_weights() -> None:
    """int8 weights are multiples of the scale of their neuron."""
    network = quantised.trained(keep_fp32=False)
    feature = chain_of(network, integers=True).nodes['feature']
    module = network.modules[0].feature
    assert isinstance(feature, np.ndarray)
    whole = feature[: len(module.weights)] / module.weight_scales[:, np.newaxis]
    np.testing.assert_allclose(whole, module.weights, atol=1e-3)


def test_linear_weights_of_8_bits() -> None:
    """Those of large maps, times the scale of their place: with and without the option."""
    rng = np.random.default_rng(0)
    ones = np.ones(5, np.float32)
    codes = np.ones((5, 1), np.int8)
    outline = Outline(np.ones((4, 1), np.float32), codes, ones, ones, Statistics(ones, ones))
    rows = rng.integers(-127, 128, (5, 4)).astype(np.int8)
    network = ByteNetwork(rows, ones / 64, outline)
    for integers in (False, True):
        readout = chain_of(network, integers=integers).nodes['readout']
        assert isinstance(readout, np.ndarray)
        assert (readout * 64 == rows).all()


def test_the_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a map to a file, with what the graph cannot hold next to it."""
    nir = pytest.importorskip('nir', reason='needs NIR: make lava')
    folder = save(tiny_map(), tmp_path / 'map')
    assert to_nir.main([str(folder), str(tmp_path / 'network.nir')]) == 0
    assert '64 inputs, 6 places in 2 modules, linear readout' in capsys.readouterr().out
    assert len(nir.read(tmp_path / 'network.nir').nodes) == 4
    loaded = load(folder)
    arrays = arrays_of(tmp_path / 'network.safetensors')
    assert (arrays['response_std'] == loaded.response_statistics.std).all()
    about = json.loads((tmp_path / 'network.json').read_text())
    assert about['encoding']['encoder'] == loaded.config.encoding.encoder
    assert to_nir.main([str(folder), str(tmp_path / 'rate.nir'), '--rate', '--steps', '7']) == 0
    assert arrays_of(tmp_path / 'rate.safetensors')['drawn'].shape == (7, 64)


def test_the_example_recognises_images(tmp_path: Path) -> None:
    """docs/examples/nir_images.py finds the places of a map's own images, from the files alone."""
    pytest.importorskip('sinabs.nir', reason='needs sinabs: make lava')
    images = tmp_path / 'images'
    images.mkdir()
    rng = np.random.default_rng(3)
    route = [cv2.resize(rng.integers(0, 256, (6, 8), np.uint8), (160, 120)) for _ in range(12)]
    for number, image in enumerate(route):
        cv2.imwrite(str(images / f'{number:03}.png'), image)
    frames: dict[str, Value] = {'places.by': 'frames'}
    build_map([images], tmp_path / 'map', frames)
    exports = [('map', 'x.nir', []), ('map', 'rate.nir', ['--rate'])]
    if find_spec('onnxruntime') is not None and find_spec('onnx') is not None:
        model = onnx_models.flattened(tmp_path / 'mine.onnx', (1, 3, 12, 16))
        descriptor: dict[str, Value] = {
            'encoding.encoder': 'descriptor',
            'encoding.descriptor.model': str(model),
        }
        build_map([images], tmp_path / 'described', {**frames, **descriptor})
        exports.append(('described', 'descriptor.nir', []))
    for name, file, options in exports:
        assert to_nir.main([str(tmp_path / name), str(tmp_path / file), *options]) == 0
    for folder in {name for name, _, _ in exports}:
        shutil.rmtree(tmp_path / folder)
    (tmp_path / 'mine.onnx').unlink(missing_ok=True)
    names = sorted(map(str, images.iterdir()))
    example = ROOT / 'docs' / 'examples' / 'nir_images.py'
    # As a program, for each of the files; in one process, which imports sinabs once.
    code = f"""
import runpy, sys
for file in {[str(tmp_path / file) for _, file, _ in exports]}:
    sys.argv[1:] = [file, *{names}]
    runpy.run_path({str(example)!r}, run_name='__main__')
"""
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
    )
    found = [int(line.split()[-2]) for line in done.stdout.splitlines()]
    assert found == len(exports) * list(range(len(route))), done.stderr


def test_what_nir_cannot_express(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clamp, rounding between layers, options without a meaning: each is named."""
    with pytest.raises(MapError, match='cannot express the clamp.*readout: linear'):
        chain_of(quantised.trained('clamped'))
    with pytest.raises(MapError, match='cannot express integers with rounding.*keep_fp32'):
        chain_of(quantised.trained(keep_fp32=False))
    with pytest.raises(MapError, match='spiking network, which has one form'):
        chain_of(made(), SinabsConfig())
    with pytest.raises(MapError, match='holds no integers'):
        chain_of(tiny_map().network, integers=True)
    with pytest.raises(MapError, match='holds no integers'):
        chain_of(LinearNetwork(np.ones((3, 4), np.float32)), integers=True)
    monkeypatch.setattr(nir_chain, 'LARGEST', 100)
    with pytest.raises(MapError, match='readout of 0 MB, mostly zeros'):
        chain_of(quantised.trained(), SinabsConfig())
    with pytest.raises(MapError, match='exceed 256 MB'):
        chain_of(made())


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
    if find_spec('nir') is not None:
        folder = save(tiny_map(), tmp_path / 'map')
        assert to_nir.main([str(folder), str(tmp_path / 'no' / 'x.nir')]) == 1
        assert 'cannot be written' in capsys.readouterr().err
        assert to_nir.main([str(folder), str(tmp_path / 'x.json')]) == 1
        assert 'expected a name like network.nir' in capsys.readouterr().err
    monkeypatch.setitem(__import__('sys').modules, 'nir', None)
    with pytest.raises(VprError, match='needs the package nir: pip install nir'):
        to_nir.to_graph(chain_of(tiny_map().network))
