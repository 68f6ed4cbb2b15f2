"""
Calibration: from a network trained with quantisation in the loop to the integers that run.

Training has observed the weights. Still missing are the ranges of the network as it matches:
of the inputs, and of the responses of both layers with only requantisation and the readout's
clamp between them. A second set of moving ranges observes the reference frames in the order in
which training presented them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from ...arrays import Doubles, Floats, Indices
from ...support.progress import ProgressCallback, silent
from .network import (
    OUTPUT_MAX,
    QuantisedLayer,
    QuantisedModule,
    QuantisedNetwork,
    align_scales,
    limits,
)
from .observers import MovingRange, Scheme

# Samples in one product of matrices: the result does not depend on it.
BATCH = 256


@dataclass
class QuantisedWeights:
    """int8 (neurons, inputs) weights and their float32 (neurons,) scales."""

    integers: NDArray[np.int8]
    scales: Floats

    @cached_property
    def doubles(self) -> Doubles:
        """The integers as float64 (inputs, neurons), for exact products."""
        return self.integers.T.astype(np.float64)


@dataclass
class TrainedModule:
    """
    A module after training: the integer weights of both layers, its samples and their order.

    amplitudes: float32 (samples, inputs) in [0, 1]; order: int64 (steps,), the sample presented at
    each step.
    """

    feature: QuantisedWeights
    output: QuantisedWeights
    amplitudes: Floats
    order: Indices


def calibrate(
    modules: list[TrainedModule], readout: str, scheme: Scheme, progress: ProgressCallback = silent
) -> QuantisedNetwork:
    """Return the integer network; all modules share one scale of the inputs."""
    inputs = MovingRange()
    for module in modules:
        low, high = module.amplitudes.min(axis=1), module.amplitudes.max(axis=1)
        inputs.observe(low[module.order], high[module.order])
    scale, zero = inputs.affine(scheme.activation_max)
    return QuantisedNetwork(
        [_module(trained, scale, zero, readout, scheme, progress) for trained in modules],
        readout,
        scale,
        zero,
        scheme.activation_max,
    )


def _module(
    trained: TrainedModule,
    scale: np.float32,
    zero: int,
    readout: str,
    scheme: Scheme,
    progress: ProgressCallback,
) -> QuantisedModule:
    top = scheme.activation_max

    def inputs(rows: slice) -> Doubles:
        integers = np.rint(trained.amplitudes[rows] * (np.float32(1) / scale)) + zero
        return np.clip(integers, 0, top).astype(np.float64) - zero

    feature = _layer(trained, trained.feature, inputs, scale, top, progress)
    low, high = limits(feature, top, readout)

    def features(rows: slice) -> Doubles:
        response = respond(trained.feature, inputs(rows), scale)
        integers = np.rint(response / feature.scale) + feature.zero_point
        return np.clip(integers, low, high) - feature.zero_point

    output = _layer(trained, trained.output, features, feature.scale, OUTPUT_MAX, progress)
    return QuantisedModule(feature, output)


def _layer(
    trained: TrainedModule,
    weights: QuantisedWeights,
    inputs: Callable[[slice], Doubles],
    scale: np.float32,
    highest: int,
    progress: ProgressCallback,
) -> QuantisedLayer:
    """Observe a layer's responses to all samples and give it its scale and zero point."""
    samples = len(trained.amplitudes)
    low, high = np.empty(samples, np.float32), np.empty(samples, np.float32)
    for begin in range(0, samples, BATCH):
        progress('calibrating', begin, samples)
        rows = slice(begin, begin + BATCH)
        response = respond(weights, inputs(rows), scale)
        low[rows], high[rows] = response.min(axis=1), response.max(axis=1)
    observed = MovingRange()
    observed.observe(low[trained.order], high[trained.order])
    layer = QuantisedLayer(weights.integers, weights.scales, *observed.affine(highest))
    align_scales(layer, scale)
    return layer


def respond(weights: QuantisedWeights, inputs: Doubles, scale: np.float32) -> Doubles:
    """Return float64 (samples, neurons), the real responses to integer inputs."""
    # Integers in double precision: exact, so the number of threads does not change the result.
    sums = inputs @ weights.doubles
    return sums * (weights.scales.astype(np.float64) * float(scale))
