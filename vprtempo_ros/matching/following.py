"""Scores relative to the responses of each place on this drive, which scales down hub places."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np

from ..arrays import Indices
from .normalisation import loops_for
from .stages import FrameTiming, Scores, renumber

# Weight of the prior N(0, 1) of the scores in frames, and memory of the running statistics.
_PRIOR, _MEMORY = 50.0, 300.0

# Scores are clipped to this: the place where the robot is must not be taken for a hub.
_HIGHEST = np.float32(2.0)

# Minimum variance: a hub that always responds hardly varies.
_LEAST_VARIANCE = np.float32(0.8)

# A view is new if its scores correlate with those of the last counted view by less than one minus
# this, as in `sequence/progress.py`: a robot standing still gives no information about hubs.
_CHANGED = 0.02


class Following:
    """
    Scores in standard deviations of each place's scores on this drive so far.

    A place that is similar to much of what is seen on another day (a hub: Schnitzer et al., Local
    and Global Scaling Reduce Hubs in Space, JMLR 2012) responds to frame after frame; the responses
    to the reference do not predict which places these are. Mean and variance of each place start
    from N(0, 1) and follow the scores as in `encoding/adaptation.py`: causally, with bounded
    memory, and with new views only.
    """

    def __init__(self, places: int) -> None:
        """Start without a frame."""
        self._mean, self._variance, self._last = (np.zeros(places, np.float32) for _ in range(3))
        self._loops = loops_for(places)
        self.reset()

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._mean[:] = 0.0
        self._variance[:] = 1.0
        self._last[:] = 0.0
        self._count, self._power = _PRIOR, 0.0

    def continue_from(self, before: Following, source: Indices) -> None:
        """Take over the statistics of the places that are the same."""
        renumber(self._mean, before._mean, source, 0.0)
        renumber(self._variance, before._variance, source, 1.0)
        renumber(self._last, before._last, source, 0.0)
        self._count, self._power = before._count, float(self._last @ self._last)

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return scores float32 (places,) of mean 0 and variance 1; unchanged if not finite."""
        power = float(scores @ scores)
        if not math.isfinite(power):
            return scores
        new = self._new(scores, power)
        self._count = min(self._count + new, _MEMORY)
        share = np.float32(new / self._count)
        result = (
            self._compiled(scores, share, self._loops)
            if self._loops
            else self._followed(scores, share)
        )
        if new == 1.0:
            self._last[:] = scores
            self._power = power
        return result

    def _followed(self, scores: Scores, share: np.float32) -> Scores:
        """Return what a frame becomes, of which a share counts."""
        if share > 0.0:
            difference = np.minimum(scores, _HIGHEST)
            before = difference - self._mean
            self._mean += share * before
            difference -= self._mean
            difference *= before
            difference -= self._variance
            difference *= share
            self._variance += difference
        result = scores - self._mean
        scale = np.maximum(self._variance, _LEAST_VARIANCE)
        result /= np.sqrt(scale, out=scale)
        result -= np.add.reduce(result) / np.float32(len(result))
        deviation = math.sqrt(float(result @ result) / len(result))
        if deviation > 0.0:
            result *= np.float32(1.0 / deviation)
        return result

    def _compiled(self, scores: Scores, share: np.float32, loops: ModuleType) -> Scores:
        """Return the same from compiled loops."""
        result = np.empty_like(scores)
        total, power = loops.follow(
            scores, self._mean, self._variance, share, _HIGHEST, _LEAST_VARIANCE, result
        )
        centre = total / len(result)
        variance = power / len(result) - centre * centre
        unit = 1.0 / math.sqrt(variance) if variance > 0.0 else 1.0
        loops.scaled(result, np.float32(centre), np.float32(unit))
        return result

    def _new(self, scores: Scores, power: float) -> float:
        """Return how different the view is from the last counted one, 0 to 1."""
        length = math.sqrt(power * self._power)
        if length == 0.0:
            return 1.0 if power > 0.0 else 0.0
        correlation = float(scores @ self._last) / length
        return min(1.0, max(0.0, (1.0 - correlation) / _CHANGED))
