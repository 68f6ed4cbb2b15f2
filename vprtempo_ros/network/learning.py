"""The two ways in which the layers of a module learn: in floats, or with int8 in the loop."""

from __future__ import annotations

from typing import Callable

import numpy as np
from numpy.typing import NDArray

from .layers import Array, Layer
from .quantised.observers import Scheme
from .quantised.ranges import Trained
from .ridge import settle

# Rows trained between two reports of progress: small enough to be interrupted soon, large
# enough that starting the threads does not count.
_BLOCK = 256

# Told how much of a layer is done, 0 to 1.
Tell = Callable[[float], None]


class Floats:
    """The layers learn in floats."""

    def features(
        self,
        layer: Layer,
        amplitudes: Array,
        order: NDArray[np.int64],
        eta: Array,
        eta_ip: Array,
        upstream_thresholds: bool,
        tell: Tell,
    ) -> Array:
        """Train a feature layer; return its responses (samples, neurons)."""
        # Imported here: compiling takes seconds the first time, and matching does not need it.
        from .stdp import respond_rows, train_feature_rows

        neurons = len(layer.weights)
        for begin in range(0, neurons, _BLOCK):
            tell(begin / neurons)
            rows = slice(begin, begin + _BLOCK)
            train_feature_rows(
                layer.weights[rows],
                layer.thresholds[rows],
                layer.target_rates[rows],
                amplitudes,
                order,
                eta,
                eta_ip,
                upstream_thresholds,
            )
        responses: Array = np.empty((len(amplitudes), neurons), np.float32)
        respond_rows(layer.weights, amplitudes, responses)
        return responses

    def outputs(
        self,
        layer: Layer,
        responses: Array,
        scaled: Array,
        order: NDArray[np.int64],
        places: NDArray[np.int64],
        eta: Array,
        tell: Tell,
    ) -> None:
        """Train an output layer."""
        from .stdp import train_output_rows

        for begin in range(0, len(layer.weights), _BLOCK):
            tell(begin / len(layer.weights))
            train_output_rows(
                layer.weights[begin : begin + _BLOCK], begin, responses, scaled, order, places, eta
            )

    def settle(
        self, layer: Layer, features: Array, order: NDArray[np.int64], places: NDArray[np.int64]
    ) -> None:
        """Put the settled weights into an output layer."""
        layer.weights[:] = settle(features, places, len(layer.weights))

    def integers(self, amplitudes: Array, order: NDArray[np.int64]) -> None:
        """Return None: there are none."""


class Quantised:
    """The layers learn with int8 weights and activations in the loop."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme

    def features(
        self,
        layer: Layer,
        amplitudes: Array,
        order: NDArray[np.int64],
        eta: Array,
        eta_ip: Array,
        upstream_thresholds: bool,
        tell: Tell,
    ) -> Array:
        """Train a feature layer; return its responses (samples, neurons)."""
        from .quantised.training import train_features

        self._features = train_features(
            layer, amplitudes, order, eta, eta_ip, upstream_thresholds, self._scheme, tell
        )
        return self._features.responses(amplitudes)

    def outputs(
        self,
        layer: Layer,
        responses: Array,
        scaled: Array,
        order: NDArray[np.int64],
        places: NDArray[np.int64],
        eta: Array,
        tell: Tell,
    ) -> None:
        """Train an output layer."""
        from .quantised.training import train_outputs

        self._outputs = train_outputs(
            layer, responses, scaled, order, places, eta, self._scheme, tell
        )

    def settle(
        self, layer: Layer, features: Array, order: NDArray[np.int64], places: NDArray[np.int64]
    ) -> None:
        """Put the settled weights, for the features in integers, into an output layer."""
        from .quantised.training import observe_outputs

        layer.weights[:] = settle(features, places, len(layer.weights))
        self._outputs = observe_outputs(layer, features, order, self._scheme)

    def integers(self, amplitudes: Array, order: NDArray[np.int64]) -> Trained:
        """Return what calibration needs."""
        return Trained(self._features.quantised(), self._outputs.quantised(), amplitudes, order)
