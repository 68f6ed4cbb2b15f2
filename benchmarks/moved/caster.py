"""
A ray caster for upright quads over a floor, compiled.

Along an image column every upright quad has one depth. Quads are painted front to back, so what
is hidden is never sampled; the demo's camera, which paints houses and cars in colour and large,
takes several times as long for small pictures and knows no ceilings.
"""

from __future__ import annotations

from math import tan

import cv2
import numpy as np
from numpy.typing import NDArray

from .kernels import cast
from .scene import Plane, Quad, Scene


class Caster:
    """
    A level pinhole camera in a scene.

    `size` is (height, width) in pixels, `field` the field of view across in radians, `height`
    the camera's height in metres, `horizon` where the horizon is in shares of the picture from
    its top. `oversample` rays a pixel in each direction are averaged.
    """

    def __init__(
        self,
        scene: Scene,
        size: tuple[int, int],
        field: float,
        height: float,
        horizon: float = 0.5,
        oversample: int = 2,
    ) -> None:
        """Take the scene into arrays."""
        self.size, self.scene = size, scene
        # Column by column in memory, as they are cast.
        self._canvas = np.zeros((size[1] * oversample, size[0] * oversample), np.float32)
        self.focal = self._canvas.shape[0] / 2 / tan(field / 2)
        self._height, self._horizon = height, horizon * self._canvas.shape[1]
        self._geometry, self._kinds = _arrays(scene.quads)
        self._gains = np.stack([scene.gains, [q.glow for q in scene.quads]], axis=1)
        self._floor = scene.floor.pyramid()
        top = scene.ceiling
        self._ceiling = top.pyramid() if top else (np.zeros(1, np.uint8), np.ones((6, 3), np.int64))
        self._planes = np.array(
            [_place(scene.floor), _place(top) if top else (0.0, 0.0, 1.0, -1.0)]
        )

    def render(
        self,
        x: float,
        y: float,
        yaw: float,
        pitch: float = 0.0,
        extra: list[Quad] | None = None,
        light: float = 1.0,
    ) -> NDArray[np.float32]:
        """
        Return what is seen from (x, y) along yaw, float32 (height, width), 0 to about 255.

        `pitch` tips the camera up, in radians; `extra` quads are in this picture only, under
        `light`.
        """
        geometry, kinds, gains = self._geometry, self._kinds, self._gains
        if extra:
            more, more_kinds = _arrays(extra)
            geometry, kinds = np.concatenate([geometry, more]), np.concatenate([kinds, more_kinds])
            lit = np.array([[light * q.takes, q.glow] for q in extra])
            gains = np.concatenate([gains, lit])
        library, scene = self.scene.library, self.scene
        # One type for each argument, or the loops would be compiled once more.
        cast(
            self._canvas,
            float(x),
            float(y),
            float(yaw),
            self.focal,
            self._horizon + self.focal * tan(pitch),
            float(self._height),
            geometry,
            kinds,
            gains,
            library.texels,
            library.levels,
            library.opaque,
            *self._floor,
            *self._ceiling,
            self._planes,
            scene.sky,
            float(scene.visibility),
            float(scene.haze),
            float(scene.shine),
        )
        small = cv2.resize(self._canvas, self.size, interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small.T)


def _place(plane: Plane) -> tuple[float, float, float, float]:
    return *plane.corner, plane.density, plane.height


def _arrays(quads: list[Quad]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    geometry = np.array([(*q.start, *q.end, q.low, q.high) for q in quads], np.float64)
    kinds = np.array([(q.texture, q.facing) for q in quads], np.int64)
    return geometry.reshape(-1, 6), kinds.reshape(-1, 2)
