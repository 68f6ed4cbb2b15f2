"""
A model of an event camera: the events of a dynamic vision sensor between rendered frames.

Each pixel stores the logarithm of the brightness at its last event and makes an event when it has
changed by the pixel's threshold. Between two frames the logarithm is interpolated linearly. The
parts are those of published sensor models (Lichtsteiner et al. 2008; v2e, Hu et al. 2021):
per-pixel thresholds, a refractory period, and noise events.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..support.compiled import njit

Array = Any  # numba compiles untyped arguments


class Events(NamedTuple):
    """Columns x, y uint16 and p uint8, and times int64 in microseconds, ascending."""

    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    p: NDArray[np.uint8]
    t_us: NDArray[np.int64]


@dataclass(frozen=True)
class DvsModel:
    """
    Parameters of the sensor model.

    threshold: change of the natural logarithm that makes an event; mismatch: its standard
    deviation over the pixels, as a fraction. refractory_us: time without events after an event.
    noise: noise events per second and pixel. dark: grey level below which the response is linear
    rather than logarithmic.
    """

    threshold: float = 0.2
    mismatch: float = 0.05
    refractory_us: int = 1000
    noise: float = 0.5
    dark: float = 8.0


class EventCamera:
    """An event camera that turns a sequence of grey frames into events."""

    def __init__(self, height: int, width: int, seed: int, sensor: DvsModel | None = None) -> None:
        """Draw the thresholds of the pixels from the seed."""
        self._sensor = sensor or DvsModel()
        self._rng = np.random.default_rng((seed, 7))
        self._shape = (height, width)
        spread = self._sensor.mismatch * self._sensor.threshold
        least = 0.1 * self._sensor.threshold
        # Per pixel: for darker and for brighter.
        self._thresholds = np.maximum(
            self._sensor.threshold + spread * self._rng.standard_normal((2, height * width)), least
        ).astype(np.float32)
        self._memory = np.zeros(height * width, np.float32)
        self._before: NDArray[np.float32] | None = None
        self._free_us = np.zeros(height * width, np.int64)
        self._time_us = 0
        # Room for the columns of the events between two frames, kept from frame to frame.
        self._room = np.empty((3, 0), np.int64)

    def show(self, grey: NDArray[np.uint8], time_us: int) -> Events:
        """
        Return the events between the previous frame and this one, uint8 (height, width).

        The first frame makes no events; it initialises the pixels.
        """
        light = np.log(grey.astype(np.float32) + np.float32(self._sensor.dark)).reshape(-1)
        if self._before is None:
            self._memory[:], self._before, self._time_us = light, light, time_us
            return self._sorted(*(np.zeros(0, np.int64) for _ in range(3)))
        passed = time_us - self._time_us
        most = len(light) * (passed // max(self._sensor.refractory_us, 1) + 2)
        if self._room.shape[1] < most:
            self._room = np.empty((3, most), np.int64)
        which, bright, times = self._room[:, :most]
        count = _cross(
            self._before,
            light,
            self._time_us,
            time_us,
            self._memory,
            self._free_us,
            self._thresholds,
            self._sensor.refractory_us,
            which,
            bright,
            times,
        )
        noisy = self._rng.poisson(self._sensor.noise * len(light) * passed * 1e-6)
        places = self._rng.integers(0, len(light), noisy)
        self._memory[places] = light[places]
        found = self._sorted(
            np.concatenate([which[:count], places]),
            np.concatenate([bright[:count], self._rng.integers(0, 2, noisy)]),
            np.concatenate([times[:count], self._rng.integers(self._time_us, time_us, noisy)]),
        )
        self._before, self._time_us = light, time_us
        return found

    def _sorted(
        self, which: NDArray[np.int64], bright: NDArray[np.int64], times: NDArray[np.int64]
    ) -> Events:
        # Events of the same time are in readout order: rows from the top, each from the left.
        order = np.lexsort((which, bright, which // self._shape[1], times))
        rows, columns = np.divmod(which[order], self._shape[1])
        return Events(
            columns.astype(np.uint16),
            rows.astype(np.uint16),
            bright[order].astype(np.uint8),
            times[order],
        )


@njit(cache=True)
def _cross(
    before: Array,
    after: Array,
    begin_us: int,
    end_us: int,
    memory: Array,
    free_us: Array,
    thresholds: Array,
    refractory_us: int,
    which: Array,
    bright: Array,
    times: Array,
) -> int:
    """Write the events of all pixels; return their number. `free_us`: end of refractory time."""
    count = 0
    for i in range(before.shape[0]):
        start, change = before[i], after[i] - before[i]
        slope = change / (end_us - begin_us)
        now = max(begin_us, free_us[i])
        if begin_us < free_us[i] < end_us:
            # The stored level is that of the end of the refractory time.
            memory[i] = start + slope * (now - begin_us)
        while now < end_us and count < which.shape[0]:
            value = start + slope * (now - begin_us)
            sign = 1 if slope > 0 else 0
            level = memory[i] + (thresholds[1, i] if sign else -thresholds[0, i])
            if (
                sign
                and value < level
                and after[i] >= level
                or (not sign and value > level and after[i] <= level and slope < 0)
            ):
                at = now + np.int64(np.ceil((level - value) / slope))
            elif value >= memory[i] + thresholds[1, i]:
                sign, at = 1, now
            elif value <= memory[i] - thresholds[0, i]:
                sign, at = 0, now
            else:
                break
            if at >= end_us:
                break
            which[count], bright[count], times[count] = i, sign, at
            count += 1
            now = at + max(refractory_us, 1)
            free_us[i] = now
            memory[i] = start + slope * (min(now, end_us) - begin_us)
    return count
