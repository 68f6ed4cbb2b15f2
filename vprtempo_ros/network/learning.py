"""The learning rules of a module's layers: in floats, or with int8 quantisation in the loop."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..arrays import Floats, Indices
from ..support.progress import ProgressCallback, silent
from .layers import Layer
from .presentation import Presentation, Targets, row_blocks
from .quantised.observers import Scheme
from .quantised.ranges import QuantisedWeights
from .ridge import Sums, ridge_weights


class TrainedLayer(Protocol):
    """A layer after training."""

    def responses(self, amplitudes: Floats, progress: ProgressCallback = silent) -> Floats:
        """Return the responses (samples, neurons) to amplitudes (samples, inputs)."""

    def quantised(self) -> QuantisedWeights | None:
        """Return the integer weights, or None for a layer of floats."""


class LearningRule(Protocol):
    """How a layer learns from its presentation. Layers are changed in place."""

    def train_features(
        self, layer: Layer, shown: Presentation, progress: ProgressCallback
    ) -> TrainedLayer:
        """Train a feature layer with STDP and adapting thresholds."""

    def train_outputs(
        self, layer: Layer, shown: Presentation, targets: Targets, progress: ProgressCallback
    ) -> TrainedLayer:
        """Train an output layer with STDP towards its targets (spike forcing)."""

    def fit_outputs(self, layer: Layer, shown: Presentation, places: Indices) -> TrainedLayer:
        """Set an output layer to the weights of ridge regression."""


class FloatLayer:
    """A trained layer of floats."""

    def __init__(self, layer: Layer) -> None:
        """Keep the layer."""
        self._layer = layer

    def responses(self, amplitudes: Floats, progress: ProgressCallback = silent) -> Floats:
        """Return the responses (samples, neurons) to amplitudes (samples, inputs)."""
        from .stdp import respond_rows

        weights = self._layer.weights
        responses: Floats = np.empty((len(amplitudes), len(weights)), np.float32)
        for first, last in row_blocks(len(weights), amplitudes.size):
            progress('responses', first, len(weights))
            respond_rows(weights, amplitudes, first, last, responses)
        return responses

    def quantised(self) -> None:
        """Return None: the layer has no integers."""


class FloatRule:
    """The layers learn in floats."""

    def __init__(self, upstream_thresholds: bool) -> None:
        """Choose the update of the thresholds: upstream's or the paper's; see stdp.py."""
        self._upstream_thresholds = upstream_thresholds

    def train_features(
        self, layer: Layer, shown: Presentation, progress: ProgressCallback
    ) -> FloatLayer:
        """Train a feature layer with STDP and adapting thresholds."""
        # Imported here: compiling takes seconds the first time, and matching does not need it.
        from .stdp import train_feature_rows

        neurons, inputs = layer.weights.shape
        for first, last in row_blocks(neurons, inputs * len(shown.order)):
            progress('features', first, neurons)
            rows = slice(first, last)
            train_feature_rows(
                layer.weights[rows],
                layer.thresholds[rows],
                layer.target_rates[rows],
                shown,
                self._upstream_thresholds,
            )
        return FloatLayer(layer)

    def train_outputs(
        self, layer: Layer, shown: Presentation, targets: Targets, progress: ProgressCallback
    ) -> FloatLayer:
        """Train an output layer with STDP towards its targets (spike forcing)."""
        from .stdp import train_output_rows

        neurons, inputs = layer.weights.shape
        for first, last in row_blocks(neurons, inputs * len(shown.order)):
            progress('outputs', first, neurons)
            train_output_rows(layer.weights[first:last], first, shown, targets)
        return FloatLayer(layer)

    def fit_outputs(self, layer: Layer, shown: Presentation, places: Indices) -> FloatLayer:
        """Set an output layer to the weights of ridge regression."""
        layer.weights[:] = _ridge(shown.samples, places, len(layer.weights))
        return FloatLayer(layer)


class QuantisedRule:
    """The layers learn with int8 weights and activations in the loop."""

    def __init__(self, scheme: Scheme, upstream_thresholds: bool) -> None:
        """Choose the engine's scheme, and the update of the thresholds; see stdp.py."""
        self._scheme, self._upstream_thresholds = scheme, upstream_thresholds

    def train_features(
        self, layer: Layer, shown: Presentation, progress: ProgressCallback
    ) -> TrainedLayer:
        """Train a feature layer with STDP and adapting thresholds."""
        from .quantised.training import train_features

        return train_features(layer, shown, self._upstream_thresholds, self._scheme, progress)

    def train_outputs(
        self, layer: Layer, shown: Presentation, targets: Targets, progress: ProgressCallback
    ) -> TrainedLayer:
        """Train an output layer with STDP towards its targets (spike forcing)."""
        from .quantised.training import train_outputs

        return train_outputs(layer, shown, targets, self._scheme, progress)

    def fit_outputs(self, layer: Layer, shown: Presentation, places: Indices) -> TrainedLayer:
        """Set an output layer to the weights of ridge regression, and observe their ranges."""
        from .quantised.training import observe_outputs

        layer.weights[:] = _ridge(shown.samples, places, len(layer.weights))
        return observe_outputs(layer, shown, self._scheme)


def _ridge(samples: Floats, places: Indices, count: int) -> Floats:
    sums = Sums.zero(count, samples.shape[1])
    sums.add(samples, places)
    return ridge_weights(sums, np.ones(1, np.float32))
