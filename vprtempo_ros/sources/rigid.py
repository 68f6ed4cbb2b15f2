"""Rigid transforms as positions and unit quaternions: their product, inverse and interpolation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles


class Rigid(NamedTuple):
    """Transforms: positions in m float64 (..., 3) and quaternions xyzw float64 (..., 4)."""

    positions: Doubles
    orientations: Doubles

    def at(self, rows: NDArray[np.int64]) -> Rigid:
        """Return those of some rows."""
        return Rigid(self.positions[rows], self.orientations[rows])


def rigid_of(values: Doubles) -> Rigid:
    """Return transforms of x, y, z, qx, qy, qz, qw, float64 (n, 7); quaternions of any length."""
    quaternions = values[:, 3:]
    lengths = np.linalg.norm(quaternions, axis=1, keepdims=True)
    return Rigid(values[:, :3], quaternions / lengths)


def composed(first: Rigid, second: Rigid) -> Rigid:
    """Return first * second: from the frame that `second` leads to, to that of `first`."""
    moved = first.positions + rotated(first.orientations, second.positions)
    return Rigid(moved, _product(first.orientations, second.orientations))


def inverse(given: Rigid) -> Rigid:
    """Return the transforms in the other direction."""
    back = given.orientations * np.array([-1.0, -1.0, -1.0, 1.0])
    return Rigid(-rotated(back, given.positions), back)


def rotated(quaternions: Doubles, vectors: Doubles) -> Doubles:
    """Return vectors (..., 3) rotated by unit quaternions (..., 4)."""
    axis, scalar = quaternions[..., :3], quaternions[..., 3:]
    twice = 2.0 * np.cross(axis, vectors)
    return np.asarray(vectors + scalar * twice + np.cross(axis, twice))


def between(start: Rigid, end: Rigid, part: Doubles) -> Rigid:
    """
    Return transforms at a part (...) of the step from `start` to `end`, 0 to 1.

    Positions are interpolated linearly, orientations along the shorter arc.
    """
    share = part[..., np.newaxis]
    positions = start.positions * (1 - share) + end.positions * share
    # q and -q are the same orientation: take the one on the side of `start`.
    same = (start.orientations * end.orientations).sum(axis=-1, keepdims=True) >= 0
    nearer = np.where(same, end.orientations, -end.orientations)
    mixed = start.orientations * (1 - share) + nearer * share
    lengths = np.linalg.norm(mixed, axis=-1, keepdims=True)
    known = lengths > 1e-9
    orientations = np.where(known, mixed / np.where(known, lengths, 1.0), [0.0, 0.0, 0.0, 1.0])
    return Rigid(positions, orientations)


def _product(first: Doubles, second: Doubles) -> Doubles:
    a, b, c, d = np.moveaxis(first, -1, 0)
    x, y, z, w = np.moveaxis(second, -1, 0)
    return np.stack(
        [
            d * x + a * w + b * z - c * y,
            d * y - a * z + b * w + c * x,
            d * z + a * y - b * x + c * w,
            d * w - a * x - b * y - c * z,
        ],
        axis=-1,
    )
