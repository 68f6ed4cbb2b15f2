"""Backend `cuba`: the spiking network of training.method bootstrap, as NumPy computes it."""

from __future__ import annotations

import numpy as np

from ..arrays import Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.network import Network
from ..network.spiking.network import SpikingNetwork, check, similarity
from ..support.blas import BlasThreads


class CubaBackend:
    """Leaky integrate-and-fire neurons in whole numbers, the same bits as Lava's."""

    name = 'cuba'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """Check that Loihi's arithmetic holds the network."""
        self._network = spiking_of(network, self.name)
        self.places = self._network.places
        self.detail = f'{self._network.steps} time steps'
        self._threads = BlasThreads(config.threads)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        return similarity(self._network, spikes[np.newaxis])[0]

    def close(self) -> None:
        """Give the threads back."""
        self._threads.restore()


def spiking_of(network: Network, backend: str) -> SpikingNetwork:
    """
    Return the spiking network, checked.

    :raises BackendError: if there is none.
    """
    if not isinstance(network, SpikingNetwork):
        raise BackendError(
            f'backend {backend!r} needs a spiking network, and this map holds none: '
            'train it anew with training.method: bootstrap, or choose another '
            'backend'
        )
    check(network)
    return network
