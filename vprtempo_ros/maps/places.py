"""Sampling places from traverses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import Callable, Iterable, Iterator, Sequence

import numpy as np

from ..config import PlacesConfig
from ..errors import MapError
from ..frames import Frame, Pose


@dataclass(frozen=True)
class Place:
    """
    A place of the map: stamp, pose and source of its reference frame.

    stood: frames after it that would be places too, but the robot stood there (`standing.py`).
    """

    stamp_ns: int
    pose: Pose | None
    traverse: str
    frame: str
    stood: int = 0


def sample(frames: Iterable[Frame], config: PlacesConfig) -> Iterator[Frame]:
    """
    Yield the frames of the first traverse that become places.

    The first frame is a place. By frames and seconds the next ones are on a fixed grid from it;
    by metres the next is the first frame at least `spacing` away from the last place in a
    straight line, so that pose noise of a standing robot makes no places.

    :raises MapError: if places are sampled by metres and no frame has a pose.
    """
    due = due_by(config)
    taken = 0
    index = -1
    for index, frame in enumerate(frames):
        if due(index, frame.stamp_ns, frame.pose):
            yield frame
            taken += 1
            if taken == config.count:
                return
    if index >= 0 and not taken and config.by == 'metres':
        raise MapError(
            'places.by is metres, but no frame has a pose: name the pose topic in '
            'poses.topic, or sample places by frames or seconds'
        )


def sampled_at(places: Sequence[Place]) -> list[int]:
    """Return the number of each place among the frames that were sampled, those of stops too."""
    return [
        number + stood
        for number, stood in enumerate(accumulate((place.stood for place in places), initial=0))
    ][: len(places)]


Due = Callable[[int, int, 'Pose | None'], bool]
"""Whether the next frame becomes a place; arguments: its number, stamp in ns, pose."""


def due_by(config: PlacesConfig) -> Due:
    """Return the rule for which frames become places, to be called for every frame in order."""
    return _DUE[config.by](config.spacing)


# Relative tolerance of the spacing, for frames that are exact except for rounding.
_SLACK = 1e-6


class _ByGrid:
    """A frame is a place if it reaches the next multiple of the spacing from the first frame."""

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing
        self._next = 0

    def _reached(self, along: float) -> bool:
        steps = math.floor(along / self._spacing + _SLACK)
        if steps < self._next:
            return False
        self._next = steps + 1
        return True


class _ByFrames(_ByGrid):
    def __call__(self, index: int, stamp_ns: int, pose: Pose | None) -> bool:
        return self._reached(index)


class _BySeconds(_ByGrid):
    _first_ns: int | None = None

    def __call__(self, index: int, stamp_ns: int, pose: Pose | None) -> bool:
        if self._first_ns is None:
            self._first_ns = stamp_ns
        return self._reached((stamp_ns - self._first_ns) * 1e-9)


class _ByMetres:
    """A frame is a place if it is at least the spacing away from the last place."""

    def __init__(self, spacing: float) -> None:
        self._spacing = spacing * (1.0 - _SLACK)
        self._last: Pose | None = None

    def __call__(self, index: int, stamp_ns: int, pose: Pose | None) -> bool:
        if pose is None or (self._last is not None and pose.distance(self._last) < self._spacing):
            return False
        self._last = pose
        return True


_DUE: dict[str, Callable[[float], Due]] = {
    'frames': _ByFrames,
    'seconds': _BySeconds,
    'metres': _ByMetres,
}


class ByPose:
    """Assigns the frames of an additional traverse to places by position."""

    def __init__(self, places: list[Place], radius: float) -> None:
        """Use the places of the first traverse, all with poses; radius 0: their mean distance."""
        self._positions = np.array([place.pose.position for place in places if place.pose])
        # By the number of axes: on the ground, and in space.
        self._radius = {axes: radius or self._step(axes) for axes in (2, 3)}
        self._best = np.full(len(places), np.inf)

    def _step(self, axes: int) -> float:
        steps = np.linalg.norm(np.diff(self._positions[:, :axes], axis=0), axis=1)
        return float(steps.sum() / max(len(steps), 1))

    def improves(self, frame: Frame) -> int | None:
        """Return the place to which this frame is nearer than all earlier frames, or None."""
        if frame.pose is None:
            return None
        axes = 2 if frame.pose.on_ground else 3
        apart = self._positions[:, :axes] - frame.pose.position[:axes]
        distances = np.linalg.norm(apart, axis=1)
        nearest = int(distances.argmin())
        if distances[nearest] > self._radius[axes] or distances[nearest] >= self._best[nearest]:
            return None
        self._best[nearest] = distances[nearest]
        return nearest
