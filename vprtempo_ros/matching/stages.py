"""What the stages between similarity and match have in common."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..arrays import Indices
from ..network.segments import Segments

Scores = NDArray[np.float32]


class FrameTiming(NamedTuple):
    """
    When a frame was taken, and how far the robot has come since the frame before.

    stamp_ns: may jump forwards or backwards; travelled: metres, negative in reverse, None where
    nothing shows.
    """

    stamp_ns: int
    travelled: float | None = None


class Shown(NamedTuple):
    """
    What a camera shows at a time.

    similarity: of each place, float32 (places,); normalised: the same as scores in deviations.
    """

    similarity: Scores
    normalised: Scores
    timing: FrameTiming


class CameraState(NamedTuple):
    """
    What is known of a camera, for people.

    share: of the evidence, 0 to 1, 0 without a frame of late; standing_out: how far the places that
    were believed in stood out in its scores, in standard deviations; frozen: whether its view stays
    the same while those of others change; offset: seconds that its stamps differ from those of the
    first camera, None if its frames are used.
    """

    share: float
    standing_out: float
    frozen: bool
    offset: float | None


class Route(NamedTuple):
    """
    How the places of a map follow one another.

    step_s: time between places when the reference was recorded, median, in seconds, 0 if unknown;
    step_m: way between places, median, in metres, None where the map has no poses. starts: first
    place of each segment: places before and after it do not follow one another.
    """

    places: int
    step_s: float
    step_m: float | None = None
    starts: tuple[int, ...] = (0,)

    @property
    def segments(self) -> Segments:
        """The segments."""
        return Segments(np.array([*self.starts, self.places], np.int64))


def all_finite(scores: Scores) -> bool:
    """Return whether all scores are finite."""
    # One product finds nearly all that are; it overflows for finite ones beyond 1e18, which NumPy
    # warns of from 2.5 on.
    with np.errstate(over='ignore', invalid='ignore'):
        product = float(np.dot(scores, scores))
    return math.isfinite(product) or bool(np.isfinite(scores).all())


def renumber(values: Scores, before: Scores, source: Indices, new: float) -> None:
    """
    Set values (..., places) of the places of a map to those in another revision of it.

    :param source: int64 (places,), the number of each place in `before`; -1: it is not there.
    :param new: the value of places that were not there.
    """
    values[:] = before[..., source]
    values[..., source < 0] = new


class Stage(Protocol):
    """One step from the similarities of a frame to the scores that a match is chosen by."""

    def __call__(self, scores: Scores, timing: FrameTiming) -> Scores:
        """Return scores float32 (places,), higher is better; the input is not changed."""

    def reset(self) -> None:
        """Forget all earlier frames."""

    def continue_from(self, before: Any, source: Indices) -> None:
        """
        Take over what the same stage remembers of earlier frames, for another revision of a map.

        :param before: a stage of the same class and configuration.
        :param source: int64 (places,), the number of each place there, -1 where it is new.
        """
