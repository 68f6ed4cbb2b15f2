"""Cues for and against a match: the features of the confidence model."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles, Indices
from ..network.segments import Segments
from .sequence import vectorised
from .sequence.bayes import Bayes
from .stages import Scores, Stage

# Log odds, and scores in standard deviations, are clipped to these.
_SURE, _FAR = 6.0, 6.0

# Scores of a filter without log odds become a belief proportional to exp(_STEEP * score).
_STEEP = 2.0

# Memory of agreement, in frames.
_FRAMES = 10.0

NAMES = (
    'mass',
    'entropy',
    'off',
    'own',
    'lead',
    'recent',
    'standing_out',
    'agrees',
    'agreed',
    'own_recent',
    'age',
    'places',
    'rival',
    'rank',
    'rank_recent',
    'steady',
)


class Cues(NamedTuple):
    """
    The features of the best place, float64 (features,) as in `NAMES`, and the belief around all.

    belief: float64 (places,), to be within the tolerance of each place.
    """

    features: Doubles
    best: int
    belief: Doubles


class CueTracker:
    """Computes the cues frame by frame, causally and in constant memory."""

    def __init__(self, tolerance: int, stage: Stage, segments: Segments | None = None) -> None:
        """
        Take the map's tolerance in places, and the sequence filter in use.

        :param segments: which places are neighbours; None: all in order.
        """
        self._tolerance, self._segments = tolerance, segments
        self._stage = stage
        self._loops = stage.loops if isinstance(stage, Bayes) else vectorised
        self._evidence = stage.evidence if isinstance(stage, Bayes) else None
        self.reset()

    def reset(self) -> None:
        """Forget all earlier frames."""
        self._agreed, self._own, self._rank, self._steady, self._seen = 0.0, 0.0, 0.0, 0.0, 0.0
        self._best = -1

    def continue_from(self, before: CueTracker, source: Indices) -> None:
        """Take over what the last frames showed, for another revision of the map."""
        self._agreed, self._own, self._rank = before._agreed, before._own, before._rank
        self._steady, self._seen = before._steady, before._seen
        same = np.flatnonzero(source == before._best) if before._best >= 0 else source[:0]
        self._best = int(same[0]) if len(same) else -1

    def __call__(self, frame: Scores | None, scores: Scores) -> Cues:
        """
        Return the cues of a frame.

        :param frame: float32 (places,), its normalised scores before the filter, finite; None for
            a frame that shows nothing, which is no evidence for or against any place.
        :param scores: float32 (places,), the output of the filter, finite.
        """
        if getattr(self._stage, 'restarted', False):
            # For the filter this is the first frame of a drive.
            self.reset()
        places, tolerance = len(scores), self._tolerance
        best = int(scores.argmax())
        segments = self._segments = self._segments or Segments.of([places])
        single, whole, surprise = _belief(scores, self._evidence is not None)
        around = self._around(single, segments)
        own, lead, agrees, rank = 0.0, 0.0, 0.0, 1.0
        if frame is not None:
            own, lead, agrees, rank = self._single(frame, best, segments.around(best, tolerance))
        evidence = self._evidence
        features = np.array(
            [
                _logit(float(around[best])),
                surprise / math.log(places + 1.0),
                _logit(1.0 - whole),
                _clip(own),
                _clip(lead),
                _clip(evidence.recent) if evidence else 0.0,
                _clip(evidence.standing_out) if evidence else 0.0,
                agrees,
                self._agreed,
                self._own,
                1.0 / (1.0 + min(self._seen, 100.0)),
                math.log(places),
                _rival(around, best, segments.around(best, 2 * tolerance)),
                rank,
                self._rank,
                self._steady,
            ]
        )
        return Cues(features, best, around)

    def _around(self, belief: NDArray[np.floating], segments: Segments) -> Doubles:
        """Return the sums float64 (places,) of the belief within the tolerance."""
        around: Doubles = np.empty(len(belief))
        self._loops.around(belief, segments.bounds, self._tolerance, around)
        return around

    def _single(self, frame: Scores, best: int, near: slice) -> tuple[float, float, float, float]:
        """Return a place's own score, its lead, whether it is the best, and its rank."""
        own = float(np.maximum.reduce(frame[near]))
        second = _highest(frame, near, -_FAR)
        agrees = float(own >= second)
        self._seen += 1.0
        part = 1.0 / min(self._seen, _FRAMES)
        self._agreed += part * (agrees - self._agreed)
        self._own += part * (_clip(own) - self._own)
        better = int(np.count_nonzero(frame > own))
        rank = math.log(1.0 + better) / math.log(1.0 + len(frame))
        self._rank += part * (rank - self._rank)
        steady = float(self._best >= 0 and abs(best - self._best) <= 2 * self._tolerance + 1)
        self._steady += part * (steady - self._steady)
        self._best = best
        return own, own - second, agrees, rank


def _belief(scores: Scores, odds: bool) -> tuple[NDArray[np.floating], float, float]:
    """
    Return the belief in each place, its sum, and its entropy in nats.

    For log odds the entropy is 0 here: it is costly, and the other cues contain its information.
    """
    if odds:
        belief = np.negative(scores)
        np.exp(belief, out=belief)
        belief += np.float32(1.0)
        np.reciprocal(belief, out=belief)
        return belief, min(1.0, float(np.add.reduce(belief))), 0.0
    values = _STEEP * (scores - scores.max())
    belief = np.exp(values)
    total = float(belief.sum(dtype=np.float64))
    belief /= np.float32(total)
    return belief, 1.0, float(math.log(total) - float(belief @ values))


def _rival(around: Doubles, best: int, near: slice) -> float:
    """Return the log ratio of the belief around the best place and around one not near it."""
    other = _highest(around, near, 1e-9)
    return min(max(math.log(max(float(around[best]), 1e-9) / other), -_SURE), _SURE)


def _highest(values: NDArray[np.floating], near: slice, least: float) -> float:
    """Return the highest value outside of a range, or `least` if that is higher."""
    before, after = values[: near.start], values[near.stop :]
    return max(
        float(np.maximum.reduce(before, initial=least)),
        float(np.maximum.reduce(after, initial=least)),
    )


def _logit(probability: float) -> float:
    least = 1.0 / (1.0 + math.exp(_SURE))
    probability = min(max(probability, least), 1.0 - least)
    return math.log(probability / (1.0 - probability))


def _clip(score: float) -> float:
    return min(max(score, -_FAR), _FAR)
