"""Compiled look-ups in flat pictures, for the ray caster."""

from __future__ import annotations

from math import floor
from typing import Any

import numpy as np

from vprtempo_ros.support.compiled import njit


@njit(cache=True, fastmath=True)
def sampled(pixels: Any, first: Any, rows: Any, columns: Any, u: Any, v: Any) -> Any:
    """Interpolate a flat grey picture; its edge continues outside."""
    u = min(max(u, 0.0), columns - 1.001)
    v = min(max(v, 0.0), rows - 1.001)
    left, top = int(u), int(v)
    a, b = u - left, v - top
    at = first + top * columns + left
    right = 1 if columns > 1 else 0
    down = columns if rows > 1 else 0
    return (1 - b) * ((1 - a) * pixels[at] + a * pixels[at + right]) + b * (
        (1 - a) * pixels[at + down] + a * pixels[at + down + right]
    )


@njit(cache=True, fastmath=True)
def sky_at(sky: Any, u: Any, v: Any) -> Any:
    """Interpolate a panorama that closes once round."""
    left, top = int(u), min(int(v), sky.shape[0] - 2)
    a, b = u - left, v - top
    left = left % sky.shape[1]
    right = (left + 1) % sky.shape[1]
    return (1 - b) * ((1 - a) * sky[top, left] + a * sky[top, right]) + b * (
        (1 - a) * sky[top + 1, left] + a * sky[top + 1, right]
    )


@njit(cache=True, fastmath=True)
def level_of(texels_a_pixel: Any, deepest: Any) -> Any:
    """Return which halved copy has about one texel a pixel."""
    return min(max(int(floor(np.log2(max(texels_a_pixel, 1e-6)) + 0.5)), 0), deepest)


@njit(cache=True, fastmath=True)
def note_span(rows: Any, r: Any, depth: Any, visibility: Any) -> Any:
    """Note a row's depth, the share of its light that air lets through, and the rest."""
    rows[r, 0] = depth
    rows[r, 1] = np.exp(-depth / visibility)
    rows[r, 2] = 1.0 - rows[r, 1]


@njit(cache=True, fastmath=True)
def plane_at(pixels: Any, levels: Any, size: Any, plane: Any, x: Any, y: Any) -> Any:
    """Interpolate a floor or a ceiling at a position of the world."""
    shrink = plane[2] / (1 << size)
    return sampled(
        pixels,
        levels[size, 0],
        levels[size, 1],
        levels[size, 2],
        (x - plane[0]) * shrink - 0.5,
        (plane[1] - y) * shrink - 0.5,
    )
