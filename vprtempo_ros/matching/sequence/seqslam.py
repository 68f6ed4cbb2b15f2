"""A short window of frames, matched along tracks of constant speed (SeqSLAM)."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import Indices
from ...config import SequenceConfig
from ..stages import FrameTiming, Route, Scores, all_finite, renumber
from .motion import Motion
from .progress import NO_STEP, Progress
from .vectorised import PRIOR_PLACES

# Ends of neighbouring tracks over a whole window, in places: half of it is the most that a track
# is off its robot, and there the scores are still those of the same place.
_TRACK_SPACING = 2.0

# A speed that did worse is put back by no more than this, in deviations; else a change of speed
# would take long to be noticed.
_FURTHEST_BACK = 3.0


class SeqSlam:
    """
    Scores each place by the best track through the last frames that ends there.

    After Milford and Wyeth, SeqSLAM (ICRA 2012): within a short window a robot's speed hardly
    changes, so the right place ends a straight line of good scores, while a wrong one seldom
    does. The window holds frames about a place apart, `length` of them with the newest one.

    Unlike in SeqSLAM a track's sum is taken in its own standard deviations over the places. A
    similar place that is seen twice counts twice, and does so most along the tracks of a robot
    that stands; without this, tracks at low speed win by chance. And as a robot's speed in this
    window is mostly that in the last, tracks are put back by how much less the best of their
    speed has stood out lately.

    What comes out is standardised over the places again: wrong places are about N(0, 1) however
    many frames the window has and however alike they are, so a stop makes nothing surer; a right
    place stands out by up to sqrt(length) as much as in a single frame. Float32, finite.
    """

    def __init__(self, route: Route, config: SequenceConfig) -> None:
        """Take memory for the window and compile, if need be, the loop over the places."""
        # Numba takes long to import; a node without a filter does not wait for it.
        from ...support.compiled import BLOCK
        from .track_kernels import best_tracks

        self._best_tracks, self._prior = best_tracks, PRIOR_PLACES
        self._bounds = route.segments.bounds
        self._progress = Progress(route, config.odometry)
        # Whether the newest frame was taken for the first of a drive; the step to it.
        self.restarted = False
        self.step = NO_STEP
        self._motion = Motion(config, _TRACK_SPACING / config.length)
        samples, tracks = config.length - 1, len(self._motion.speeds)
        self._window = np.zeros((samples, route.places), np.float32)
        # Places come, by time and by odometry, since each frame of the window.
        self._time, self._way = np.zeros(samples), np.zeros(samples)
        self._newest = np.zeros(route.places, np.float32)
        # How much the best place of each speed has stood out lately.
        self._standing_out = np.zeros(tracks, np.float32)
        self._peaks = np.empty(tracks, np.float32)
        self._sums = np.empty(BLOCK, np.float32)
        # Frames that were kept, and the speed that has stood out most lately.
        self._kept, self._speed = 0, 1.0
        # Compiles where nothing is compiled yet.
        self._best(1.0, 1.0, 0.0)

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._progress.reset()
        self._forget()

    def continue_from(self, before: SeqSlam, source: Indices) -> None:
        """Take over the window, in which a new place has average scores."""
        self._progress.continue_from(before._progress, source)
        renumber(self._window, before._window, source, 0.0)
        self._time, self._way = before._time, before._way
        self._standing_out = before._standing_out
        self._kept, self._speed = before._kept, before._speed

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return the scores of the best tracks; a frame that is not finite adds nothing."""
        readable = all_finite(scores)
        step = self._progress(scores - scores.mean() if readable else None, timing, self._speed)
        self.restarted, self.step = step.restart, step
        if step.restart:
            self._forget()
        if readable:
            np.multiply(scores, np.float32(step.weight), out=self._newest)
        else:
            self._newest[:] = 0.0
        result = self._best(step.weight, step.time, step.way)
        if step.keep:
            self._time += step.time
            self._way += step.way
            oldest = self._kept % len(self._window)
            self._window[oldest], self._time[oldest], self._way[oldest] = scores, 0.0, 0.0
            self._kept += 1
            gained = self._peaks - self._standing_out
            self._standing_out += gained / np.float32(min(self._kept, len(self._window) + 1))
            self._speed = abs(float(self._motion.speeds[self._standing_out.argmax()]))
        return result

    def _forget(self) -> None:
        self._kept = 0
        self._standing_out[:] = 0.0
        self._speed = 1.0

    def _best(self, weight: float, time: float, way: float) -> Scores:
        held = min(self._kept, len(self._window))
        come = self._motion.come(self._time[:held] + time, self._way[:held] + way)
        lead = np.maximum(
            self._standing_out - self._standing_out.max(), np.float32(-_FURTHEST_BACK)
        )
        best = np.empty_like(self._newest)
        self._best_tracks(
            self._window,
            np.rint(come).astype(np.int64),
            self._newest,
            self._bounds,
            weight * weight + held,
            lead,
            best,
            self._peaks,
            self._sums,
        )
        best -= best.mean(dtype=np.float64).astype(np.float32)
        variance = (float(best @ best) + self._prior) / (len(best) + self._prior)
        best /= np.float32(math.sqrt(variance))
        return best
