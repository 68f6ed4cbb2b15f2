"""All stages from the similarities of a frame to its answer, with what they remember."""

from __future__ import annotations

from copy import deepcopy
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..config import MatchConfig
from ..statistics import Statistics
from .confidence import Calibration, confidences
from .match import Match, match, unknown
from .normalisation import Normaliser
from .sequence import sequence_filter
from .stages import FrameTiming, Route, Scores, Stage


class Verdict(NamedTuple):
    """The match of a frame and the scores, float32 (places,), that it was chosen by."""

    match: Match
    scores: Scores


class Matcher:
    """Runs the stages frame by frame, with bounded memory and nothing from the future."""

    def __init__(
        self, route: Route, statistics: Statistics, calibration: Calibration, config: MatchConfig
    ) -> None:
        """Make the stages that the configuration asks for."""
        # A copy: the caller's settings may change while a frame is under way.
        self._config, self._calibration = deepcopy(config), calibration
        self._curve = calibration.curves[config.sequence.filter]
        self._stages: list[Stage] = [Normaliser(statistics)] if config.normalise else []
        self._stages.append(sequence_filter(route, config.sequence))

    def adjust(self, config: MatchConfig) -> bool:
        """Take settings that need no other stages and return True; else change nothing."""
        if (config.sequence, config.normalise) != (self._config.sequence, self._config.normalise):
            return False
        self._config = deepcopy(config)
        return True

    def __call__(self, similarity: Scores, timing: FrameTiming) -> Verdict:
        """Return the answer for the similarities float32 (places,) of the next frame."""
        scores = self.score(similarity, timing)
        if not np.isfinite(similarity).all() or similarity.min() == similarity.max():
            # Whatever was seen before: this frame shows nothing.
            return Verdict(unknown(), scores)
        return Verdict(
            match(scores, self._calibration.tolerance, self._curve, self._config), scores
        )

    def score(self, similarity: Scores, timing: FrameTiming) -> Scores:
        """Return the scores float32 (places,) of the next frame, higher is better."""
        scores = similarity
        for stage in self._stages:
            scores = stage(scores, timing)
        return scores

    def confidences(self, scores: Scores) -> NDArray[np.float32]:
        """Return the confidence of every place, float32 (places,); NaN for NaN."""
        return confidences(scores, self._calibration.tolerance, self._curve).astype(np.float32)

    def reset(self) -> None:
        """Forget all earlier frames."""
        for stage in self._stages:
            stage.reset()
