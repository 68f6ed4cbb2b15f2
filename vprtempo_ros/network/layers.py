"""A network as plain arrays: modules of a feature layer and an output layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .quantised.network import QuantisedNetwork
    from .spiking.network import SpikingNetwork

Array = NDArray[np.float32]

# Highest amplitude of a spike after a layer (VPRTempo).
SPIKE_MAX = 0.9
# Target rates of feature neurons are spread evenly over this interval.
RATE_RANGE = (0.2, 0.9)
# Thresholds of feature neurons start uniformly in this interval.
THRESHOLD_RANGE = (0.0, 0.5)


@dataclass
class Layer:
    """
    Synapses and thresholds of one layer.

    weights: float32 (neurons, inputs); positive is excitatory, negative inhibitory, zero absent.
    thresholds, target_rates: float32 (neurons,); a rate of zero means no threshold plasticity.
    """

    weights: Array
    thresholds: Array
    target_rates: Array

    def spikes(self, responses: Array) -> Array:
        """Return what a response (samples, neurons) leaves in training, clip(a - theta, 0, 0.9)."""
        return np.clip(responses - self.thresholds, 0.0, SPIKE_MAX)


@dataclass
class Module:
    """The two layers that hold one stretch of the route."""

    feature: Layer
    output: Layer

    @property
    def places(self) -> int:
        """Places in this module."""
        return int(self.output.weights.shape[0])


@dataclass
class Network:
    """
    Modules in the order of their places, and the readout they were trained for.

    A network holds floats in `modules`, integers in `quantised`, or both; one that was trained by
    gradient holds `spiking` and nothing else.
    """

    modules: list[Module]
    readout: str
    quantised: QuantisedNetwork | None = None
    spiking: SpikingNetwork | None = None

    @property
    def places(self) -> int:
        """Places in all modules."""
        if self.spiking is not None:
            return self.spiking.places
        if self.quantised is not None:
            return self.quantised.places
        return sum(module.places for module in self.modules)

    def __str__(self) -> str:
        """Return in words how many modules there are, and what they compute."""
        count = len((self.spiking or self.quantised or self).modules)
        kind = 'spiking neurons' if self.spiking else f'{self.readout} readout'
        return f'{count} module{"" if count == 1 else "s"}, {kind}'

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        if self.spiking is not None:
            return self.spiking.inputs
        if self.quantised is not None:
            return self.quantised.inputs
        return int(self.modules[0].feature.weights.shape[1])


def new_feature_layer(
    inputs: int, neurons: int, excitatory: float, inhibitory: float, rng: np.random.Generator
) -> Layer:
    """Make an untrained feature layer with the given connection probabilities."""
    low, high = RATE_RANGE
    step = (high - low) / neurons
    return Layer(
        _initial_weights(inputs, neurons, excitatory, inhibitory, rng),
        rng.uniform(*THRESHOLD_RANGE, neurons).astype(np.float32),
        (low + step * np.arange(1, neurons + 1)).astype(np.float32),
    )


def new_output_layer(features: int, places: int, rng: np.random.Generator) -> Layer:
    """Make an untrained, fully connected output layer with a neuron for each place."""
    zeros = np.zeros(places, np.float32)
    return Layer(_initial_weights(features, places, 1.0, 1.0, rng), zeros, zeros.copy())


def _initial_weights(
    inputs: int, neurons: int, excitatory: float, inhibitory: float, rng: np.random.Generator
) -> Array:
    """
    Draw weights from N(0.5, 1/6) and N(-0.5, 1/6), each kept with its probability.

    The excitatory and the inhibitory synapses that arrive at a neuron each start with a unit L1
    norm, as BLiTNet has it (upstream scales all neurons by the norm of the last one, which
    differs from this by sampling noise only). Where a synapse has both, they add up.
    """
    weights = np.zeros((neurons, inputs), np.float32)
    for sign, probability in ((1.0, excitatory), (-1.0, inhibitory)):
        drawn = rng.normal(0.5, 1.0 / 6.0, (neurons, inputs)).astype(np.float32)
        np.maximum(drawn, 0.0, out=drawn)
        drawn *= rng.random((neurons, inputs), dtype=np.float32) < probability
        norm = drawn.sum(axis=1, keepdims=True)
        weights += np.float32(sign) * drawn / np.where(norm > 0.0, norm, 1.0)
    return weights
