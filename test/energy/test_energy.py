"""Energy: operations counted one by one, the breakdown, recall, and the curves."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from support import quantised

from vprtempo_ros import backends
from vprtempo_ros.backends.sinabs_rate import SinabsBackend
from vprtempo_ros.config import BackendConfig, EnergyConfig, SinabsConfig
from vprtempo_ros.energy.breakdown import energy_breakdown
from vprtempo_ros.energy.operations import dense, graded, rate
from vprtempo_ros.energy.tradeoff import reduced
from vprtempo_ros.evaluation.truth import write_truth
from vprtempo_ros.maps.store import load
from vprtempo_ros.network.byte_network import ByteNetwork, Outline
from vprtempo_ros.statistics import Statistics
from vprtempo_ros.tools import energy

SHOWN = quantised.frames(5)
with_sinabs = pytest.mark.skipif(
    find_spec('sinabs') is None or find_spec('torch') is None,
    reason='needs sinabs and torch: make lava on Python 3.11',
)


@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_graded_operations_one_by_one(readout: str) -> None:
    """Every synapse that a spike which is not zero goes along counts once."""
    network = quantised.trained(readout)
    count = graded(network, SHOWN)
    for number, spikes in enumerate(SHOWN):
        inputs = np.clip(np.rint(spikes / np.float32(255) / network.scale), 0, 127)
        along = [0, 0]
        for module in network.modules:
            for row in module.feature.weights.tolist():
                along[0] += sum(w != 0 and x != 0 for w, x in zip(row, inputs))
        assert count.operations[number, 0] == along[0]
        assert count.spikes[number, 0] == np.count_nonzero(inputs)
    expected = backends.create(network, BackendConfig(name='integer'))
    assert np.array_equal(count.similarity, [expected.similarity(s) for s in SHOWN])
    assert count.updates == sum(
        len(layer.weights)
        for module in network.modules
        for layer in (module.feature, module.output)
    )
    if readout == 'clamped':
        # Clamped features are often zero, and then send nothing.
        linear = graded(quantised.trained(), SHOWN)
        assert (count.operations[1:, 1] < linear.operations[1:, 1]).all()


def test_black_sends_nothing() -> None:
    """No spikes in, no operations, and no features with the clamped readout."""
    count = graded(quantised.trained('clamped'), SHOWN[:1])
    assert count.operations.tolist() == [[0, 0]]


def test_dense_operations() -> None:
    """A product for every weight, and one matrix for what collapses into it."""
    network = quantised.trained('linear')
    floats, one, integers = dense(network, SHOWN)
    inputs, features = quantised.INPUTS, len(network.modules[0].feature.weights)
    assert floats.operations[0].tolist() == [3 * inputs * features, features * quantised.PLACES]
    assert (integers.operations == floats.operations).all()
    assert one.operations[0].tolist() == [inputs * quantised.PLACES, 0]
    assert [c.name for c in dense(quantised.trained('clamped', keep_fp32=False), SHOWN)] == [
        'dense int8'
    ]


def test_large_maps_are_counted_as_they_are_searched() -> None:
    """Estimates of all responses in few dimensions, and the products of some places."""
    rng = np.random.default_rng(0)
    places, inputs, rank = 700, 20, 3

    def some(*shape: int) -> np.ndarray:
        return rng.random(shape, np.float32) + np.float32(0.1)

    typical = Statistics(some(places), some(places))
    codes = rng.integers(-127, 128, (places, rank)).astype(np.int8)
    outline = Outline(some(inputs, rank), codes, some(places), some(places), typical)
    rows = rng.integers(-127, 128, (places, inputs)).astype(np.int8)
    network = ByteNetwork(rows, some(places), outline)
    shown = rng.integers(0, 256, (2, inputs)).astype(np.uint8)
    one, search = dense(network, shown)
    np.testing.assert_allclose(one.similarity, shown / 255 @ network.weights.T, atol=1e-3)
    assert one.operations[0].tolist() == [0, places * inputs]
    assert search.operations[0].tolist() == [0, (inputs + places) * rank + 512 * inputs]
    names = [item.engine.strip() for item in energy_breakdown([one, search], EnergyConfig())]
    assert names == ['as one matrix', 'two-stage search']


@pytest.mark.long
@with_sinabs
@pytest.mark.parametrize('readout', ['linear', 'clamped'])
def test_rate_operations_equal_those_that_sinabs_does(readout: str) -> None:
    """Spikes times fan-out, as counted from the layers of the converted network themselves."""
    import torch

    network = quantised.trained(readout)
    config = SinabsConfig(steps=30)
    count = rate(network, SHOWN, config)
    backend = SinabsBackend(network, BackendConfig(sinabs=config))
    train = backend.train(SHOWN[3])
    first = second = updates = 0
    for part in backend._parts:
        feature, neurons, output = list(part._network)[:3]
        for layer in part._network:
            if hasattr(layer, 'reset_states'):
                layer.reset_states()
        with torch.no_grad():
            arrived = torch.from_numpy(train)
            sent = neurons(feature(arrived))
            first += int((arrived @ (feature.weight != 0).float().T).sum())
            second += int((sent @ (output.weight != 0).float().T).sum())
        updates += (len(feature.weight) + len(output.weight)) * 30
    assert count.operations[3].tolist() == [first, second]
    assert count.updates == updates


def test_energy_is_operations_times_constants() -> None:
    """Each engine with its own constants, which can be set."""
    network = quantised.trained()
    counts = [*dense(network, SHOWN), graded(network, SHOWN)]
    items = {
        item.engine.strip(): item
        for item in energy_breakdown(
            counts, EnergyConfig(mac_fp32=2.0, mac_int8=0.5, loihi_synop=10.0, loihi_neuron=100.0)
        )
    }
    assert set(items) == {'CPU float32, 45 nm', 'as one matrix', 'CPU int8, 45 nm', 'Loihi, graded'}
    products = counts[0].operations[0].sum()
    assert items['CPU float32, 45 nm'].total == pytest.approx(products * 2e-6)
    assert items['CPU int8, 45 nm'].total == pytest.approx(products * 0.5e-6)
    loihi = items['Loihi, graded']
    assert sum(loihi.layers) == pytest.approx(counts[-1].operations.sum(axis=1).mean() * 10e-6)
    assert loihi.updates == pytest.approx(counts[-1].updates * 100e-6)


@pytest.mark.parametrize('part', [0.0, 0.3, 0.9])
def test_pruning_takes_the_weakest(part: float) -> None:
    """The part of each neuron's synapses of a sign goes; what stays is as strong or stronger."""
    network = quantised.trained()
    pruned = reduced(network, 'prune', part)
    for before, after in zip(network.floats.modules, pruned.floats.modules):
        for layer in ('feature', 'output'):
            for sign in (1, -1):
                for old, new in zip(
                    sign * getattr(before, layer).weights, sign * getattr(after, layer).weights
                ):
                    there, left = old[old > 0], new[new > 0]
                    assert len(left) == len(there) - round(part * len(there))
                    assert sorted(left) == sorted(there)[len(there) - len(left) :]
    operations = [graded(of, SHOWN).operations.sum() for of in (pruned, network)]
    assert operations[0] < operations[1] or part == 0


def test_rescaling_weakens_the_feature_layer() -> None:
    """Responses shrink with the factor, and more of them are rounded to nothing."""
    network = quantised.trained()
    weaker = reduced(network, 'rescale', 0.05)
    assert np.allclose(
        weaker.floats.modules[0].feature.weights, network.floats.modules[0].feature.weights * 0.05
    )
    before, after = graded(network, SHOWN), graded(weaker, SHOWN)
    assert (after.spikes[1:, 1] < before.spikes[1:, 1]).all()
    assert (after.operations[:, 0] == before.operations[:, 0]).all()


@pytest.mark.long
@pytest.mark.parametrize('curve', ['prune', 'rescale'])
def test_the_tool(
    street, quantised_map: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], curve: str
) -> None:
    """Table, recall and pictures on a real recording; the curve falls in energy."""
    truth = tmp_path / 'truth.csv'
    write_truth(street.recordings.truth(load(quantised_map)), truth)
    status = energy.main(
        [
            str(quantised_map),
            str(street.recordings.query),
            '--truth',
            str(truth),
            '--frames',
            '20',
            '--curve',
            curve,
            '--out',
            str(tmp_path),
            '--constant',
            'loihi_synop=10',
        ]
    )
    said = capsys.readouterr()
    assert status == 0, said.err
    row = next(line for line in said.out.splitlines() if line.startswith('Loihi, graded'))
    assert row.split()[2] == '10'
    assert float(row.split()[-1]) > 0.7
    assert 'without the rate code' in said.out
    points = [line.split() for line in said.out.splitlines() if line[:3] in ('0  ', '0.9', '1  ')]
    assert len(points) >= 1
    for name in ('energy.png', 'curve.png'):
        assert (tmp_path / name).read_bytes().startswith(b'\x89PNG')
    with open(tmp_path / 'frames.csv', newline='') as file:
        frames = list(csv.DictReader(file))
    mean = np.mean([int(frame['graded operations features -> outputs']) for frame in frames])
    row = next(line for line in said.out.splitlines() if line.startswith('graded: operations'))
    assert int(row.split()[3].replace(',', '')) == round(mean)
    assert len({frame['stamp_ns'] for frame in frames}) == len(frames) > 10


# SANA-FE, where it is installed, runs in a process of its own.
@pytest.mark.process
@with_sinabs
def test_the_tool_with_the_rate_code(
    street, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A map of floats: Loihi and Speck with rates, and recall."""
    truth = tmp_path / 'truth.csv'
    write_truth(street.recordings.truth(load(street.map)), truth)
    assert (
        energy.main(
            [
                str(street.map),
                str(street.recordings.query),
                '--truth',
                str(truth),
                '--frames',
                '6',
                '--steps',
                '20',
                '--out',
                str(tmp_path),
            ]
        )
        == 0
    )
    said = capsys.readouterr().out
    for engine in ('  as one matrix', 'Loihi, rate', 'Speck, rate'):
        row = next(line for line in said.splitlines() if line.startswith(engine))
        assert 0 <= float(row.split()[-1]) <= 1


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--constant', 'loihi=3'], 'loihi: no such setting; known are mac_fp32'),
        (['--constant', 'loihi_synop'], 'expected NAME=PICOJOULES'),
        (['--curve', 'prune'], '--curve needs the ground truth'),
        (['--frames', '0'], '--frames: expected a number of at least 1'),
        (['--steps', '0'], 'steps: expected a value from 1'),
    ],
)
def test_mistakes_are_one_line(
    street, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """No traceback for a wrong command line."""
    assert (
        energy.main(
            [str(street.map), str(street.recordings.query), '--out', str(tmp_path), *arguments]
        )
        == 1
    )
    said, problem = capsys.readouterr()
    assert words in problem
    assert problem.count('\n') == 1
    # Before anything is counted.
    assert not said


def test_a_spiking_map_is_refused() -> None:
    """Its operations differ."""
    from support.spiking import made

    from vprtempo_ros.errors import BackendError

    with pytest.raises(BackendError, match='holds a spiking network'):
        dense(made(), SHOWN)
