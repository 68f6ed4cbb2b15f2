"""Backend `numpy`: single-precision floats without torch; large maps are searched in two stages."""

from __future__ import annotations

import numpy as np

from ..arrays import Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.byte_network import ByteNetwork
from ..network.layers import AMPLITUDE, SPIKE_MAX
from ..network.network import Network
from ..network.readout import LinearReadout, readout_of
from ..support.blas import BlasThreads
from .two_stage import TwoStageSearch


class NumpyBackend:
    """The network computed in NumPy."""

    name = 'numpy'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Multiply out the matrices of the network, or prepare the search.

        :raises BackendError: if the network has no floats, or not what the search needs.
        """
        self.places = network.places
        self.detail = ''
        self._search: TwoStageSearch | None = None
        if isinstance(network, ByteNetwork) and config.search != 'exact':
            self._search = TwoStageSearch(network)
            self.detail = str(self._search)
        elif config.search == 'two_stage':
            raise BackendError(
                f'backend.search: two_stage needs the 8-bit weights of a large map, found {network}'
                ': train again with training.weights: int8, or set backend.search to exact'
            )
        else:
            # With one thread: rounding must not depend on the machine's cores, for maps are made
            # of it.
            threads = BlasThreads(1)
            try:
                self._readout = readout_of(network)
            finally:
                threads.restore()
        self._threads = BlasThreads(config.threads)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        if self._search is not None:
            return self._search(spikes)
        amplitudes = spikes.astype(np.float32) * AMPLITUDE
        readout = self._readout
        if isinstance(readout, LinearReadout):
            return readout.matrix @ amplitudes
        features = np.clip(readout.features @ amplitudes, 0.0, SPIKE_MAX)
        parts = np.split(features, np.cumsum([w.shape[1] for w in readout.outputs])[:-1])
        outputs = [w @ part for w, part in zip(readout.outputs, parts)]
        return np.clip(np.concatenate(outputs), 0.0, SPIKE_MAX)

    def similarities(self, spikes: Spikes) -> Scores:
        """Return float32 (frames, places) for spikes uint8 (frames, inputs), all at once."""
        readout = None if self._search is not None else self._readout
        if not isinstance(readout, LinearReadout):
            return np.stack([self.similarity(each) for each in spikes])
        amplitudes = spikes.astype(np.float32) * AMPLITUDE
        return np.asarray(amplitudes @ readout.matrix.T, np.float32)

    def close(self) -> None:
        """Restore the number of threads."""
        self._threads.restore()
