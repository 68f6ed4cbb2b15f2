"""
Quantisation-aware training of a layer: chunks of steps, and the ranges that move between them.

See qat_kernels.py for what a chunk is, and observers.py for what is observed.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np
from numpy.typing import NDArray

from ..layers import Array, Layer
from . import kernels as kernels
from .network import OUTPUT_MAX
from .observers import AVERAGING, Scheme, quantise_weights
from .ranges import BATCH, QuantisedWeights, respond

# Steps in a chunk: longer ones save no more time, and shorter ones learn no better.
CHUNK = 32

Report = Callable[[float], None]


class LayerTraining:
    """A layer under training: its weights and all that has been observed of it."""

    def __init__(
        self,
        layer: Layer,
        samples: Array,
        order: NDArray[np.int64],
        scheme: Scheme,
        highest: int,
        bounds: tuple[float, float],
    ) -> None:
        """
        Observe the untrained weights, and all inputs ahead of their steps.

        samples: float32 (samples, inputs), spikes as presented; order: int64 (steps,); highest:
        the integer that the highest observed response gets; bounds: where responses are clipped.
        """
        self.layer, self._scheme, self._highest = layer, scheme, highest
        self._bounds = bounds
        self._samples, self._order = samples, order
        self._top = np.float32(scheme.activation_max)
        low, high = samples.min(axis=1), samples.max(axis=1)
        self._input_scales, self._input_zeros = kernels.follow(
            np.zeros(3, np.float32), low[order], high[order], scheme.activation_max
        )
        weights = layer.weights
        self.ranges = np.stack((weights.min(axis=1), weights.max(axis=1)), axis=1)
        if not scheme.per_channel:
            self.ranges[:] = self.ranges[:, 0].min(), self.ranges[:, 1].max()
        self.range = np.zeros(3, np.float32)

    def run(self, learn: Callable[..., None], report: Report, chunk: int = 0) -> None:
        """
        Show all samples in their order.

        learn: called with the steps of a chunk as a slice, and then with what the kernels take
        from `ranges` to `activation`, and with `shown` and `scales`.
        """
        total, chunk = len(self._order), chunk or CHUNK
        first = self._respond(0)
        for begin in range(0, total, chunk):
            report(begin / total)
            steps = slice(begin, min(begin + chunk, total))
            count = steps.stop - begin
            responses = np.empty((count + 1, len(first)), np.float32)
            extremes = np.empty((count, len(first), 2), np.float32)
            responses[0] = first
            unit, zero = self._observe(responses[:1])
            # After the last step comes no other; the response to it again goes unused.
            ahead = np.minimum(np.arange(begin, steps.stop + 1), total - 1)
            learn(
                steps,
                (
                    self.ranges,
                    self._scheme.per_channel,
                    responses,
                    extremes,
                    np.array([unit, zero, *self._bounds], np.float32),
                ),
                self._shown(ahead),
                self._input_scales[ahead],
            )
            if count > 1:
                self._observe(responses[1:count])
            first = responses[count]
            if not self._scheme.per_channel:
                self._move_tensor(extremes)
                first = self._respond(int(ahead[-1]))

    def quantised(self) -> QuantisedWeights:
        """Return the integers of the weights as they are now."""
        return QuantisedWeights(*quantise_weights(self.layer.weights, *self.ranges.T))

    def responses(self, amplitudes: Array) -> Array:
        """Return the responses to amplitudes (samples, inputs), with the ranges observed last."""
        scale, zero = self._input_scales[-1], self._input_zeros[-1]
        unit, middle = kernels.choose(*self.range[:2], 0, self._highest, False)
        weights = self.quantised()
        responses = np.empty((len(amplitudes), len(self.layer.weights)), np.float32)
        for begin in range(0, len(amplitudes), BATCH):
            rows = slice(begin, begin + BATCH)
            entered = np.rint(amplitudes[rows] * (np.float32(1) / scale)) + zero
            entered = np.clip(entered, 0, self._top) - zero
            answer = np.rint(respond(weights, entered, scale) / unit) + middle
            responses[rows] = (np.clip(answer, 0, self._highest) - middle) * unit
        return responses

    def _respond(self, step: int) -> Array:
        """Return the responses to the inputs of a step."""
        responses = np.empty(len(self.layer.weights), np.float32)
        kernels.respond(
            self.layer.weights,
            self.ranges,
            self._shown(np.array([step]))[0],
            self._input_scales[step],
            responses,
        )
        return responses

    def _shown(self, steps: NDArray[np.intp]) -> Array:
        """Return the inputs of these steps as whole numbers, less their zero points."""
        zeros = self._input_zeros[steps, np.newaxis]
        shown = self._samples[self._order[steps]]
        shown *= (np.float32(1) / self._input_scales[steps])[:, np.newaxis]
        np.rint(shown, out=shown)
        shown += zeros
        return np.clip(shown, 0, self._top, out=shown) - zeros

    def _observe(self, responses: Array) -> tuple[Any, Any]:
        scales, zeros = kernels.follow(
            self.range, responses.min(axis=1), responses.max(axis=1), self._highest
        )
        return scales[-1], zeros[-1]

    def _move_tensor(self, extremes: Array) -> None:
        """Move the one range of all weights through the steps of a chunk."""
        low, high = self.ranges[0]
        for lowest, highest in zip(extremes[..., 0].min(axis=1), extremes[..., 1].max(axis=1)):
            low, high = low + AVERAGING * (lowest - low), high + AVERAGING * (highest - high)
        self.ranges[:] = low, high


def train_features(
    layer: Layer,
    samples: Array,
    order: NDArray[np.int64],
    eta: Array,
    eta_ip: Array,
    upstream_thresholds: bool,
    scheme: Scheme,
    report: Report,
    chunk: int = 0,
) -> LayerTraining:
    """Train a feature layer in place; the arguments are those of `stdp.train_feature_rows`."""
    training = LayerTraining(
        layer, samples, order, scheme, scheme.activation_max, (0.0, scheme.activation_max)
    )

    def learn(steps: slice, state: tuple[Any, ...], shown: Array, scales: Array) -> None:
        kernels.learn_features(
            layer.weights,
            layer.thresholds,
            layer.target_rates,
            *state,
            samples[order[steps]],
            shown,
            scales,
            eta[steps],
            eta_ip[steps],
            upstream_thresholds,
        )

    training.run(learn, report, chunk)
    return training


def train_outputs(
    layer: Layer,
    samples: Array,
    scaled: Array,
    order: NDArray[np.int64],
    places: NDArray[np.int64],
    eta: Array,
    scheme: Scheme,
    report: Report,
    chunk: int = 0,
) -> LayerTraining:
    """
    Train an output layer in place; the arguments are those of `stdp.train_output_rows`.

    Here responses are rounded but not clipped, the one deviation from torch's configuration. The
    highest response is mostly that of the place being learnt, and torch clips at the average of
    the highest: in half of the steps the neuron would seem to lag behind its target and overshoot
    it. It cost 0.02 of recall on the LENS example (12 seeds), and clipping no more costs 0.004.
    """
    training = LayerTraining(layer, samples, order, scheme, OUTPUT_MAX, (-np.inf, np.inf))

    def learn(steps: slice, state: tuple[Any, ...], shown: Array, scales: Array) -> None:
        shown_steps = order[steps]
        kernels.learn_outputs(
            layer.weights,
            *state,
            scaled[shown_steps],
            shown,
            scales,
            places[shown_steps],
            eta[steps],
        )

    training.run(learn, report, chunk)
    return training


def observe_outputs(
    layer: Layer, samples: Array, order: NDArray[np.int64], scheme: Scheme
) -> LayerTraining:
    """Return an output layer with nothing to learn any more, its weights observed."""
    return LayerTraining(layer, samples, order, scheme, OUTPUT_MAX, (-np.inf, np.inf))
