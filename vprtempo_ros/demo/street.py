"""The shape of the demo street: its centre line and the upright objects along it."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from .textures import Cutout

AnyFloats = NDArray[np.floating]
Point2D = tuple[float, float]

LANE, KERB, FRONTS = 2.2, 4.3, 7.2
"""Metres from the centre line to the edge of the lane, to the kerb and to the house fronts."""


class CentreLine:
    """The middle of the street: straights and bends, starting at the origin, by arc length."""

    STEP = 0.25
    BEFORE, BEYOND = 30.0, 90.0
    """Metres of street before the start and after the end that are built, but not driven."""

    def __init__(self, rng: np.random.Generator, length: float) -> None:
        """Draw a line; `length` metres of it are driven."""
        self.length = length
        heading, at = 0.0, float(rng.uniform(18.0, 26.0))
        knots, headings = [-self.BEFORE, at], [0.0, 0.0]
        while at < length:
            left = heading < 0.0 if abs(heading) > 0.5 else rng.random() < 0.5
            turn = float(rng.uniform(0.6, 1.2)) * (1 if left else -1)
            at, heading = at + abs(turn) * float(rng.uniform(17.0, 22.0)), heading + turn
            knots.append(at)
            headings.append(heading)
            at += float(rng.uniform(18.0, 32.0))
            knots.append(at)
            headings.append(heading)
        self._s = np.arange(-self.BEFORE, length + self.BEYOND, self.STEP)
        # Averaging over 6 m makes the curvature continuous, as a driver steers.
        fine = np.interp(self._s[:, None] + np.linspace(-3.0, 3.0, 25), knots, headings)
        self._heading = fine.mean(axis=1)
        steps = self.STEP * np.stack([np.cos(self._heading), np.sin(self._heading)], axis=1)
        middle = (steps[1:] + steps[:-1]) / 2
        self._xy = np.concatenate([np.zeros((1, 2)), np.cumsum(middle, axis=0)])
        self._xy -= self.at(0.0)

    def at(self, distance: float | AnyFloats, left: float | AnyFloats = 0.0) -> Doubles:
        """Return x and y (..., 2), `left` metres left of the line at arc length `distance`."""
        heading = self.heading(distance)
        x, y = (np.interp(distance, self._s, self._xy[:, axis]) for axis in (0, 1))
        return np.stack([x - left * np.sin(heading), y + left * np.cos(heading)], axis=-1)

    def heading(self, distance: float | AnyFloats) -> Doubles:
        """Return the direction of the line in radians; it does not wrap."""
        return np.asarray(np.interp(distance, self._s, self._heading))

    @cached_property
    def points(self) -> Doubles:
        """The whole line as built, float64 (n, 2)."""
        return self._xy

    @property
    def span(self) -> tuple[float, float]:
        """Arc lengths between which the street is built."""
        return float(self._s[0]), float(self._s[-1])


class Wall(NamedTuple):
    """A wall of a house, its outside to the right of start to end; patch: index in the atlas."""

    start: Point2D
    end: Point2D
    height: float
    patch: int


class Panel(NamedTuple):
    """
    A cut-out standing between two points, or, if these are equal, turned to the camera.

    Its outside is to the right of start to end; `back`: whether it is visible from behind too.
    """

    start: Point2D
    end: Point2D
    cutout: Cutout
    back: bool = False
