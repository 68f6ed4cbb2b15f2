"""
Every place against its own typical response, so that all answer on one scale.

Some output neurons answer to everything (the hyperactive neurons of VPRSNN, Hussaini, Milford and
Fischer, RA-L 2022 and ICRA 2023), and modules each have a scale of their own. What a place usually
answers is measured on the reference: to the frames of all other places.
"""

from __future__ import annotations

from types import ModuleType
from typing import Iterable

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles, Floats, Indices
from ..network.segments import Segments
from ..statistics import Statistics
from ..support.large import is_large
from .stages import FrameTiming, Scores

# Fewer values than this do not show a mean and a deviation; the rest is assumed to be statistics.
_ENOUGH = 10.0

# A neuron whose mean or deviation is this many times further out than three quarters of the others
# are is called hyperactive.
_FAR = 5.0


def loops_for(places: int) -> ModuleType | None:
    """Return the compiled loops; None: NumPy is as fast, without the import of numba."""
    if not is_large(places):
        return None
    from . import kernels

    return kernels


class Normaliser:
    """
    Scores in deviations: of each place from its typical response, then of all places of the frame.

    After the second step wrong places are about N(0, 1) for any light and the contrast of
    the frame did to the responses.
    """

    def __init__(self, statistics: Statistics) -> None:
        """Take mean and deviation of the response of each place, float32 (places,)."""
        self._mean = statistics.mean
        self._scale: Floats = np.float32(1) / statistics.std
        self._loops = loops_for(len(self._mean))

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return the scores in deviations; what is not finite stays so."""
        if self._loops:
            return self._compiled(scores, self._loops)
        # What is not finite, or too large to be squared, is not worth a warning here.
        with np.errstate(invalid='ignore', over='ignore'):
            scaled: Scores = scores - self._mean
            scaled *= self._scale
            count = len(scaled)
            scaled -= np.float32(float(np.add.reduce(scaled)) / (count + _ENOUGH))
            power = float(scaled @ scaled)
            scaled *= np.float32(np.sqrt((count + _ENOUGH) / (power + _ENOUGH)))
        return scaled

    def _compiled(self, scores: Scores, loops: ModuleType) -> Scores:
        """Return the same from compiled loops."""
        found = np.empty_like(scores)
        total, power = loops.deviations(scores, self._mean, self._scale, found)
        count = len(scores)
        centre = total / (count + _ENOUGH)
        with np.errstate(invalid='ignore', over='ignore'):
            power += centre * (count * centre - 2.0 * total)
            unit = np.sqrt(np.float64(count + _ENOUGH) / (power + _ENOUGH))
            loops.scaled(found, np.float32(centre), np.float32(unit))
        return found

    def reset(self) -> None:
        """Nothing is remembered."""

    def continue_from(self, before: Normaliser, source: Indices) -> None:
        """Nothing is remembered."""


def measure_response_statistics(
    rows: Iterable[tuple[int, Scores]],
    places: int,
    tolerance: int,
    segments: Segments | None = None,
) -> Statistics:
    """
    Return mean and deviation of each place's response to frames of other places.

    :param rows: the place of a frame and the similarities float32 (places,) to it.
    :param tolerance: frames up to this many places away are of the place itself.
    :param segments: which places are neighbours; None: all in order.
    """
    segments = segments or Segments.of([places])
    count = np.zeros(places)
    total = np.zeros(places)
    squares = np.zeros(places)
    others = np.ones(places, bool)
    for place, row in rows:
        near = segments.around(place, tolerance)
        others[near] = False
        values = np.where(others, row, 0.0).astype(np.float64)
        count += others
        total += values
        squares += values * values
        others[near] = True
    mean = total / np.maximum(count, 1)
    variance = np.maximum(squares / np.maximum(count, 1) - mean * mean, 0.0)
    # A place that was tried on few frames, or none, is taken for a typical one; of which a few that
    # answer to everything must give no wrong idea.
    tried = count > 0
    if tried.any():
        mean[~tried] = np.median(mean[tried])
        variance = shrunk(variance, count, float(np.median(variance[tried])))
    deviation = np.sqrt(variance)
    # All alike: nothing to go by, and nothing to divide by.
    deviation[deviation == 0.0] = 1.0
    return Statistics(mean.astype(np.float32), deviation.astype(np.float32))


def shrunk(
    variance: Doubles | float, count: Doubles | float, typical: float
) -> NDArray[np.float64]:
    """Return variances over `count` frames, nearer to the typical one where these are few."""
    return np.asarray((variance * count + typical * _ENOUGH) / (count + _ENOUGH))


def softened(statistics: Statistics, part: float) -> Statistics:
    """
    Return statistics with which `Normaliser` removes only a part of the differences of places.

    Some neurons respond to everything and should be scaled down; but a place that differs much from
    all others also responds strongly where it is right, and full normalisation costs moved views.

    :param part: 0: scores as they are, but for a common scale; 1: full normalisation.
    """
    if part == 1.0:
        return statistics
    middle = float(np.median(statistics.std))
    ratio = statistics.std / middle if middle > 0 else np.ones_like(statistics.std)
    return Statistics(
        (statistics.mean * part).astype(np.float32), (ratio**part * middle).astype(np.float32)
    )


def hyperactive(statistics: Statistics) -> NDArray[np.intp]:
    """Return the places whose neurons answer to everything far more than others do."""
    found = np.zeros(len(statistics.mean), bool)
    # At the ends of a route, means are a little higher: they have fewer neighbours.
    scatter = float(np.median(statistics.std))
    for values, least in ((statistics.mean, scatter), (statistics.std, 0.0)):
        middle, upper = np.percentile(values, (50, 75))
        # Values that differ by rounding only are equal.
        spread = max(upper - middle, least, 1e-6 * float(np.abs(values).max()))
        found |= values - middle > _FAR * spread
    return np.flatnonzero(found)
