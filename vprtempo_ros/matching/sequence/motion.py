"""How far a robot may have come along the route: speeds, and the spread within each of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...config import SequenceConfig
from .progress import Step

# Odometry may show this much too little or too much: places of a map are not all as far apart as
# their median, wheels slip, and lanes differ in length.
_ODOMETRY_ERROR = 0.2

Floats = NDArray[np.float64]


class Motion:
    """
    A robot's way as a few hypotheses, each a cell `spacing` wide of its speed.

    A speed is that relative to the reference and becomes places by the time; where odometry shows
    the way, the hypothesis is its error of scale instead. Attributes: speeds float64 (speeds,),
    one of them 1 if the range has it, so that a robot as fast as the reference is met exactly.
    """

    def __init__(self, config: SequenceConfig, spacing: float) -> None:
        """Cover the speeds from `slowest` to `fastest`, in either order."""
        low, high = sorted((config.slowest, config.fastest))
        middle = min(max(1.0, low), high)
        below, above = (
            max(0, math.ceil(reach / spacing - 0.5 - 1e-9))
            for reach in (middle - low, high - middle)
        )
        steps = np.arange(-below, above + 1, dtype=np.float64)
        self.speeds: Floats = middle + spacing * steps
        reach = max(below, above, 1)
        self._scales: Floats = 1.0 + steps * (_ODOMETRY_ERROR / reach)
        self._speed_column, self._scale_column = self.speeds[:, None], self._scales[:, None]
        self._half_speed, self._half_scale = spacing / 2, _ODOMETRY_ERROR / reach / 2

    def come(self, time: Floats | float, way: Floats | float) -> Floats:
        """
        Return the places come by each hypothesis, float64 (speeds, times).

        :param time: and way: as in `Step`, float64 (times,) or a number.
        """
        return self._speed_column * time + self._scale_column * way

    def spread(self, step: Step, centre: Floats) -> tuple[int, NDArray[np.float32]]:
        """
        Return for each hypothesis which part of it comes how many places further.

        The parts float32 (speeds, taps) of each hypothesis sum to 1, part k is first + k places
        further. A cell's speeds are equally likely, and so are the positions within a place: the
        parts are the triangle of two places' overlap, averaged over the cell.

        :param centre: the places come in this step, float64 (speeds, 1), as `come` returns them.
        """
        half = max(self._half_speed * step.time + self._half_scale * abs(step.way), 1e-6)
        # The places come grow or fall with the hypotheses.
        least, most = sorted((centre.item(0), centre.item(-1)))
        first, last = math.floor(least - half), math.ceil(most + half)
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
        parts *= 1.0 / (2 * half)
        return first, parts.astype(np.float32)
