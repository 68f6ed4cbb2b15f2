"""Ways through a world, and what a camera does along them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .scene import AnyFloats, Floats


class Track:
    """A smooth line on the ground by arc length, with the free width on both sides."""

    STEP = 0.05

    def __init__(self, corners: Floats, room: float | Floats, rounding: float = 0.0) -> None:
        """
        Lay the line through `corners`, float (n, 2) in metres.

        Corners are cut over about `rounding` metres. `room` is how far to either side of the
        line a camera may be, one figure or one for each piece between corners.
        """
        gaps = np.linalg.norm(np.diff(corners, axis=0), axis=1)
        knots = np.concatenate([[0.0], np.cumsum(gaps)])
        along = np.arange(0.0, knots[-1], self.STEP)
        fine = np.stack([np.interp(along, knots, corners[:, axis]) for axis in (0, 1)], axis=1)
        piece = np.clip(np.searchsorted(knots, along, side='right') - 1, 0, len(gaps) - 1)
        width = np.broadcast_to(np.asarray(room, np.float64), gaps.shape)[piece]
        half = int(rounding / 2 / self.STEP)
        if half:
            # Twice averaged: curvature begins and ends gently. Ends are continued straight.
            for _ in range(2):
                start = fine[0] - (fine[1 : half + 1] - fine[0])[::-1]
                end = fine[-1] + (fine[-1] - fine[-half - 1 : -1])[::-1]
                padded = np.concatenate([start, fine, end])
                total = np.cumsum(np.concatenate([np.zeros((1, 2)), padded]), axis=0)
                window = 2 * half + 1
                fine = (total[window:] - total[:-window]) / window
            wide = np.pad(width, half, mode='edge')
            width = np.lib.stride_tricks.sliding_window_view(wide, 2 * half + 1).min(axis=1)
        steps = np.linalg.norm(np.diff(fine, axis=0), axis=1)
        self._s = np.concatenate([[0.0], np.cumsum(steps)])
        self._xy, self._room = fine, width
        ahead = np.gradient(fine, axis=0)
        self._heading = np.unwrap(np.arctan2(ahead[:, 1], ahead[:, 0]))
        self.length = float(self._s[-1])

    def at(self, distance: Floats, left: float | Floats = 0.0) -> Floats:
        """Return x and y (n, 2), `left` metres left of the line at arc length `distance`."""
        heading = self.heading(distance)
        x, y = (np.interp(distance, self._s, self._xy[:, axis]) for axis in (0, 1))
        return np.stack([x - left * np.sin(heading), y + left * np.cos(heading)], axis=-1)

    def heading(self, distance: Floats) -> Floats:
        """Return the direction of the line in radians; it does not wrap."""
        return np.asarray(np.interp(distance, self._s, self._heading))

    def room(self, distance: Floats) -> Floats:
        """Return how many metres to either side of the line a camera may be."""
        return np.asarray(np.interp(distance, self._s, self._room))

    def nearest(self, x: float, y: float) -> float:
        """Return the arc length of the point of the line nearest to a position."""
        return float(self._s[np.argmin(np.sum((self._xy - (x, y)) ** 2, axis=1))])


@dataclass(frozen=True)
class Leg:
    """A stretch of a track that is driven in one go, from one arc length to another."""

    track: Track
    start: float
    end: float


class Poses(NamedTuple):
    """
    Where the camera was in each frame, and the nearest pose of the line.

    `camera` and `line` are float64 (n, 3), x and y in metres and yaw in radians; `stamps` float64
    (n,) in seconds; `pitch` (up) and `roll` (clockwise) float64 (n,) in radians.
    """

    camera: Floats
    line: Floats
    stamps: Floats
    pitch: Floats
    roll: Floats


def wander(rng: np.random.Generator, along: AnyFloats, period: float) -> Floats:
    """Return a smooth random signal of unit deviation that turns about every `period` metres."""
    waves = [
        np.sin(2 * np.pi * (along / period * pace + rng.random())) for pace in (0.53, 1.0, 1.71)
    ]
    return np.asarray(np.sum(waves, axis=0) * (2.0 / len(waves)) ** 0.5, np.float64)
