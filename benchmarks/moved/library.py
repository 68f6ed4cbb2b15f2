"""Grey textures packed for the ray caster: one flat array, each texture with halved copies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.demo.textures import Cutout, Pixels

LEVELS = 8
"""Copies of each texture, each half the size of the one before; the smallest is repeated."""


@dataclass(frozen=True)
class Library:
    """
    All textures of a scene.

    `texels` is uint8 (n, 2): grey multiplied by alpha, and alpha. `levels` is int64
    (textures, LEVELS, 3): first texel, rows and columns. `opaque` is bool (textures,).
    """

    texels: NDArray[np.uint8]
    levels: NDArray[np.int64]
    opaque: NDArray[np.bool_]


class Shelf:
    """Collects textures; each gets the number by which quads name it."""

    def __init__(self) -> None:
        """Begin empty."""
        self._pictures: list[NDArray[np.uint8]] = []
        self._known: dict[int, int] = {}
        self._kept: list[object] = []

    def picture(self, pixels: Pixels) -> int:
        """Add an opaque picture, uint8 RGB (h, w, 3) or grey (h, w); return its number."""
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels
        self._pictures.append(np.dstack([grey, np.full_like(grey, 255)]))
        return len(self._pictures) - 1

    def cutout(self, shape: Cutout) -> int:
        """Add a cut-out, or find it if it was added before; return its number."""
        if id(shape) not in self._known:
            rgba = shape.levels[0]
            grey = cv2.cvtColor(np.ascontiguousarray(rgba[..., :3]), cv2.COLOR_RGB2GRAY)
            self._pictures.append(np.dstack([grey, rgba[..., 3]]))
            self._known[id(shape)] = len(self._pictures) - 1
            self._kept.append(shape)  # while it lives, no other object has its id
        return self._known[id(shape)]

    def packed(self) -> Library:
        """Return everything added so far as arrays for the caster."""
        parts: list[NDArray[np.uint8]] = []
        levels = np.zeros((len(self._pictures), LEVELS, 3), np.int64)
        first = 0
        for number, picture in enumerate(self._pictures):
            level = picture
            for depth in range(LEVELS):
                levels[number, depth] = first, level.shape[0], level.shape[1]
                parts.append(level.reshape(-1, 2))
                first += len(parts[-1])
                rows, columns = level.shape[:2]
                if min(rows, columns) > 2:
                    level = np.asarray(
                        cv2.resize(
                            level,
                            ((columns + 1) // 2, (rows + 1) // 2),
                            interpolation=cv2.INTER_AREA,
                        ),
                        np.uint8,
                    )
        opaque = np.array([bool(picture[..., 1].min() == 255) for picture in self._pictures])
        return Library(np.concatenate(parts), levels, opaque)
