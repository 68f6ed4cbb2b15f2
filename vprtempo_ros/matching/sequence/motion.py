"""How far a robot may have come along the route: speeds, and the spread within each of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...arrays import Doubles
from ...config import SequenceConfig
from .progress import Step

# Odometry may show this much too little or too much: places of a map are not all as far apart as
# their median, wheels slip, and lanes differ in length.
_ODOMETRY_ERROR = 0.2

# Up to this speed cells are equally wide; one that begins at a higher speed is this part of that
# speed times as wide.
_EVEN, _EVEN_WIDTH = 3.0, 1.5


class Motion:
    """
    A robot's way as a few hypotheses, each a cell of its speed.

    A speed is that relative to the reference and becomes places by the time; where odometry shows
    the way, the hypothesis is its error of scale instead. Cells are `spacing` wide up to the speed
    `_EVEN`; above it they grow with the speed, so that few of them reach far.

    Attributes: speeds float64 (speeds,), one of them 1 if the range has it, so that a robot as fast
    as the reference is met exactly; widths, those of the cells; even, the number of those that are
    `spacing` wide, which come first.
    """

    def __init__(self, config: SequenceConfig, spacing: float) -> None:
        """Cover the speeds from `slowest` to `fastest`, in either order."""
        low, high = sorted((config.slowest, config.fastest))
        middle = min(max(1.0, low), high)
        evenly = min(high, max(middle, _EVEN))
        below, above = (
            max(0, math.ceil(reach / spacing - 0.5 - 1e-9))
            for reach in (middle - low, evenly - middle)
        )
        steps = np.arange(-below, above + 1, dtype=np.float64)
        speeds, widths = (middle + spacing * steps).tolist(), [spacing] * len(steps)
        self.even = len(steps)
        edge = middle + spacing * (above + 0.5)
        while edge < high - 1e-9:
            widths.append(spacing * edge / _EVEN_WIDTH)
            speeds.append(edge + widths[-1] / 2)
            edge += widths[-1]
        self.speeds: Doubles = np.array(speeds)
        self.widths: Doubles = np.array(widths)
        reach = max(below, above, 1)
        # Odometry is no less exact for a fast robot.
        errors = np.r_[steps, np.full(len(speeds) - len(steps), above)]
        self._scales: Doubles = 1.0 + errors * (_ODOMETRY_ERROR / reach)
        self._speed_column, self._scale_column = self.speeds[:, None], self._scales[:, None]
        self._half_speed = self.widths[:, None] / 2
        self._half_scale = _ODOMETRY_ERROR / reach / 2

    def come(self, time: Doubles | float, way: Doubles | float) -> Doubles:
        """
        Return the places come by each hypothesis, float64 (speeds, times).

        :param time: and way: as in `Step`, float64 (times,) or a number.
        """
        return self._speed_column * time + self._scale_column * way

    def spread(self, step: Step, centre: Doubles) -> tuple[int, NDArray[np.float32]]:
        """
        Return for each hypothesis which part of it comes how many places further.

        The parts float32 (speeds, taps) of each hypothesis sum to 1, part k is first + k places
        further. A cell's speeds are equally likely, and so are the positions within a place: the
        parts are the triangle of two places' overlap, averaged over the cell.

        :param centre: the places come in this step, float64 (speeds, 1), as `come` returns them.
        """
        half = np.maximum(self._half_speed * step.time + self._half_scale * abs(step.way), 1e-6)
        first = math.floor((centre - half).min())
        last = math.ceil((centre + half).max())
        at = centre - np.arange(first, last + 1)
        # The integral of the triangle max(0, 1 - |t|) up to x, but for a constant, is
        # x (1 - |x| / 2) for x within -1 and 1.
        x = np.empty((2, *at.shape))
        np.add(at, half, out=x[0])
        np.subtract(at, half, out=x[1])
        np.maximum(x, -1.0, out=x)
        np.minimum(x, 1.0, out=x)
        area = np.abs(x)
        area *= -0.5
        area += 1.0
        area *= x
        parts = area[0] - area[1]
        parts /= 2 * half
        return first, parts.astype(np.float32)
