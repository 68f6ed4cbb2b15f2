"""
Backend `lava`: the network of a map on Loihi 2, or in Lava's simulation of it.

Quantised networks run as graded spikes (graded_backend.py), networks trained by gradient as binary
spikes (spiking_backend.py). Only `worker.py` and its imports use Lava; they run in a process of
their own, so a node with this backend neither forks nor loads Lava. docs/neuromorphic.md explains
the mapping.
"""

from __future__ import annotations

from ...config import BackendConfig
from ...network.network import Network
from ...network.spiking.network import SpikingNetwork
from .. import PipelinedBackend
from .graded_backend import GradedBackend
from .spiking_backend import SpikingBackend


def start(network: Network, config: BackendConfig) -> PipelinedBackend:
    """
    Start the backend for this kind of network.

    :raises BackendError: if Lava is missing, or the network exceeds the limits of Loihi 2.
    """
    kind = SpikingBackend if isinstance(network, SpikingNetwork) else GradedBackend
    return kind(network, config)
