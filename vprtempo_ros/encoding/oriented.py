"""
Encoder `oriented`: the energy of oriented edges, pooled over cells.

Gradients of a small image are sorted by direction into channels (simple cells of the visual cortex:
an edge from dark to bright differs from one from bright to dark), pooled over overlapping cells
(complex cells), and divided by the energy around them (divisive normalisation: Heeger, Visual
Neuroscience 1992). The steps are those of histograms of oriented gradients (Dalal and Triggs, CVPR
2005), with cells wide enough that a view may shift by a part of one. Alternatives that were tried:
docs/research/recall.md.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..arrays import Floats, Numbers, Spikes
from ..config import OrientedConfig
from ..errors import ConfigError
from ..frames import Image
from .edges import Edges, Layout
from .profile import POOLED

# The image is halved while it is at least this many times larger than the small image.
_HALVE = 4
# Side of the box of cells over which energy is averaged, odd.
_AROUND = 3
# Square root of grey: sensor noise has the same variance at all levels (Anscombe, Biometrika 1948).
_ROOT = (np.sqrt(np.arange(256)) / 16).astype(np.float32)
_ROOT16 = np.float32(1 / (16 * np.sqrt(257)))
# Root mean square that event counts are scaled to, a common value of grey images.
_COMMON_RMS = np.float32(0.6)


class OrientedEncoder:
    """Turns images into spikes; calling it with an `Image` gives uint8 (length,)."""

    name = 'oriented'
    profile = POOLED

    def __init__(self, config: OrientedConfig) -> None:
        """
        Prepare for the sizes of `config`.

        :raises ConfigError: if an orientation has no opposite, or a cell no pixel.
        """
        if config.orientations % 2:
            raise ConfigError(
                'encoding.oriented.orientations: expected an even number, found '
                f'{config.orientations}'
            )
        if config.cells > config.side:
            raise ConfigError(
                'encoding.oriented.cells: expected no more than encoding.oriented.'
                f'side ({config.side}), found {config.cells}'
            )
        self._side, self._bins, self._cells = config.side, config.orientations, config.cells
        self.length = self._bins * self._cells * self._cells
        pool = _windows(self._side, self._cells)
        self._across = np.ascontiguousarray(pool.T)
        # Boxes at the border contain fewer cells.
        count = _box(np.ones((self._cells, self._cells), np.float32))
        self._layout = Layout(pool, count, self._bins, config.opposite)
        self._edges = Edges(self._layout)

    def __call__(self, image: Image) -> Spikes:
        """Return the spikes of an image: uint8 (length,), by row, orientation and column."""
        return self.spikes(self.energy(self.shrink(image)))

    def compile(self) -> None:
        """Encode the same spikes faster from now on, which takes numba a second to prepare."""
        from .kernels import CompiledEdges

        self._edges = CompiledEdges(self._layout)

    def shrink(self, image: Image) -> Floats:
        """
        Return the small image with compressed tones, float32 (side, side).

        That is the square root of grey, 0 to 1. Event counts keep their sign and are scaled to a
        common contrast, since they have no white level.
        """
        plane = image.plane()
        while min(plane.shape) >= _HALVE * self._side:
            plane = cv2.resize(
                plane, (plane.shape[1] // 2, plane.shape[0] // 2), interpolation=cv2.INTER_AREA
            )
        kind = plane.dtype
        # OpenCV averages floats faster than integers. Rounded, the results are the same, but not
        # where an image is enlarged.
        if min(plane.shape) >= self._side:
            plane = plane.astype(np.float32, copy=False)
        small = cv2.resize(plane, (self._side, self._side), interpolation=cv2.INTER_AREA)
        if small.dtype != kind:
            small = np.rint(small).astype(kind)
        if kind == np.uint8:
            return np.asarray(cv2.LUT(small, _ROOT))
        if kind == np.uint16:
            return np.sqrt(small.astype(np.float32)) * _ROOT16
        root = np.copysign(np.sqrt(np.abs(small)), small).astype(np.float32)
        mean_square = float(np.abs(small).mean())
        return root * (_COMMON_RMS / np.float32(np.sqrt(mean_square))) if mean_square > 0 else root

    def energy(self, small: Floats) -> Floats:
        """Return the pooled strength of edges, float32 (rows, orientations, columns)."""
        strength, angle = cv2.cartToPolar(*self._edges.gradients(small))
        rows = self._edges.sorted(strength.reshape(-1), angle.reshape(-1))
        # Small enough for BLAS to use one thread: on a busy machine threads wait for each other for
        # milliseconds.
        pooled: Floats = rows.reshape(-1, self._side) @ self._across
        pooled = pooled.reshape(self._cells, self._bins, self._cells)
        self._edges.add_opposite(pooled)
        return pooled

    def spikes(self, energy: Floats) -> Spikes:
        """Return energy relative to that of all orientations in the surrounding cells, uint8."""
        power = np.einsum('rbc,rbc->rc', energy, energy)
        return self._edges.relative(energy, _box(power)).reshape(-1)

    def mirrored(self, spikes: Spikes) -> Spikes:
        """Return the spikes uint8 (frames, length) of frames mirrored left to right."""
        shape = (len(spikes), self._cells, self._bins, self._cells)
        # An edge at angle a is then at half a circle minus a.
        mirrored = (self._bins // 2 - np.arange(self._bins)) % self._bins
        turned = spikes.reshape(shape)[:, :, mirrored, ::-1]
        return np.ascontiguousarray(turned).reshape(len(spikes), self.length)


def _windows(pixels: int, cells: int) -> Floats:
    """Return weights float32 (cells, pixels): triangles that reach to the next cell's centre."""
    size = pixels / cells
    middle = (np.arange(cells) + 0.5) * size
    apart = np.abs(np.arange(pixels) + 0.5 - middle[:, np.newaxis]) / size
    weights = np.maximum(1.0 - apart, 0.0)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _box(values: Numbers) -> Floats:
    return np.asarray(
        cv2.boxFilter(
            values, cv2.CV_32F, (_AROUND, _AROUND), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
    )
