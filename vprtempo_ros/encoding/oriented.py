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

from types import ModuleType

import cv2
import numpy as np

from ..arrays import Doubles, Floats, Numbers, Spikes
from ..config import OrientedConfig
from ..errors import ConfigError
from ..frames import Image
from .profile import POOLED

# The image is halved while it is at least this many times larger than the small image.
_HALVE = 4
# Side of the box of cells over which energy is averaged, odd.
_AROUND = 3
# Contrast of noise: amplitude of the square root of grey, 0 to 1.
_NOISE = np.float32(0.06)
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
        self._opposite = np.float32(config.opposite)
        self.length = self._bins * self._cells * self._cells
        self._pool = _windows(self._side, self._cells)
        self._across = np.ascontiguousarray(self._pool.T)
        # Boxes at the border contain fewer cells.
        self._count = _box(np.ones((self._cells, self._cells), np.float32))
        # Each row of pixels contributes to two rows of cells, with these weights.
        self._rows = np.argsort(-self._pool, axis=0, kind='stable')[:2]
        weights = np.take_along_axis(self._pool, self._rows, axis=0)
        self._weights = np.repeat(weights, self._side, axis=1)
        # Index of each contribution to orientation 0 in an array (row, orientation, column). Two
        # more orientations take what is past the last one: a whole turn, and the one after it.
        column = np.tile(np.arange(self._side), self._side)
        self._origin = (
            np.repeat(self._rows, self._side, axis=1) * ((self._bins + 2) * self._side) + column
        )
        self._turn = np.float32(self._bins / (2 * np.pi))
        self._loops: ModuleType | None = None

    def __call__(self, image: Image) -> Spikes:
        """Return the spikes of an image: uint8 (length,), by row, orientation and column."""
        return self.spikes(self.energy(self.shrink(image)))

    def compile(self) -> None:
        """Encode the same spikes faster from now on, which takes numba a second to prepare."""
        from . import kernels

        self._loops = kernels

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
        bins, side, cells = self._bins, self._side, self._cells
        strength, angle = cv2.cartToPolar(*gradients(small))
        strength, angle = strength.reshape(-1), angle.reshape(-1)
        if self._loops is None:
            rows = self._sorted(strength, angle)
        else:
            rows = np.zeros((cells, bins + 2, side))
            self._loops.sorted_edges(strength, angle, self._turn, self._rows, self._weights, rows)
        rows[:, :2] += rows[:, bins:]
        pooled: Floats = rows[:, :bins].astype(np.float32).reshape(-1, side) @ self._across
        pooled = pooled.reshape(cells, bins, cells)
        if self._opposite > 0.0:
            half, opposite = bins // 2, self._opposite * pooled
            pooled[:, :half] += opposite[:, half:]
            pooled[:, half:] += opposite[:, :half]
        return pooled

    def _sorted(self, strength: Floats, angle: Floats) -> Doubles:
        """Return the sums float64 (cells, orientations + 2, side) of edges float32 (pixels,)."""
        bins, side, cells = self._bins, self._side, self._cells
        # An edge contributes to the two orientations next to its own.
        position = angle * self._turn
        first = np.floor(position)
        position -= first
        shares = np.empty((2, side * side), np.float32)
        np.multiply(strength, position, out=shares[1])
        np.subtract(strength, shares[1], out=shares[0])
        first *= np.float32(side)
        where = np.empty((2, 2, side * side), np.intp)
        np.add(self._origin, first.astype(np.intp), out=where[0])
        np.add(where[0], side, out=where[1])
        amount = shares[:, np.newaxis] * self._weights
        # Sums, not a matrix product over rows: the remaining product is small enough for BLAS to
        # use one thread; on a busy machine its threads wait for each other for milliseconds.
        sums = np.bincount(where.reshape(-1), amount.reshape(-1), cells * (bins + 2) * side)
        return sums.reshape(cells, bins + 2, side).astype(np.float64, copy=False)

    def spikes(self, energy: Floats) -> Spikes:
        """Return energy relative to that of all orientations in the surrounding cells, uint8."""
        # Running sums can end slightly below zero where there are no edges.
        power = np.einsum('rbc,rbc->rc', energy, energy)
        around = np.maximum(_box(power), 0.0) / self._count
        scaled = energy * (np.float32(255.0) / (np.sqrt(around) + _NOISE))[:, np.newaxis]
        np.minimum(scaled, np.float32(255.0), out=scaled)
        return np.rint(scaled, out=scaled).astype(np.uint8).reshape(-1)

    def mirrored(self, spikes: Spikes) -> Spikes:
        """Return the spikes uint8 (frames, length) of frames mirrored left to right."""
        shape = (len(spikes), self._cells, self._bins, self._cells)
        # An edge at angle a is then at half a circle minus a.
        mirrored = (self._bins // 2 - np.arange(self._bins)) % self._bins
        turned = spikes.reshape(shape)[:, :, mirrored, ::-1]
        return np.ascontiguousarray(turned).reshape(len(spikes), self.length)


def gradients(small: Floats) -> tuple[Floats, Floats]:
    """
    Return the differences of the neighbours of each pixel: right and left, below and above it.

    Borders are repeated.

    :param small: float32 (rows, columns), contiguous, as are the two that are returned.
    """
    # Over all rows at once, as a row alone is too short for a fast loop; OpenCV's filters take
    # several times as long to set up. What this makes of the borders is overwritten.
    across, down = np.empty_like(small), np.empty_like(small)
    flat = small.reshape(-1)
    np.subtract(flat[2:], flat[:-2], out=across.reshape(-1)[1:-1])
    np.subtract(small[:, 1], small[:, 0], out=across[:, 0])
    np.subtract(small[:, -1], small[:, -2], out=across[:, -1])
    np.subtract(small[2:], small[:-2], out=down[1:-1])
    np.subtract(small[1], small[0], out=down[0])
    np.subtract(small[-1], small[-2], out=down[-1])
    return across, down


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
