"""Less energy for less recall: networks with fewer or weaker synapses."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from ..network.layers import Array, Layer, Module, Network
from ..network.quantised import QuantisedLayer, QuantisedModule

# How far each way goes, from nothing to too much.
STEPS = {'prune': (0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95), 'rescale': (1.0, 0.7, 0.5, 0.3, 0.2, 0.1)}


def changed(network: Network, way: str, step: float) -> Network:
    """
    Return the network with synapses removed, or with weaker ones into the feature layer.

    :param way: prune: the weakest `step` of each layer's synapses go; rescale: the weights of the
        feature layer are multiplied by `step`, so that fewer of its spikes reach a threshold or
        are rounded to anything but zero.
    """
    if way == 'prune':
        return _each_layer(network, lambda weights: _keep(weights, step))
    modules = [Module(replace(module.feature, weights=module.feature.weights * np.float32(step)),
                      module.output) for module in network.modules]
    quantised = network.quantised
    if quantised is not None:
        # A response is the sum times these, before it is rounded.
        quantised = replace(quantised, modules=[
            QuantisedModule(replace(module.feature, weight_scales=(
                module.feature.weight_scales * np.float32(step))), module.output)
            for module in quantised.modules])
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
        quantised = replace(quantised, modules=[
            QuantisedModule(integers(module.feature), integers(module.output))
            for module in quantised.modules])
    return Network(modules, network.readout, quantised)


def _keep(weights: Array, part: float) -> NDArray[np.bool_]:
    """Return bool: which synapses stay if the weakest part of those there are goes."""
    magnitude = np.abs(weights)
    there = magnitude[magnitude > 0]
    gone = round(part * there.size)
    if not gone:
        return np.asarray(magnitude > 0)
    # Not by a quantile: of equal ones as many go as are asked for, at the most.
    return np.asarray(magnitude > np.partition(there, gone - 1)[gone - 1])
