"""
What of a network goes into a NIR graph: a chain of matrices and populations of neurons.

Importers of other tools know few nodes, and only chains. So modules are stacked, with all places in
one output, and the similarity of a place is the mean of its output over the time steps. Neurons are
as NIR defines them: a potential above the threshold is a spike, and then is zero. Time constants
are in seconds; a step is `DT` of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from ..arrays import Floats
from ..config import SinabsConfig
from ..errors import MapError
from ..network.byte_network import ByteNetwork
from ..network.graph import GraphNetwork
from ..network.layers import SPIKE_MAX
from ..network.network import FloatNetwork, LinearNetwork, Network
from ..network.quantised.network import QuantisedLayer, QuantisedNetwork, floats_of
from ..network.readout import LinearReadout, readout_of
from ..network.spiking.network import ALIGN, DECAY_UNITY, WEIGHT_UNIT, SpikingNetwork

# Seconds of a time step: the one that importers without such an argument assume.
DT = 1e-4
# Bytes of a readout of stacked modules, most of them zero; larger ones are multiplied out.
LARGEST = 1 << 28
AMPLITUDES, RATE, CHANNELS = 'amplitudes', 'rate', 'channels'


@dataclass(frozen=True)
class Neurons:
    """A population; decay: lost fraction of the potential in a step, 0: integrate and fire."""

    count: int
    threshold: float
    decay: float = 0.0


@dataclass(frozen=True)
class Chain:
    """
    The nodes by name, in order; matrices are float32 (outputs, inputs).

    input: what the graph takes in each of `steps` time steps: amplitudes of 0 to 1, spikes with the
    probability of the amplitude (rate), or spikes of two channels, brighter and darker (channels).
    highest: limit of the similarities; infinite: none.
    """

    nodes: dict[str, Floats | Neurons]
    input: str
    steps: int
    highest: float = float('inf')

    @property
    def inputs(self) -> int:
        """Length of the input vector."""
        first = next(iter(self.nodes.values()))
        assert not isinstance(first, Neurons)
        return int(first.shape[1])


def chain_of(network: Network, rate: SinabsConfig | None = None, integers: bool = False) -> Chain:
    """
    Return the nodes of a network.

    :param rate: rate-coded, with integrate-and-fire neurons, as backend sinabs; None: responses.
    :param integers: int8 weights times their scales instead of the floats.
    :raises MapError: if the network has no such form.
    """
    if isinstance(network, GraphNetwork):
        raise MapError('this map holds a network from a NIR file: use that file')
    if isinstance(network, SpikingNetwork):
        if rate is not None or integers:
            raise MapError(
                'this map holds a spiking network, which has one form: leave options out'
            )
        return _spiking(network)
    given = (RATE, rate.steps) if rate is not None else (AMPLITUDES, 1)
    if isinstance(network, LinearNetwork):
        if integers and not isinstance(network, ByteNetwork):
            raise MapError(
                'this map holds no integers: train with training.quantize: qat, or '
                'training.weights: int8'
            )
        return Chain({'readout': network.weights}, *given)
    layers = _floats(network, integers)
    if rate is not None:
        return _rate(layers, rate)
    if layers.readout != 'linear':
        raise MapError(
            'NIR cannot express the clamp between the layers of the clamped readout: '
            'train with training.readout: linear, or export with --rate'
        )
    if _bytes(layers.output) > LARGEST and not integers:
        readout = readout_of(network)
        assert isinstance(readout, LinearReadout)
        return Chain({'readout': readout.matrix}, *given)
    return Chain({'feature': layers.feature, 'readout': _block_diagonal(layers.output)}, *given)


@dataclass(frozen=True)
class _Layers:
    """Features of all modules, stacked, and the outputs of each."""

    feature: Floats
    output: Sequence[Floats]
    readout: str


def _floats(network: Network, integers: bool) -> _Layers:
    floats = floats_of(network)
    if integers:
        if not isinstance(network, QuantisedNetwork):
            raise MapError('this map holds no integers: train with training.quantize: qat')
        return _Layers(
            np.concatenate([_dequantised(module.feature) for module in network.modules]),
            [_dequantised(module.output) for module in network.modules],
            network.readout,
        )
    if not isinstance(floats, FloatNetwork):
        raise MapError(
            'NIR cannot express integers with rounding between layers, and this map holds integers '
            'only: train it with training.keep_fp32, or export its weights with --integers'
        )
    return _Layers(
        np.concatenate([module.feature.weights for module in floats.modules]),
        [module.output.weights for module in floats.modules],
        floats.readout,
    )


def _dequantised(layer: QuantisedLayer) -> Floats:
    return layer.weights * layer.weight_scales[:, np.newaxis]


def _rate(layers: _Layers, config: SinabsConfig) -> Chain:
    """Return both layers with neurons between; a feature of both signs is two neurons."""
    output = layers.output
    if layers.readout == 'linear':
        feature = np.concatenate([layers.feature, -layers.feature])
        threshold, highest = config.threshold, float('inf')
    else:
        # One spike per step is the highest rate: the clamp.
        feature, threshold, highest = layers.feature, SPIKE_MAX, SPIKE_MAX
    pairs = len(feature) // len(layers.feature)
    if pairs * _bytes(output) > LARGEST:
        raise MapError(
            f'a rate-coded graph of {len(output)} modules would have a readout of '
            f'{pairs * _bytes(output) >> 20} MB, mostly zeros; train with a smaller '
            'training.feature_multiplier, or export without --rate'
        )
    readout = _block_diagonal(output) * np.float32(threshold)
    return Chain(
        {
            'feature': feature,
            'neurons': Neurons(len(feature), threshold),
            'readout': np.hstack([readout, -readout]) if pairs == 2 else readout,
        },
        RATE,
        config.steps,
        highest,
    )


def _spiking(network: SpikingNetwork) -> Chain:
    """Return the network in units of a weight; only the rounding of the decay is missing."""
    hidden = np.concatenate([module.hidden for module in network.modules]).astype(np.float32)
    outputs = [
        module.output.astype(np.float32) / np.float32(WEIGHT_UNIT) for module in network.modules
    ]
    if _bytes(outputs) > LARGEST:
        raise MapError('NIR: the stacked modules of this spiking network exceed 256 MB')
    # Potentials are multiples of 1 / 64: between two of them, > and >= are the same.
    threshold = network.threshold + 0.5 / (1 << ALIGN)
    return Chain(
        {
            'hidden': hidden,
            'neurons': Neurons(len(hidden), threshold, network.decay / DECAY_UNITY),
            'readout': _block_diagonal(outputs),
        },
        CHANNELS,
        network.steps,
    )


def _bytes(outputs: Sequence[Floats]) -> int:
    return 4 * sum(len(block) for block in outputs) * sum(block.shape[1] for block in outputs)


def _block_diagonal(blocks: Sequence[Floats]) -> Floats:
    """Return the readouts of all modules as one matrix of places by features."""
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    joined = np.zeros((rows, columns), np.float32)
    row = column = 0
    for block in blocks:
        joined[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return joined
