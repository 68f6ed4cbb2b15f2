"""The quantised network as arrays for the processes of Lava."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...arrays import Integers, Numbers
from ...network.quantised.network import (
    OUTPUT_MAX,
    QuantisedLayer,
    QuantisedModule,
    QuantisedNetwork,
    limits,
    multipliers,
)
from .requantisation import Factors, requantise, take_apart

Tensors = dict[str, Numbers]


class GradedLayer(NamedTuple):
    """
    Synapses and graded-spike neurons.

    weights: int8 (neurons, inputs); mantissa, shift: int64 (neurons,), see requantisation.py;
    limits: int64 (2,), the lowest and the highest payload: outputs are sent less their zero point,
    so that a response of zero sends no spike.
    """

    weights: NDArray[np.int8]
    mantissa: Integers
    shift: Integers
    limits: Integers

    @property
    def factors(self) -> Factors:
        """The factors of the sums."""
        return Factors(self.mantissa, self.shift)

    def payloads(self, inputs: Integers) -> Integers:
        """Return int64 (frames, neurons), the payloads for inputs int64 (frames, inputs)."""
        # Integers far below 2^53, so doubles add them exactly.
        sums = inputs.astype(np.float64) @ self.weights.T.astype(np.float64)
        low, high = self.limits
        return np.clip(requantise(sums.astype(np.int64), self.factors), low, high)


GradedModule = tuple[GradedLayer, GradedLayer]


def plan(network: QuantisedNetwork) -> list[GradedModule]:
    """
    Return feature and output layer of each module.

    :raises BackendError: if a scale is out of the arithmetic's range.
    """

    def module(of: QuantisedModule) -> GradedModule:
        return (
            _layer(of.feature, network.scale, network.activation_max, network.readout),
            _layer(of.output, of.feature.scale, OUTPUT_MAX, network.readout),
        )

    return [module(of) for of in network.modules]


def to_tensors(modules: list[GradedModule]) -> Tensors:
    """Return the arrays by name, for the worker."""
    return {
        f'{number}.{name}.{field}': np.asarray(value)
        for number, module in enumerate(modules)
        for name, layer in zip(('feature', 'output'), module)
        for field, value in layer._asdict().items()
    }


def from_tensors(tensors: Tensors) -> list[GradedModule]:
    """Return the modules from arrays by name."""

    def layer(prefix: str) -> GradedLayer:
        weights, *rest = (tensors[f'{prefix}.{field}'] for field in GradedLayer._fields)
        return GradedLayer(weights.astype(np.int8), *(value.astype(np.int64) for value in rest))

    count = 1 + max(int(name.split('.')[0]) for name in tensors)
    return [(layer(f'{number}.feature'), layer(f'{number}.output')) for number in range(count)]


def _layer(
    layer: QuantisedLayer, input_scale: np.float32, highest: int, readout: str
) -> GradedLayer:
    factors = take_apart(multipliers(layer, input_scale))
    bounds = np.array(limits(layer, highest, readout), np.int64) - layer.zero_point
    return GradedLayer(layer.weights, factors.mantissa, factors.shift, bounds)
