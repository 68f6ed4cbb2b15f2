"""
The geometry of the demo street: houses, trees, posts and parked cars.

World frame: metres, x east, y north, z up, yaw counter-clockwise from x (REP-103).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Generic, TypeVar

import numpy as np

from ..arrays import Doubles
from . import textures
from .atlas import pack
from .ground import Ground
from .street import FRONTS, KERB, LANE, CentreLine, Panel, Point2D, Wall
from .textures import Cutout

T = TypeVar('T')


@dataclass(frozen=True)
class Variant(Generic[T]):
    """Two variants of an object: worlds with a share of change above `luck` have the second."""

    luck: float
    original: list[T]
    changed: list[T]


class World:
    """
    A street of `length` metres with its houses, trees, posts and parked cars.

    The same seed gives the same street. Raises ValueError for a length outside 20 to 500 m: the
    ground is one picture, whose size grows with the square of the length.
    """

    DESIGNS = 16
    """House designs, each in two colours; fewer than houses, which makes perceptual aliasing."""

    def __init__(self, seed: int = 0, length: float = 200.0) -> None:
        """Lay out the street and draw its textures; takes about a second."""
        if not 20.0 <= length <= 500.0:
            raise ValueError(f'a street is 20 to 500 m long, not {length}')
        rng = np.random.default_rng((seed, 0))
        self.seed = seed
        self.centre_line = CentreLine(rng, length)
        sheets = [
            sheet
            for design in range(self.DESIGNS)
            for coat in (0, 1)
            for sheet in textures.house(100 * seed + design, coat)
        ]
        self._sizes = [(sheet.width, sheet.height) for sheet in sheets]
        self.atlas = pack([sheet.pixels for sheet in sheets])
        self._buildings = self._built(1, rng) + self._built(-1, rng)
        self._objects = self._planted(rng) + self._parked(1, rng) + self._parked(-1, rng)
        self.ground = Ground(self.centre_line, rng)

    def walls(self, changed: float) -> list[Wall]:
        """Return the walls of the world when the share `changed` of it has changed."""
        return _chosen(self._buildings, changed)

    def panels(self, changed: float) -> list[Panel]:
        """Return the other objects of the world when the share `changed` of it has changed."""
        return _chosen(self._objects, changed)

    def _built(self, side: int, rng: np.random.Generator) -> list[Variant[Wall]]:
        line, houses = self.centre_line, []
        at, end = line.span
        design = int(rng.integers(self.DESIGNS))
        while at < end - 20.0:
            if rng.random() > 0.25:  # otherwise a terrace: the same house again
                design = int(rng.integers(self.DESIGNS))
            coat = int(rng.integers(2))
            setback = side * (FRONTS + float(rng.choice([0.0, 0.0, 0.6, 2.0])))
            width = self._sizes[4 * design][0]
            # In a bend a facade covers more or less of the centre line than its own width.
            ahead = at + np.arange(0.0, 4 * width, 0.1)
            reach = np.linalg.norm(line.at(ahead, setback) - line.at(at, setback), axis=1)
            after = float(ahead[int(np.argmax(reach >= width))])
            near = [line.at(at, setback), line.at(after, setback)][::side]
            along = near[1] - near[0]
            away = along[::-1] * (-1.0, 1.0) / float(np.linalg.norm(along))
            corners = np.array([*near, near[1] + 8.0 * away, near[0] + 8.0 * away])
            luck = float(rng.random())
            gap = np.linalg.norm(line.points[:, None] - corners, axis=2).min()
            if gap > FRONTS - 1.0:
                original, changed = (self._house(corners, 2 * design + c) for c in (coat, 1 - coat))
                houses.append(Variant(luck, original, changed))
            at = after + float(rng.choice([0.0, 0.0, 0.0, 1.2, 4.0]))
        return houses

    def _house(self, corners: Doubles, which: int) -> list[Wall]:
        points: list[Point2D] = [(float(x), float(y)) for x, y in corners]
        front, side = 2 * which, 2 * which + 1
        return [
            Wall(points[i], points[(i + 1) % 4], self._sizes[patch][1], patch)
            for i, patch in enumerate((front, side, side, side))
        ]

    def _planted(self, rng: np.random.Generator) -> list[Variant[Panel]]:
        kinds = [
            textures.tree(rng, 4.6, 6.8, 2.3),
            textures.tree(rng, 3.6, 5.6, 2.1),
            textures.tree(rng, 2.0, 7.5, 1.2),
            textures.tree(rng, 5.4, 8.0, 2.6),
        ]
        lamp = textures.post(5.2, 'lamp', (0, 0, 0))
        signs = [
            textures.post(2.6, 'sign', (178, 30, 34)),
            textures.post(2.6, 'sign', (30, 66, 150)),
            textures.post(2.4, 'board', (28, 60, 140)),
            textures.post(2.2, 'board', (36, 96, 62)),
        ]
        objects = []
        start, end = self.centre_line.span
        for side in (1, -1):
            at, kind = start, 0
            while at < end:
                if rng.random() < 0.3:  # one kind of tree for some distance, then none
                    kind = int(rng.integers(len(kinds) + 3))
                if kind < len(kinds):
                    objects.append(self._turning(at, side * 5.4, kinds[kind]))
                at += float(rng.uniform(7.0, 12.0))
        for at in np.arange(start + 5.0, end, 24.0).tolist():
            objects.append(self._turning(float(at), float(rng.choice([-5.0, 5.0])), lamp))
        for at in (np.arange(start, end, 11.0) + rng.uniform(0.0, 9.0)).tolist():
            sign = signs[int(rng.integers(len(signs)))]
            objects.append(self._turning(float(at), float(rng.choice([-4.8, 4.8])), sign))
        return objects

    def _turning(self, distance: float, left: float, cutout: Cutout) -> Variant[Panel]:
        x, y = self.centre_line.at(distance, left)
        panel = Panel((float(x), float(y)), (float(x), float(y)), cutout, back=True)
        return Variant(1.0, [panel], [panel])

    def _parked(self, side: int, rng: np.random.Generator) -> list[Variant[Panel]]:
        cars = [textures.car(paint) for paint in textures.CAR_PAINT]
        bays = []
        start, end = self.centre_line.span
        for at in np.arange(start, end - 5.0, 5.6).tolist():
            occupied = rng.random() < 0.55
            original, other = (
                self._car(
                    float(at + rng.uniform(-0.4, 0.4)), side, cars[int(rng.integers(len(cars)))]
                )
                for _ in range(2)
            )
            changed = other if rng.random() < 0.5 else []
            bays.append(Variant(float(rng.random()), original if occupied else [], changed))
        return bays

    def _car(self, distance: float, side: int, car: tuple[Cutout, ...]) -> list[Panel]:
        profile, rear, screen, nose = car
        x, y = self.centre_line.at(distance, side * (LANE + KERB) / 2)
        yaw = float(self.centre_line.heading(distance)) + (pi if side > 0 else 0.0)

        def point(ahead: float, left: float) -> Point2D:
            return (
                float(x + ahead * cos(yaw) - left * sin(yaw)),
                float(y + ahead * sin(yaw) + left * cos(yaw)),
            )

        # The windscreen is a full-height panel behind the low nose; at the height of the camera
        # the far side fills the view over the bonnet.
        return [
            Panel(point(-2.0, -0.85), point(2.0, -0.85), profile, back=True),
            Panel(point(-2.0, 0.85), point(2.0, 0.85), profile, back=True),
            Panel(point(-2.0, 0.85), point(-2.0, -0.85), rear),
            Panel(point(0.5, -0.85), point(0.5, 0.85), screen),
            Panel(point(2.0, -0.85), point(2.0, 0.85), nose),
        ]


def _chosen(choices: list[Variant[T]], changed: float) -> list[T]:
    return [part for c in choices for part in (c.changed if c.luck < changed else c.original)]
