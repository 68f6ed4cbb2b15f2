"""A smaller network of one matrix: fewer inputs and places, weights of 8 bits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Floats, Indices, Spikes
from ..errors import BackendError
from ..network.layers import AMPLITUDE
from ..network.network import LinearNetwork, Network
from ..network.readout import LinearReadout, readout_of


class Smaller(NamedTuple):
    """The inputs that are kept, int64 (kept,), and the network of these for the first places."""

    inputs: Indices
    network: LinearNetwork

    def similarity(self, spikes: Spikes) -> Floats:
        """Return float32 (frames, places) for the spikes of the map, uint8 (frames, inputs)."""
        amplitudes = spikes[:, self.inputs].astype(np.float32) * AMPLITUDE
        return np.asarray(amplitudes @ self.network.weights.T, np.float32)


def smaller(network: Network, shown: Spikes, inputs: int, places: int) -> Smaller | None:
    """
    Return a network with evenly spaced inputs for the first places; None if it is not one matrix.

    Evenly spaced inputs see all of the image: of 512 of the LENS example, recall is 0.96, with the
    512 of most power 0.83. As in training, the response to the mean frame is removed.

    :param shown: uint8 (frames, inputs), the frames of the map as the network takes them.
    """
    try:
        readout = readout_of(network)
    except BackendError:
        return None
    if not isinstance(readout, LinearReadout) or inputs < 1:
        return None
    count = readout.matrix.shape[1]
    kept = np.linspace(0, count - 1, min(inputs, count)).astype(np.int64)
    weights = readout.matrix[:places, kept].astype(np.float64)
    mean = shown[:, kept].mean(axis=0)
    length = float(mean @ mean)
    if length > 0.0:
        weights -= np.outer(weights @ mean, mean / length)
    return Smaller(kept, LinearNetwork(eight_bits(weights.astype(np.float32))))


def eight_bits(weights: Floats) -> Floats:
    """Return weights rounded to -127 to 127 times one scale, float32."""
    unit = np.float32(float(np.abs(weights).max()) / 127 or 1.0)
    return np.asarray(np.rint(weights / unit) * unit, np.float32)
