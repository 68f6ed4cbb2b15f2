"""The places of a map around a position, and whether single frames show them."""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from ..frames import Pose

# A frame shows the places around the robot if one of them is among this part of all places.
_TOP = 0.02
# Probability of that for a robot that is there: before it is known, and what it is held to.
_USUAL, _LEAST, _MOST = 0.9, 0.5, 0.98
# Part of the newest frame in what is common.
_RATE = 0.02
# Evidence is kept up to this many nats: one frame against it is enough where such are rare.
_CAP = 2.5
# A frame whose best place stands out less than this, compared with the mean, shows nothing.
_STANDS_OUT = 0.7


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


class FrameTest:
    """
    Whether the frames show the places around the assumed position, as a sequential test.

    It uses the similarity of single frames: a sequence filter still believes in the old place
    several frames after a robot was carried away. What is common on this drive is learnt from
    frames whose match agrees. Frames in which no place stands out say nothing.
    """

    def __init__(self) -> None:
        """Start without evidence for or against."""
        self._usual, self._prominence = _USUAL, 0.0
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
        spread = float(similarity.std())
        if not len(near) or not math.isfinite(spread) or spread <= 0.0:
            return
        prominence = (float(similarity.max()) - float(similarity.mean())) / spread
        among = float((similarity > similarity[near].max()).mean()) <= _TOP
        chance = min(_TOP * len(near) + 1.0 / len(similarity), 1.0)
        if agrees:
            self._usual += _RATE * (among - self._usual)
            self._prominence += max(_RATE, float(not self._prominence)) * (
                prominence - self._prominence
            )
        right = min(max(self._usual, _LEAST), _MOST)
        if prominence < _STANDS_OUT * self._prominence or chance >= right:
            return
        ratio = right / chance if among else (1.0 - right) / (1.0 - chance)
        self._evidence = min(self._evidence + math.log(ratio), _CAP)
