"""The compiled loops of the ray caster."""

from __future__ import annotations

from math import ceil, cos, floor, pi, sin
from typing import Any

import numpy as np

from vprtempo_ros.support.compiled import njit

from .sampling import level_of, note_span, plane_at, sky_at
from .scene import TURNING, TWO_SIDED

NEAR = 0.15
"""Metres before which nothing is drawn."""

HITS = 48
"""Quads one behind the other that an image column can show."""


@njit(cache=True, fastmath=True)
def _hits(
    columns: Any,
    x: Any,
    y: Any,
    ahead_x: Any,
    ahead_y: Any,
    focal: Any,
    geometry: Any,
    kinds: Any,
    reach: Any,
) -> Any:
    """
    Return which quads each column meets, nearest first.

    Their number (columns,), and (columns, HITS): depth, share of the quad's width, quad, and how
    much the share changes from one column to the next.
    """
    depths = np.empty((columns, HITS), np.float64)
    shares = np.empty((columns, HITS), np.float64)
    which = np.empty((columns, HITS), np.int64)
    steps = np.empty((columns, HITS), np.float64)
    count = np.zeros(columns, np.int64)
    edge = columns / 2 / focal
    for q in range(len(geometry)):
        dx, dy = geometry[q, 0] - x, geometry[q, 1] - y
        za, xa = dx * ahead_x + dy * ahead_y, dx * ahead_y - dy * ahead_x
        if kinds[q, 1] == TURNING:
            half = np.hypot(geometry[q, 2] - geometry[q, 0], geometry[q, 3] - geometry[q, 1]) / 2
            zb, xb, xa = za, xa + half, xa - half
        else:
            dx, dy = geometry[q, 2] - x, geometry[q, 3] - y
            zb, xb = dx * ahead_x + dy * ahead_y, dx * ahead_y - dy * ahead_x
            if kinds[q, 1] != TWO_SIDED and xa * zb >= xb * za:
                continue
        if (
            (za <= NEAR and zb <= NEAR)
            or (xa > edge * za and xb > edge * zb)
            or (xa < -edge * za and xb < -edge * zb)
            or min(za, zb) > reach
        ):
            continue
        dz, dx = zb - za, xb - xa
        first = columns / 2 + focal * (
            (xa + (NEAR - za) / dz * dx) / NEAR if za < NEAR else xa / za
        )
        last = columns / 2 + focal * ((xb + (NEAR - zb) / dz * dx) / NEAR if zb < NEAR else xb / zb)
        if first > last:
            first, last = last, first
        for c in range(
            max(0, int(ceil(max(first, -1.0) - 0.5))),
            min(columns - 1, int(floor(min(last, columns + 1.0) - 0.5))) + 1,
        ):
            slope = (c + 0.5 - columns / 2) / focal
            across = dx - slope * dz
            if abs(across) < 1e-9:
                continue
            share = (slope * za - xa) / across
            depth = za + share * dz
            if share < 0.0 or share > 1.0 or depth < NEAR:
                continue
            n = count[c]
            if n == HITS and depth >= depths[c, n - 1]:
                continue
            k = n if n < HITS else n - 1
            while k > 0 and depths[c, k - 1] > depth:
                depths[c, k], shares[c, k] = depths[c, k - 1], shares[c, k - 1]
                which[c, k], steps[c, k] = which[c, k - 1], steps[c, k - 1]
                k -= 1
            depths[c, k], shares[c, k], which[c, k] = depth, share, q
            steps[c, k] = abs(za * dx - xa * dz) / (across * across) / focal
            count[c] = min(n + 1, HITS)
    return count, depths, shares, which, steps


@njit(cache=True, fastmath=True)
def cast(
    canvas: Any,
    x: Any,
    y: Any,
    yaw: Any,
    focal: Any,
    horizon: Any,
    height: Any,
    geometry: Any,
    kinds: Any,
    gains: Any,
    texels: Any,
    levels: Any,
    opaque: Any,
    ground: Any,
    ground_levels: Any,
    roof: Any,
    roof_levels: Any,
    planes: Any,
    sky: Any,
    visibility: Any,
    haze: Any,
    shine: Any,
) -> Any:
    """Paint what a camera sees, as Caster.render says, on a canvas (columns, rows)."""
    columns, rows = canvas.shape
    ahead_x, ahead_y = cos(yaw), sin(yaw)
    count, depths, shares, which, steps = _hits(
        columns, x, y, ahead_x, ahead_y, focal, geometry, kinds, 4 * visibility
    )
    # What is below and above the horizon depends on the row alone but for its direction.
    ground_at, mirror_at, roof_at = np.zeros((rows, 3)), np.zeros((rows, 3)), np.zeros((rows, 3))
    ground_size, roof_size = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    roofed = planes[1, 3] > height
    for r in range(rows):
        below = r + 0.5 - horizon
        if below > 0.05:
            note_span(ground_at, r, focal * height / below, visibility)
            depth = ground_at[r, 0]
            ground_size[r] = level_of(depth / focal * planes[0, 2] * np.sqrt(depth / height), 5)
            # A mirrored ray goes down to the floor and up to the ceiling.
            note_span(mirror_at, r, focal * (height + planes[1, 3]) / below, visibility)
        elif below < -0.05 and roofed:
            note_span(roof_at, r, -focal * (planes[1, 3] - height) / below, visibility)
            depth = roof_at[r, 0]
            roof_size[r] = level_of(
                depth / focal * planes[1, 2] * np.sqrt(depth / (planes[1, 3] - height)), 5
            )

    through = np.empty(rows, np.float64)
    deepest = levels.shape[1] - 1
    around = sky.shape[1]
    for c in range(columns):
        slope = (c + 0.5 - columns / 2) / focal
        column = canvas[c]
        for r in range(rows):
            through[r] = 1.0
            column[r] = 0.0
        for k in range(count[c]):
            q, depth = which[c, k], depths[c, k]
            texture = kinds[q, 0]
            scale = focal / depth
            top = horizon - (geometry[q, 5] - height) * scale
            bottom = horizon - (geometry[q, 4] - height) * scale
            high = levels[texture, 0, 1]
            wide = levels[texture, 0, 2]
            size = level_of(max(high / (bottom - top), 0.6 * steps[c, k] * wide), deepest)
            start, high, wide = levels[texture, size]
            clear = np.exp(-depth / visibility)
            gain = (gains[q, 0] + gains[q, 1]) * clear
            air = haze * (1.0 - clear)
            u = min(max(shares[c, k] * wide - 0.5, 0.0), wide - 1.001)
            step = high / (bottom - top)
            left = int(u)
            a = u - left
            right = 1 if wide > 1 else 0
            down = wide if high > 1 else 0
            solid = opaque[texture]
            for r in range(
                max(0, int(ceil(top - 0.5))), min(rows - 1, int(ceil(bottom - 0.5)) - 1) + 1
            ):
                if through[r] < 0.004:
                    continue
                v = min(max((r + 0.5 - top) * step - 0.5, 0.0), high - 1.001)
                line = int(v)
                b = v - line
                at = start + line * wide + left
                w00, w01 = (1 - b) * (1 - a), (1 - b) * a
                w10, w11 = b * (1 - a), b * a
                grey = (
                    w00 * texels[at, 0]
                    + w01 * texels[at + right, 0]
                    + w10 * texels[at + down, 0]
                    + w11 * texels[at + down + right, 0]
                )
                if solid:
                    column[r] += through[r] * (grey * gain + air)
                    through[r] = 0.0
                else:
                    alpha = (
                        w00 * texels[at, 1]
                        + w01 * texels[at + right, 1]
                        + w10 * texels[at + down, 1]
                        + w11 * texels[at + down + right, 1]
                    )
                    alpha /= 255.0
                    column[r] += through[r] * (grey * gain + air * alpha)
                    through[r] *= 1.0 - alpha
        bearing = (yaw - np.arctan(slope) + pi) / (2 * pi)
        sky_u = (bearing - floor(bearing)) * around
        stretch = np.sqrt(1.0 + slope * slope)
        way_x, way_y = ahead_x + slope * ahead_y, ahead_y - slope * ahead_x
        for r in range(rows):
            if through[r] < 0.004:
                continue
            below = r + 0.5 - horizon
            grey = haze
            if below > 0.05:
                size = ground_size[r]
                grey = plane_at(
                    ground,
                    ground_levels,
                    size,
                    planes[0],
                    x + ground_at[r, 0] * way_x,
                    y + ground_at[r, 0] * way_y,
                )
                if shine > 0.0 and roofed:
                    grey += shine * plane_at(
                        roof,
                        roof_levels,
                        min(size + 2, 5),
                        planes[1],
                        x + mirror_at[r, 0] * way_x,
                        y + mirror_at[r, 0] * way_y,
                    )
                grey = grey * ground_at[r, 1] + haze * ground_at[r, 2]
            elif below < -0.05 and roofed:
                grey = plane_at(
                    roof,
                    roof_levels,
                    roof_size[r],
                    planes[1],
                    x + roof_at[r, 0] * way_x,
                    y + roof_at[r, 0] * way_y,
                )
                grey = grey * roof_at[r, 1] + haze * roof_at[r, 2]
            elif not roofed:
                up = min(max(-below / focal / stretch, 0.0), 1.0)
                grey = sky_at(sky, sky_u, (1.0 - up) * (sky.shape[0] - 1))
            column[r] += through[r] * grey
