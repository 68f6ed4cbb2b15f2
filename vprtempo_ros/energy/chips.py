"""
Whether a network fits neuromorphic chips: their published limits, and what of it exceeds them.

What is not published is said to be unknown, and not checked. Nothing here has run on a chip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..backends.lava.limits import (
    CORES,
    NEURONS_PER_CORE,
    SYNAPSES_PER_CHIP,
    SYNAPTIC_BYTES_PER_CORE,
    check_limits,
    check_spiking_limits,
)
from ..errors import BackendError
from ..network.network import Network
from ..network.quantised.network import QuantisedNetwork
from ..network.spiking.network import SpikingNetwork
from . import speck
from .layers import Layer, layers_of

# Of the largest of the family, Xylo Audio 3; Xylo IMU has 496 hidden and 16 output neurons.
XYLO_INPUTS, XYLO_HIDDEN, XYLO_PROJECTED, XYLO_OUTPUTS = 16, 992, 128, 32
SPINNAKER_SRAM = 19_000_000


class Chip(NamedTuple):
    """
    A chip: published limits and their source in words.

    exceeded: what exceeds it of layers, nothing if they fit; largest: the most inputs and places of
    one matrix that fits, of these numbers of inputs and places. besides: what exceeds it of
    networks that are known in more detail than their layers.
    """

    name: str
    limits: str
    source: str
    exceeded: Callable[[Sequence[Layer]], list[str]]
    largest: Callable[[int, int], tuple[int, int]]
    besides: Callable[[Network], list[str]] = lambda network: []


def exceeded(chip: Chip, network: Network) -> list[str]:
    """Return what of a network exceeds a chip; nothing: it fits."""
    return [*chip.exceeded(layers_of(network)), *chip.besides(network)]


def _xylo(layers: Sequence[Layer]) -> list[str]:
    lines = []
    if layers[0].inputs > XYLO_INPUTS:
        lines.append(f'{layers[0].inputs:,} inputs of at most {XYLO_INPUTS}')
    places = sum(layer.outputs for layer in layers if layer.name.endswith('outputs'))
    if places > XYLO_OUTPUTS:
        lines.append(f'{places:,} outputs of at most {XYLO_OUTPUTS}')
    for layer in layers:
        hidden = layer.name.endswith(('features', 'hidden'))
        if hidden and layer.outputs > XYLO_PROJECTED:
            lines.append(
                f'{layer.name}: {layer.outputs:,} neurons between inputs and outputs of at most '
                f'{XYLO_PROJECTED}'
            )
    return lines


def _loihi(layers: Sequence[Layer]) -> list[str]:
    lines, cores = [], 0
    for layer in layers:
        if layer.inputs > SYNAPTIC_BYTES_PER_CORE:
            lines.append(
                f'{layer.name}: a fan-in of {layer.inputs:,}, of which the memory of a core holds '
                f'{SYNAPTIC_BYTES_PER_CORE:,}'
            )
        per_core = max(1, min(NEURONS_PER_CORE, SYNAPTIC_BYTES_PER_CORE // layer.inputs))
        cores += -(-layer.outputs // per_core)
    synapses = sum(layer.inputs * layer.outputs for layer in layers)
    if cores > CORES:
        lines.append(f'{cores:,} cores of {CORES}, if a core holds 128 KiB of weights')
    if synapses > SYNAPSES_PER_CHIP:
        lines.append(f'{synapses:,} synapses of at most {SYNAPSES_PER_CHIP:,}')
    return lines


def _loihi_cores(network: Network) -> list[str]:
    """Return what exceeds Loihi 2 of a network of integers: sums, and what a core holds."""
    try:
        if isinstance(network, QuantisedNetwork):
            check_limits(network)
        elif isinstance(network, SpikingNetwork):
            check_spiking_limits(network)
    except BackendError as error:
        return [str(error)]
    return []


def _loihi_largest(inputs: int, places: int) -> tuple[int, int]:
    per_core = -(-places // CORES)
    return min(inputs, SYNAPTIC_BYTES_PER_CORE // per_core, SYNAPSES_PER_CHIP // places), places


def _spinnaker(layers: Sequence[Layer]) -> list[str]:
    weights = sum(layer.inputs * layer.outputs for layer in layers)
    if weights <= SPINNAKER_SRAM:
        return []
    return [
        f'{weights:,} bytes of 8-bit weights, of which at most {SPINNAKER_SRAM:,} are on the chip '
        '(the others in its DRAM)'
    ]


CHIPS = (
    Chip(
        'speck',
        '9 cores of one layer each, at most 1,024 outputs and 65,536 weights of 8 bits; fan-in is '
        'limited by these only',
        'sinabs 3.1.3',
        speck.exceeded,
        lambda inputs, places: (
            min(inputs, speck.WEIGHTS // speck.padded(min(places, speck.OUTPUTS))),
            min(places, speck.OUTPUTS),
        ),
    ),
    Chip(
        'xylo',
        '16 inputs, 992 hidden neurons, of which 128 take inputs and 128 lead to outputs, 32 '
        'outputs, 8-bit weights, fan-out 1,024 (64 on average); fan-in unknown',
        'rockpool.ai, Overview of the Xylo family: Xylo Audio 3',
        _xylo,
        lambda inputs, places: (min(inputs, XYLO_INPUTS), min(places, XYLO_OUTPUTS)),
    ),
    Chip(
        'loihi 2',
        '128 cores of at most 8,192 neurons, 120,000,000 synapses, weights of 8 bits; fan-in '
        'unknown',
        'Intel, technology brief, 2021; 128 KiB of weights in a core as in Loihi: IEEE Micro, 2018',
        _loihi,
        _loihi_largest,
        _loihi_cores,
    ),
    Chip(
        'spinnaker 2',
        '153 ARM cores, 19 MB of SRAM, 2 GB of DRAM; neurons, fan-in and bits of weights depend on '
        'its software, limits unknown',
        'open-neuromorphic.org, SpiNNaker 2',
        _spinnaker,
        lambda inputs, places: (min(inputs, SPINNAKER_SRAM // places), places),
    ),
)
