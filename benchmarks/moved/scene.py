"""What the ray caster draws: upright quads between a floor and a ceiling or the sky."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from .library import Library

Floats = NDArray[np.float64]
# In quotes: NumPy 1.21 has no parameters of scalar types.
AnyFloats: TypeAlias = 'NDArray[np.floating[Any]]'
Point = tuple[float, float]

ONE_SIDED, TWO_SIDED, TURNING = 0, 1, 2
"""How a quad faces: seen from the right of start to end only, from both sides, or always."""


class Quad(NamedTuple):
    """
    An upright rectangle with a texture, from `low` to `high` metres above the floor.

    A TURNING quad stands at `start` and is as wide as `end` is away from it. `glow` is its light
    of its own in units of daylight, with `takes` the share of the scene's light that it reflects.
    """

    start: Point
    end: Point
    low: float
    high: float
    texture: int
    facing: int = ONE_SIDED
    takes: float = 1.0
    glow: float = 0.0


@dataclass(frozen=True)
class Plane:
    """
    A floor or a ceiling as a picture seen from above, north up.

    `pixels` is uint8 (rows, columns), `density` pixels a metre; `corner` is the position of its
    upper left corner; `height` is in metres above the floor.
    """

    pixels: NDArray[np.uint8]
    corner: Point
    density: float
    height: float = 0.0

    def pyramid(self, levels: int = 6) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return the picture and halved copies, flat, and for each first pixel, rows, columns."""
        parts, shapes, level, first = [], [], self.pixels, 0
        for _ in range(levels):
            parts.append(level.ravel())
            shapes.append((first, *level.shape))
            first += level.size
            level = np.asarray(cv2.pyrDown(level), np.uint8)
        return np.concatenate(parts), np.array(shapes, np.int64)


@dataclass(frozen=True)
class Lamp:
    """A lamp: where it hangs and how much light, in units of daylight, it gives close by."""

    x: float
    y: float
    power: float
    reach: float


@dataclass(frozen=True)
class Scene:
    """
    A world on one day, lit.

    `quads` and their `gains` (float (n,), light in units of daylight) go together. Without a
    ceiling there is a sky, uint8 (rows, columns), once round from south anticlockwise.
    `visibility` is in metres, `haze` the grey level of far air, `shine` the share of the
    ceiling's light that the floor mirrors.
    """

    library: Library
    quads: list[Quad]
    gains: Floats
    floor: Plane
    ceiling: Plane | None = None
    sky: NDArray[np.uint8] = field(default_factory=lambda: np.full((4, 8), 200, np.uint8))
    visibility: float = 200.0
    haze: float = 200.0
    shine: float = 0.0
