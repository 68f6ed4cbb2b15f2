"""network.safetensors: the weights, thresholds and target rates of every module."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..config import TrainerConfig
from ..errors import MapError
from ..network.layers import Array, Layer, Module, Network

_LAYERS = ('feature', 'output')
_TENSORS = ('weights', 'thresholds', 'target_rates')


def write_network(network: Network, file: Path) -> None:
    """Write all tensors under names like `module.0.feature.weights`."""
    from safetensors.numpy import save

    tensors: dict[str, Array] = {}
    for number, module in enumerate(network.modules):
        for layer in _LAYERS:
            for name in _TENSORS:
                value = getattr(getattr(module, layer), name)
                tensors[f'module.{number}.{layer}.{name}'] = np.ascontiguousarray(value)
    file.write_bytes(save(tensors))


def read_network(file: Path, config: TrainerConfig, places: int) -> Network:
    """
    Read the network of a map with this configuration and number of places.

    :raises MapError: if a tensor is missing, of another shape or type, or not finite.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(file)
    except SafetensorError as error:
        raise MapError(f'{file.name}: not a safetensors file ({error})') from None
    inputs = config.encoding.width * config.encoding.height
    modules: list[Module] = []
    while f'module.{len(modules)}.feature.weights' in tensors:
        prefix = f'module.{len(modules)}'
        feature = _layer(tensors, f'{prefix}.feature', inputs)
        output = _layer(tensors, f'{prefix}.output', len(feature.thresholds))
        modules.append(Module(feature, output))
    network = Network(modules, config.training.readout)
    if not modules or network.places != places:
        raise MapError(f'{file.name}: expected output neurons for {places} places, found '
                       f'{network.places}')
    return network


def _layer(tensors: dict[str, Array], prefix: str, inputs: int) -> Layer:
    parts = {name: tensors.get(f'{prefix}.{name}') for name in _TENSORS}
    weights = parts['weights']
    if weights is None or weights.ndim != 2 or weights.shape[1] != inputs:
        shape = None if weights is None else weights.shape
        raise MapError(f'{prefix}.weights: expected (neurons, {inputs}), found {shape}')
    neurons = weights.shape[0]
    checked = {}
    for name, value in parts.items():
        shape = (neurons, inputs) if name == 'weights' else (neurons,)
        if value is None or value.shape != shape or value.dtype != np.float32:
            found = None if value is None else f'{value.dtype} {value.shape}'
            raise MapError(f'{prefix}.{name}: expected float32 {shape}, found {found}')
        if not np.isfinite(value).all():
            raise MapError(f'{prefix}.{name}: expected finite numbers, found NaN or infinity')
        checked[name] = value
    return Layer(**checked)
