"""Backend `numpy`: single-precision floats, for machines without torch."""

from __future__ import annotations

import numpy as np

from ..arrays import Scores, Spikes
from ..config import BackendConfig
from ..network.layers import AMPLITUDE, SPIKE_MAX
from ..network.network import Network
from ..network.readout import LinearReadout, readout_of
from ..support.blas import BlasThreads


class NumpyBackend:
    """The network computed in NumPy."""

    name = 'numpy'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """Multiply out the matrices of the network."""
        self.places = network.places
        # With one thread: rounding must not depend on the machine's cores, for maps are made of it.
        threads = BlasThreads(1)
        try:
            self._readout = readout_of(network)
        finally:
            threads.restore()
        self._threads = BlasThreads(config.threads)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        amplitudes = spikes.astype(np.float32) * AMPLITUDE
        readout = self._readout
        if isinstance(readout, LinearReadout):
            return readout.matrix @ amplitudes
        features = np.clip(readout.features @ amplitudes, 0.0, SPIKE_MAX)
        parts = np.split(features, np.cumsum([w.shape[1] for w in readout.outputs])[:-1])
        outputs = [w @ part for w, part in zip(readout.outputs, parts)]
        return np.clip(np.concatenate(outputs), 0.0, SPIKE_MAX)

    def close(self) -> None:
        """Restore the number of threads."""
        self._threads.restore()
