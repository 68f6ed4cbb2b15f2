"""Less energy at the cost of recall: networks with fewer or weaker synapses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..network.layers import Layer
from ..network.network import FloatNetwork, LinearNetwork, Module, Network
from ..network.quantised.network import QuantisedLayer, QuantisedModule, QuantisedNetwork, floats_of

# Steps of each method, from no change to too much.
STEPS = {
    'prune': (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95),
    'rescale': (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01),
}


def reduced(network: Network, method: str, step: float) -> Network:
    """
    Return the network with synapses removed, or with weaker ones into the feature layer.

    A spiking network is returned unchanged.

    :param method: prune: the weakest fraction `step` of each neuron's synapses is removed; rescale:
        the weights of the feature layer are multiplied by `step`, so that fewer of its responses
        reach a threshold or are rounded to a value other than zero.
    """
    if isinstance(network, LinearNetwork):
        if method == 'rescale':
            return network
        return LinearNetwork(network.weights * _keep(network.weights, step))
    floats = floats_of(network)
    if floats is not None:
        modules = [_reduced_module(module, method, step) for module in floats.modules]
        floats = FloatNetwork(modules, floats.readout)
    if isinstance(network, QuantisedNetwork):
        integers = [_reduced_integers(module, method, step) for module in network.modules]
        return replace(network, modules=integers, floats=floats)
    return network if floats is None else floats


def _reduced_module(module: Module, method: str, step: float) -> Module:
    def pruned(layer: Layer) -> Layer:
        return replace(layer, weights=layer.weights * _keep(layer.weights, step))

    if method == 'prune':
        return Module(pruned(module.feature), pruned(module.output))
    weights = module.feature.weights * np.float32(step)
    return Module(replace(module.feature, weights=weights), module.output)


def _reduced_integers(module: QuantisedModule, method: str, step: float) -> QuantisedModule:
    def pruned(layer: QuantisedLayer) -> QuantisedLayer:
        real = layer.weights.astype(np.float32) * layer.weight_scales[:, np.newaxis]
        return replace(layer, weights=layer.weights * _keep(real, step))

    if method == 'prune':
        return QuantisedModule(pruned(module.feature), pruned(module.output))
    # A response is the sum times these, before it is rounded.
    scales = module.feature.weight_scales * np.float32(step)
    return QuantisedModule(replace(module.feature, weight_scales=scales), module.output)


def _keep(weights: Floats, part: float) -> NDArray[np.bool_]:
    """
    Return bool (neurons, inputs): the synapses to keep if each neuron's weakest part is removed.

    The same part of its excitatory and of its inhibitory synapses: the many inhibitory ones are
    weaker, and without them nothing would balance the others.
    """
    keep = weights != 0
    if not part:
        return keep
    ranks = np.broadcast_to(np.arange(weights.shape[1]), weights.shape)
    rank = np.empty(weights.shape, np.int64)
    for kind in (weights > 0, weights < 0):
        strength = np.where(kind, np.abs(weights), np.inf)
        np.put_along_axis(rank, strength.argsort(axis=1, kind='stable'), ranks, axis=1)
        gone = np.rint(part * kind.sum(axis=1, keepdims=True))
        keep &= ~kind | (rank >= gone)
    return keep
