"""The stages from the similarity of a frame to its match, with their memory of earlier frames."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from ..config import MatchConfig
from ..statistics import Statistics
from .confidence import Calibration, confidences
from .match import Match, match
from .normalisation import Normaliser
from .sequence import sequence_filter
from .stages import FrameTiming, Route, Scores


class Matcher:
    """Runs the stages frame by frame, with bounded memory and causally."""

    def __init__(
        self, route: Route, statistics: Statistics, calibration: Calibration, config: MatchConfig
    ) -> None:
        """Make the stages that the configuration selects."""
        # A copy: the caller's settings may change while a frame is processed.
        self._config, self._calibration = deepcopy(config), calibration
        self._curve = calibration.curves[config.sequence.filter]
        self._normaliser = Normaliser(statistics) if config.normalise else None
        self._filter = sequence_filter(route, config.sequence)

    def adjust(self, config: MatchConfig) -> bool:
        """Use settings that need no other stages and return True; otherwise change nothing."""
        if (config.sequence, config.normalise) != (self._config.sequence, self._config.normalise):
            return False
        self._config = deepcopy(config)
        return True

    def __call__(self, similarity: Scores, timing: FrameTiming) -> Match:
        """Return the match for the similarity float32 (places,) of the next frame."""
        scores = self.filter(self.normalise(similarity, timing), timing)
        return self.best(similarity, scores, self.confidences(scores))

    def normalise(self, similarity: Scores, timing: FrameTiming) -> Scores:
        """Return the similarity in standard deviations of each place's responses, if so set."""
        if self._normaliser is None:
            return similarity
        return self._normaliser(similarity, timing)

    def filter(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return the scores float32 (places,) with those of earlier frames taken into account."""
        return self._filter(scores, timing)

    def confidences(self, scores: Scores) -> NDArray[np.float64]:
        """Return the confidence of every place, float64 (places,); NaN if not all are finite."""
        if not np.isfinite(scores).all():
            return np.full(len(scores), np.nan)
        return confidences(scores, self._calibration.tolerance, self._curve)

    def best(self, similarity: Scores, scores: Scores, belief: NDArray[np.float64]) -> Match:
        """Return the best places, or that the place is unknown."""
        return match(similarity, scores, belief, self._config)

    def reset(self) -> None:
        """Forget earlier frames."""
        if self._normaliser is not None:
            self._normaliser.reset()
        self._filter.reset()
