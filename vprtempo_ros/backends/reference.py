"""The backend whose results define those of a network, as maps are made with."""

from __future__ import annotations

from ..config import BackendConfig
from ..network.graph import GraphNetwork
from ..network.network import LinearNetwork, Network
from ..network.quantised.network import floats_of
from ..network.spiking.network import SpikingNetwork
from . import Backend
from .cuba import CubaBackend
from .integer import IntegerBackend
from .nir_graph import NirBackend
from .numpy_fp32 import NumpyBackend


def reference_backend(network: Network) -> Backend:
    """Start the NumPy backend of a network: of its floats if it has any, else of its integers."""
    config = BackendConfig(search='exact')
    if isinstance(network, SpikingNetwork):
        return CubaBackend(network, config)
    if isinstance(network, GraphNetwork):
        return NirBackend(network, config)
    if isinstance(network, LinearNetwork) or floats_of(network) is not None:
        return NumpyBackend(network, config)
    return IntegerBackend(network, config)
