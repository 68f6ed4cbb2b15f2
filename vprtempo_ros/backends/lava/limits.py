"""
The demand of a map on Loihi 2, and the limits of the chip.

Published figures: 128 neuro cores per chip, at most 8192 neurons per core, synaptic weights of 8
bits, at most 120 million synapses per chip (Intel, Technology Brief "Taking Neuromorphic Computing
to the Next Level with Loihi 2", 2021, and Orchard et al., "Efficient Neuromorphic Signal Processing
with Loihi 2", SiPS 2021); membrane and dendritic accumulators of 24 bits (lava-nc's bit-accurate
models). 120 million synapses of 8 bits would be 0.94 MB per core, which no core has: the figure is
for fewer bits. For 8-bit weights we assume the 128 KiB of synaptic memory per core of Loihi (Davies
et al., IEEE Micro 2018), which is less than a core of Loihi 2 has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...arrays import Numbers
from ...errors import BackendError
from ...network.quantised.network import QuantisedNetwork, limits
from ...network.spiking.network import SpikingNetwork
from ..integer import input_table

CORES = 128
NEURONS_PER_CORE = 8192
SYNAPSES_PER_CHIP = 120_000_000
SYNAPTIC_BYTES_PER_CORE = 128 * 1024
WEIGHT_RANGE = (-128, 127)
ACCUMULATOR_BITS = 24


class Demand(NamedTuple):
    """Resources of a module: neurons, synapses (8-bit, zeros are stored too), and cores."""

    neurons: int
    synapses: int
    cores: int


def check_limits(network: QuantisedNetwork) -> list[Demand]:
    """
    Return the demand of each module of a quantised network.

    :raises BackendError: naming the layer and the limit that it exceeds.
    """
    demands = []
    entered = input_table(network)
    inputs = (int(entered.min()), int(entered.max()))
    for number, module in enumerate(network.modules):
        low, high = limits(module.feature, network.activation_max, network.readout)
        zero = module.feature.zero_point
        cores = _check_layer(f'module {number}, features', module.feature.weights, inputs)
        cores += _check_layer(
            f'module {number}, outputs', module.output.weights, (low - zero, high - zero)
        )
        layers = (module.feature, module.output)
        demands.append(
            Demand(
                sum(len(layer.weights) for layer in layers),
                sum(layer.weights.size for layer in layers),
                cores,
            )
        )
    return demands


def check_spiking_limits(network: SpikingNetwork) -> list[Demand]:
    """
    Return the demand of each module of a spiking network; `check` tests its arithmetic.

    :raises BackendError: naming the layer and the limit that it exceeds.
    """
    demands = []
    for number, module in enumerate(network.modules):
        layers = {'hidden': module.hidden, 'output': module.output}
        demands.append(
            Demand(
                sum(len(weights) for weights in layers.values()),
                sum(weights.size for weights in layers.values()),
                sum(
                    _cores(f'module {number}, {name}', weights) for name, weights in layers.items()
                ),
            )
        )
    return demands


def chips(demands: list[Demand]) -> int:
    """
    Return the number of chips for all modules.

    A module may use several chips, but a core belongs to one module.
    """
    cores = sum(demand.cores for demand in demands)
    synapses = sum(demand.synapses for demand in demands)
    return max(-(-cores // CORES), -(-synapses // SYNAPSES_PER_CHIP), 1)


def describe(demands: list[Demand]) -> str:
    """Return the demand in words: chips, cores, neurons and synapses."""
    count = chips(demands)
    return (
        f'{count} Loihi 2 chip{"" if count == 1 else "s"} '
        f'({sum(d.cores for d in demands)} of {count * CORES} cores, '
        f'{sum(d.neurons for d in demands):,} neurons, '
        f'{sum(d.synapses for d in demands):,} synapses of 8 bits)'
    )


def describe_module(demand: Demand) -> str:
    """Return the demand of a module in words: cores of a chip, neurons and synapses."""
    return (
        f'{demand.cores} cores ({demand.cores / CORES:.1%} of a chip), '
        f'{demand.neurons:,} neurons ({demand.neurons / (CORES * NEURONS_PER_CORE):.1%}), '
        f'{demand.synapses:,} synapses ({demand.synapses / SYNAPSES_PER_CHIP:.1%})'
    )


def sums_range(weights: NDArray[np.int8], inputs: tuple[int, int]) -> tuple[int, int]:
    """Return the least and the largest sum of any neuron for inputs in this range."""
    wide = weights.astype(np.int64)
    positive, negative = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    low, high = inputs
    return (
        int((positive * low + negative * high).min()),
        int((positive * high + negative * low).max()),
    )


def _check_layer(where: str, weights: NDArray[np.int8], inputs: tuple[int, int]) -> int:
    """Check a layer; return the number of its cores."""
    low, high = WEIGHT_RANGE
    if int(weights.min()) < low or int(weights.max()) > high:
        raise BackendError(
            f'backend lava: {where}: expected weights from {low} to {high}, found '
            f'{weights.min()} to {weights.max()}'
        )
    bound = 1 << (ACCUMULATOR_BITS - 1)
    least, largest = sums_range(weights, inputs)
    if least < -bound or largest >= bound:
        raise BackendError(
            f'backend lava: {where}: sums from {least} to {largest} may occur, and '
            f'the {ACCUMULATOR_BITS}-bit accumulators of Loihi 2 hold {-bound} to '
            f'{bound - 1}: train with a smaller training.feature_multiplier or '
            'fewer pixels, or choose backend integer'
        )
    return _cores(where, weights)


def _cores(where: str, weights: Numbers) -> int:
    """Return the number of cores of a layer."""
    neurons, fan_in = weights.shape
    if fan_in > SYNAPTIC_BYTES_PER_CORE:
        raise BackendError(
            f'backend lava: {where}: a neuron has {fan_in} synapses of 8 bits, a '
            f'core of Loihi 2 holds {SYNAPTIC_BYTES_PER_CORE}: train with fewer '
            'pixels or a smaller training.feature_multiplier'
        )
    per_core = min(NEURONS_PER_CORE, SYNAPTIC_BYTES_PER_CORE // fan_in)
    return -(-neurons // per_core)
