"""Cues for and against a match: the features of the confidence model."""

from __future__ import annotations

import math
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles, Indices
from ..network.segments import Segments
from .sequence import vectorised
from .sequence.bayes import Bayes
from .sequence.progress import Step
from .stages import Scores, Stage

# Log odds, and scores in standard deviations, are clipped to these.
_SURE, _FAR = 6.0, 6.0

# Scores of a filter without log odds become a belief proportional to exp(_STEEP * score).
_STEEP = 2.0

# Memory of agreement, in places; frames further apart than a place count as one each.
_PLACES = 10.0

# What a frame is without a filter.
_A_PLACE = Step(1.0, 0.0, 1.0, 1.0, True, False)

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

    best: the most probable place; answer: the place to answer with, of a filter with log odds the
    median of the belief around the best, else the best. belief: float64 (places,), to be within the
    tolerance of each place.
    """

    features: Doubles
    best: int
    answer: int
    belief: Doubles


class _Memory(NamedTuple):
    """Means over the last places: agreed, own, rank and steady as in `NAMES`; places seen; best."""

    agreed: float = 0.0
    own: float = 0.0
    rank: float = 0.0
    steady: float = 0.0
    seen: float = 0.0
    best: int = -1


class CueTracker:
    """
    Computes the cues frame by frame, causally and in constant memory.

    Memory goes by places, as that of the filter, so that confidence does not depend on the rate of
    the frames: those within a place of the frame that the filter kept last count by the part of a
    place that the newest of them is further. Without a filter each frame counts.
    """

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

    @property
    def odds(self) -> bool:
        """Whether the scores of the filter are log odds of the belief."""
        return self._evidence is not None

    def reset(self) -> None:
        """Forget all earlier frames."""
        # With the newest frame, and without the frames after the kept one.
        self._memory = self._kept = _Memory()

    def continue_from(self, before: CueTracker, source: Indices) -> None:
        """Take over what the last frames showed, for another revision of the map."""
        self._memory, self._kept = (
            each._replace(best=_renumbered(each.best, source))
            for each in (before._memory, before._kept)
        )

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
        single, whole, surprise = belief_of(scores, self.odds, self._loops)
        around = self._around(single, segments)
        wide = segments.around(best, 2 * tolerance)
        answer = _median(single, wide) if self._evidence is not None else best
        own, lead, agrees, rank = 0.0, 0.0, 0.0, 1.0
        if frame is not None:
            near = slice(max(wide.start, best - tolerance), min(wide.stop, best + tolerance + 1))
            own, lead, agrees, rank = self._single(frame, best, near)
        evidence, memory = self._evidence, self._memory
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
                memory.agreed,
                memory.own,
                1.0 / (1.0 + min(memory.seen, 100.0)),
                math.log(places),
                _rival(around, best, wide),
                rank,
                memory.rank,
                memory.steady,
            ]
        )
        return Cues(features, best, answer, around)

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
        better = int(np.count_nonzero(frame > own))
        rank = math.log(1.0 + better) / math.log(1.0 + len(frame))
        before = self._kept
        steady = float(before.best >= 0 and abs(best - before.best) <= 2 * self._tolerance + 1)
        step = getattr(self._stage, 'step', _A_PLACE)
        seen = before.seen + step.weight
        part = step.weight / min(seen, _PLACES) if seen > 0.0 else 0.0
        self._memory = _Memory(
            before.agreed + part * (agrees - before.agreed),
            before.own + part * (_clip(own) - before.own),
            before.rank + part * (rank - before.rank),
            before.steady + part * (steady - before.steady),
            seen,
            best,
        )
        if step.keep:
            self._kept = self._memory
        return own, own - second, agrees, rank


def belief_of(
    scores: Scores, odds: bool, loops: ModuleType = vectorised
) -> tuple[NDArray[np.floating], float, float]:
    """
    Return the belief in each place, its sum, and its entropy in nats.

    For log odds the entropy is 0 here: it is costly, and the other cues contain its information.
    """
    if odds:
        found = np.empty_like(scores)
        return found, min(1.0, loops.probabilities(scores, found)), 0.0
    values = _STEEP * (scores - scores.max())
    belief = np.exp(values)
    total = float(belief.sum(dtype=np.float64))
    belief /= np.float32(total)
    return belief, 1.0, float(math.log(total) - float(belief @ values))


def _median(belief: NDArray[np.floating], near: slice) -> int:
    """
    Return the median of the belief in a range of places.

    It is the place with the least expected distance to the true one, if that is in the range: a
    peak next to half of the belief is further off (docs/research/recall.md).
    """
    sums = np.add.accumulate(belief[near], dtype=np.float64)
    return near.start + int(sums.searchsorted(sums[-1] / 2))


def _rival(around: Doubles, best: int, near: slice) -> float:
    """Return the log ratio of the belief around the best place and around one not near it."""
    other = _highest(around, near, 1e-9)
    return min(max(math.log(max(float(around[best]), 1e-9) / other), -_SURE), _SURE)


def _renumbered(place: int, source: Indices) -> int:
    """Return the number of a place in a revision of the map, -1 if it is not there."""
    same = np.flatnonzero(source == place) if place >= 0 else source[:0]
    return int(same[0]) if len(same) else -1


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
