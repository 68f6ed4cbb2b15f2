"""Backend `lava` in tests, and the results that are expected of it."""

from __future__ import annotations

import numpy as np

from vprtempo_ros import backends
from vprtempo_ros.backends.in_flight import InFlight
from vprtempo_ros.config import BackendConfig, LavaConfig
from vprtempo_ros.network.network import Network


def create(network: Network, mode: str = 'one_at_a_time', **settings: str) -> backends.Backend:
    """Start the backend."""
    return backends.create(network, BackendConfig(name='lava', lava=LavaConfig(mode, **settings)))


def results(backend: backends.Backend, shown: np.ndarray) -> list[np.ndarray]:
    """Submit all frames, as vpr_node does; check that each has one result, in order."""
    in_flight: InFlight[int] = InFlight(backend)
    found = []
    for number, spikes in enumerate(shown):
        found += in_flight.submit(spikes, number)
    while len(in_flight):
        found += in_flight.advance()
    assert [number for number, _ in found] == list(range(len(shown)))
    return [similarity for _, similarity in found]


def expected(network: Network, shown: np.ndarray) -> list[np.ndarray]:
    """Return the results of backend integer."""
    backend = backends.create(network, BackendConfig(name='integer'))
    found = [backend.similarity(spikes) for spikes in shown]
    backend.close()
    return found
