"""Networks from NIR files: what they compute, by which tools they are written, what is refused."""

from __future__ import annotations

import re
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.helpers import tiny_map
from support.nir_peers import python_with

from vprtempo_ros import backends
from vprtempo_ros.backends.nir_graph import NirBackend
from vprtempo_ros.backends.spike_trains import RateCode
from vprtempo_ros.config import BackendConfig
from vprtempo_ros.errors import BackendError, MapError, VprError
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.network.graph import GraphNetwork, Matrix
from vprtempo_ros.network.segments import Segments
from vprtempo_ros.tools import from_nir, map_info, to_nir
from vprtempo_ros.tools.nir_chain import chain_of

h5py = pytest.importorskip('h5py', reason='needs h5py: make lava')
INPUTS, PLACES = 64, 6
WEIGHTS = np.random.default_rng(0).normal(size=(PLACES, INPUTS)).astype(np.float32)
FRAMES = np.random.default_rng(1).integers(0, 256, (5, INPUTS)).astype(np.uint8)

Nodes = dict[str, dict[str, Any]]


def write(file: Path, nodes: Nodes, edges: list[tuple[str, str]] | None = None) -> Path:
    """Write HDF5 as the package nir does; without edges, a chain of the nodes in their order."""
    names = list(nodes)
    chain = list(zip(names, names[1:])) if edges is None else edges
    with h5py.File(file, 'w') as root:
        root['version'] = '1.0.8'
        root['node/type'] = 'NIRGraph'
        root.create_dataset('node/edges', data=chain, dtype=h5py.string_dtype())
        for name, values in nodes.items():
            for key, value in values.items():
                root[f'node/nodes/{name}/{key}'] = value
    return file


def chain(*nodes: dict[str, Any]) -> Nodes:
    """Return nodes between an input and an output."""
    named = {f'n{number}': node for number, node in enumerate(nodes)}
    return {
        'in': {'type': 'Input', 'shape': np.array([INPUTS])},
        **named,
        'out': {'type': 'Output', 'shape': np.array([PLACES])},
    }


def affine(weights: np.ndarray = WEIGHTS, bias: float = 0.0) -> dict[str, Any]:
    """Return a matrix."""
    return {'type': 'Affine', 'weight': weights, 'bias': np.full(len(weights), bias, np.float32)}


def read(file: Path, dt: float = 1e-4, steps: int | None = None, kind: str = '') -> GraphNetwork:
    """Read a file for a map of 64 inputs and 6 places."""
    return from_nir.read_network(file, INPUTS, PLACES, dt, steps, kind or None)


def test_a_matrix_has_the_bits_of_backend_numpy(tmp_path: Path) -> None:
    """The export of a linear network, imported again."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    loaded = tiny_map()
    to_nir.write_nir(chain_of(loaded.network), tmp_path / 'x.nir')
    network = read(tmp_path / 'x.nir')
    assert (network.input, network.steps) == ('amplitudes', 1)
    ours, numpy = (
        NirBackend(network, BackendConfig()),
        backends.create(loaded.network, BackendConfig(name='numpy')),
    )
    for frame in FRAMES:
        np.testing.assert_allclose(
            ours.similarity(frame), numpy.similarity(frame), rtol=1e-4, atol=1e-6
        )
    ours.close()
    numpy.close()


NEURONS: dict[str, tuple[dict[str, Any], Callable[[float, float, float], Any]]] = {
    'IF': ({'r': 1e4, 'v_threshold': 1.0}, lambda u, v, x: (u, v + x)),
    'LIF': (
        {'tau': 1e-3, 'r': 10.0, 'v_leak': 0.1, 'v_threshold': 1.0, 'v_reset': -0.25},
        lambda u, v, x: (u, v + 0.1 * (0.1 - v + 10 * x)),
    ),
    'CubaLIF': (
        {
            'tau_syn': 2e-4,
            'tau_mem': 1e-3,
            'r': 10.0,
            'v_leak': 0.0,
            'v_threshold': 1.0,
            'w_in': 2.0,
        },
        lambda u, v, x: (c := u + 0.5 * (2 * x - u), v + 0.1 * (10 * c - v)),
    ),
    'LI': ({'tau': 1e-3, 'r': 10.0, 'v_leak': 0.0}, lambda u, v, x: (u, v + 0.1 * (10 * x - v))),
    'I': ({'r': 1e4}, lambda u, v, x: (u, v + x)),
}


@pytest.mark.parametrize('kind', sorted(NEURONS))
def test_neurons_step_by_step(tmp_path: Path, kind: str) -> None:
    """Each kind of neuron against its differential equation, one number at a time."""
    constants, change = NEURONS[kind]
    node = {'type': kind, **{key: np.full(PLACES, v) for key, v in constants.items()}}
    network = read(write(tmp_path / 'x.nir', chain(affine(WEIGHTS / 8), node)), steps=40)
    assert network.input == 'rate'
    found = NirBackend(network, BackendConfig()).similarity(FRAMES[0])
    arriving = RateCode(INPUTS, 40, 0)(FRAMES[0]) @ (WEIGHTS / 8).T
    threshold, reset = constants.get('v_threshold'), constants.get('v_reset', 0.0)
    expected = []
    for place in range(PLACES):
        u, v, outputs = 0.0, 0.0, []
        for x in arriving[:, place].tolist():
            u, v = change(u, v, x)
            spike = threshold is not None and v > threshold
            outputs.append(float(spike) if threshold is not None else v)
            v = reset if spike else v
        expected.append(np.mean(outputs))
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_matrix_behind_neurons_takes_their_mean(tmp_path: Path) -> None:
    """With amplitudes as input, the same in every step, and a bias."""
    lif = {'type': 'LIF', 'tau': 1e-3, 'r': 5.0, 'v_leak': 0.0, 'v_threshold': 1.0}
    last = np.eye(PLACES, dtype=np.float32)[::-1]
    plain = write(tmp_path / 'a.nir', chain(affine(), lif))
    turned = write(tmp_path / 'b.nir', chain(affine(), lif, affine(2 * last, 0.5)))
    one, other = (
        NirBackend(read(file, steps=30, kind='amplitudes'), BackendConfig()).similarity(FRAMES[1])
        for file in (plain, turned)
    )
    assert one.any()
    np.testing.assert_allclose(other, 2 * one[::-1] + 0.5, rtol=1e-6)


def test_scale_and_flatten(tmp_path: Path) -> None:
    """Scale is a product; Flatten changes nothing."""
    nodes = chain(
        {'type': 'Flatten', 'start_dim': 1, 'end_dim': -1},
        {'type': 'Linear', 'weight': WEIGHTS},
        {'type': 'Scale', 'scale': np.arange(PLACES, dtype=np.float32)},
    )
    network = read(write(tmp_path / 'x.nir', nodes), steps=1, kind='amplitudes')
    found = NirBackend(network, BackendConfig()).similarity(FRAMES[0])
    expected = WEIGHTS @ (FRAMES[0] / np.float32(255)) * np.arange(PLACES)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


# Networks made in another tool, and what they respond there, step by step, to spike trains.
MADE_IN = {
    'snntorch': """
import snntorch
from snntorch.export_nir import export_to_nir
neurons = snntorch.Leaky(beta=torch.full((20,), 0.9), threshold=torch.full((20,), 1.0),
                         reset_mechanism='zero', init_hidden=True, reset_delay=False)
layers = torch.nn.Sequential(torch.nn.Linear(64, 20), neurons, torch.nn.Linear(20, 6))
nir.write('x.nir', export_to_nir(layers, torch.zeros(1, 64), ignore_dims=[0]))
def run(train):
    neurons.reset_mem()
    return torch.stack([layers(step[None])[0] for step in train])
""",
    'norse': """
from norse.torch import LIFBoxCell, LIFBoxParameters, SequentialState, to_nir
constants = LIFBoxParameters(tau_mem_inv=torch.full((20,), 100.0), v_leak=torch.zeros(20),
                             v_th=torch.full((20,), 0.1), v_reset=torch.zeros(20))
layers = SequentialState(torch.nn.Linear(64, 20), LIFBoxCell(constants), torch.nn.Linear(20, 6))
nir.write('x.nir', to_nir(layers, torch.zeros(64)))
def run(train):
    state, found = None, []
    for step in train:
        output, state = layers(step[None], state)
        found.append(output[0])
    return torch.stack(found)
""",
}
BEFORE = """
import nir, numpy as np, torch
torch.manual_seed(0)
"""
BEHIND = """
with torch.no_grad():
    found = [run(torch.from_numpy(train)).mean(0).numpy() for train in np.load('trains.npy')]
np.save('responses.npy', found)
"""
# norse 1.1.0 multiplies time constants by its time step of 1 ms (findings/norse_nir_tau.sh).
STEP_OF = {'snntorch': 1e-4, 'norse': 1e-6}


@pytest.mark.parametrize('tool', sorted(MADE_IN))
def test_networks_of_other_tools(tmp_path: Path, tool: str) -> None:
    """A network responds here as in the tool that it was made in."""
    pytest.importorskip('nir', reason='needs NIR: make lava')
    code = RateCode(INPUTS, from_nir.STEPS, 0)
    np.save(tmp_path / 'trains.npy', np.stack([code(frame) for frame in FRAMES]))
    script = BEFORE + MADE_IN[tool] + BEHIND
    done = subprocess.run(
        [python_with(tool), '-c', script], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    network = read(tmp_path / 'x.nir', STEP_OF[tool])
    backend = NirBackend(network, BackendConfig())
    found = np.stack([backend.similarity(frame) for frame in FRAMES])
    expected = np.load(tmp_path / 'responses.npy')
    assert np.ptp(expected, axis=0).all()
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_the_tool(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A copy of the map with the network, its own statistics, and where it is from."""
    loaded = tiny_map()
    folder = save(loaded, tmp_path / 'map')
    # Templates: each place has the input that only it has.
    shown = loaded.shown().astype(np.float32)
    centred = shown - shown.mean(axis=1, keepdims=True)
    weights = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    file = write(tmp_path / 'mine.nir', chain(affine(weights)))
    assert from_nir.main([str(file), str(folder)]) == 0
    out = capsys.readouterr().out
    assert '6 of 6 places are recognised' in out
    made = load(tmp_path / 'map_nir')
    assert isinstance(made.network, GraphNetwork)
    assert backends.default_backend(made.network)[0] == 'nir'
    assert not np.array_equal(made.response_statistics.std, loaded.response_statistics.std)
    assert made.places == loaded.places
    assert map_info.main([str(tmp_path / 'map_nir')]) == 0
    assert re.search(r'imported +mine\.nir, NIR', capsys.readouterr().out)
    # Again: refused, then replaced.
    assert from_nir.main([str(file), str(folder)]) == 1
    assert 'there is a map already' in capsys.readouterr().err
    assert from_nir.main([str(file), str(folder), '--overwrite', '--steps', '0']) == 1
    assert '--steps: expected' in capsys.readouterr().err
    assert from_nir.main([str(file), str(folder), '--overwrite']) == 0


def test_places_of_other_segments_are_not_near() -> None:
    """A neighbour by its number is wrong on the other side of a border, and counts as another."""
    loaded = tiny_map()
    shown = loaded.shown().astype(np.float32) / 255
    wanted = np.eye(PLACES, dtype=np.float32)[[0, 1, 2, 2, 4, 5]]
    weights = (np.linalg.pinv(shown) @ wanted).T.astype(np.float32)
    network = GraphNetwork((Matrix(weights, np.zeros(PLACES, np.float32)),), 'amplitudes', 1)
    whole, right = from_nir.with_network(loaded, network, 'a test')
    assert right == PLACES
    halves = replace(loaded, segments=Segments.of([3, 3]))
    halves.segment_statistics = [loaded.pixel_statistics] * 2
    parted, right = from_nir.with_network(halves, network, 'a test')
    assert right == PLACES - 1
    assert (parted.response_statistics.mean != whole.response_statistics.mean).any()


def test_maps_keep_neurons(tmp_path: Path) -> None:
    """A map with neurons, saved and loaded, responds the same."""
    lif = {'type': 'LIF', 'tau': 1e-3, 'r': 10.0, 'v_leak': 0.0, 'v_threshold': 0.5}
    network = read(write(tmp_path / 'x.nir', chain(affine(WEIGHTS / 8, 0.01), lif)))
    changed, _ = from_nir.with_network(tiny_map(), network, 'x')
    again = load(save(changed, tmp_path / 'map')).network
    assert isinstance(again, GraphNetwork)
    assert (again.steps, again.input) == (100, 'rate')
    one, other = (NirBackend(each, BackendConfig()) for each in (network, again))
    assert (one.similarity(FRAMES[0]) == other.similarity(FRAMES[0])).all()


@pytest.mark.parametrize('name', ['numpy', 'integer', 'sinabs'])
def test_other_backends_name_the_right_one(name: str) -> None:
    """And backend nir refuses a network that is not from a file."""
    network = GraphNetwork((Matrix(WEIGHTS, np.zeros(PLACES, np.float32)),), 'amplitudes', 1)
    with pytest.raises(BackendError, match='NIR file.*choose backend nir'):
        backends.create(network, BackendConfig(name=name))
    with pytest.raises(BackendError, match='import one with from_nir'):
        NirBackend(tiny_map().network, BackendConfig())
    with pytest.raises(MapError, match='use that file'):
        chain_of(network)


def lif_with(**changed: Any) -> dict[str, Any]:
    """Return a LIF node."""
    return {'type': 'LIF', 'tau': 1e-3, 'r': 1.0, 'v_leak': 0.0, 'v_threshold': 1.0, **changed}


SECOND = affine(np.eye(PLACES, dtype=np.float32))
BAD: dict[str, tuple[Nodes, list[tuple[str, str]] | None, str]] = {
    'unknown node': (chain({'type': 'Conv2d'}), None, r'node n0: Conv2d is not run here; known'),
    'cycle': (
        chain(affine(), SECOND),
        [('in', 'n0'), ('n0', 'n1'), ('n1', 'n0')],
        'a cycle at node n0',
    ),
    'branches': (
        chain(affine(), SECOND),
        [('in', 'n0'), ('n0', 'n1'), ('n0', 'out'), ('n1', 'out')],
        'node n0 has several outputs',
    ),
    'two inputs': (
        {**chain(affine()), 'other': {'type': 'Input', 'shape': np.array([INPUTS])}},
        [('in', 'n0'), ('n0', 'out')],
        'expected one Input node, found 2',
    ),
    'no output': ({'in': chain()['in'], 'n0': affine()}, None, 'expected one Output node, found 0'),
    'dead end': (chain(affine()), [('in', 'n0')], 'node n0 leads nowhere'),
    'left out': (
        chain(affine(), SECOND),
        [('in', 'n0'), ('n0', 'out')],
        'node n1 is not on the chain',
    ),
    'unknown edge': (chain(affine()), [('in', 'nn')], 'no such node'),
    'inputs': (chain(affine(WEIGHTS[:, :50])), None, r'weights for 64 inputs.*found \(6, 50\)'),
    'places': (chain(affine(WEIGHTS[:4])), None, 'expected 6 outputs, the places of the map'),
    'NaN': (chain(affine(WEIGHTS * np.float32('nan'))), None, 'expected finite weights'),
    'huge': (
        chain(affine(WEIGHTS * np.float32(1e30))),
        None,
        r'responses of up to \de.3\d may occur',
    ),
    'too large for float32': (
        chain(affine(np.full(WEIGHTS.shape, 1e300))),
        None,
        'expected finite weights',
    ),
    'text': (chain({'type': 'Linear', 'weight': 'abc'}), None, 'weight: expected numbers'),
    'missing': (chain({'type': 'Linear'}), None, 'n0 .Linear.: weight is missing'),
    'bias': (chain({**affine(), 'bias': np.ones(3)}), None, r'expected bias \(6,\), found \(3,\)'),
    'tau': (chain(affine(), lif_with(tau=1e-5)), None, r'tau: expected at least the time step'),
    'neurons': (chain(affine(), lif_with(r=np.ones(7))), None, 'r: expected 6 values or one'),
    'threshold': (chain(affine(), lif_with(v_threshold=np.inf)), None, 'v_threshold: expected'),
    'empty chain': (chain(), None, 'expected matrices or neurons, found none'),
}


@pytest.mark.parametrize('case', sorted(BAD))
def test_bad_files_are_one_line(tmp_path: Path, case: str) -> None:
    """Each names the file and what is wrong, before anything runs."""
    nodes, edges, expected = BAD[case]
    file = write(tmp_path / 'x.nir', nodes, edges)
    with pytest.raises(VprError) as caught:
        read(file)
    line = str(caught.value)
    assert re.search(expected, line), line
    assert line.startswith(str(file)) and '\n' not in line


def _version(root: Any) -> None:
    del root['version']
    root['version'] = '9.1.0'


def _layout(root: Any) -> None:
    _version(root)
    del root['node']


def _external(root: Any) -> None:
    del root['node/nodes/n0/weight']
    root['node/nodes/n0/weight'] = h5py.ExternalLink('other.nir', '/x')


def _claimed(root: Any) -> None:
    del root['node/nodes/n0/weight']
    root.create_dataset('node/nodes/n0/weight', (1 << 20, INPUTS), 'f4', chunks=(1024, INPUTS))


def _group_for_array(root: Any) -> None:
    del root['node/nodes/n0/weight']
    root.create_group('node/nodes/n0/weight')


def _no_graph(root: Any) -> None:
    del root['node/type']
    root['node/type'] = 'Affine'


@pytest.mark.parametrize(
    ('damage', 'expected'),
    [
        (_version, r'written by nir 9\.1\.0, this software reads'),
        (_layout, r'written by nir 9\.1\.0, this software reads'),
        (_external, 'weight: a link to another file'),
        (_claimed, 'claims 268,435,456 bytes, of which 0 are in the file'),
        (_group_for_array, 'weight: expected an array'),
        (_no_graph, 'expected a NIRGraph, found Affine'),
        (lambda root: root.clear(), 'version is missing'),
    ],
)
def test_damaged_files_are_one_line(tmp_path: Path, damage: Any, expected: str) -> None:
    """Nothing is read from other files, and no memory allocated that is only claimed."""
    file = write(tmp_path / 'x.nir', chain(affine()))
    with h5py.File(file, 'a') as root:
        damage(root)
    with pytest.raises(VprError, match=expected):
        read(file)


def test_a_text_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one line if the process that reads the texts fails or does not end."""
    from vprtempo_ros.support import hdf5

    file = write(tmp_path / 'x.nir', chain(affine()))
    monkeypatch.setattr(hdf5, '_READ', 'import sys; sys.exit(3)')
    with pytest.raises(MapError, match='damaged .its texts: cannot be read'):
        read(file)
    monkeypatch.setattr(hdf5, '_READ', 'import time; time.sleep(60)')
    monkeypatch.setattr(hdf5, '_PATIENCE', 0.5)
    with pytest.raises(MapError, match='damaged .its texts: reading does not end'):
        read(file)


def test_links_within_a_file(tmp_path: Path) -> None:
    """They are followed, unless they lead in a circle."""
    file = write(tmp_path / 'x.nir', chain(affine()))
    with h5py.File(file, 'a') as root:
        root.move('node/nodes/n0/weight', 'other/weight')
        root['node/nodes/n0/weight'] = h5py.SoftLink('/other/weight')
    assert (read(file).stages[0][0] == WEIGHTS).all()
    with h5py.File(file, 'a') as root:
        del root['other/weight']
        root['other/weight'] = h5py.SoftLink('/node/nodes/n0/weight')
    with pytest.raises(MapError, match='weight: a link to another file, or in a circle'):
        read(file)


def test_a_chunk_that_claims_more(tmp_path: Path) -> None:
    """Deflate may unpack to any size: nothing is unpacked that cannot be of such a chunk."""
    file = write(tmp_path / 'x.nir', chain(affine()))
    packed = zlib.compress(bytes(10 << 20))
    with h5py.File(file, 'a') as root:
        del root['node/nodes/n0/weight']
        made = root.create_dataset(
            'node/nodes/n0/weight', WEIGHTS.shape, 'f4', chunks=(2, INPUTS), compression='gzip'
        )
        made.id.write_direct_chunk((4, 0), packed)
    with pytest.raises(MapError, match='a chunk of 512 bytes is stored in'):
        read(file)


def test_files_that_are_no_hdf5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off, empty, missing, or without h5py."""
    file = write(tmp_path / 'x.nir', chain(affine()))
    whole = file.read_bytes()
    for cut in (0, 100, len(whole) // 2):
        file.write_bytes(whole[:cut])
        with pytest.raises(MapError, match='not a NIR file, or damaged'):
            read(file)
    with pytest.raises(MapError, match='no such file'):
        read(tmp_path / 'none.nir')
    monkeypatch.setitem(__import__('sys').modules, 'h5py', None)
    with pytest.raises(MapError, match='needs the package h5py: pip install h5py'):
        read(file)
