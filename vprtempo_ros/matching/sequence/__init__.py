"""The sequence filters: scores of single frames to scores that remember the frames before."""

from __future__ import annotations

from ...arrays import Indices
from ...config import SequenceConfig
from ..stages import FrameTiming, Route, Scores, Stage


class Unfiltered:
    """Passes the scores on as they are."""

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return the scores unchanged."""
        return scores

    def reset(self) -> None:
        """Nothing is remembered."""

    def continue_from(self, before: Unfiltered, source: Indices) -> None:
        """Nothing is remembered."""


def sequence_filter(route: Route, config: SequenceConfig) -> Stage:
    """Return the filter that the configuration names."""
    if config.filter == 'seqslam':
        from .seqslam import SeqSlam

        return SeqSlam(route, config)
    if config.filter == 'bayes':
        from .bayes import Bayes

        return Bayes(route, config)
    return Unfiltered()
