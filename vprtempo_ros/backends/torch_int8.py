"""Backend `torch_int8`: the quantised network with torch's int8 kernels."""

from __future__ import annotations

import numpy as np
import torch

from ..arrays import Floats, Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.network import Network
from ..network.quantised.network import OUTPUT_MAX, QuantisedLayer, QuantisedNetwork, limits
from ..network.quantised.observers import SCHEMES, engine_of_machine
from . import torch_eager
from .integer import integers_of

# fbgemm and x86 may add two products in 16 bits before they widen (vpmaddubsw).
_INT16 = 1 << 15


class TorchInt8Backend:
    """The quantised network computed in torch: the same integers as backend `integer`."""

    name = 'torch_int8'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """Choose the engine and convert; torch has one thread count per process."""
        quantised = integers_of(network, self.name)
        self.engine = choose_engine(quantised, config.engine, torch_eager.engines())
        torch.set_num_threads(config.threads)
        self.places = quantised.places
        self._amplitudes = torch.arange(256, dtype=torch.float32) / 255
        self._run = torch_eager.build(quantised, self.engine)
        self._tables = [
            _similarities(module.output, quantised.readout) for module in quantised.modules
        ]

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        amplitudes = self._amplitudes[torch.from_numpy(spikes).long()]
        outputs = self._run(amplitudes)
        return np.concatenate([table[output] for table, output in zip(self._tables, outputs)])

    def close(self) -> None:
        """Nothing to release."""


def choose_engine(network: QuantisedNetwork, name: str, supported: list[str]) -> str:
    """
    Return the configured engine, or the best one for this machine and network.

    :raises BackendError: if this machine does not have it, or it would not compute exactly.
    """
    if not name:
        native = engine_of_machine()
        suited = [
            engine
            for engine in (native, 'fbgemm', 'qnnpack')
            if engine in supported and _is_exact(network, engine)
        ]
        if not suited:
            raise BackendError(
                'torch has no engine here for the integers of this map (found '
                f'{", ".join(supported) or "none"}); choose backend integer'
            )
        return suited[0]
    if name not in supported:
        raise BackendError(
            f'backend.engine: this machine has no {name}; it has '
            f'{", ".join(engine for engine in supported if engine in SCHEMES)}'
        )
    if not _is_exact(network, name):
        raise BackendError(
            f'backend.engine: {name} adds pairs of products in 16 bits, which this '
            'map (8-bit activations, trained for qnnpack) would overflow; use '
            'engine qnnpack or backend integer'
        )
    return name


def _is_exact(network: QuantisedNetwork, engine: str) -> bool:
    """Return whether pairs of products always fit the integers in which the engine adds them."""
    if SCHEMES[engine].activation_max == network.activation_max or engine == 'qnnpack':
        return True
    return 2 * 128 * network.activation_max < _INT16


def _similarities(layer: QuantisedLayer, readout: str) -> Floats:
    """Return float32 (256,): the similarity of each integer output."""
    low, high = limits(layer, OUTPUT_MAX, readout)
    zero, scale = layer.zero_point, layer.scale
    return (np.clip(np.arange(256), low, high).astype(np.float32) - np.float32(zero)) * scale
