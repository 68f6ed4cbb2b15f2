"""
Backend `lava`: the network of a map on Loihi 2, or in Lava's simulation of it.

Maps of integers run as graded spikes (graded_backend.py), those that were trained by gradient as
spikes of one size (spiking_backend.py). Only `worker.py` and what it imports touch Lava; they run
in a process of their own, so that a node that uses this backend neither forks nor loads it.
docs/neuromorphic.md explains the mapping.
"""

from __future__ import annotations

from ...config import BackendConfig
from ...network.network import Network
from ...network.spiking.network import SpikingNetwork
from .. import SteppedBackend
from .graded_backend import GradedBackend
from .spiking_backend import SpikingBackend


def start(network: Network, config: BackendConfig) -> SteppedBackend:
    """
    Start the backend that this kind of network needs.

    :raises BackendError: if Lava is missing, or the network exceeds what Loihi 2 has.
    """
    kind = SpikingBackend if isinstance(network, SpikingNetwork) else GradedBackend
    return kind(network, config)
