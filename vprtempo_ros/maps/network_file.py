"""network.safetensors: a linear network, floats or integers of modules, spiking, or from NIR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..config import TrainerConfig
from ..errors import MapError
from ..network.byte_network import ByteNetwork, Outline
from ..network.graph import GraphNetwork
from ..network.layers import Layer
from ..network.network import FloatNetwork, LinearNetwork, Module, Network
from ..network.quantised.network import (
    QuantisedLayer,
    QuantisedModule,
    QuantisedNetwork,
    check,
    floats_of,
)
from ..network.spiking import network as spiking
from ..statistics import Statistics
from .graph_tensors import CONSTANTS, graph_of, graph_tensors
from .tensors import Tensors, tensor, tensors_in, write_tensors

NETWORK = 'network.safetensors'
_LINEAR = 'linear.weights'
_ROWS = 'linear.rows'
_LAYERS = ('feature', 'output')
_FLOATS = ('weights', 'thresholds', 'target_rates')


def write_network(network: Network, file: Path) -> None:
    """Write floats as `module.0.feature.weights`, integers as `...feature.integer.weights`."""
    tensors: Tensors = {}
    if isinstance(network, ByteNetwork):
        tensors.update(_byte_tensors(network))
    elif isinstance(network, LinearNetwork):
        tensors[_LINEAR] = network.weights
    floats = floats_of(network)
    if floats is not None:
        tensors.update(_float_tensors(floats))
    if isinstance(network, QuantisedNetwork):
        tensors.update(_integers(network))
    if isinstance(network, spiking.SpikingNetwork):
        tensors.update(_spiking_tensors(network))
    if isinstance(network, GraphNetwork):
        tensors.update(graph_tensors(network))
    write_tensors(file, tensors)


def network_in(data: NDArray[np.uint8], config: TrainerConfig, inputs: int, places: int) -> Network:
    """
    Return the network in the content of its file; large arrays are views of it.

    :param config, inputs, places: of the map: configuration, length of spikes, number of places.
    :raises MapError: if a tensor is missing, has another shape or type, is not finite, or if the
        integers could overflow.
    """
    tensors = tensors_in(data, NETWORK)
    if _LINEAR in tensors:
        weights = tensor(tensors, _LINEAR, np.float32, (places, inputs))
        if not np.isfinite(weights).all():
            raise MapError(f'{NETWORK}: {_LINEAR}: expected finite numbers')
        return LinearNetwork(weights)
    if _ROWS in tensors:
        return _bytes(tensors, places, inputs)
    if 'spiking.constants' in tensors:
        return _checked(_spiking(tensors, inputs), places)
    if CONSTANTS in tensors:
        return _checked(graph_of(tensors, inputs), places)
    modules: list[Module] = []
    while f'module.{len(modules)}.feature.weights' in tensors:
        prefix = f'module.{len(modules)}'
        feature = _layer(tensors, f'{prefix}.feature', inputs)
        output = _layer(tensors, f'{prefix}.output', len(feature.thresholds))
        modules.append(Module(feature, output))
    floats = FloatNetwork(modules, config.training.readout)
    if not any('.integer.' in name or name.startswith('integer.') for name in tensors):
        return _checked(floats, places)
    quantised = _quantised(tensors, inputs, config.training.readout)
    if modules and _shapes(modules) != _shapes(quantised.modules):
        raise MapError(
            f'{NETWORK}: expected floats and integers of the same shapes, found '
            f'{_shapes(modules)} and {_shapes(quantised.modules)}'
        )
    quantised.floats = floats if modules else None
    return _checked(quantised, places)


def _checked(network: Network, places: int) -> Network:
    if network.places != places:
        raise MapError(
            f'{NETWORK}: expected output neurons for {places} places, found {network.places}'
        )
    return network


def _float_tensors(network: FloatNetwork) -> Tensors:
    return {
        f'module.{number}.{layer}.{name}': getattr(getattr(module, layer), name)
        for number, module in enumerate(network.modules)
        for layer in _LAYERS
        for name in _FLOATS
    }


def _byte_tensors(network: ByteNetwork) -> Tensors:
    outline = network.outline
    return {
        _ROWS: network.rows,
        'linear.scales': network.scales,
        'linear.outline.basis': outline.basis,
        'linear.outline.codes': outline.codes,
        'linear.outline.gains': outline.gains,
        'linear.outline.offsets': outline.offsets,
        'linear.outline.mean': outline.typical.mean,
        'linear.outline.deviation': outline.typical.std,
    }


def _bytes(tensors: Tensors, places: int, inputs: int) -> ByteNetwork:
    def finite(name: str, shape: tuple[int, ...]) -> Floats:
        found = tensor(tensors, name, np.float32, shape)
        if not np.isfinite(found).all():
            raise MapError(f'{NETWORK}: {name}: expected finite numbers')
        return found

    deviation = finite('linear.outline.deviation', (places,))
    if not (deviation >= np.finfo(np.float32).tiny).all():
        raise MapError(f'{NETWORK}: linear.outline.deviation: expected numbers above 0')
    basis = tensors.get('linear.outline.basis')
    rank = basis.shape[1] if basis is not None and basis.ndim == 2 else 1
    return ByteNetwork(
        tensor(tensors, _ROWS, np.int8, (places, inputs)),
        finite('linear.scales', (places,)),
        Outline(
            finite('linear.outline.basis', (inputs, rank)),
            tensor(tensors, 'linear.outline.codes', np.int8, (places, rank)),
            finite('linear.outline.gains', (places,)),
            finite('linear.outline.offsets', (places,)),
            Statistics(finite('linear.outline.mean', (places,)), deviation),
        ),
    )


def _spiking_tensors(network: spiking.SpikingNetwork) -> Tensors:
    constants = np.array([network.steps, network.threshold, network.decay], np.int32)
    tensors: Tensors = {'spiking.constants': constants}
    for number, module in enumerate(network.modules):
        tensors[f'module.{number}.spiking.hidden'] = module.hidden
        tensors[f'module.{number}.spiking.output'] = module.output
    return tensors


def _spiking(tensors: Tensors, inputs: int) -> spiking.SpikingNetwork:
    modules: list[spiking.SpikingModule] = []
    while not modules or f'module.{len(modules)}.spiking.hidden' in tensors:
        prefix = f'module.{len(modules)}.spiking'
        hidden = _neurons(tensors, f'{prefix}.hidden', 2 * inputs)
        places = _neurons(tensors, f'{prefix}.output', hidden)
        modules.append(
            spiking.SpikingModule(
                tensor(tensors, f'{prefix}.hidden', np.int16, (hidden, 2 * inputs)),
                tensor(tensors, f'{prefix}.output', np.int16, (places, hidden)),
            )
        )
    steps, threshold, decay = tensor(tensors, 'spiking.constants', np.int32, (3,)).tolist()
    network = spiking.SpikingNetwork(modules, steps, threshold, decay)
    spiking.check(network)
    return network


def _integers(network: QuantisedNetwork) -> Tensors:
    tensors: Tensors = {
        'integer.input.scale': np.array([network.scale], np.float32),
        'integer.input.zero_point': np.array([network.zero_point], np.int32),
        'integer.activation_max': np.array([network.activation_max], np.int32),
    }
    for number, module in enumerate(network.modules):
        for name in _LAYERS:
            layer: QuantisedLayer = getattr(module, name)
            prefix = f'module.{number}.{name}.integer'
            tensors[f'{prefix}.weights'] = layer.weights
            tensors[f'{prefix}.weight_scales'] = layer.weight_scales
            tensors[f'{prefix}.scale'] = np.array([layer.scale], np.float32)
            tensors[f'{prefix}.zero_point'] = np.array([layer.zero_point], np.int32)
    return tensors


def _quantised(tensors: Tensors, inputs: int, readout: str) -> QuantisedNetwork:
    modules: list[QuantisedModule] = []
    while not modules or f'module.{len(modules)}.feature.integer.weights' in tensors:
        prefix = f'module.{len(modules)}'
        feature = _quantised_layer(tensors, f'{prefix}.feature.integer', inputs)
        output = _quantised_layer(tensors, f'{prefix}.output.integer', len(feature.weights))
        modules.append(QuantisedModule(feature, output))
    network = QuantisedNetwork(
        modules,
        readout,
        np.float32(tensor(tensors, 'integer.input.scale', np.float32, (1,))[0]),
        int(tensor(tensors, 'integer.input.zero_point', np.int32, (1,))[0]),
        int(tensor(tensors, 'integer.activation_max', np.int32, (1,))[0]),
    )
    check(network)
    return network


def _quantised_layer(tensors: Tensors, prefix: str, inputs: int) -> QuantisedLayer:
    neurons = _neurons(tensors, f'{prefix}.weights', inputs)
    return QuantisedLayer(
        tensor(tensors, f'{prefix}.weights', np.int8, (neurons, inputs)),
        tensor(tensors, f'{prefix}.weight_scales', np.float32, (neurons,)),
        np.float32(tensor(tensors, f'{prefix}.scale', np.float32, (1,))[0]),
        int(tensor(tensors, f'{prefix}.zero_point', np.int32, (1,))[0]),
    )


def _layer(tensors: Tensors, prefix: str, inputs: int) -> Layer:
    neurons = _neurons(tensors, f'{prefix}.weights', inputs)
    checked = {}
    for name in _FLOATS:
        shape = (neurons, inputs) if name == 'weights' else (neurons,)
        checked[name] = value = tensor(tensors, f'{prefix}.{name}', np.float32, shape)
        if not np.isfinite(value).all():
            raise MapError(f'{prefix}.{name}: expected finite numbers, found NaN or infinity')
    return Layer(**checked)


def _neurons(tensors: Tensors, name: str, inputs: int) -> int:
    weights = tensors.get(name)
    if weights is None or weights.ndim != 2 or weights.shape[1] != inputs or not len(weights):
        shape = None if weights is None else weights.shape
        raise MapError(f'{name}: expected (neurons, {inputs}), found {shape}')
    return int(weights.shape[0])


def _shapes(modules: list[Module] | list[QuantisedModule]) -> list[tuple[tuple[int, ...], ...]]:
    return [(module.feature.weights.shape, module.output.weights.shape) for module in modules]
