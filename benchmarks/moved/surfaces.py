"""The floor and the ceiling of a building."""

from __future__ import annotations

from math import cos, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.demo.textures import mottled

from .day import Light
from .interior import Interior
from .plan import Plan
from .scene import Plane, Point, Quad
from .walls import Side

Light32 = NDArray[np.float32]

DENSITY = 16.0
"""Pixels a metre of floors and ceilings."""

MARGIN = 3.0


class Surfaces:
    """
    Floor and ceiling in full light, and the lamps.

    `lamps` are x, y and the share of lamps that must be on for this one to be; `shine` is how much
    of the ceiling the floor mirrors.
    """

    def __init__(
        self, plan: Plan, height: float, inside: Interior, rng: np.random.Generator
    ) -> None:
        """Lay the floor and the ceiling, and place the lamps."""
        density = DENSITY
        corner = (float(plan.x[0]) - MARGIN, float(plan.y[-1]) + MARGIN)
        columns = round((plan.x[-1] - plan.x[0] + 2 * MARGIN) * density)
        rows = round((plan.y[-1] - plan.y[0] + 2 * MARGIN) * density)
        floor, top = (
            Plane(np.full((rows, columns), level, np.uint8), corner, density, height)
            for level, height in ((110, 0.0), (205, height))
        )
        self.lamps: list[tuple[float, float, float]] = []
        tile = float(rng.choice([0.6, 1.2]))
        for at in np.arange(0.0, max(rows, columns) / density, tile).tolist():
            cut = round(at * density)
            top.pixels[cut : cut + 1] = 165
            top.pixels[:, cut : cut + 1] = 165
        gap = float(rng.uniform(2.0, 3.4))
        for a, b in sorted(plan.edges):
            vertical = a[0] == b[0]
            line = a[0] if vertical else a[1]
            look = inside.styles[inside.wing(vertical, line)]
            half = (plan.wide_x[line] if vertical else plan.wide_y[line]) / 2
            (x0, y0), (x1, y1) = plan.place(a), plan.place(b)
            low = (x0 - half, y0 - half)
            high = (x1 + half, y1 + half)
            rect(floor, low, high, look.floor)
            for at in np.arange(0.0, 60.0 if look.tiles else 0.0, look.tiles or 1.0).tolist():
                if low[0] + at < high[0]:
                    rect(
                        floor,
                        (low[0] + at, low[1]),
                        (low[0] + at + 0.05, high[1]),
                        look.floor * 0.8,
                    )
                if low[1] + at < high[1]:
                    rect(
                        floor,
                        (low[0], low[1] + at),
                        (high[0], low[1] + at + 0.05),
                        look.floor * 0.8,
                    )
            length = max(x1 - x0, y1 - y0)
            for at in np.arange(gap / 2, length, gap).tolist():
                share = at / length
                self.lamps.append(
                    (x0 + share * (x1 - x0), y0 + share * (y1 - y0), float(rng.random()))
                )
        for (x, y), half in inside.mats:
            rect(floor, (x - half, y - half * 0.7), (x + half, y + half * 0.7), 50)
        pixels = mottled(floor.pixels[..., None].repeat(3, 2), rng, 6.0, 1, 4, 30, 160)
        self.floor = Plane(np.ascontiguousarray(pixels[..., 0]), corner, density)
        self.ceiling = top
        self.shine = float(rng.uniform(0.0, 0.35))

    def sun(self, light: Light, windows: list[tuple[Quad, Side, float]]) -> Light32:
        """Return what the sun adds to the floor through the windows, float32 of its shape."""
        floor = self.floor
        patch = np.zeros(floor.pixels.shape, np.uint8)
        towards = np.array([cos(light.sun_azimuth), sin(light.sun_azimuth)])
        for pane, side, _ in windows:
            way = (side.end - side.start) / side.length
            if float(np.array([way[1], -way[0]]) @ towards) > -0.15:
                continue  # the sun is not on this side of the building
            base = np.array([pane.start, pane.end])
            near, far = (
                base - towards * z / tan(light.sun_elevation) for z in (pane.low, pane.high)
            )
            outline = (np.concatenate([near, far[::-1]]) - floor.corner) * (DENSITY, -DENSITY)
            cv2.fillConvexPoly(patch, np.round(outline * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        gain = np.float32(1.1 * light.sunlight * light.daylight / 255)
        return np.asarray(patch, np.float32) * gain


def rect(plane: Plane, low: Point, high: Point, level: float) -> None:
    """Fill a rectangle of a plane, from its south-west to its north-east corner."""
    left, bottom = ((p - q) * plane.density for p, q in zip(low, plane.corner))
    right, top = ((p - q) * plane.density for p, q in zip(high, plane.corner))
    plane.pixels[
        max(0, round(-top)) : max(0, round(-bottom)), max(0, round(left)) : max(0, round(right))
    ] = np.clip(level, 0, 255)
