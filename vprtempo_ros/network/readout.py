"""What a trained network computes when it matches: as few and as large matrices as possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import BackendError
from .layers import Array, Network


@dataclass(frozen=True)
class LinearReadout:
    """
    Nothing stands between the layers (upstream since 1.1.6): all modules are one matrix.

    matrix: float32 (places, inputs), takes spikes as they are, 0 to 255.
    """

    matrix: Array


@dataclass(frozen=True)
class ClampedReadout:
    """
    Spikes are limited to [0, 0.9] after each layer (as published, upstream until 1.1.5).

    features: float32 (features of all modules, inputs), takes spikes as they are, 0 to 255;
    outputs: for each module float32 (places, features).
    """

    features: Array
    outputs: tuple[Array, ...]


def readout_of(network: Network) -> LinearReadout | ClampedReadout:
    """
    Collapse the network as far as its readout allows; amplitude = value / 255 is folded in.

    :raises BackendError: if the network holds no floats.
    """
    if network.spiking is not None:
        raise BackendError(
            'this map holds a spiking network (training.method: bootstrap): choose '
            'backend cuba or lava'
        )
    if not network.modules:
        raise BackendError(
            'this map holds integers only: choose backend integer or torch_int8, or '
            'train it anew with training.keep_fp32'
        )
    scale = np.float32(1.0 / 255.0)
    modules = network.modules
    if network.readout == 'linear':
        return LinearReadout(
            np.concatenate([(m.output.weights @ m.feature.weights) * scale for m in modules])
        )
    return ClampedReadout(
        np.concatenate([m.feature.weights for m in modules]) * scale,
        tuple(np.ascontiguousarray(m.output.weights) for m in modules),
    )
