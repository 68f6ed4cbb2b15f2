"""Confidence for another distance than the one that it is made for."""

from __future__ import annotations

import numpy as np

from ..arrays import Doubles, Scores
from ..maps.map import Map
from ..matching.cues import belief_of
from .by_pose import placed_poses, steps_between


class Promise:
    """
    The confidence that a match is within a radius.

    A confidence is the probability of being within `places.tolerance` places. The belief of the
    filter says how probable each place is within that tolerance, and how probable outside; so the
    probability of the places within the radius is known too (law of total probability). Along the
    route a robot is anywhere between the middles to the places next to its own, so that of a place
    at the border of the radius a part counts.
    """

    def __init__(self, loaded: Map, radius: float) -> None:
        """
        Take the positions of the places of a map with poses.

        :param radius: in metres, in the plane.
        """
        _, self._numbers, self._positions = placed_poses(loaded)
        self._index = {number: at for at, number in enumerate(self._numbers.tolist())}
        self._segments, self._radius = loaded.parts(), radius
        self._tolerance = loaded.config.places.tolerance
        self._half = steps_between(self._numbers, self._positions, self._segments)[1] / 2

    def __call__(self, confidence: float, place: int, scores: Scores, odds: bool) -> float:
        """
        Return the probability, 0 to 1, that a place is within the radius.

        :param confidence: that it is within the tolerance; scores: float32 (places,), of the frame;
            odds: they are log odds of the belief.
        """
        at = self._index.get(place)
        # Without a position nothing is known of the radius.
        if at is None:
            return 0.0
        belief = np.asarray(belief_of(scores, odds)[0], np.float64)
        belief /= max(float(belief.sum()), 1e-300)
        distances = np.hypot(*(self._positions - self._positions[at]).T)
        share = np.zeros(len(belief))
        share[self._numbers] = self._shares(distances)
        within = self._segments.around(place, self._tolerance)
        inside = float(belief[within].sum())
        both = float(belief[within] @ share[within])
        beyond = float(belief @ share) - both
        found = confidence * (both / inside if inside > 0.0 else 1.0)
        if inside < 1.0:
            found += (1.0 - confidence) * max(beyond, 0.0) / (1.0 - inside)
        return min(max(found, 0.0), 1.0)

    def _shares(self, distances: Doubles) -> Doubles:
        """Return which part of the way around each place is within the radius, 0 to 1."""
        if self._half == 0.0:
            return np.asarray(distances <= self._radius, np.float64)
        far = np.minimum(distances + self._half, self._radius)
        near = np.maximum(distances - self._half, -self._radius)
        return np.asarray(np.clip((far - near) / (2 * self._half), 0.0, 1.0))
