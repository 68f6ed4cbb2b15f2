"""
A model of an event camera: what a dynamic vision sensor would have seen between rendered frames.

Each pixel remembers the logarithm of the light at its last event and reports when that has
changed by its threshold. Between two frames the logarithm goes in a straight line. The parts are
those of the sensors' published models (Lichtsteiner et al. 2008; v2e, Hu et al. 2021): thresholds
that differ from pixel to pixel, a refractory time, and events out of nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..support.compiled import njit


class Events(NamedTuple):
    """Columns x, y uint16 and p uint8, and times int64 in microseconds, ascending."""

    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    p: NDArray[np.uint8]
    t_us: NDArray[np.int64]


@dataclass(frozen=True)
class Sensor:
    """
    What a sensor is like.

    threshold: change of the natural logarithm that makes an event; mismatch: its deviation from
    pixel to pixel, as a share. refractory_us: how long a pixel is blind after an event. noise:
    events out of nothing a second and pixel. dark: grey level below which the sensor's answer is
    linear rather than logarithmic.
    """

    threshold: float = 0.2
    mismatch: float = 0.05
    refractory_us: int = 1000
    noise: float = 0.5
    dark: float = 8.0


class EventCamera:
    """An event camera that is shown grey frames, one after the other."""

    def __init__(self, height: int, width: int, seed: int, sensor: Sensor | None = None) -> None:
        """Make a sensor whose pixels differ as the seed says."""
        self._sensor = sensor or Sensor()
        self._rng = np.random.default_rng((seed, 7))
        self._shape = (height, width)
        spread = self._sensor.mismatch * self._sensor.threshold
        least = 0.1 * self._sensor.threshold
        # Of darker and brighter, each pixel's own.
        self._thresholds = np.maximum(
            self._sensor.threshold + spread * self._rng.standard_normal((2, height * width)), least
        ).astype(np.float32)
        self._memory = np.zeros(height * width, np.float32)
        self._before: NDArray[np.float32] | None = None
        self._free_us = np.zeros(height * width, np.int64)
        self._time_us = 0

    def show(self, grey: NDArray[np.uint8], time_us: int) -> Events:
        """
        Return the events between the frame before and this one, uint8 (height, width).

        The first frame makes none: what a pixel remembers begins with it.
        """
        light = np.log(grey.astype(np.float32) + np.float32(self._sensor.dark)).reshape(-1)
        if self._before is None:
            self._memory[:], self._before, self._time_us = light, light, time_us
            return self._sorted(*(np.zeros(0, np.int64) for _ in range(3)))
        passed = time_us - self._time_us
        most = len(light) * (passed // max(self._sensor.refractory_us, 1) + 2)
        which, bright, times = (np.zeros(most, np.int64) for _ in range(3))
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
        # Of one time the rows are read out from the top, each from the left.
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
    before: Any,
    after: Any,
    begin_us: int,
    end_us: int,
    memory: Any,
    free_us: Any,
    thresholds: Any,
    refractory_us: int,
    which: Any,
    bright: Any,
    times: Any,
) -> Any:
    """Write the events of all pixels; return their number. `free_us`: when a pixel sees again."""
    count = 0
    for i in range(before.shape[0]):
        start, change = before[i], after[i] - before[i]
        slope = change / (end_us - begin_us)
        now = max(begin_us, free_us[i])
        if begin_us < free_us[i] < end_us:
            # What it remembers is what it saw when it could see again.
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
