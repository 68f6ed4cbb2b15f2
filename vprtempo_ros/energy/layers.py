"""The layers of a network with binary spikes, as chips have them."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from ..network.graph import GraphNetwork, Matrix
from ..network.network import FloatNetwork, LinearNetwork, Module, Network
from ..network.quantised.network import QuantisedModule, QuantisedNetwork
from ..network.spiking.network import SpikingNetwork


class Layer(NamedTuple):
    """A fully connected layer."""

    name: str
    inputs: int
    outputs: int


def layers_of(network: Network) -> list[Layer]:
    """Return the layers of a network with binary spikes; a feature of both signs is two neurons."""
    if isinstance(network, LinearNetwork):
        return [Layer('outputs', network.inputs, network.places)]
    if isinstance(network, GraphNetwork):
        matrices = [stage.weights.shape for stage in network.stages if isinstance(stage, Matrix)]
        last = len(matrices) - 1
        kinds = ['outputs' if number == last else 'features' for number in range(last + 1)]
        return [
            Layer(f'matrix {number}, {kind}', shape[1], shape[0])
            for number, (kind, shape) in enumerate(zip(kinds, matrices))
        ]
    layers = []
    if isinstance(network, SpikingNetwork):
        for number, spiking in enumerate(network.modules):
            hidden, channels = spiking.hidden.shape
            layers.append(Layer(f'module {number}, hidden', channels, hidden))
            layers.append(Layer(f'module {number}, outputs', hidden, len(spiking.output)))
    if isinstance(network, (FloatNetwork, QuantisedNetwork)):
        signs = 2 if network.readout == 'linear' else 1
        modules: Sequence[Module | QuantisedModule] = network.modules
        for number, module in enumerate(modules):
            features, inputs = module.feature.weights.shape
            layers.append(Layer(f'module {number}, features', inputs, signs * features))
            outputs = len(module.output.weights)
            layers.append(Layer(f'module {number}, outputs', signs * features, outputs))
    return layers
