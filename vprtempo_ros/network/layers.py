"""A layer of the network as plain arrays, and new layers before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Floats

# Amplitude of a spike of value 1; values are 0 to 255.
AMPLITUDE = np.float32(1.0 / 255.0)
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

    weights: Floats
    thresholds: Floats
    target_rates: Floats

    def spikes(self, responses: Floats) -> Floats:
        """Return clip(a - theta, 0, 0.9), the spikes of responses a (samples, neurons)."""
        return np.clip(responses - self.thresholds, 0.0, SPIKE_MAX)


def new_feature_layer(
    inputs: int, neurons: int, excitatory: float, inhibitory: float, rng: np.random.Generator
) -> Layer:
    """Return an untrained feature layer with the given connection probabilities."""
    low, high = RATE_RANGE
    step = (high - low) / neurons
    return Layer(
        _initial_weights(inputs, neurons, excitatory, inhibitory, rng),
        rng.uniform(*THRESHOLD_RANGE, neurons).astype(np.float32),
        (low + step * np.arange(1, neurons + 1)).astype(np.float32),
    )


def new_output_layer(features: int, places: int, rng: np.random.Generator) -> Layer:
    """Return an untrained, fully connected output layer with one neuron per place."""
    zeros = np.zeros(places, np.float32)
    return Layer(_initial_weights(features, places, 1.0, 1.0, rng), zeros, zeros.copy())


def _initial_weights(
    inputs: int, neurons: int, excitatory: float, inhibitory: float, rng: np.random.Generator
) -> Floats:
    """
    Draw weights from N(0.5, 1/6) and N(-0.5, 1/6), each kept with its probability.

    The excitatory and the inhibitory synapses of a neuron each start with a unit L1 norm, as in
    BLiTNet (upstream scales all neurons by the norm of the last one, which differs from this by
    sampling noise only). Where both kinds are drawn for a synapse, they add up.
    """
    weights = np.zeros((neurons, inputs), np.float32)
    for sign, probability in ((1.0, excitatory), (-1.0, inhibitory)):
        drawn = rng.normal(0.5, 1.0 / 6.0, (neurons, inputs)).astype(np.float32)
        np.maximum(drawn, 0.0, out=drawn)
        drawn *= rng.random((neurons, inputs), dtype=np.float32) < probability
        norm = drawn.sum(axis=1, keepdims=True)
        weights += np.float32(sign) * drawn / np.where(norm > 0.0, norm, 1.0)
    return weights
