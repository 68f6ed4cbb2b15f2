"""
From a network trained with quantisation in the loop to the integers that run.

Training has observed the weights. What is left are the ranges of the network as it matches:
inputs, and the responses of both layers with nothing but requantisation and the readout's clamp
between them. A second set of moving ranges sees the reference frames in the order in which they
were presented in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from ..layers import Array
from .network import (
    OUTPUT_MAX,
    QuantisedLayer,
    QuantisedModule,
    QuantisedNetwork,
    limits,
    settle_scales,
)
from .observers import MovingRange, Scheme

# Samples in one product of matrices: the result does not depend on it.
BATCH = 256


@dataclass
class QuantisedWeights:
    """int8 (neurons, inputs) weights and their float32 (neurons,) scales."""

    integers: NDArray[np.int8]
    scales: Array


@dataclass
class Trained:
    """What training leaves of a module: its weights, its samples, the order they were shown in."""

    feature: QuantisedWeights
    output: QuantisedWeights
    amplitudes: Array
    order: NDArray[np.int64]


def calibrate(modules: list[Trained], readout: str, scheme: Scheme) -> QuantisedNetwork:
    """Return the integer network; all modules share one input."""
    inputs = MovingRange()
    for module in modules:
        low, high = module.amplitudes.min(axis=1), module.amplitudes.max(axis=1)
        inputs.observe(low[module.order], high[module.order])
    scale, zero = inputs.affine(scheme.activation_max)
    return QuantisedNetwork(
        [_module(trained, scale, zero, readout, scheme) for trained in modules],
        scale,
        zero,
        scheme.activation_max,
    )


def _module(
    trained: Trained, scale: np.float32, zero: int, readout: str, scheme: Scheme
) -> QuantisedModule:
    top = scheme.activation_max
    samples = len(trained.amplitudes)

    def entered(rows: slice) -> NDArray[np.float64]:
        integers = np.rint(trained.amplitudes[rows] * (np.float32(1) / scale)) + zero
        return np.clip(integers, 0, top).astype(np.float64) - zero

    feature = _layer(trained.feature, entered, scale, samples, trained.order, top)
    low, high = limits(feature, top, readout)

    def featured(rows: slice) -> NDArray[np.float64]:
        response = respond(trained.feature, entered(rows), scale)
        integers = np.rint(response / feature.scale) + feature.zero_point
        return np.clip(integers, low, high) - feature.zero_point

    output = _layer(trained.output, featured, feature.scale, samples, trained.order, OUTPUT_MAX)
    return QuantisedModule(feature, output)


def _layer(
    weights: QuantisedWeights,
    inputs: Callable[[slice], NDArray[np.float64]],
    scale: np.float32,
    samples: int,
    order: NDArray[np.int64],
    highest: int,
) -> QuantisedLayer:
    """Observe a layer's responses to all samples and give it its scale and zero point."""
    low, high = np.empty(samples, np.float32), np.empty(samples, np.float32)
    for begin in range(0, samples, BATCH):
        rows = slice(begin, begin + BATCH)
        response = respond(weights, inputs(rows), scale)
        low[rows], high[rows] = response.min(axis=1), response.max(axis=1)
    observed = MovingRange()
    observed.observe(low[order], high[order])
    layer = QuantisedLayer(weights.integers, weights.scales, *observed.affine(highest))
    settle_scales(layer, scale)
    return layer


def respond(
    weights: QuantisedWeights, inputs: NDArray[np.float64], scale: np.float32
) -> NDArray[np.float64]:
    """Return float64 (samples, neurons), the real responses to whole-numbered inputs."""
    # Whole numbers in double precision: exact, so no number of threads changes the result.
    sums = inputs @ weights.integers.T.astype(np.float64)
    return sums * (weights.scales.astype(np.float64) * float(scale))
