"""How much light falls where."""

from __future__ import annotations

from math import cos, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from .day import Light
from .scene import TURNING, AnyFloats, Floats, Lamp, Plane, Point, Quad


def lamp_light(x: AnyFloats, y: AnyFloats, lamps: list[Lamp]) -> Floats:
    """Return the light of lamps at positions of any shape, in units of daylight."""
    total = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)))
    for lamp in lamps:
        near = ((x - lamp.x) ** 2 + (y - lamp.y) ** 2) / lamp.reach**2
        total += lamp.power / (1.0 + near) ** 2
    return total


def on_quads(quads: list[Quad], light: Light, lamps: list[Lamp], sky: float) -> Floats:
    """
    Return the light that quads send on, float64 (n,).

    Walls that face the sun get more; `sky` is the share of daylight that comes in at all.
    """
    start, end = (np.array([getattr(q, side) for q in quads]) for side in ('start', 'end'))
    turning = np.array([q.facing == TURNING for q in quads])
    along = end - start
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normal /= np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    towards = np.array([cos(light.sun_azimuth), sin(light.sun_azimuth)])
    direct = np.where(turning, 0.5, np.maximum(0.0, normal @ towards)) * cos(light.sun_elevation)
    facing = (1 - light.sunlight) * 0.78 + light.sunlight * np.minimum(1.0, 0.5 + 0.75 * direct)
    middle = np.where(turning[:, None], start, (start + end) / 2)
    # A lamp lights a wall through the air before it, not from behind it.
    before = middle + np.where(turning[:, None], 0.0, 0.4 * normal)
    lit = light.daylight * sky * facing + lamp_light(before[:, 0], before[:, 1], lamps)
    takes = np.array([q.takes for q in quads])
    return np.asarray(lit * takes, np.float64)


def on_plane(
    shape: tuple[int, ...], corner: Point, density: float, lamps: list[Lamp]
) -> NDArray[np.float32]:
    """Return the light of lamps on a plane's pixels, float32 of the shape."""
    step = 8
    rows, columns = -(-shape[0] // step), -(-shape[1] // step)
    x = corner[0] + (np.arange(columns) + 0.5)[None, :] * step / density
    y = corner[1] - (np.arange(rows) + 0.5)[:, None] * step / density
    total = np.zeros((rows, columns))
    for lamp in lamps:
        far = 6 * lamp.reach
        left, right = np.searchsorted(x[0], (lamp.x - far, lamp.x + far))
        top, bottom = np.searchsorted(-y[:, 0], (-lamp.y - far, -lamp.y + far))
        part = np.s_[top:bottom, left:right]
        total[part] += lamp_light(x[:, left:right], y[top:bottom], [lamp])
    light = cv2.resize(
        total.astype(np.float32), (columns * step, rows * step), interpolation=cv2.INTER_LINEAR
    )
    return np.asarray(light[: shape[0], : shape[1]], np.float32)


def lit(plane: Plane, light: NDArray[np.float32]) -> Plane:
    """Return the plane under the light, float32 of its shape."""
    pixels = np.clip(plane.pixels * light, 0, 255).astype(np.uint8)
    return Plane(pixels, plane.corner, plane.density, plane.height)
