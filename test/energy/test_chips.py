"""Chips: their limits, what exceeds them, and smaller maps that fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import quantised
from support.helpers import tiny_map
from support.spiking import made as spiking_network

from vprtempo_ros.energy import speck
from vprtempo_ros.energy.chips import CHIPS, exceeded
from vprtempo_ros.energy.fit import fit_lines, own_frames
from vprtempo_ros.energy.layers import Layer, layers_of
from vprtempo_ros.energy.smaller import eight_bits, smaller
from vprtempo_ros.maps.store import save
from vprtempo_ros.network.graph import GraphNetwork, Matrix
from vprtempo_ros.network.network import LinearNetwork
from vprtempo_ros.network.segments import Segments
from vprtempo_ros.tools import map_info

BY_NAME = {chip.name: chip for chip in CHIPS}


def linear(places: int, inputs: int) -> LinearNetwork:
    """Return a network of one matrix."""
    return LinearNetwork(np.ones((places, inputs), np.float32))


@pytest.mark.parametrize('inputs', [1, 100, 512, 513, 2304])
@pytest.mark.parametrize('outputs', [1, 2, 64, 100, 128, 129, 1024])
def test_the_limits_of_speck_are_those_of_sinabs(inputs: int, outputs: int) -> None:
    """Weights in memory, and whether a core takes them."""
    checks = pytest.importorskip('sinabs.validate_memory_speck', reason='needs sinabs: make lava')
    mapping = checks.ValidateMapping(inputs, outputs, (1, 1), (1, 1), (0, 0), (1, 1))
    kernel, neurons, *errors = mapping.calculate_total_memory()
    layer = Layer('', inputs, outputs)
    assert speck.entries(layer) == kernel * 1024
    # Neurons of one pixel are not rounded up there; below 1024 that is no difference.
    assert neurons * 1024 == outputs
    assert any(speck.fits(layer, core) for core in speck.CORES) == (not any(errors))


def test_what_exceeds_speck_is_named() -> None:
    """Weights, outputs, and layers that do not find a core: only two take more than 32 Ki."""
    assert exceeded(BY_NAME['speck'], linear(100, 512)) == []
    assert exceeded(BY_NAME['speck'], linear(100, 2304)) == [
        'outputs: 294,912 weights of at most 65,536 (2,304 inputs, 100 outputs as 128)'
    ]
    assert exceeded(BY_NAME['speck'], linear(1500, 4)) == [
        'outputs: 1,500 outputs of at most 1,024'
    ]
    weights = [Matrix(np.ones((256, 256), np.float32), np.zeros(256, np.float32))] * 3
    assert exceeded(BY_NAME['speck'], GraphNetwork((*weights[:2],), 'rate', 10)) == []
    assert exceeded(BY_NAME['speck'], GraphNetwork((*weights,), 'rate', 10)) == [
        '3 layers do not fit 9 cores together'
    ]


def test_what_exceeds_xylo_is_named() -> None:
    """Inputs, outputs of all modules together, and neurons between the two."""
    assert exceeded(BY_NAME['xylo'], linear(32, 16)) == []
    assert exceeded(BY_NAME['xylo'], linear(33, 17)) == [
        '17 inputs of at most 16',
        '33 outputs of at most 32',
    ]
    steps = [(129, 16), (33, 129)]
    stages = [Matrix(np.ones(s, np.float32), np.zeros(s[0], np.float32)) for s in steps]
    assert exceeded(BY_NAME['xylo'], GraphNetwork((*stages,), 'rate', 10)) == [
        '33 outputs of at most 32',
        'matrix 0, features: 129 neurons between inputs and outputs of at most 128',
    ]
    network = quantised.trained()
    features = 2 * len(network.modules[0].feature.weights)
    lines = exceeded(BY_NAME['xylo'], network)
    expected = f'{features:,} neurons between inputs and outputs of at most 128'
    assert (features > 128) == any(expected in line for line in lines)


def test_what_exceeds_loihi_and_spinnaker_is_named() -> None:
    """Cores and synapses of Loihi 2, the memory of SpiNNaker 2; sums where they are known."""
    assert exceeded(BY_NAME['loihi 2'], linear(500, 2304)) == []
    # 56 neurons with 2,304 bytes each are in one core.
    assert exceeded(BY_NAME['loihi 2'], linear(128 * 56, 2304)) == []
    assert exceeded(BY_NAME['loihi 2'], linear(128 * 56 + 1, 2304)) == [
        '129 cores of 128, if a core holds 128 KiB of weights'
    ]
    # Shapes of these sizes without their memory.
    long = LinearNetwork(np.broadcast_to(np.float32(1), (27_592, 4609)))
    assert exceeded(BY_NAME['loihi 2'], long)[1].startswith('127,171,528 synapses of at most')
    assert exceeded(BY_NAME['spinnaker 2'], linear(500, 2304)) == []
    assert exceeded(BY_NAME['spinnaker 2'], long) == [
        '127,171,528 bytes of 8-bit weights, of which at most 19,000,000 are on the chip (the '
        'others in its DRAM)'
    ]
    wide = LinearNetwork(np.broadcast_to(np.float32(1), (1, 131_073)))
    assert 'a fan-in of 131,073' in exceeded(BY_NAME['loihi 2'], wide)[0]
    assert exceeded(BY_NAME['loihi 2'], quantised.trained()) == []
    assert exceeded(BY_NAME['loihi 2'], spiking_network()) == []


@pytest.mark.parametrize('chip', CHIPS, ids=lambda chip: chip.name)
@pytest.mark.parametrize('size', [(784, 20), (2304, 100), (2304, 27_592), (4, 7)])
def test_the_largest_that_fits_does(chip, size: tuple[int, int]) -> None:
    """One input more of those that are left out does not."""
    inputs, places = chip.largest(*size)
    assert 0 < inputs <= size[0] and 0 < places <= size[1]
    assert chip.exceeded([Layer('outputs', inputs, places)]) == []
    if inputs < size[0]:
        assert chip.exceeded([Layer('outputs', inputs + 1, places)])


def test_features_of_both_signs_are_two_neurons() -> None:
    """Not those of the clamped readout; a spiking network has two channels for each input."""
    sizes = {}
    for readout in ('linear', 'clamped'):
        network = quantised.trained(readout)
        features = len(network.modules[0].feature.weights)
        sizes[readout] = [layer.outputs / features for layer in layers_of(network)][::2]
    assert sizes == {'linear': [2, 2, 2], 'clamped': [1, 1, 1]}
    network = spiking_network()
    assert layers_of(network)[0] == Layer('module 0, hidden', 2 * network.inputs, 20)


def test_a_smaller_network() -> None:
    """Evenly spaced inputs, rounded weights, and no response to the mean frame."""
    rng = np.random.default_rng(0)
    shown = rng.integers(0, 256, (6, 64)).astype(np.uint8)
    network = LinearNetwork(rng.normal(size=(6, 64)).astype(np.float32))
    made = smaller(network, shown, 8, 4)
    assert made is not None
    assert made.inputs.tolist() == [0, 9, 18, 27, 36, 45, 54, 63]
    assert made.network.weights.shape == (4, 8)
    unit = np.abs(made.network.weights).max() / 127
    steps = made.network.weights / unit
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
    mean = shown[:, made.inputs].mean(axis=0)
    whole = np.abs(network.weights[:4, made.inputs]) @ mean
    assert (np.abs(made.network.weights @ mean) < 0.02 * whole).all()
    assert smaller(quantised.trained('clamped'), shown, 8, 4) is None
    assert smaller(spiking_network(), shown, 8, 4) is None
    assert (eight_bits(np.zeros((2, 3), np.float32)) == 0).all()


def test_own_frames_of_a_smaller_network() -> None:
    """Places that differ in inputs that are left out are not recognised."""
    shown = np.zeros((4, 8), np.uint8)
    shown[np.arange(4), [0, 7, 2, 3]] = 255
    made = smaller(LinearNetwork(shown.astype(np.float32)), shown, 2, 4)
    assert made is not None
    said = own_frames(made, shown, 0, Segments.of([4]))
    assert said == 'it recognises 2 of 4 of its own frames'


def test_map_info_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For each chip its limits with their source; and what would fit where the map does not."""
    loaded = tiny_map()
    folder = save(loaded, tmp_path / 'map')
    assert map_info.main([str(folder)]) == 0
    out = capsys.readouterr().out
    lines = list(fit_lines(loaded.network, loaded.shown(), lambda made: 'x'))
    assert [name for name, _ in lines if name] == ['speck', 'xylo', 'loihi 2', 'spinnaker 2']
    for chip in CHIPS:
        assert f'limits: {chip.limits} ({chip.source})' in out
    assert 'does not fit: 64 inputs of at most 16' in out
    assert 'would fit: 16 of 64 inputs, weights of 8 bits; it recognises ' in out
