"""A belief over all places, the speed, and being off the map (discrete Bayes filter)."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from ...arrays import Doubles, Indices
from ...config import SequenceConfig
from ..stages import FrameTiming, Route, Scores, all_finite, renumber
from . import vectorised
from .evidence import Evidence, gains, independence
from .motion import Motion
from .progress import NO_STEP, Progress, Step

# Width of a cell of the speed, relative to the reference.
_SPEED_SPACING = 0.5

# Probability of a new speed, per place of displacement.
_SPEED_CHANGE = 0.05

# Scale of the Laplace distribution of new speeds around that of the reference: robots drive at a
# similar speed, rarely in reverse.
_SPEED_SCALE = 1.0

# Probability that the correct place does not stand out at all, because the view is occluded.
_OCCLUDED = 0.3

# Log ratio of standing still to driving, for each place of displacement by time in which the view
# changed, and the speed up to which a hypothesis is standing still.
_DOUBT, _STANDS = 1.0, 0.01

# Maps of this number of places or more use compiled loops. Smaller ones are fast enough in NumPy,
# and their nodes need not wait for the import of numba, which takes a second.
_COMPILED_FROM = 5000
# So do maps of this number of segments, each of which is a call of NumPy.
_MANY_SEGMENTS = 16


class Bayes:
    """
    Believes in places that fit the frames and the displacement between them.

    A histogram over (place, speed) with one state off the map, as in Xu, Sunderhauf and Milford,
    Probabilistic Visual Place Recognition for Hierarchical Localization (RA-L 2020); the speed is
    part of the state because its constancy makes a sequence informative. Predict: each speed moves
    its belief by the displacement, and sometimes becomes another; belief that passes an end of a
    segment of the map, and a fraction `leaving` of the other belief, goes off the map; of that, a
    fraction `returning` comes back, to any place, so that a robot that was moved is found again.
    Update: scores of wrong places are N(0, 1), that of the correct one stands out unless the view
    is occluded; off the map all are wrong (the unknown place of FAB-MAP, Cummins and Newman, IJRR
    2008). How far it stands out, and so the weight of a score, is estimated on the drive
    (`Evidence`).

    Successive frames are not independent: perceptual aliasing persists, most of all for a robot
    that stands still. The evidence of each speed is weighted by how the scores of wrong places
    correlate along it, relative to the speed with the least correlation; otherwise an aliased place
    seen twice by a standing robot would count like one met twice while driving. In addition,
    hypotheses of standing still are penalised while the view changes.

    What comes out is the log odds of each place, log(b / (1 - b)), between -28 and 14; all b sum
    to 1 minus the belief to be off the map. For a robot between two places each has a part: the
    belief to be within a tolerance is the sum of the b within it. Float32, finite.
    """

    def __init__(self, route: Route, config: SequenceConfig) -> None:
        """Take memory for the belief and compile, if need be, the loops over the places."""
        self._bounds = route.segments.bounds
        # The loops over the places, in NumPy or compiled.
        self.loops = _loops(route.places, len(route.starts))
        self._progress = Progress(route, config.odometry)
        # Whether the newest frame was taken for the first of a drive; the step to it, and the
        # belief that was predicted for it.
        self.restarted = False
        self.step = NO_STEP
        self.predicted = np.zeros(route.places, np.float32)
        self._motion = Motion(config, _SPEED_SPACING)
        prior = np.exp(-np.abs(self._motion.speeds - 1.0) / _SPEED_SCALE) * self._motion.widths
        self._prior = (prior / prior.sum()).astype(np.float32)
        self._paces = np.abs(self._motion.speeds)
        self.evidence = Evidence(config.sharpness)
        stands = np.abs(self._motion.speeds) <= _STANDS
        # If all hypotheses stand still there is nothing to doubt.
        self._doubts = np.where(stands & ~stands.all(), _DOUBT, 0.0)
        self._leaving, self._returning = config.leaving, config.returning
        shape = (len(self._motion.speeds), route.places)
        # The belief is `_scale` times the first.
        self._belief, self._moved = (np.empty(shape, np.float32) for _ in range(2))
        self._scale = 1.0
        # Scores of mean 0, the same clipped, and clipped ones of the frame that was kept.
        self._scores, self._ordinary, self._before, self._total = (
            np.zeros(route.places, np.float32) for _ in range(4)
        )
        self._correlations = np.empty(shape[0], np.float32)
        # Sums over the places of the belief of each speed, before and after the newest frame.
        self._sums, self._speeds = (np.empty(shape[0]) for _ in range(2))
        # Belief to be off the map, and mean absolute speed.
        self._off, self._speed = 0.0, 1.0
        # Expected score of the kept frame under the belief predicted for it, and how concentrated
        # that was.
        self._expected, self._concentration = 0.0, 0.0
        self._forget()
        # Compiles where nothing is compiled yet.
        self._update(Step(1.0, 0.0, 1.0, 1.0, True, False))
        self.loops.log_odds(self._total, np.float32(1.0), np.empty_like(self._total))

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._progress.reset()
        self._forget()

    def continue_from(self, before: Bayes, source: Indices) -> None:
        """Take over the belief in places that are the same; that in others is off the map."""
        self._progress.continue_from(before._progress, source)
        self.evidence.continue_from(before.evidence)
        renumber(self._belief, before._belief, source, 0.0)
        renumber(self._before, before._before, source, 0.0)
        self._sums = self._belief.sum(axis=1, dtype=np.float64)
        whole = float(self._sums.sum()) * before._scale
        # A copy of a place has the belief of that place too.
        self._scale = before._scale / max(whole, 1.0)
        self._off = max(0.0, 1.0 - whole)
        self._speed = before._speed

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return the log odds; of a frame that is not finite only its time counts."""
        readable = all_finite(scores)
        if readable:
            mean = np.add.reduce(scores) / np.float32(len(scores))
            self.loops.centred(scores, mean, self._scores, self._ordinary)
        step = self._progress(self._scores if readable else None, timing, self._speed)
        self.restarted, self.step = step.restart, step
        if step.restart:
            self._forget()
        off, scale = self._update(step)
        if step.keep:
            self._belief, self._moved = self._moved, self._belief
            self._ordinary, self._before = self._before, self._ordinary
            self._sums, self._speeds = self._speeds, self._sums
            self._off, self._scale = off, scale
            if step.come > 0.0:
                self.evidence.count(
                    self._expected,
                    self._concentration,
                    self._correlations[: self._motion.even],
                    step.weight,
                )
            self._speed = float(self._paces @ self._sums) / float(self._sums.sum())
        odds = np.empty_like(self._total)
        self.loops.log_odds(self._total, np.float32(scale), odds)
        return odds

    def expected(self, scores: Scores) -> tuple[float, float]:
        """
        Return the expected score under the predicted belief, and the concentration of that.

        :param scores: float32 (places,) of mean 0: those of the frame, or of a camera alone.
        """
        clipped = np.empty_like(scores)
        self.loops.ordinary(scores, clipped)
        return self._expect(scores, clipped)

    def _expect(self, scores: Scores, clipped: Scores) -> tuple[float, float]:
        on = min(1.0, float(np.add.reduce(self.predicted)))
        concentration = self.loops.concentration(self.predicted, clipped)
        return float(self.predicted @ scores) / max(on, 1e-9), min(1.0, float(concentration))

    def _forget(self) -> None:
        self.evidence.reset()
        self._off = self._leaving / (self._leaving + self._returning)
        self._belief[:] = self._prior[:, None] * np.float32((1.0 - self._off) / len(self._total))
        self._sums[:] = self._belief[:, 0].astype(np.float64) * len(self._total)
        self._scale = 1.0
        self._before[:] = 0.0
        self._speed = 1.0

    def _update(self, step: Step) -> tuple[float, float]:
        """
        Set `total` to the belief after a step, but for a scale, and `moved` if the step is kept.

        Return that of being off the map, and by what `total` and `moved` are to be multiplied.
        """
        come = self._motion.come(step.time, step.way)
        first, taps = self._motion.spread(step, come)
        taps *= np.float32(self._scale)
        leaving = 1.0 - (1.0 - self._leaving) ** step.come
        returning = 1.0 - (1.0 - self._returning) ** step.come
        change = 1.0 - (1.0 - _SPEED_CHANGE) ** step.come
        staying = self.loops.staying(
            self._belief, self._sums, self._bounds, first, taps, self._moved, self.predicted
        )
        off = 1.0 - min(1.0, float(staying)) * (1.0 - leaving)
        changes = vectorised.Changes(
            np.float32((1.0 - leaving) * (1.0 - change)),
            np.float32((1.0 - leaving) * change),
            np.float32(off * returning / len(self._total)),
            self._prior,
            np.float32(_OCCLUDED * step.weight),
        )
        off *= 1.0 - returning
        self.loops.update(
            self._belief,
            self._bounds,
            first,
            taps,
            self._scores,
            self._weigh_evidence(step, come),
            changes,
            step.keep,
            self._moved,
            self.predicted,
            self._total,
            self._speeds,
        )
        if step.keep:
            self._expected, self._concentration = self._expect(self._scores, self._ordinary)
        whole = off + float(self._speeds.sum())
        return off / whole, 1.0 / whole

    def _weigh_evidence(self, step: Step, come: Doubles) -> vectorised.Ratios:
        """Return the likelihood ratios of right and wrong, tempered for each speed."""
        shifts = np.rint(come[:, 0]).astype(np.int64)
        self.loops.correlate(self._ordinary, self._before, shifts, self._correlations)
        # By time at the reference's speed: that of a filter which is lost means nothing.
        new = step.weight * independence(step.time + abs(step.way))
        worth = np.float32(self.evidence.weight * new)
        weights = gains(self._correlations, self._motion.even) * worth
        # Where odometry gives the displacement, no hypothesis stands still.
        penalties = self._doubts * (min(1.0, step.time) * step.moved)
        return vectorised.Ratios(
            np.float32(self.evidence.centre), weights, penalties.astype(np.float32)
        )


def _loops(places: int, segments: int) -> ModuleType:
    if places < _COMPILED_FROM and segments < _MANY_SEGMENTS:
        return vectorised
    from . import kernels

    return kernels
