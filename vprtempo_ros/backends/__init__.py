"""
Inference engines: each backend computes the similarities of a network to a frame.

Backends are found by the entry point group `vprtempo_ros.backends`, so other packages can add
their own: a callable that takes a `Network` and a `BackendConfig` and returns a `Backend`.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Protocol, cast

from ..arrays import Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.byte_network import ByteNetwork
from ..network.graph import GraphNetwork
from ..network.network import Network
from ..network.quantised.network import QuantisedNetwork
from ..network.spiking.network import SpikingNetwork
from ..support.plugins import load

ENTRY_POINT_GROUP = 'vprtempo_ros.backends'


class Backend(Protocol):
    """
    A network that is ready for inference. Use it from one thread at a time.

    name: the entry point; places: number of similarities. If it has a `detail`, a str, this is
    logged when the backend starts.
    """

    name: str
    places: int

    def similarity(self, spikes: Spikes) -> Scores:
        """Return the similarity of each place, float32 (places,), for uint8 spikes (inputs,)."""

    def close(self) -> None:
        """Release the engine's resources."""


class BackendFactory(Protocol):
    """Starts a backend: what an entry point of the group refers to."""

    def __call__(self, network: Network, config: BackendConfig) -> Backend:
        """
        Return a backend for a network.

        :raises BackendError: if it cannot run the network.
        """


class PipelinedBackend(Backend, Protocol):
    """
    A backend that works on several frames at once: results come `delay` steps after their frame.

    It is stepped only if `delay` is above 0; in_flight.py does so.
    """

    delay: int

    def step(self, spikes: Spikes | None) -> Scores | None:
        """Feed a frame, or none; return the similarities of `delay` steps before, if any."""


def default_backend(network: Network) -> tuple[str, str]:
    """
    Return the name of the backend for a network if none is configured, and the reason.

    Integers are preferred to floats: a map has them because it is meant for a small machine. Floats
    run in NumPy even if torch is installed: it is no slower at any size (docs/integers.md), and
    importing torch takes longer than everything else in a node's start.
    """
    if isinstance(network, SpikingNetwork):
        return 'cuba', 'the map holds a spiking network'
    if isinstance(network, GraphNetwork):
        return 'nir', 'the map holds a network from a NIR file'
    if isinstance(network, ByteNetwork):
        return 'numpy', 'the map holds 8-bit weights of a linear network'
    if not isinstance(network, QuantisedNetwork):
        return 'numpy', 'the map holds floats only'
    if find_spec('torch') is None:
        return 'integer', 'the map holds integers, torch is not installed'
    return 'torch_int8', 'the map holds integers, torch is installed'


def create(network: Network, config: BackendConfig) -> Backend:
    """
    Start the configured backend, or the default one.

    :raises BackendError: if it is unknown, a library is missing, or it cannot run the network.
    """
    name = config.name or default_backend(network)[0]
    if config.search == 'two_stage' and name != 'numpy':
        raise BackendError(
            f'backend.search: two_stage is of backend numpy, and backend {name} computes all '
            'responses: choose backend numpy, or leave backend.search empty'
        )
    factory = cast(BackendFactory, load(ENTRY_POINT_GROUP, 'backend', name, BackendError))
    return factory(network, config)
