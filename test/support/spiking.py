"""Small spiking networks for the tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from vprtempo_ros.network.spiking.network import SpikingModule, SpikingNetwork


def made(inputs: int = 64, hidden: int = 20, places: tuple[int, ...] = (4, 2)) -> SpikingNetwork:
    """Return a network with random weights, one module for each number of places."""
    rng = np.random.default_rng(0)

    def weights(*shape: int) -> Any:
        return (2 * rng.integers(-128, 128, shape)).astype(np.int16)

    return SpikingNetwork(
        [SpikingModule(weights(hidden, 2 * inputs), weights(count, hidden)) for count in places],
        16,
        4096,
        123,
    )
