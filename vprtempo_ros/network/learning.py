"""The learning rules of a module's layers: in floats, or with int8 quantisation in the loop."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..arrays import Floats, Indices
from ..support.progress import ProgressCallback
from .layers import Layer
from .presentation import Presentation, Targets
from .quantised.observers import Scheme
from .quantised.ranges import QuantisedWeights
from .ridge import Sums, ridge_weights

# Rows trained between two reports of progress: few enough for an interruption to take effect
# soon, enough for the start of the threads not to matter.
_BLOCK = 256


class TrainedLayer(Protocol):
    """A layer after training."""

    def responses(self, amplitudes: Floats) -> Floats:
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

    def responses(self, amplitudes: Floats) -> Floats:
        """Return the responses (samples, neurons) to amplitudes (samples, inputs)."""
        from .stdp import respond_rows

        responses: Floats = np.empty((len(amplitudes), len(self._layer.weights)), np.float32)
        respond_rows(self._layer.weights, amplitudes, responses)
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

        neurons = len(layer.weights)
        for begin in range(0, neurons, _BLOCK):
            progress('features', begin, neurons)
            rows = slice(begin, begin + _BLOCK)
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

        neurons = len(layer.weights)
        for begin in range(0, neurons, _BLOCK):
            progress('outputs', begin, neurons)
            train_output_rows(layer.weights[begin : begin + _BLOCK], begin, shown, targets)
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
