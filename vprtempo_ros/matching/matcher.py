"""The stages from the similarity of a frame to its match, with their memory of earlier frames."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Mapping, NamedTuple

import numpy as np

from ..arrays import Indices
from ..config import MatchConfig
from ..statistics import Statistics
from .confidence import Calibration, confidence, confidences, shipped_models
from .cues import CueTracker
from .following import Following
from .match import Match, distinguishes, match
from .normalisation import Normaliser
from .sequence import sequence_filter
from .sequence.progress import FARTHEST_BACK, places_between
from .stages import CameraState, FrameTiming, Route, Scores, Shown, Stage, all_finite

if TYPE_CHECKING:
    from .joint import JointScores

ONE = ''
"""The name of a camera that is the only one."""


class JointMatch(NamedTuple):
    """The match of all cameras, and the camera whose time it has."""

    camera: str
    match: Match


class Matcher:
    """Runs the stages frame by frame, with bounded memory and causally."""

    def __init__(
        self,
        route: Route,
        statistics: Statistics | Mapping[str, Statistics],
        calibration: Calibration,
        config: MatchConfig,
        follow: bool = True,
    ) -> None:
        """
        Make the stages that the configuration selects.

        :param statistics: of the responses; of several cameras by their names.
        :param follow: hub places are followed.
        """
        # A copy: the caller's settings may change while a frame is processed.
        self._config = deepcopy(config)
        self._model = shipped_models()[config.sequence.filter]
        self._curve = calibration.curves[config.sequence.filter]
        cameras = {ONE: statistics} if isinstance(statistics, Statistics) else statistics
        self._normalisers: dict[str, list[Stage]] = {name: [] for name in cameras}
        for name, each in cameras.items():
            if config.normalise:
                self._normalisers[name].append(Normaliser(each))
            if config.normalise and follow:
                self._normalisers[name].append(Following(route.places))
        self._filter = sequence_filter(route, config.sequence)
        # What the stages depend on.
        self._stages = self._config.sequence, config.normalise, follow
        self._joint: JointScores | None = None
        if len(cameras) > 1:
            from .joint import JointScores

            self._joint = JointScores(cameras, route, self._filter)
        self._cues = CueTracker(calibration.tolerance, self._filter, route.segments)
        self._step_s = route.step_s
        self._last_ns: dict[str, int] = {}

    def adjust(self, config: MatchConfig) -> bool:
        """Use settings that need no other stages and return True; otherwise change nothing."""
        if (config.sequence, config.normalise) != self._stages[:2]:
            return False
        self._config = deepcopy(config)
        return True

    def __call__(self, similarity: Scores | Mapping[str, Scores], timing: FrameTiming) -> Match:
        """
        Return the match for the next frame, or for one frame of each of several cameras.

        :param similarity: float32 (places,), of several cameras by name those that there are.
        """
        # As an array first: to find out that something is no mapping takes longer.
        frames = {ONE: similarity} if isinstance(similarity, np.ndarray) else similarity
        joined = None
        for number, (camera, each) in enumerate(frames.items(), 1):
            joined = self.add(camera, each, timing, number == len(frames))
            if number < len(frames) and timing.travelled is not None:
                # The way counts once.
                timing = timing._replace(travelled=0.0)
        assert joined is not None, 'the last camera has a match'
        return joined.match

    def add(
        self, camera: str, similarity: Scores, timing: FrameTiming, last: bool = False
    ) -> JointMatch | None:
        """
        Take the next frame of a camera; return the match of all.

        None while frames of others are to come; last: none are. A camera alone needs no others.
        """
        normalised = self.normalise(similarity, timing, camera)
        leading, shown = camera, Shown(similarity, normalised, timing)
        if self._joint is not None:
            if not self._joint.add(camera, shown) and not last:
                return None
            leading, shown = self._joint.join()
        scores = self.filter(shown.normalised, shown.timing)
        return JointMatch(leading, self.decide(shown.similarity, shown.normalised, scores))

    def normalise(self, similarity: Scores, timing: FrameTiming, camera: str = ONE) -> Scores:
        """
        Return scores relative to each place's responses to the reference and on this drive.

        The first stage of each frame: earlier ones are forgotten where time jumped back.
        """
        last = self._last_ns.get(camera)
        if last is not None and places_between(last, timing.stamp_ns, self._step_s) < FARTHEST_BACK:
            self.reset()
        self._last_ns[camera] = timing.stamp_ns
        scores = similarity
        for stage in self._normalisers[camera]:
            scores = stage(scores, timing)
        return scores

    @property
    def odds(self) -> bool:
        """Whether the scores of matches are log odds of the belief."""
        return self._cues.odds

    @property
    def cameras(self) -> dict[str, CameraState]:
        """What is known of each of several cameras; empty with one."""
        return self._joint.states if self._joint else {}

    def filter(self, normalised: Scores, timing: FrameTiming) -> Scores:
        """Return the scores float32 (places,) with those of earlier frames taken into account."""
        scores = self._filter(normalised, timing)
        if self._joint:
            self._joint.count()
        return scores

    def decide(self, similarity: Scores, normalised: Scores, scores: Scores) -> Match:
        """
        Return the best places with the confidence of every place, or that the place is unknown.

        :param similarity: as the backend returned it; normalised, scores: what became of it.
        """
        if not all_finite(scores):
            unknown = np.full(len(scores), np.nan)
            return match(similarity, scores, 0, unknown, self._config, False)
        clear = distinguishes(similarity)
        shows = clear and all_finite(normalised)
        cues = self._cues(normalised if shows else None, scores)
        belief = confidences(cues, confidence(cues, self._model, self._curve))
        return match(similarity, scores, cues.answer, belief, self._config, clear)

    def continue_from(self, before: Matcher, source: Indices) -> None:
        """
        Take over what is known from earlier frames, for another revision of a map.

        Without effect if the stages of `before` are others.

        :param source: int64 (places,), the number of each place there, -1 where it is new.
        """
        if self._stages != before._stages:
            return
        for name, stages in self._normalisers.items():
            for stage, other in zip(stages, before._normalisers.get(name, [])):
                stage.continue_from(other, source)
        self._filter.continue_from(before._filter, source)
        self._cues.continue_from(before._cues, source)
        self._last_ns = dict(before._last_ns)

    def reset(self) -> None:
        """Forget earlier frames."""
        for stages in self._normalisers.values():
            for stage in stages:
                stage.reset()
        self._filter.reset()
        if self._joint:
            self._joint.reset()
        self._cues.reset()
        self._last_ns.clear()
