"""
The camera in the demo street.

All upright objects are vertical panels on flat ground, so that a panel has one depth in each image
column. Houses are ray-cast, one ray per column; other objects are painted over them far to near.
"""

from __future__ import annotations

from math import ceil, cos, floor, log2, pi, sin, tan
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from . import textures
from .appearance import Appearance
from .ground import Ground
from .street import Point2D
from .textures import Cutout, Pixels
from .world import World

HAZE = 214
"""Grey level of haze."""

GRAIN_SIZE = 512
"""Side in pixels of a tile of asphalt 8 m wide."""

MISS = 1e6
"""Depth in metres of a ray that hits no wall."""


class Camera:
    """
    A pinhole camera in a world, under one appearance.

    `size` is (height, width) in pixels, HEIGHT metres above the ground, looking level.
    """

    HEIGHT = 1.4
    FIELD = 1.35
    """Field of view across the picture in radians."""
    HORIZON = 0.56
    """Height of the horizon from the top, as a fraction: more facades than asphalt are visible."""
    NEAR, FAR, FAR_PANEL = 0.25, 160.0, 55.0
    LAYERS = 3
    """Maximum number of walls behind each other in an image column."""

    def __init__(
        self, world: World, appearance: Appearance, size: tuple[int, int] = (480, 640)
    ) -> None:
        """Light the world; takes a fraction of a second."""
        self.size = rows, columns = size
        self._atlas, look = world.atlas, appearance
        self._focal = columns / 2 / tan(self.FIELD / 2)
        self._horizon = self.HORIZON * rows
        self._slopes = (np.arange(columns) + 0.5 - columns / 2) / self._focal
        self._lines = np.arange(rows)[:, None] + 0.5
        walls, self._panels = world.walls(look.changed), world.panels(look.changed)
        self._start = np.array([w.start for w in walls])
        self._end = np.array([w.end for w in walls])
        self._height = np.array([w.height for w in walls])
        self._patch = self._atlas.patches[[w.patch for w in walls]].astype(np.float64)
        self._light = self._facing_light(self._start, self._end, look)
        self._panel_start = np.array([p.start for p in self._panels])
        self._panel_end = np.array([p.end for p in self._panels])
        self._panel_back = np.array([p.back for p in self._panels])
        self._panel_light = self._facing_light(self._panel_start, self._panel_end, look)
        self._visibility = look.visibility
        self._corner = world.ground.corner
        self._ground = [world.ground.lit(look, walls, self._panels)]
        for _ in range(5):
            self._ground.append(np.asarray(cv2.pyrDown(self._ground[-1]), np.uint8))
        grain = textures.cloud(np.random.default_rng((world.seed, 1)), (GRAIN_SIZE,) * 2, 1, 2)
        self._grain = 0.07 * grain
        self._sky = self._draw_sky(np.random.default_rng((world.seed, 2, look.weather)), look)
        # The panorama is a cylinder: its distance grows towards the sides of the picture.
        up = (np.arange(len(self._sky)) - self._horizon)[:, None] / np.hypot(1.0, self._slopes)
        across = (np.arctan(self._slopes) + self.FIELD / 2) * self._focal + 0.0 * up
        self._sky_maps = (across.astype(np.float32), (up + self._horizon).astype(np.float32))
        self._tone = _tone(look)
        self._noise = _quantiles(look.noise)
        # From the first row below the horizon on: the sky ends with that above it.
        first = floor(self._horizon + 0.5)
        below = np.arange(first, rows) + 0.5 - self._horizon
        self._ground_depth = self._focal * self.HEIGHT / below
        clear = np.exp(-self._ground_depth / look.visibility)[:, None, None]
        flat = np.ones((rows - first, columns, 3))
        self._ground_clear = (255 * clear * flat).astype(np.uint8)
        self._ground_haze = (HAZE * (1 - clear) * flat).astype(np.uint8)

    def render(self, x: float, y: float, yaw: float, rng: np.random.Generator) -> Pixels:
        """Return the view from (x, y) along yaw: RGB uint8 (height, width, 3); rng: noise."""
        canvas: Pixels = np.empty((*self.size, 3), np.uint8)
        self._paint_sky(canvas, yaw)
        self._paint_ground(canvas, x, y, yaw)
        depth, top = self._paint_walls(canvas, x, y, yaw)
        self._paint_panels(canvas, x, y, yaw, depth, top)
        exposed = cv2.LUT(cv2.GaussianBlur(canvas, (3, 3), 0.55), self._tone)
        noise = cv2.LUT(rng.integers(0, 256, canvas.shape, np.uint8), self._noise)
        return np.asarray(cv2.add(exposed, noise, dtype=cv2.CV_8U), np.uint8)

    def _facing_light(self, start: Doubles, end: Doubles, look: Appearance) -> Doubles:
        along = end - start
        length = np.maximum(np.linalg.norm(along, axis=1), 1e-9)
        normal = np.stack([along[:, 1], -along[:, 0]], axis=1) / length[:, None]
        sun = cos(look.sun_elevation) * np.array([cos(look.sun_azimuth), sin(look.sun_azimuth)])
        direct = np.where(length > 1e-6, np.maximum(0.0, normal @ sun), 0.5)
        return (1 - look.sunlight) * 0.78 + look.sunlight * np.minimum(1.0, 0.5 + 0.75 * direct)

    def _draw_sky(self, rng: np.random.Generator, look: Appearance) -> Pixels:
        rows, columns = ceil(self._horizon), round(2 * pi * self._focal)
        up = 1.0 - np.arange(rows)[:, None, None] / rows
        blue = np.array([206, 222, 236]) * (1 - up**0.7) + np.array([104, 152, 212]) * up**0.7
        # Drawn at a quarter of the width, since clouds are wide; the ends are blended.
        seam = rows // 3
        cells = (max(1, rows // share) for share in (45, 17, 7, 3))
        noise = textures.cloud(rng, (rows, columns // 4 + seam), *cells)
        fade = np.linspace(0.0, 1.0, seam, dtype=np.float32)
        noise[:, :seam] = noise[:, :seam] * fade + noise[:, -seam:] * (1 - fade)
        wide = cv2.resize(noise[:, :-seam], (columns, rows), interpolation=cv2.INTER_CUBIC)
        clouds = np.asarray(wide)[..., None]
        cover = np.clip(1.3 - 1.7 * look.sunlight + 0.5 * clouds, 0.0, 1.0)
        sky = blue * (1 - cover) + (222 + 14 * clouds) * cover
        hazy = np.clip(1.0 - 3.0 * up, 0.0, 1.0)
        sky = np.clip(sky * (1 - hazy) + HAZE * hazy, 0, 255).astype(np.uint8)
        # The full circle and one picture more, so that every view is one slice.
        return np.concatenate([sky, sky[:, : ceil(self.FIELD * self._focal) + 1]], axis=1)

    def _paint_sky(self, canvas: Pixels, yaw: float) -> None:
        circumference = round(2 * pi * self._focal)
        left = round(-(yaw + self.FIELD / 2) * self._focal) % circumference
        part = self._sky[:, left : left + ceil(self.FIELD * self._focal) + 1]
        canvas[: len(part)] = cv2.remap(
            part, *self._sky_maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def _paint_ground(self, canvas: Pixels, x: float, y: float, yaw: float) -> None:
        depth, density = self._ground_depth, Ground.DENSITY
        first = self.size[0] - len(depth)
        column = (x - self._corner[0]) * density + depth[:, None] * density * (
            cos(yaw) + self._slopes * sin(yaw)
        )
        row = (self._corner[1] - y) * density - depth[:, None] * density * (
            sin(yaw) - self._slopes * cos(yaw)
        )
        # Ground pixels per image pixel: across the view, and, more of them, along it.
        across = depth / self._focal * density
        level = np.clip(np.log2(across * np.sqrt(depth / self.HEIGHT)), 0, 5).astype(int)
        for index, pixels in enumerate(self._ground):
            lines = np.flatnonzero(level == index)
            if len(lines):
                part = slice(lines[0], lines[-1] + 1)
                map_u, map_v = (m[part] / 2**index - 0.5 for m in (column, row))
                canvas[first:][part] = cv2.remap(
                    pixels,
                    map_u.astype(np.float32),
                    map_v.astype(np.float32),
                    cv2.INTER_LINEAR,
                    borderMode=cv2.BORDER_REPLICATE,
                )
        # At close range the ground picture is coarser than the camera: add grain.
        close = depth < 6.0
        finer = GRAIN_SIZE / 8 / density
        map_u, map_v = (m[close] * finer for m in (column, row))
        map_u, map_v = (m - m.min() // GRAIN_SIZE * GRAIN_SIZE for m in (map_u, map_v))
        grain = cv2.remap(
            self._grain,
            map_u.astype(np.float32),
            map_v.astype(np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        fade = np.clip(2.0 - depth[close] / 3.0, 0.0, 1.0).astype(np.float32)[:, None]
        near = canvas[first:][close]  # a copy, since rows are selected by a mask
        rough = np.asarray(1.0 + fade * grain, np.float32)
        canvas[first:][close] = cv2.multiply(near, cv2.merge([rough] * 3), dtype=cv2.CV_8U)
        below = canvas[first:]
        cv2.multiply(below, self._ground_clear, below, 1 / 255)
        cv2.add(below, self._ground_haze, below)

    def _seen(self, points: Doubles, x: float, y: float, yaw: float) -> tuple[Doubles, Doubles]:
        dx, dy = points[:, 0] - x, points[:, 1] - y
        return dx * cos(yaw) + dy * sin(yaw), dx * sin(yaw) - dy * cos(yaw)

    def _paint_walls(
        self, canvas: Pixels, x: float, y: float, yaw: float
    ) -> tuple[Doubles, Doubles]:
        """Paint the houses; return depth and top row of each column's walls, (LAYERS, width)."""
        (za, xa), (zb, xb) = (self._seen(p, x, y, yaw) for p in (self._start, self._end))
        edge = self._slopes[-1] + 0.01
        kept = np.flatnonzero(
            (xa * zb < xb * za)
            & (np.maximum(za, zb) > self.NEAR)
            & (np.minimum(za, zb) < self.FAR)
            & ((xa < edge * za) | (xb < edge * zb))
            & ((xa > -edge * za) | (xb > -edge * zb))
        )
        za, xa, zb, xb = (v[kept, None] for v in (za, xa, zb, xb))
        dz, dx = zb - za, xb - xa
        with np.errstate(divide='ignore', invalid='ignore'):
            across = 1.0 / (dx - self._slopes * dz)
            share = (self._slopes * za - xa) * across
            depth = za + share * dz
        hit = (share >= 0.0) & (share <= 1.0) & (depth > self.NEAR)
        depth = np.where(hit, depth, MISS)
        order = np.argsort(depth, axis=0)[: self.LAYERS]
        depth, share, across = (np.take_along_axis(v, order, 0) for v in (depth, share, across))
        which = kept[order]
        scale = self._focal / depth
        top = self._horizon - (self._height[which] - self.HEIGHT) * scale
        top[depth == MISS] = self.size[0]
        bottom = self._horizon + self.HEIGHT * scale
        bottom[depth == MISS] = self.size[0] + 1
        left, upper, wide, high = np.moveaxis(self._patch[which], -1, 0)
        # Texture pixels per image pixel, down the wall and along it. Walls at a grazing angle are
        # kept sharper than their width requires, since their facades would blur.
        down = high / (bottom - top)
        along = wide / self._focal * np.abs((za * dx - xa * dz)[order, 0]) * across**2
        texel = 2.0 ** np.clip(np.round(np.log2(np.maximum(down, along / 2))), 0, 4)
        u = (left + np.clip(share * wide, texel / 2, wide - texel / 2)) / texel - 0.5
        v_step = (high - texel) / (bottom - top) / texel
        v = upper / texel + self._atlas.offsets[np.log2(texel).astype(int)] - v_step * top
        clear = np.exp(-depth / self._visibility)
        gain, haze = 255 * clear * self._light[which], HAZE * (1 - clear)

        upmost, lowest = top.min(axis=0), bottom[0]
        first = int(np.clip(np.floor(upmost.min()), 0, self.size[0] - 1))
        last = int(np.clip(np.ceil(lowest.max()), first + 1, self.size[0]))
        rows = np.arange(first, last, dtype=np.float32)[:, None] + np.float32(0.5)
        shape = (last - first, self.size[1])
        map_u, map_v = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        gains, hazes = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        u, v, v_step = (values.astype(np.float32) for values in (u, v, v_step))
        for k in reversed(range(len(top))):
            over = rows >= top[k].astype(np.float32)
            np.copyto(map_u, u[k], where=over)
            np.copyto(map_v, rows * v_step[k] + v[k], where=over)
            np.copyto(gains, gain[k].astype(np.uint8), where=over)
            np.copyto(hazes, haze[k].astype(np.uint8), where=over)
        walls = cv2.remap(self._atlas.pixels, map_u, map_v, cv2.INTER_LINEAR)
        cv2.multiply(walls, cv2.merge([gains] * 3), walls, 1 / 255)
        cv2.add(walls, cv2.merge([hazes] * 3), walls)
        mask = ((rows >= upmost) & (rows < lowest)).astype(np.uint8)
        cv2.copyTo(walls, mask, canvas[first:last])
        return depth, top

    def _paint_panels(
        self, canvas: Pixels, x: float, y: float, yaw: float, depth: Doubles, top: Doubles
    ) -> None:
        (za, xa), (zb, xb) = (
            self._seen(p, x, y, yaw) for p in (self._panel_start, self._panel_end)
        )
        middle, reach = (za + zb) / 2, np.maximum(za, zb)
        kept = np.flatnonzero(
            (reach > 2 * self.NEAR)
            & (middle < self.FAR_PANEL)
            & (self._panel_back | (xa * zb < xb * za))
            & (np.abs(xa + xb) / 2 - 3.0 < self._slopes[-1] * reach)
        )
        for index in kept[np.argsort(-middle[kept])]:
            panel = self._panels[index]
            half = panel.cutout.width / 2 if panel.start == panel.end else 0.0
            start = (float(za[index]), float(xa[index]) - half)
            end = (float(zb[index]), float(xb[index]) + half)
            light = float(self._panel_light[index])
            self._paint_panel(canvas, panel.cutout, start, end, light, depth, top)

    def _paint_panel(
        self,
        canvas: Pixels,
        cutout: Cutout,
        start: Point2D,
        end: Point2D,
        light: float,
        depth: Doubles,
        top: Doubles,
    ) -> None:
        (za, xa), (zb, xb) = start, end
        rows, columns = self.size
        sides = []
        for (ahead, right), (ahead2, right2) in ((start, end), (end, start)):
            if ahead < self.NEAR:
                right += (self.NEAR - ahead) / (ahead2 - ahead) * (right2 - right)
                ahead = self.NEAR
            sides.append(right / ahead * self._focal + columns / 2)
        first, last = max(0, floor(min(sides))), min(columns, ceil(max(sides)))
        if last - first < 1:
            return
        slopes = self._slopes[first:last]
        across = (xb - xa) - slopes * (zb - za)
        across[np.abs(across) < 1e-6] = 1e-6
        share = np.minimum(np.maximum((slopes * za - xa) / across, -0.05), 1.05)
        # What faces the camera has the same depth, and so the same rows, in all columns.
        z = np.maximum(za + (0.0 if za == zb else share * (zb - za)), self.NEAR).reshape(-1)
        upper = self._horizon - (cutout.height - self.HEIGHT) * self._focal / z
        lower = self._horizon + self.HEIGHT * self._focal / z
        above, below = max(0, floor(upper.min())), min(rows, ceil(lower.max()))
        if below - above < 2:
            return
        lines = self._lines[above:below]
        # Layers are sorted by depth.
        behind = depth[0, first:last] < z
        hidden = None
        if behind.any():
            hidden = np.where(depth[:, first:last] < z, top[:, first:last], np.inf).min(axis=0)
            if hidden.max() <= above:
                return
        tall = lower - upper
        shrink = cutout.levels[0].shape[0] / (float(tall.sum()) / len(tall))
        level = cutout.levels[min(max(round(log2(shrink)), 0), len(cutout.levels) - 1)]
        map_u, map_v = np.empty((2, below - above, last - first), np.float32)
        map_u[:] = share * level.shape[1] - 0.5
        map_v[:] = (lines - upper) / tall * level.shape[0] - 0.5
        patch = cv2.remap(level, map_u, map_v, cv2.INTER_LINEAR, borderValue=(0, 0, 0, 0))
        if hidden is not None and hidden.min() < below:
            patch[lines >= hidden] = 0
        clear = float(np.exp(-float(z.sum()) / len(z) / self._visibility))
        # Colours are premultiplied by alpha, so that light and haze are one matrix.
        lit, haze = light * clear, HAZE / 255 * (1 - clear)
        shaded = np.array([[lit, 0, 0, haze], [0, lit, 0, haze], [0, 0, lit, haze]])
        target = canvas[above:below, first:last]
        through = cv2.bitwise_not(cv2.extractChannel(patch, 3))
        cv2.multiply(target, cv2.merge([through] * 3), target, 1 / 255)
        cv2.add(target, cv2.transform(patch, shaded), target)


def _tone(look: Appearance) -> Pixels:
    """Return the exposure as a table, uint8 (1, 256, 3)."""
    warm = np.array([1.0 + look.warmth, 1.0, 1.0 - look.warmth])
    linear = np.arange(256)[:, None] / 255.0 * look.gain * warm
    table: Pixels = np.clip(255.0 * linear**look.gamma, 0, 255).round().astype(np.uint8)
    return table[None]


def _quantiles(deviation: float) -> NDArray[np.int8]:
    """Return the table that maps uniform bytes to Gaussian noise, int8 (1, 256)."""
    normal = NormalDist()
    levels = [deviation * normal.inv_cdf((byte + 0.5) / 256) for byte in range(256)]
    return np.clip(np.round(levels), -128, 127).astype(np.int8)[None]
