"""Backend `cuba`: the spiking network of training.method: bootstrap, computed in NumPy."""

from __future__ import annotations

import numpy as np

from ..arrays import Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.network import Network
from ..network.spiking.network import SpikingNetwork, check, similarity
from ..support.blas import BlasThreads


class CubaBackend:
    """Leaky integrate-and-fire neurons in integers, bit-identical to Lava's."""

    name = 'cuba'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """Check that the network stays within Loihi's arithmetic."""
        self._network = spiking_of(network, self.name)
        self.places = self._network.places
        self.detail = f'{self._network.steps} time steps'
        self._threads = BlasThreads(config.threads)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        return similarity(self._network, spikes[np.newaxis])[0]

    def close(self) -> None:
        """Restore the number of threads."""
        self._threads.restore()


def spiking_of(network: Network, backend: str) -> SpikingNetwork:
    """
    Return the network if it is a spiking one, checked.

    :raises BackendError: if it is of another kind.
    """
    if not isinstance(network, SpikingNetwork):
        raise BackendError(
            f'backend {backend!r} needs a spiking network, and this map holds none: '
            'train again with training.method: bootstrap, or choose another '
            'backend'
        )
    check(network)
    return network
