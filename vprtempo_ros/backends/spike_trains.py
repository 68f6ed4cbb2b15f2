"""Spike trains for simulations with spikes of one size: from amplitudes, or from events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..network.layers import Array


class RateCode:
    """
    Draws spikes whose rate is the amplitude: in each step one with probability amplitude / 255.

    The random numbers are drawn once, so that a frame always gives the same train.
    """

    def __init__(self, inputs: int, steps: int, seed: int) -> None:
        """Draw the numbers that amplitudes are compared with."""
        drawn = np.random.default_rng(seed).random((steps, inputs), dtype=np.float32)
        # 0 to 254: an amplitude of 255 is above all of them, one of 0 above none.
        self._drawn = np.floor(drawn * np.float32(255)).astype(np.uint8)

    def __call__(self, spikes: NDArray[np.uint8]) -> Array:
        """Return float32 (steps, inputs), 0 or 1, for uint8 spikes (inputs,)."""
        return (self._drawn < spikes).astype(np.float32)


def bin_events(
    x: NDArray[np.integer], y: NDArray[np.integer], stamps: NDArray[np.integer],
    sensor: tuple[int, int], grid: tuple[int, int], steps: int,
) -> Array:
    """
    Return float32 (steps, inputs): how many events fell on each input in each of equal time steps.

    :param x, y: columns and rows of the events on the sensor, (events,).
    :param stamps: their times, in any unit, (events,); the first and the last bound the steps.
    :param sensor: width and height of the sensor; grid: the same of the encoded image.
    :raises ImageError: if an event lies outside the sensor.
    """
    train = np.zeros((steps, grid[1], grid[0]), np.float32)
    if not len(stamps):
        return train.reshape(steps, -1)
    for name, values, size in (('column', x, sensor[0]), ('row', y, sensor[1])):
        if values.min() < 0 or values.max() >= size:
            raise ImageError(f'an event is at {name} {int(values.max())}, expected 0 to {size - 1}')
    since = stamps.astype(np.int64) - int(stamps.min())
    step = since * steps // (int(since.max()) + 1)
    column = x.astype(np.int64) * grid[0] // sensor[0]
    row = y.astype(np.int64) * grid[1] // sensor[1]
    np.add.at(train, (step, row, column), 1.0)
    return train.reshape(steps, -1)
