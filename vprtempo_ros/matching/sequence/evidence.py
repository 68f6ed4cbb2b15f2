"""The weight of scores as evidence, estimated on this map and this drive."""

from __future__ import annotations

import math

import numpy as np

from ...arrays import Floats

# Prior: how far the correct place stands out, in standard deviations of the scores, the correlation
# of successive scores of wrong places, and the weight of both in places of displacement. Estimates
# remember up to _MEMORY places.
_STANDING_OUT, _CORRELATION = 2.5, 0.3
_PRIOR, _MEMORY = 10.0, 100.0

# Memory of `recent`, in places of displacement.
_RECENT = 10.0

# The weight of evidence in units of (standing out)^power / (correlation time), and its range.
# Scores that stand out by m, of which t successive ones are worth one independent one, are worth
# m / t nats each if correct places stood out evenly. They do not: segments that stand out little
# are common where m is small, so the weight falls faster. Measured in docs/research/recall.md.
_POWER, _RATE = 1.5, 0.25
_LEAST, _MOST = 0.4, 1.0

# Frames further apart than this many places are worth more, for what makes a wrong place look right
# in one frame is gone after a few; and how much more at the most. Measured in
# docs/research/recall.md.
PERSISTENCE, _MOST_INDEPENDENT = 3.0, 2.2

# Score at which correct and wrong are equally likely, in units of the standing out.
_CENTRE = 0.4

# Maximum correlation: above it frames would have no weight.
_MOST_CORRELATED = 0.999


class Evidence:
    """
    Weighs scores by how well the filter's predictions have come true.

    It uses the expected score under the predicted belief, before the update with the frame. For a
    filter that knows where it is, this estimates how far correct places stand out; for a filter
    that guesses, or off the map, it is near 0 for any frames. A blurred prediction lowers it too,
    to its concentration (`concentration`) times the standing out, if the belief is correct;
    dividing by that would overrate the guesses of a lost filter. So half of the blur is
    compensated (the square root of the concentration), and blurred predictions weigh less.

    Attributes: standing_out, over about 100 places, starting from a prior; recent, the expected
    score over about 10 places, starting from 0; correlation, of the scores of wrong places with
    those one place earlier; places, of displacement that were counted, up to 100.

    A weight w multiplies the scores: the log ratio of correct and wrong is w (score - centre),
    after N(m, 1) against N(0, 1), tempered for frames that are not independent: values whose
    successive correlation is r are worth (1 - r) / (1 + r) independent ones (effective sample size
    of an autoregressive process, Bayley and Hammersley 1946).
    """

    def __init__(self, fixed: float = 0.0, prior: float = _PRIOR, memory: float = _MEMORY) -> None:
        """
        Start from the prior; a `fixed` weight above 0 is not estimated.

        :param prior: weight of the prior in places; memory: places that are remembered.
        """
        self._fixed, self._prior, self._memory = fixed, prior, memory
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self.correlation, self.recent, self.places = _CORRELATION, 0.0, 0.0
        # Sums of expected scores, and of what they are divided by.
        self._sharp = self._prior / 2
        self._total = _STANDING_OUT * self._sharp

    def continue_from(self, before: Evidence) -> None:
        """Take over what was estimated on this drive so far."""
        self.correlation, self.recent, self.places = (
            before.correlation,
            before.recent,
            before.places,
        )
        self._sharp, self._total = before._sharp, before._total

    @property
    def standing_out(self) -> float:
        """How far correct places stand out, in standard deviations of the scores."""
        return max(0.0, self._total / self._sharp)

    @property
    def weight(self) -> float:
        """The weight of a score, in nats per standard deviation."""
        if self._fixed:
            return self._fixed
        worth = self.standing_out**_POWER * (1.0 - self.correlation) / (1.0 + self.correlation)
        return float(min(max(_RATE * worth, _LEAST), _MOST))

    @property
    def centre(self) -> float:
        """The score at which correct and wrong are equally likely."""
        return self._fixed / 2 if self._fixed else _CENTRE * self.standing_out

    def count(
        self, score: float, concentration: float, correlations: Floats, displacement: float
    ) -> None:
        """
        Take the expected score of a frame.

        :param concentration: of the belief that predicted it, 0 to 1.
        :param correlations: float32 (speeds,), with the scores of the frame before, by speed.
        :param displacement: since that frame, in places, 0 to 1.
        """
        self.places = min(self.places + displacement, self._memory)
        part = displacement / (self.places + self._prior)
        kept = 1.0 - part if self.places == self._memory else 1.0
        self._total = kept * self._total + displacement * score
        self._sharp = kept * self._sharp + displacement * math.sqrt(concentration)
        least = min(max(float(correlations.min()), 0.0), _MOST_CORRELATED)
        self.correlation += part * (least - self.correlation)
        self.recent += displacement / _RECENT * (score - self.recent)


def independence(places: float) -> float:
    """
    Return what evidence of a frame is worth relative to that of frames a place apart, 1 or more.

    The weight of `Evidence` is for frames that follow each other closely, which are wrong together.
    Frames further apart err independently, and each has to say more: the robot may be at any of the
    places that it may have come to since.

    :param places: displacement since the last frame, in places, 0 or more.
    """
    return min(max(places / PERSISTENCE, 1.0), _MOST_INDEPENDENT)


def gains(correlations: Floats, count: int) -> Floats:
    """
    Return the weight of the evidence of each speed relative to the largest, at most 1.

    Float32 (speeds,).

    The mean of values whose successive correlation is r has sqrt((1 + r) / (1 - r)) times the
    standard deviation of that of independent ones.

    :param correlations: float32 (speeds,); count: of the first of these the largest is taken. Far
        from the speed of the reference all frames differ.
    """
    # As numbers: for a few speeds that is faster than arrays.
    known = np.minimum(np.maximum(correlations, 0.0), _MOST_CORRELATED).tolist()
    worth = [math.sqrt((1.0 - value) / (1.0 + value)) for value in known]
    most = max(worth[:count])
    return np.array([min(1.0, value / most) for value in worth], np.float32)
