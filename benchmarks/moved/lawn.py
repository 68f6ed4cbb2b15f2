"""The ground of a park: lawn, a gravel path, shadows of trees."""

from __future__ import annotations

from math import cos, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.demo import textures
from vprtempo_ros.demo.street import CentreLine

from .day import Light
from .scene import Floats, Point

DENSITY = 10.0
"""Pixels a metre."""

MARGIN = 30.0

Crown = tuple[Point, float, float]
"""Where a tree stands, its width and its height in metres."""


class Lawn:
    """
    A park's surface as a picture seen from above, north up.

    `pixels` is uint8 (rows, columns), `path` float32, 1 on a path; `corner` is the position of
    the upper left corner.
    """

    def __init__(self, line: CentreLine, half: float, rng: np.random.Generator) -> None:
        """Paint them for a path that is `half` metres wide to either side of its line."""
        points = line.points
        low, high = points.min(axis=0) - MARGIN, points.max(axis=0) + MARGIN
        self.corner: Point = (float(low[0]), float(high[1]))
        columns, rows = (int(n) for n in np.ceil((high - low) * DENSITY))
        grass = 88 + 9 * textures.cloud(rng, (rows, columns), 2, 9, 60, 240)
        path = np.zeros((rows, columns), np.uint8)
        start, end = line.span
        along = np.arange(start, end, 0.5)
        ragged = [
            half + 0.12 * np.convolve(rng.standard_normal(len(along)), [0.3] * 3, 'same')
            for _ in range(2)
        ]
        outline = np.concatenate(
            [line.at(along, ragged[0]), line.at(along[::-1], -ragged[1][::-1])]
        )
        cv2.fillPoly(path, [self._pixels_of(outline)], 255, cv2.LINE_AA, 4)
        for _ in range(int((end - start) / 40)):  # side paths, never driven
            at, turn = float(rng.uniform(start, end)), float(rng.uniform(0.7, 2.4))
            here = line.at(at)
            way = float(line.heading(at)) + turn * float(rng.choice([-1, 1]))
            far = here + 40.0 * np.array([cos(way), sin(way)])
            cv2.polylines(
                path,
                [self._pixels_of(np.array([here, far]))],
                False,
                255,
                round(1.6 * DENSITY),
                cv2.LINE_AA,
                4,
            )
        self.path = np.asarray(path, np.float32) / 255
        gravel = float(rng.uniform(130, 185)) + 7 * textures.cloud(rng, (rows, columns), 1, 3, 30)
        pixels = grass * (1 - self.path) + gravel * self.path
        self.pixels = np.clip(pixels, 0, 255).astype(np.uint8)

    def _pixels_of(self, points: Floats) -> NDArray[np.int32]:
        scaled = (points - self.corner) * (DENSITY, -DENSITY)
        return np.round(scaled * 16).astype(np.int32)

    def sunlit(self, light: Light, crowns: list[Crown], leafless: bool) -> NDArray[np.float32]:
        """Return 1 where the sun reaches the ground and 0 in the shadow of trees, float32."""
        mask = np.zeros(self.pixels.shape, np.uint8)
        away = -np.array([cos(light.sun_azimuth), sin(light.sun_azimuth)])
        away = away / tan(light.sun_elevation)
        across = away[::-1] * (-1.0, 1.0) / np.linalg.norm(away)
        turn = np.linspace(0.0, 2 * np.pi, 20)[:, None]
        thin = 0.55 if leafless else 1.0
        for place, width, height in crowns:
            crown = (
                np.array(place)
                + away * height * (0.6 + 0.38 * np.cos(turn))
                + across * np.sin(turn) * width * 0.42 * thin
            )
            cv2.fillPoly(mask, [self._pixels_of(crown)], 255, cv2.LINE_8, 4)
        return np.asarray(1.0 - cv2.blur(mask, (5, 5)) / np.float32(255), np.float32)
