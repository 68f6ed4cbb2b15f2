"""
The same network run by different engines, behind one protocol.

Backends are found by the entry point group `vprtempo_ros.backends`, so that another package can
bring its own: a callable that takes a `Network` and a `BackendConfig` and returns a `Backend`.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..config import BackendConfig
from ..errors import BackendError
from ..network.network import Network
from ..network.quantised.network import QuantisedNetwork
from ..network.spiking.network import SpikingNetwork

GROUP = 'vprtempo_ros.backends'


class Backend(Protocol):
    """A running network. A `detail`, a str, is shown when it starts, if there is one."""

    name: str
    places: int

    def similarity(self, spikes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return float32 (places,), one similarity for each place; spikes are uint8 (inputs,)."""

    def close(self) -> None:
        """Release what the engine holds."""


class SteppedBackend(Backend, Protocol):
    """
    A network that answers `delay` steps after it was shown a frame, and takes others meanwhile.

    Only with a `delay` above 0 is it stepped; see in_flight.py.
    """

    delay: int

    def step(self, spikes: NDArray[np.uint8] | None) -> NDArray[np.float32] | None:
        """Show a frame, or none; return the answer to that of `delay` steps before, if any."""


def available() -> dict[str, EntryPoint]:
    """Return all installed backends by name."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def default_backend(network: Network) -> tuple[str, str]:
    """
    Return the name of the backend to use where none is asked for, and why.

    Integers go before floats: a map has them because it is meant for a small machine. Floats run
    in NumPy even where torch is: it is no slower at any size (docs/integers.md), and torch takes
    longer to import than everything else that a node does until its first answer.
    """
    if isinstance(network, SpikingNetwork):
        return 'cuba', 'the map holds a spiking network'
    if not isinstance(network, QuantisedNetwork):
        return 'numpy', 'the map holds floats only'
    if find_spec('torch') is None:
        return 'integer', 'the map holds integers, torch is not installed'
    return 'torch_int8', 'the map holds integers, torch is installed'


def create(network: Network, config: BackendConfig) -> Backend:
    """
    Start the backend that the configuration names, or the default one.

    :raises BackendError: if it is unknown, a library is missing, or it refuses the network.
    """
    name = config.name or default_backend(network)[0]
    known = available()
    if name not in known:
        listed = ', '.join(sorted(known)) or 'none (is the package installed, not only unpacked?)'
        raise BackendError(f'unknown backend {name!r}; known are {listed}')
    try:
        backend: Backend = known[name].load()(network, config)
    except ImportError as error:
        raise BackendError(
            f'backend {name!r} needs {error.name or error}, which is not installed: '
            f'pip install {error.name or name}'
        ) from None
    return backend
