"""
Quantisation-aware training of a layer: chunks of steps, and the ranges that move between them.

kernels.py explains what a chunk is, observers.py what is observed.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from ...arrays import Floats, Indices
from ...support.progress import ProgressCallback, silent
from ..layers import Layer
from ..presentation import Presentation, Targets, row_blocks
from . import kernels
from .network import OUTPUT_MAX
from .observers import AVERAGING, Scheme, quantise_weights
from .ranges import BATCH, QuantisedWeights, respond

# Steps in a chunk: longer ones save no more time, and shorter ones learn no better.
CHUNK = 32

Learn = Callable[[kernels.Neurons, kernels.Chunk, Presentation, int, int], None]
"""A kernel that takes a chunk of steps for the neurons from the first to before the last one."""


class LayerTraining:
    """A layer in training: its weights, and the ranges observed so far."""

    def __init__(
        self,
        layer: Layer,
        shown: Presentation,
        scheme: Scheme,
        highest: int,
        bounds: tuple[float, float],
    ) -> None:
        """
        Observe the untrained weights, and all inputs ahead of their steps.

        highest: integer of the highest observed response; bounds: where responses are clipped.
        """
        self._layer, self._shown, self._scheme = layer, shown, scheme
        self._highest, self._bounds = highest, bounds
        self._top = np.float32(scheme.activation_max)
        low, high = shown.samples.min(axis=1), shown.samples.max(axis=1)
        self._input_scales, self._input_zeros = kernels.follow(
            np.zeros(3, np.float32), low[shown.order], high[shown.order], scheme.activation_max
        )
        weights = layer.weights
        self._ranges = np.stack((weights.min(axis=1), weights.max(axis=1)), axis=1)
        if not scheme.per_channel:
            self._ranges[:] = self._ranges[:, 0].min(), self._ranges[:, 1].max()
        self.response_range = np.zeros(3, np.float32)
        """Moving range of the responses, in the form of `kernels.follow`."""

    def run(self, learn: Learn, progress: ProgressCallback, chunk: int = 0) -> None:
        """Present all samples in their order; `learn` is the kernel that takes a chunk of steps."""
        layer, per_channel = self._layer, self._scheme.per_channel
        neurons = kernels.Neurons(
            layer.weights, layer.thresholds, layer.target_rates, self._ranges, per_channel
        )
        total, chunk = len(self._shown.order), chunk or CHUNK
        inputs = layer.weights.shape[1]
        responses = self._respond(0)
        for begin in range(0, total, chunk):
            steps = slice(begin, min(begin + chunk, total))
            # No step follows the last one: its own inputs again, and the response goes unused.
            ahead = np.minimum(np.arange(begin, steps.stop + 1), total - 1)
            part, shown = self._chunk(ahead, responses), self._shown.part(steps)
            # Neurons do not affect each other within a chunk; cancelling takes effect in between.
            for first, last in row_blocks(len(layer.weights), (steps.stop - begin) * inputs):
                progress('steps', begin, total)
                learn(neurons, part, shown, first, last)
            if len(ahead) > 2:
                self._observe(part.responses[1:-1])
            responses = part.responses[-1]
            if not per_channel:
                self._move_layer_range(part.extremes)
                responses = self._respond(int(ahead[-1]))

    def quantised(self) -> QuantisedWeights:
        """Return the integers of the current weights."""
        return QuantisedWeights(*quantise_weights(self._layer.weights, *self._ranges.T))

    def responses(self, amplitudes: Floats, progress: ProgressCallback = silent) -> Floats:
        """Return the responses to amplitudes (samples, inputs), with the ranges observed last."""
        scale, zero = self._input_scales[-1], self._input_zeros[-1]
        low, high, _ = self.response_range
        unit, middle = kernels.choose(low, high, 0, self._highest, False)
        weights = self.quantised()
        responses = np.empty((len(amplitudes), len(self._layer.weights)), np.float32)
        for begin in range(0, len(amplitudes), BATCH):
            progress('responses', begin, len(amplitudes))
            rows = slice(begin, begin + BATCH)
            inputs = np.rint(amplitudes[rows] * (np.float32(1) / scale)) + zero
            inputs = np.clip(inputs, 0, self._top) - zero
            integers = np.rint(respond(weights, inputs, scale) / unit) + middle
            responses[rows] = (np.clip(integers, 0, self._highest) - middle) * unit
        return responses

    def _chunk(self, steps: Indices, responses: Floats) -> kernels.Chunk:
        """Return a chunk that starts with these responses; the last of `steps` is after its end."""
        count, neurons = len(steps) - 1, len(responses)
        filled = np.empty((count + 1, neurons), np.float32)
        filled[0] = responses
        unit, zero = self._observe(filled[:1])
        return kernels.Chunk(
            self._inputs(steps),
            self._input_scales[steps],
            filled,
            np.empty((count, neurons, 2), np.float32),
            np.array([unit, zero, *self._bounds], np.float32),
        )

    def _respond(self, step: int) -> Floats:
        """Return the responses to the inputs of a step."""
        responses = np.empty(len(self._layer.weights), np.float32)
        inputs = self._inputs(np.array([step]))[0]
        scale = self._input_scales[step]
        kernels.respond(self._layer.weights, self._ranges, inputs, scale, responses)
        return responses

    def _inputs(self, steps: Indices) -> Floats:
        """Return the inputs of these steps as integers, less their zero points."""
        zeros = self._input_zeros[steps, np.newaxis]
        inputs = self._shown.samples[self._shown.order[steps]]
        inputs *= (np.float32(1) / self._input_scales[steps])[:, np.newaxis]
        np.rint(inputs, out=inputs)
        inputs += zeros
        return np.clip(inputs, 0, self._top, out=inputs) - zeros

    def _observe(self, responses: Floats) -> tuple[np.float32, np.float32]:
        """Move the range of the responses (steps, neurons); return its scale and zero point."""
        scales, zeros = kernels.follow(
            self.response_range, responses.min(axis=1), responses.max(axis=1), self._highest
        )
        return scales[-1], zeros[-1]

    def _move_layer_range(self, extremes: Floats) -> None:
        """Move the one range of all weights through the steps of a chunk."""
        low, high = self._ranges[0]
        for lowest, highest in zip(extremes[..., 0].min(axis=1), extremes[..., 1].max(axis=1)):
            low, high = low + AVERAGING * (lowest - low), high + AVERAGING * (highest - high)
        self._ranges[:] = low, high


def train_features(
    layer: Layer,
    shown: Presentation,
    upstream_thresholds: bool,
    scheme: Scheme,
    progress: ProgressCallback,
    chunk: int = 0,
) -> LayerTraining:
    """Train a feature layer in place; `upstream_thresholds` as in stdp.py."""
    top = scheme.activation_max
    training = LayerTraining(layer, shown, scheme, top, (0.0, top))

    def learn(
        neurons: kernels.Neurons, part: kernels.Chunk, steps: Presentation, first: int, last: int
    ) -> None:
        kernels.learn_features(neurons, part, steps, first, last, upstream_thresholds)

    training.run(learn, progress, chunk)
    return training


def train_outputs(
    layer: Layer,
    shown: Presentation,
    targets: Targets,
    scheme: Scheme,
    progress: ProgressCallback,
    chunk: int = 0,
) -> LayerTraining:
    """
    Train an output layer in place.

    Responses are rounded but not clipped here, the one deviation from torch's configuration. The
    highest response is mostly that of the place being learnt, and torch clips at the average of
    the highest: in half of the steps the neuron would seem to lag behind its target and overshoot
    it. That cost 0.02 of recall on the LENS example (12 seeds); without clipping the loss is 0.004.
    """
    training = observe_outputs(layer, shown, scheme)

    def learn(
        neurons: kernels.Neurons, part: kernels.Chunk, steps: Presentation, first: int, last: int
    ) -> None:
        kernels.learn_outputs(neurons, part, steps, first, last, targets)

    training.run(learn, progress, chunk)
    return training


def observe_outputs(layer: Layer, shown: Presentation, scheme: Scheme) -> LayerTraining:
    """Return an output layer with its weights observed, before or without training."""
    return LayerTraining(layer, shown, scheme, OUTPUT_MAX, (-np.inf, np.inf))
