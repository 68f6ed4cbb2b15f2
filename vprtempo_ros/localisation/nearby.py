"""The places of a map around a position, and whether single frames show them."""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from ..frames import Pose

# A frame shows the places around the robot if one of them stands out at least this much, relative
# to the best of all: more than halfway, where similar places are.
_SHARE = 0.8
# Probability of that for a robot that is there: before it is known, and what it is held to; and the
# least for one at another place.
_USUAL, _LEAST, _MOST = 0.95, 0.8, 0.98
_ALIKE = 0.02
# Part of the newest frame in what is common.
_RATE = 0.02
# A frame in which the best place stands out less than this times the best of as many random values
# shows no place.
_NOISE = 1.25
# Evidence is kept within these many nats: one frame against it is enough to doubt, and after two it
# takes more than one to believe again.
_CAP, _FLOOR = 1.5, -8.0


class NearbyPlaces:
    """The places of a map around a position in the plane."""

    def __init__(self, poses: Sequence[Pose | None], tolerance: int) -> None:
        """Take the poses of all places; a match stands for places within `tolerance`."""
        self._places = np.array([n for n, pose in enumerate(poses) if pose is not None], np.intp)
        found = [pose.position[:2] for pose in poses if pose is not None]
        self._positions = np.array(found, np.float64).reshape(-1, 2)
        steps = np.linalg.norm(np.diff(self._positions, axis=0), axis=1)
        # A map of one place has no spacing.
        spacing = float(np.median(steps)) if len(steps) and steps.any() else 1.0
        self.segment = (2 * tolerance + 1) * spacing

    def around(self, x: float, y: float, reach: float) -> NDArray[np.intp]:
        """Return the places within `reach` metres, and the segment that a match stands for."""
        distance = np.hypot(*(self._positions - (x, y)).T)
        return self._places[distance <= self.segment + reach]


def shows_nothing(similarity: NDArray[np.float32]) -> bool:
    """Return whether no place stands out in a frame, float32 (places,), as of a covered camera."""
    stands_out = float(similarity.max()) - float(similarity.mean())
    random = math.sqrt(2.0 * math.log(max(len(similarity), 2)))
    return stands_out < _NOISE * random * float(similarity.std())


class FrameTest:
    """
    Whether the frames show the places around the assumed position, as a sequential test.

    It uses the similarity of single frames: a sequence filter still believes in the old place
    several frames after a robot was carried away. How common it is that a frame shows them is
    learnt from frames whose match agrees. A frame in which no place stands out does not show them:
    to a robot that was carried it would be as blank.
    """

    def __init__(self) -> None:
        """Start without evidence for or against."""
        self._usual = _USUAL
        self.restart()

    def restart(self) -> None:
        """Forget the evidence, for another position; what is common stays."""
        self._evidence = _CAP

    @property
    def contradicts(self) -> bool:
        """Whether the last frames show other places."""
        return self._evidence < 0.0

    def add(
        self, similarity: NDArray[np.float32], near: NDArray[np.intp], agrees: bool | None
    ) -> None:
        """
        Take a frame.

        :param similarity: response of the network, float32 (places,).
        :param near: places around the assumed position.
        :param agrees: whether a sure match agrees with the position; None: there is none.
        """
        count, spread = len(similarity), float(similarity.std())
        chance = len(near) / count + _ALIKE
        if not len(near) or chance >= _LEAST or not math.isfinite(spread) or spread <= 0.0:
            return
        mean, best = float(similarity.mean()), float(similarity.max())
        shows = float(similarity[near].max()) - mean >= _SHARE * (best - mean)
        if agrees:
            self._usual += _RATE * (shows - self._usual)
        right = min(max(self._usual, _LEAST), _MOST)
        ratio = right / chance if shows else (1.0 - right) / (1.0 - chance)
        self._evidence = min(max(self._evidence + math.log(ratio), _FLOOR), _CAP)
