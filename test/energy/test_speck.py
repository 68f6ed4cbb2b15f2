"""Speck: its limits against the checks of sinabs, and what map_info prints."""

from __future__ import annotations

import numpy as np
import pytest
from support import quantised
from support.helpers import tiny_map
from support.spiking import made

from vprtempo_ros.energy import speck
from vprtempo_ros.maps.store import save
from vprtempo_ros.network.graph import GraphNetwork, Matrix
from vprtempo_ros.network.network import LinearNetwork
from vprtempo_ros.tools import map_info


def linear(places: int, inputs: int) -> LinearNetwork:
    """Return a network of one matrix."""
    return LinearNetwork(np.ones((places, inputs), np.float32))


@pytest.mark.parametrize('inputs', [1, 100, 512, 513, 2304])
@pytest.mark.parametrize('outputs', [1, 2, 64, 100, 128, 129, 1024])
def test_the_limits_are_those_of_sinabs(inputs: int, outputs: int) -> None:
    """Weights in memory, and whether a core takes them."""
    checks = pytest.importorskip('sinabs.validate_memory_speck', reason='needs sinabs: make lava')
    mapping = checks.ValidateMapping(inputs, outputs, (1, 1), (1, 1), (0, 0), (1, 1))
    kernel, neurons, *errors = mapping.calculate_total_memory()
    layer = speck.Layer('', inputs, outputs)
    assert layer.weights == kernel * 1024
    # Neurons of one pixel are not rounded up there; below 1024 that is no difference.
    assert neurons * 1024 == outputs
    assert any(layer.fits(core) for core in speck.CORES) == (not any(errors))


def test_what_exceeds_is_named() -> None:
    """And how many inputs would fit."""
    assert speck.fit(linear(100, 512)) == [
        'fits 1 core of 9 with weights of 8 bits, untested on a chip'
    ]
    assert speck.fit(linear(100, 2304)) == [
        'does not fit: outputs: 294,912 weights of at most 65,536 (2,304 inputs, 100 outputs as '
        '128); 512 inputs would fit'
    ]
    assert speck.fit(linear(1500, 4)) == ['does not fit: outputs: 1,500 outputs of at most 1,024']


def test_layers_share_the_cores() -> None:
    """Only two cores take more than 32 Ki weights."""
    weights = [Matrix(np.ones((256, 256), np.float32), np.zeros(256, np.float32))] * 3
    assert speck.fit(GraphNetwork((*weights[:2],), 'rate', 10))[0].startswith('fits 2 cores of 9')
    assert speck.fit(GraphNetwork((*weights,), 'rate', 10)) == [
        'does not fit: 3 layers do not fit 9 cores together'
    ]


def test_features_of_both_signs_are_two_neurons() -> None:
    """Not those of the clamped readout; a spiking network has two channels for each input."""
    sizes = {}
    for readout in ('linear', 'clamped'):
        network = quantised.trained(readout)
        features = len(network.modules[0].feature.weights)
        sizes[readout] = [layer.outputs / features for layer in speck.layers_of(network)][::2]
    assert sizes == {'linear': [2, 2, 2], 'clamped': [1, 1, 1]}
    network = made()
    assert speck.layers_of(network)[0] == speck.Layer('module 0, hidden', 2 * network.inputs, 20)


def test_map_info_prints_it(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    """For any kind of network."""
    folder = save(tiny_map(), tmp_path / 'map')
    assert map_info.main([str(folder)]) == 0
    assert 'speck' in capsys.readouterr().out
