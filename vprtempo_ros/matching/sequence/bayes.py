"""A belief over all places, the speed, and being off the map (discrete Bayes filter)."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from ...config import SequenceConfig
from ..stages import FrameTiming, Route, Scores
from . import vectorised
from .motion import Motion
from .progress import Progress, Step

# Width of a cell of the speed, relative to the reference.
_SPEED_SPACING = 0.5

# Probability that the speed becomes another, for each place of the way.
_SPEED_CHANGE = 0.05

# Probability that the right place does not stand out at all: something is in front of it.
_SPOILT = 0.3

# Maps of this number of places or more use compiled loops. Smaller ones are fast enough in NumPy,
# and their nodes need not wait for the import of numba, which takes a second.
_COMPILED_FROM = 5000

# Beliefs nearer to 0 and 1 than these are beyond the float32 sums that they come from.
_LEAST, _NEAREST_TO_ONE = np.float32(1e-12), np.float32(1e-6)


class Bayes:
    """
    Believes in places as far as they fit the frames and the way between them.

    A histogram over (place, speed) with one state off the map, as in Xu, Sunderhauf and Milford,
    Probabilistic Visual Place Recognition for Hierarchical Localization (RA-L 2020); the speed is
    part of the state as it is its constancy that makes a sequence tell so much. Predict: each
    speed moves its belief by the places come, and sometimes becomes another; belief that passes
    an end of the map, and a part `leaving` of the rest, goes off the map; of what is off a part
    `returning` comes back, to any place, so that a robot that was carried elsewhere is found
    again. Update: scores of wrong places are N(0, 1), that of the right one is N(sharpness, 1)
    unless the view is spoilt; off the map all are wrong (the unknown place of FAB-MAP, Cummins
    and Newman, IJRR 2008).

    Successive frames are not independent: look-alikes stay look-alikes. The mean of values that
    correlate by r from each to the next deviates by sqrt((1 + r) / (1 - r)) times as much as that
    of independent ones. The evidence of each speed is divided by that, r being how the scores of
    wrong places correlate along this speed, relative to the speed with the least; otherwise a
    look-alike that is seen twice by a standing robot would count as one met twice while driving.

    What comes out is the log odds of each place, log(b / (1 - b)), between -28 and 14; all b sum
    to 1 less the belief to be off the map. Of a robot between two places each has a part: the
    belief to be within a tolerance is the sum of the b within it. Float32, finite.
    """

    def __init__(self, route: Route, config: SequenceConfig) -> None:
        """Take memory for the belief and compile, if need be, the loops over the places."""
        self._loops = _loops(route.places)
        self._progress = Progress(route, config.odometry)
        self._motion = Motion(config, _SPEED_SPACING)
        self._sharpness = np.float32(config.sharpness)
        self._leaving, self._returning = config.leaving, config.returning
        shape = (len(self._motion.speeds), route.places)
        self._belief, self._moved, self._ratios = (np.empty(shape, np.float32) for _ in range(3))
        self._scores, self._before, self._total = (
            np.zeros(route.places, np.float32) for _ in range(3)
        )
        self._alike, self._speeds = (np.empty(shape[0], np.float32) for _ in range(2))
        # Belief to be off the map, and mean absolute speed.
        self._off, self._speed = 0.0, 1.0
        self._forget()
        # Compiles where nothing is compiled yet.
        self._update(Step(1.0, 0.0, 1.0, 1.0, False, False))

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._progress.reset()
        self._forget()

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return the log odds; of a frame that is not finite only its time counts."""
        readable = bool(np.isfinite(scores).all())
        step = self._progress(scores if readable else None, timing, self._speed)
        if step.restart:
            self._forget()
        if readable:
            np.subtract(scores, scores.mean(), out=self._scores)
        off = self._update(step)
        if step.keep:
            self._belief, self._moved = self._moved, self._belief
            self._scores, self._before = self._before, self._scores
            self._off = off
            self._speed = float(np.average(np.abs(self._motion.speeds), weights=self._speeds))
        belief = self._total
        return np.log(np.maximum(belief, _LEAST) / np.maximum(1 - belief, _NEAREST_TO_ONE))

    def _forget(self) -> None:
        self._off = self._leaving / (self._leaving + self._returning)
        self._belief[:] = (1.0 - self._off) / self._belief.size
        self._before[:] = 0.0
        self._speed = 1.0

    def _update(self, step: Step) -> float:
        """Set `moved` and `total` to the belief after a step; return that of being off the map."""
        first, taps = self._motion.spread(step)
        self._loops.move(self._belief, first, taps, self._moved, self._total)
        leaving, returning, change = (
            1.0 - (1.0 - chance) ** step.come
            for chance in (self._leaving, self._returning, _SPEED_CHANGE)
        )
        on = min(1.0, float(self._total.sum(dtype=np.float64)))
        off = 1.0 - on * (1.0 - leaving)
        arrive = off * returning / self._belief.size
        off *= 1.0 - returning
        self._weigh_evidence(step)
        self._loops.weigh(
            self._moved,
            self._ratios,
            np.float32((1.0 - leaving) * (1.0 - change)),
            np.float32((1.0 - leaving) * change / len(first)),
            np.float32(arrive),
            np.float32(_SPOILT * step.weight),
            self._total,
            self._speeds,
        )
        whole = off + float(self._speeds.sum(dtype=np.float64))
        self._moved *= np.float32(1.0 / whole)
        self._total *= np.float32(1.0 / whole)
        return off / whole

    def _weigh_evidence(self, step: Step) -> None:
        """Set `ratios` to the likelihood ratios of right and wrong, tempered for each speed."""
        shifts = np.rint(self._motion.come(step.time, step.way)[:, 0]).astype(np.int64)
        self._loops.correlate(self._scores, self._before, shifts, self._alike)
        alike = np.clip(self._alike, 0.0, 0.999)
        gains = np.sqrt((1.0 - alike) / (1.0 + alike))
        gains *= np.float32(step.weight) / gains.max()
        self._loops.log_ratios(self._scores, self._sharpness, gains, self._ratios)
        np.exp(self._ratios, out=self._ratios)


def _loops(places: int) -> ModuleType:
    if places < _COMPILED_FROM:
        return vectorised
    from . import kernels

    return kernels
