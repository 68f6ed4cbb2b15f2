"""
A spiking network for Loihi as plain arrays, and its arithmetic: the alternative to STDP.

Each module has a hidden layer of current-based leaky integrate-and-fire (CUBA) neurons and an
output layer of neurons that integrate and never spike. A frame is presented for T steps:

1. A spike amplitude v, 0 to 255, becomes two channels, brighter and darker than the middle:
   on = max(2v - 255, 0), off = max(255 - 2v, 0). A channel spikes at a rate of its value / 255, at
   intervals as regular as possible, from a phase of its own.
2. Hidden neurons, in integers as on Loihi, from a potential of zero:
       u = sum over j of 64 w_ij s_j          (a current lasts one step)
       v = (v * (4096 - decay) >> 12, towards zero) + u,   within 24 bits
       spike, and v = 0, where v > 64 * threshold
3. Output neurons integrate v = v + u. After T steps v / (64 * 64 * T) is the similarity.

training.py makes such networks; Lava computes the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import Doubles, Floats, Integers, Numbers, Spikes
from ...errors import MapError
from ..network import in_words

# Bits by which currents and thresholds are shifted, and the unit of decays (Loihi).
ALIGN, DECAY_BITS = 6, 12
DECAY_UNITY = 1 << DECAY_BITS
# A weight of 1 in lava-dl.
WEIGHT_UNIT = 64
# States have 24 bits, and so have currents once they are aligned; thresholds have 17.
STATE_MAX, THRESHOLD_MAX = (1 << 23) - 1, (1 << 17) - 1
CURRENT_MAX = STATE_MAX >> ALIGN
# More would only take memory: rates have a resolution of 1/255.
STEPS_MAX = 1000
# Weights of both signs: 8 bits, of which the lowest is always 0.
WEIGHT_RANGE = (-256, 254)
# Frames computed at once, with their trains and currents in memory.
_BATCH = 50


@dataclass
class SpikingModule:
    """
    Weights of one segment of the route.

    hidden: int16 (hidden neurons, 2 x inputs); output: int16 (places, hidden neurons), all even.
    """

    hidden: NDArray[np.int16]
    output: NDArray[np.int16]


@dataclass
class SpikingNetwork:
    """Modules in the order of their places; time steps, threshold and decay of hidden neurons."""

    modules: list[SpikingModule]
    steps: int
    threshold: int
    decay: int

    @property
    def places(self) -> int:
        """Number of places in all modules."""
        return sum(len(module.output) for module in self.modules)

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        return self.modules[0].hidden.shape[1] // 2

    @property
    def unit(self) -> float:
        """Divisor from an output's potential after the last step to a similarity."""
        return float((1 << ALIGN) * WEIGHT_UNIT * self.steps)

    def __str__(self) -> str:
        """Return the number of modules and the kind of neurons in words."""
        return in_words(len(self.modules), 'spiking neurons')


def channels(spikes: Spikes) -> Integers:
    """Return int64 (..., 2 x inputs), 0 to 255, for uint8 spikes (..., inputs): on, then off."""
    contrast = 2 * spikes.astype(np.int64) - 255
    return np.concatenate([np.maximum(contrast, 0), np.maximum(-contrast, 0)], axis=-1)


def spike_trains(values: Integers, steps: int) -> Integers:
    """Return int64 (..., steps, channels), 0 or 1, for channels (...,), 0 to 255."""
    counts = np.arange(steps + 1)[:, np.newaxis] * values[..., np.newaxis, :]
    passed = counts + phases(values.shape[-1])
    return np.diff(passed // 255, axis=-2)


def phases(count: int) -> Integers:
    """Return int64 (channels,), 0 to 254, unordered, so that neighbours do not spike together."""
    return np.arange(count) * 97 % 255


def respond(module: SpikingModule, network: SpikingNetwork, trains: Integers) -> Integers:
    """Return int64 (frames, places), the outputs' potentials after (frames, steps, channels)."""
    # Integers far below 2^53, so doubles add them exactly.
    hidden, output = (weights.T.astype(np.float64) for weights in (module.hidden, module.output))
    potential: Integers = np.zeros((len(trains), hidden.shape[1]), np.int64)
    total: Integers = np.zeros((len(trains), output.shape[1]), np.int64)
    # Of all steps in one product: input currents do not depend on the neurons.
    currents = _current(trains, hidden)
    for step in range(network.steps):
        kept = np.abs(potential) * (DECAY_UNITY - network.decay) >> DECAY_BITS
        potential = _within(np.sign(potential) * kept + currents[:, step])
        spikes = potential > network.threshold << ALIGN
        potential[spikes] = 0
        total = _within(total + _current(spikes, output))
    return total


def similarity(network: SpikingNetwork, spikes: Spikes) -> Floats:
    """Return float32 (frames, places) for uint8 spikes (frames, inputs)."""
    found = []
    for begin in range(0, len(spikes) or 1, _BATCH):
        trains = spike_trains(channels(spikes[begin : begin + _BATCH]), network.steps)
        potentials = [respond(module, network, trains) for module in network.modules]
        found.append(np.concatenate(potentials, axis=1) / network.unit)
    return np.concatenate(found).astype(np.float32)


def _current(spikes: Numbers, weights: Doubles) -> Integers:
    return (spikes.astype(np.float64) @ weights).astype(np.int64) << ALIGN


def _within(potential: Integers) -> Integers:
    return np.clip(potential, -STATE_MAX, STATE_MAX)


def check(network: SpikingNetwork) -> None:
    """
    Refuse parameters that exceed Loihi's arithmetic.

    :raises MapError: naming the first parameter that is wrong.
    """
    for name, value, low, high in (
        ('steps', network.steps, 1, STEPS_MAX),
        ('threshold', network.threshold, 1, THRESHOLD_MAX),
        ('decay', network.decay, 0, DECAY_UNITY),
    ):
        if not low <= value <= high:
            raise MapError(f'spiking.{name}: expected {low} to {high}, found {value}')
    for number, module in enumerate(network.modules):
        for name, weights in (('hidden', module.hidden), ('output', module.output)):
            where = f'module.{number}.spiking.{name}'
            low, high = WEIGHT_RANGE
            if weights.min() < low or weights.max() > high or (weights & 1).any():
                raise MapError(f'{where}: expected even weights from {low} to {high}')
        if module.hidden.shape[1] % 2 or module.output.shape[1] != len(module.hidden):
            raise MapError(
                f'module.{number}.spiking: layers of {module.hidden.shape} and '
                f'{module.output.shape} weights do not fit one another'
            )
        # The two channels of a pixel never spike in one step.
        pairs = module.hidden.reshape(len(module.hidden), 2, -1)
        for name, weights in (('hidden', pairs), ('output', module.output[:, np.newaxis])):
            wide = weights.astype(np.int64)
            largest = max(
                int(np.maximum(part.max(axis=1), 0).sum(axis=1).max()) for part in (wide, -wide)
            )
            if largest > CURRENT_MAX:
                raise MapError(
                    f'module.{number}.spiking.{name}: a current of {largest} may occur, '
                    f'and neurons take {CURRENT_MAX}; train with fewer hidden neurons '
                    'or pixels'
                )
