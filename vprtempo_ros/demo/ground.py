"""The ground of the demo street: asphalt, markings, shadows, as one picture from above."""

from __future__ import annotations

from math import ceil, cos, pi, sin, tan

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from . import textures
from .appearance import Appearance
from .street import FRONTS, KERB, LANE, CentreLine, Panel, Point2D, Wall
from .textures import Pixels


class Ground:
    """
    The street's surface as a picture from above, north up.

    `pixels` is uint8 (rows, columns, 3), DENSITY pixels per metre; `corner` is the world position
    of its upper left corner.
    """

    DENSITY = 16.0
    MARGIN = 24.0

    def __init__(self, line: CentreLine, rng: np.random.Generator) -> None:
        """Paint lawn, pavement, lanes, markings and patches of repair."""
        self._line = line
        low, high = line.points.min(axis=0) - self.MARGIN, line.points.max(axis=0) + self.MARGIN
        self.corner: Point2D = (float(low[0]), float(high[1]))
        columns, rows = (int(size) for size in np.ceil((high - low) * self.DENSITY))
        self.pixels: Pixels = np.full((rows, columns, 3), (104, 112, 78), np.uint8)
        start, end = line.span
        self._strip(start, end, -FRONTS - 2.2, FRONTS + 2.2, (172, 167, 158))
        for at in np.arange(start, end, 0.9).tolist():  # the joints between paving slabs
            self._strip(at, at + 0.07, -FRONTS, FRONTS, (138, 134, 126))
        for left in (-KERB - 0.9, -KERB - 1.8, KERB + 0.9, KERB + 1.8):
            self._strip(start, end, left - 0.03, left + 0.03, (138, 134, 126))
        self._strip(start, end, -KERB - 0.2, KERB + 0.2, (196, 193, 186))
        self._strip(start, end, -KERB, KERB, (112, 111, 112))
        self._strip(start, end, -LANE, LANE, (122, 121, 121))
        for _ in range(int(end - start) // 3):  # patches, seams and manholes
            at, left = float(rng.uniform(start, end - 4)), float(rng.uniform(-3.6, 2.2))
            tone = int(rng.integers(84, 140))
            if rng.random() < 0.6:
                self._strip(
                    at,
                    at + float(rng.uniform(0.5, 4.0)),
                    left,
                    left + float(rng.uniform(0.4, 1.6)),
                    (tone, tone, tone + 3),
                )
            else:
                cv2.circle(
                    self.pixels, self.pixel(*line.at(at, left)), 6, (78, 74, 72), -1, cv2.LINE_AA
                )
        for at in np.arange(start + 2.8, end, 5.6).tolist():
            for left in (-KERB, LANE):
                self._strip(at, at + 0.12, left, left + KERB - LANE, (226, 226, 220))
        for at in np.arange(start, end, 3.0).tolist():
            for left in (-LANE, LANE):
                self._strip(at, at + 1.5, left - 0.06, left + 0.06, (226, 226, 220))
        for at in (np.arange(start + 12.0, end, 37.0) + rng.uniform(0.0, 12.0)).tolist():
            for left in np.arange(-KERB + 0.3, KERB - 0.5, 1.0).tolist():
                self._strip(at, at + 3.0, left, left + 0.5, (232, 232, 226))
        self.pixels = textures.mottled(self.pixels, rng, 9.0, 1, 3, 24, 160)

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """Return column and row of a world position."""
        return (
            round((x - self.corner[0]) * self.DENSITY),
            round((self.corner[1] - y) * self.DENSITY),
        )

    def _strip(
        self, start: float, end: float, right: float, left: float, colour: textures.Colour
    ) -> None:
        along = np.linspace(start, end, max(2, ceil(end - start)))
        outline = np.concatenate([self._line.at(along, left), self._line.at(along[::-1], right)])
        cv2.fillPoly(self.pixels, [self.outline(outline)], colour, cv2.LINE_AA, 4)

    def outline(self, points: Doubles) -> NDArray[np.int32]:
        """Return world positions (n, 2) as pixels with 4 fractional bits."""
        pixels = (points - self.corner) * (self.DENSITY, -self.DENSITY)
        return np.round(pixels * 16).astype(np.int32)

    def lit(self, appearance: Appearance, walls: list[Wall], panels: list[Panel]) -> Pixels:
        """Return the picture with the shadows of walls and panels."""
        shadow, contact = (np.zeros(self.pixels.shape[:2], np.uint8) for _ in range(2))
        away = -np.array([cos(appearance.sun_azimuth), sin(appearance.sun_azimuth)])
        away /= tan(appearance.sun_elevation)
        across = away[::-1] * (-1.0, 1.0) / float(np.linalg.norm(away))
        turn = np.linspace(0.0, 2 * pi, 24)[:, None]
        for wall in walls:
            self._cast(shadow, np.array([wall.start, wall.end]), away * wall.height)
        for start, end, cutout, _ in panels:
            base = np.array([start, end])
            if start == end:
                crown = away * cutout.height * (0.62 + 0.34 * np.cos(turn))
                outline = base[:1] + crown + across * np.sin(turn) * cutout.width * 0.4
                cv2.fillPoly(shadow, [self.outline(outline)], 255, cv2.LINE_8, 4)
                base = base + np.array([[-0.08], [0.08]]) * across
                self._cast(shadow, base, away * cutout.height * 0.4)
            else:
                self._cast(shadow, base, away * cutout.height)
                broad = round(0.6 * self.DENSITY)
                cv2.line(contact, self.pixel(*start), self.pixel(*end), 255, broad)
        shaded, hidden = (cv2.blur(mask, (9, 9)) / np.float32(255) for mask in (shadow, contact))
        sky = 0.78 - 0.4 * appearance.sunlight
        light = (sky + 0.65 * appearance.sunlight * (1.0 - shaded)) * (1.0 - 0.6 * hidden)
        lit = cv2.multiply(self.pixels, cv2.merge([light] * 3), dtype=cv2.CV_8U)
        return np.asarray(lit, np.uint8)

    def _cast(self, shadow: Pixels, base: Doubles, away: Doubles) -> None:
        outline = self.outline(np.concatenate([base, base[::-1] + away]))
        cv2.fillPoly(shadow, [outline], 255, cv2.LINE_8, 4)
