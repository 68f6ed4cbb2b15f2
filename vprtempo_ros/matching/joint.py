"""The scores of several cameras as one, each weighted by how well it distinguishes places."""

from __future__ import annotations

import math
from typing import Iterable

import numpy as np

from .sequence.bayes import Bayes
from .sequence.evidence import Evidence
from .sequence.progress import places_between
from .stages import CameraState, FrameTiming, Route, Scores, Shown, Stage

# Memory of a camera's worth, in places, and the weight of its prior: a covered camera is noticed
# within a few places, one that sees little for some is not given up.
_MEMORY, _PRIOR = 15.0, 3.0
# Memory of what a camera responds to anything, in places.
_LATELY = 5.0
# Minimum weight relative to the best camera: what is seen again is noticed.
_LEAST = 0.5
# A view has changed if its scores correlate with the kept ones by less than one minus this, as in
# `sequence/progress.py`; the robot has moved if those of another camera differ by this much.
_SAME, _MOVED = 1e-3, 0.2
# Frames of one round are no further apart than this part of an interval.
_ROUND = 0.6
# Stamps of cameras may differ by this many seconds, and by two of their intervals.
_CLOCKS = 1.0


class _Camera:
    """The newest frame of a camera, and what it is worth."""

    def __init__(self) -> None:
        self.evidence = Evidence(memory=_MEMORY, prior=_PRIOR)
        self.reset()

    def reset(self) -> None:
        self.evidence.reset()
        self.shown: Shown | None = None
        # Metres along the way, and seconds since the frame before.
        self.way = self.interval = 0.0
        # Its scores when the filter kept a frame last.
        self.kept: Scores | None = None
        # Mean of its scores over the last places.
        self.mean: Scores | np.float32 = np.float32(0.0)
        self.share = 0.0
        self.frozen, self.counted = False, True
        self.offset: float | None = None

    @property
    def stamp(self) -> int:
        return self.shown.timing.stamp_ns if self.shown else 0

    def show(self, shown: Shown, way: float) -> None:
        if self.shown is not None:
            self.interval = max(0.0, (shown.timing.stamp_ns - self.stamp) * 1e-9)
        self.shown, self.way, self.counted = shown, way, False


class JointScores:
    """
    Gathers the newest frames of cameras that each have a rate of their own, and joins their scores.

    A round ends when each camera of the round before has shown a frame, or when one of them shows
    its second: so a round is as long as the interval of the fastest camera, and one that stops is
    not waited for twice. Its scores are the weighted sum of those of the cameras, scaled to
    variance 1. For N(0, 1) of wrong places that are independent among cameras, the weights that
    make the right one stand out most are how far it stands out in each (matched filter).

    This is estimated as the filter does for all together (`Evidence`): by the expected score under
    the belief that was predicted before the frame. So a camera that is covered, or sees another day
    than its map, loses its weight while the others know where the robot is. Frames that are older
    than that of the best camera, as those of one that stopped, count less with the square of the
    places between; a view that stays the same while those of others change counts nothing.
    """

    def __init__(self, names: Iterable[str], route: Route, stage: Stage) -> None:
        """Start without frames; `stage`: the filter that the joint scores go to."""
        self._cameras = {name: _Camera() for name in names}
        self._step_s = route.step_s
        self._filter = stage if isinstance(stage, Bayes) else None
        self.reset()

    def reset(self) -> None:
        """Forget all earlier frames."""
        for camera in self._cameras.values():
            camera.reset()
        self._expected: set[str] = set(self._cameras)
        self._present: set[str] = set()
        # Metres along the way by now, and at the frame that was joined last.
        self._way = self._joined = 0.0
        self._measured = True

    @property
    def states(self) -> dict[str, CameraState]:
        """What is known of each camera."""
        return {
            name: CameraState(each.share, each.evidence.standing_out, each.frozen, each.offset)
            for name, each in self._cameras.items()
        }

    def add(self, name: str, shown: Shown) -> bool:
        """Take the next frame of a camera; return whether the round has ended."""
        if shown.timing.travelled is None:
            self._measured = False
        else:
            self._way += shown.timing.travelled
        again = name in self._present
        camera = self._cameras[name]
        camera.show(shown, self._way)
        if any(self._apart(camera, other) for other in self._present):
            # They are of the interval before: a frame was lost.
            self._expected |= self._present
            self._present.clear()
        self._present.add(name)
        return again or self._expected <= self._present

    def join(self) -> tuple[str, Shown]:
        """
        End the round, in which there was a frame.

        Return the camera whose time it has, and what all show together.
        """
        self._compare_clocks()
        weights = self._weights()
        leading = max(weights, key=lambda name: weights[name])
        total = sum(weights.values())
        for name, camera in self._cameras.items():
            camera.share = weights.get(name, 0.0) / total
        first = self._cameras[leading]
        travelled = first.way - self._joined if self._measured else None
        self._joined, self._measured = first.way, True
        self._expected, self._present = self._present, set()
        return leading, Shown(*self._sums(weights), FrameTiming(first.stamp, travelled))

    def count(self) -> None:
        """Learn what each camera is worth from what the filter made of the last round."""
        if self._filter is None or not self._filter.step.keep:
            return
        step = self._filter.step
        differences = {}
        for name, camera in self._cameras.items():
            if camera.counted or camera.shown is None or camera.offset is not None:
                continue
            camera.counted = True
            scores = camera.shown.normalised
            if not np.isfinite(scores).all():
                continue
            if camera.kept is not None and step.come > 0.0:
                differences[name] = _difference(scores, camera.kept)
                expected, concentration = self._filter.expected(scores - camera.mean)
                camera.evidence.count(expected, concentration, _NONE, step.weight)
                camera.mean = camera.mean + (scores - camera.mean) / np.float32(_LATELY)
            camera.kept = scores
        moved = max(differences.values(), default=0.0) >= _MOVED
        for name, difference in differences.items():
            self._cameras[name].frozen = moved and difference < _SAME

    def _apart(self, camera: _Camera, other: str) -> bool:
        """Return whether a present frame is too long before that of a camera for one round."""
        away = (camera.stamp - self._cameras[other].stamp) * 1e-9
        return 0.0 < _ROUND * camera.interval < away <= camera.interval

    def _compare_clocks(self) -> None:
        """Leave out cameras whose stamps are of another clock than those of the first."""
        present = [each for name, each in self._cameras.items() if name in self._present]
        first = present[0]
        for camera in present:
            offset = (camera.stamp - first.stamp) * 1e-9
            limit = _CLOCKS + 2 * max(camera.interval, first.interval)
            camera.offset = offset if abs(offset) > limit else None

    def _weights(self) -> dict[str, float]:
        """Return the weights of the cameras that have shown a frame, not all 0."""
        worth = {
            name: max(camera.evidence.standing_out, 0.0)
            for name, camera in self._cameras.items()
            if camera.shown is not None and camera.offset is None
        }
        most = max(worth.values()) or 1.0
        worth = {
            name: 0.0 if self._cameras[name].frozen else max(each / most, _LEAST)
            for name, each in worth.items()
        }
        newest = max(self._cameras[name].stamp for name in worth)
        weights = {name: each * self._freshness(name, newest) for name, each in worth.items()}
        best = max(weights, key=lambda name: weights[name])
        at = self._cameras[best].stamp
        weights = {name: each * self._freshness(name, at) for name, each in worth.items()}
        if not max(weights.values()) > 0.0:
            weights = {name: 1.0 for name in weights if name in self._present}
        return {name: weight for name, weight in weights.items() if weight > 0.0}

    def _freshness(self, name: str, stamp_ns: int) -> float:
        """Return how much of the newest frame of a camera holds at a time, 0 to 1."""
        own = self._cameras[name].stamp
        early, late = sorted((own, stamp_ns))
        if early <= 0 or not self._step_s:
            # Without times a frame holds in its round.
            return 1.0 if name in self._present else 0.0
        return 1.0 / (1.0 + places_between(early, late, self._step_s) ** 2)

    def _sums(self, weights: dict[str, float]) -> tuple[Scores, Scores]:
        """Return the mean similarity, and the sum of the scores with variance 1."""
        shown = {name: self._cameras[name].shown for name in weights}
        found = [(each, np.float32(weights[name])) for name, each in shown.items() if each]
        if len(found) == 1:
            return found[0][0].similarity, found[0][0].normalised
        total = np.float32(sum(weights.values()))
        (first, weight), *others = found
        similarity, scores = first.similarity * (weight / total), first.normalised * weight
        for each, weight in others:
            similarity += each.similarity * (weight / total)
            scores += each.normalised * weight
        scores -= scores.mean(dtype=np.float64).astype(np.float32)
        deviation = math.sqrt(float(scores @ scores) / len(scores))
        if deviation > 0.0:
            scores *= np.float32(1.0 / deviation)
        return similarity, scores


_NONE = np.zeros(1, np.float32)


def _difference(scores: Scores, kept: Scores) -> float:
    """Return one minus the correlation of scores of mean 0, 0 to 1."""
    length = math.sqrt(float(scores @ scores) * float(kept @ kept))
    if length == 0.0:
        return 1.0
    return min(1.0, max(0.0, 1.0 - float(scores @ kept) / length))
