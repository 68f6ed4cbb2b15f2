"""From light to the pictures of a cheap grey camera."""

from __future__ import annotations

from math import degrees, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from .day import Sensor

MIDDLE = 112.0
"""Mean grey level to which automatic exposure drives a picture."""


class Exposure:
    """
    Exposes the pictures of one traverse in order.

    Automatic exposure follows the pictures with a lag, so what a frame looks like depends a
    little on the ones before.
    """

    LAG = 0.4

    def __init__(self, sensor: Sensor, size: tuple[int, int]) -> None:
        """Prepare the lens's shading for pictures of `size`, (height, width)."""
        self._sensor, self._level = sensor, 0.0
        rows, columns = size
        v = (np.arange(rows) + 0.5)[:, None] / rows - 0.5
        u = (np.arange(columns) + 0.5)[None, :] / columns - 0.5
        falloff = 1.0 - sensor.vignette * 2.0 * (u * u + v * v)
        self._shading = (falloff * (1.0 - 2.0 * sensor.gradient * u)).astype(np.float32)
        self._columns = columns

    def __call__(self, light: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return the picture, uint8, of light as float32 (height, width), 0 to about 255."""
        sensor = self._sensor
        level = max(float(light.mean()), 1.0)
        self._level = (self._level + self.LAG * (level - self._level)) if self._level else level
        gain = sensor.gain * (MIDDLE / self._level) ** sensor.auto
        # Amplified light carries its noise with it, so dark scenes are grainy.
        noise = sensor.noise * max(1.0, gain / sensor.gain) ** 0.5
        exposed = light * self._shading * np.float32(gain)
        if sensor.motion > 0.0:
            length = max(1, round(sensor.motion * self._columns))
            exposed = np.asarray(cv2.blur(exposed, (length, 1)), np.float32)
        if sensor.blur > 0.0:
            exposed = np.asarray(
                cv2.GaussianBlur(exposed, (0, 0), sensor.blur * self._columns), np.float32
            )
        # A soft knee keeps what is brighter than white from being one white.
        share = np.maximum(exposed, 0.0) / 255.0
        share = np.where(share > 0.75, 0.75 + 0.25 * np.tanh((share - 0.75) / 0.25), share)
        grey = 255.0 * share**sensor.gamma
        grey = MIDDLE + sensor.contrast * (grey - MIDDLE)
        grain = rng.standard_normal(grey.shape, np.float32)
        grey += noise * np.sqrt(0.4 + 0.6 * share / 0.45) * grain
        return np.clip(np.round(grey), 0, 255).astype(np.uint8)


def rolled(light: NDArray[np.float32], angle: float) -> NDArray[np.float32]:
    """Return the picture of a camera rolled clockwise by an angle in radians, if small."""
    rows, columns = light.shape
    turn = cv2.getRotationMatrix2D(((columns - 1) / 2, (rows - 1) / 2), degrees(angle), 1.0)
    return np.asarray(
        cv2.warpAffine(
            light, turn, (columns, rows), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        ),
        np.float32,
    )


class Fisheye:
    """
    Bends a pinhole picture into that of an equidistant fisheye.

    `field` is the field of view across of the fisheye in radians, less than pi.
    """

    def __init__(self, size: tuple[int, int], field: float, pinhole: float) -> None:
        """Prepare the map from pictures of `size` with the field `pinhole` across."""
        rows, columns = size
        v, u = np.mgrid[0:rows, 0:columns] + 0.5
        u, v = u - columns / 2, v - rows / 2
        radius = np.maximum(np.hypot(u, v), 1e-6)
        angle = np.minimum(radius * field / columns, 1.4)
        stretch = np.tan(angle) * (columns / 2 / tan(pinhole / 2)) / radius
        self._u = (u * stretch + columns / 2 - 0.5).astype(np.float32)
        self._v = (v * stretch + rows / 2 - 0.5).astype(np.float32)

    def __call__(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the bent picture; what the pinhole did not see is black."""
        return np.asarray(
            cv2.remap(light, self._u, self._v, cv2.INTER_LINEAR, borderValue=(0.0,)), np.float32
        )
