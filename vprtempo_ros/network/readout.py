"""What a trained network of floats computes when it matches, as few and large matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Floats
from ..errors import BackendError
from .graph import GraphNetwork
from .network import LinearNetwork, Network
from .quantised.network import floats_of
from .spiking.network import SpikingNetwork


@dataclass(frozen=True)
class LinearReadout:
    """
    Nothing stands between the layers (upstream since 1.1.6): all modules are one matrix.

    matrix: float32 (places, inputs), takes amplitudes, 0 to 1.
    """

    matrix: Floats


@dataclass(frozen=True)
class ClampedReadout:
    """
    Spikes are limited to [0, 0.9] after each layer (as published, upstream until 1.1.5).

    features: float32 (features of all modules, inputs), takes amplitudes, 0 to 1;
    outputs: for each module float32 (places, features).
    """

    features: Floats
    outputs: tuple[Floats, ...]


def readout_of(network: Network) -> LinearReadout | ClampedReadout:
    """
    Multiply out the matrices that the readout allows; a matrix of the network is not copied.

    :raises BackendError: if the network holds no floats.
    """
    if isinstance(network, SpikingNetwork):
        raise BackendError(
            'this map holds a spiking network (training.method: bootstrap): choose '
            'backend cuba or lava'
        )
    if isinstance(network, GraphNetwork):
        raise BackendError('this map holds a network from a NIR file: choose backend nir')
    if isinstance(network, LinearNetwork):
        return LinearReadout(network.weights)
    floats = floats_of(network)
    if floats is None:
        raise BackendError(
            'this map holds integers only: choose backend integer or torch_int8, or '
            'train again with training.keep_fp32: true'
        )
    modules = floats.modules
    if floats.readout == 'linear':
        return LinearReadout(
            np.concatenate([m.output.weights @ m.feature.weights for m in modules])
        )
    return ClampedReadout(
        np.concatenate([m.feature.weights for m in modules]),
        tuple(np.ascontiguousarray(m.output.weights) for m in modules),
    )
