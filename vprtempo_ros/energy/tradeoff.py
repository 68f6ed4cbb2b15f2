"""Less energy for less recall: networks with fewer or weaker synapses."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from ..network.layers import Array, Layer, Module, Network
from ..network.quantised.network import QuantisedLayer, QuantisedModule

# How far each way goes, from nothing to too much.
STEPS = {
    'prune': (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95),
    'rescale': (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01),
}


def changed(network: Network, way: str, step: float) -> Network:
    """
    Return the network with synapses removed, or with weaker ones into the feature layer.

    :param way: prune: the weakest `step` of each neuron's synapses go; rescale: the weights of the
        feature layer are multiplied by `step`, so that fewer of its spikes reach a threshold or
        are rounded to anything but zero.
    """
    if way == 'prune':
        return _each_layer(network, lambda weights: _keep(weights, step))
    modules = [
        Module(
            replace(module.feature, weights=module.feature.weights * np.float32(step)),
            module.output,
        )
        for module in network.modules
    ]
    quantised = network.quantised
    if quantised is not None:
        # A response is the sum times these, before it is rounded.
        quantised = replace(
            quantised,
            modules=[
                QuantisedModule(
                    replace(
                        module.feature,
                        weight_scales=(module.feature.weight_scales * np.float32(step)),
                    ),
                    module.output,
                )
                for module in quantised.modules
            ],
        )
    return Network(modules, network.readout, quantised)


def _each_layer(network: Network, keep: Callable[[Array], NDArray[np.bool_]]) -> Network:
    def floats(layer: Layer) -> Layer:
        return replace(layer, weights=layer.weights * keep(layer.weights))

    def integers(layer: QuantisedLayer) -> QuantisedLayer:
        real = layer.weights.astype(np.float32) * layer.weight_scales[:, np.newaxis]
        return replace(layer, weights=layer.weights * keep(real))

    modules = [Module(floats(module.feature), floats(module.output)) for module in network.modules]
    quantised = network.quantised
    if quantised is not None:
        quantised = replace(
            quantised,
            modules=[
                QuantisedModule(integers(module.feature), integers(module.output))
                for module in quantised.modules
            ],
        )
    return Network(modules, network.readout, quantised)


def _keep(weights: Array, part: float) -> NDArray[np.bool_]:
    """
    Return bool (neurons, inputs): which synapses stay if the weakest part of a neuron's goes.

    Of its excitatory and its inhibitory synapses alike: the many inhibitory ones are weaker, and
    without them nothing would balance the others.
    """
    keep = weights != 0
    for kind in (weights > 0, weights < 0):
        strength = np.where(kind, np.abs(weights), np.inf)
        rank = strength.argsort(axis=1, kind='stable').argsort(axis=1, kind='stable')
        gone = np.rint(part * kind.sum(axis=1, keepdims=True))
        keep &= ~kind | (rank >= gone)
    return keep
