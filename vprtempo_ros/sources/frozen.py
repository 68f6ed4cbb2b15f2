"""A camera that goes on sending the same image."""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

import numpy as np

from ..arrays import Numbers

# Rows that are compared. The noise of a sensor changes some of these pixels in every image, also
# where nothing moves; a driver that repeats its last image changes none. Whole rows are read sooner
# than single pixels of them that are far apart.
_COMPARED = 32
# A robot that has moved this far, in metres, sees something else.
_MOVED = 0.5


class SameImage(NamedTuple):
    """
    For how long the image has been the same.

    seconds: between the stamps of the first and the last of the same images, 0 for a new one.
    metres: between the robot's positions at these two, None if unknown. again: whether it is the
    image before, of the same time: a message that is there twice.
    """

    seconds: float
    metres: float | None
    again: bool = False

    @property
    def frozen(self) -> bool:
        """Whether the robot has moved so far that the image must have changed."""
        return self.metres is not None and self.metres > _MOVED


class FrozenImage:
    """Compares each image with the one before it."""

    def __init__(self) -> None:
        """Start without an image."""
        self._pixels: Numbers | None = None
        self._position: Sequence[float] | None = None
        self._since_ns = self._last_ns = 0

    def update(self, pixels: Numbers, stamp_ns: int, position: Sequence[float] | None) -> SameImage:
        """
        Take an image; return for how long it has been the same.

        :param pixels: shape (height, width, channels).
        :param position: of the robot by its odometry in metres, None if unknown.
        """
        seen = pixels[:: max(1, len(pixels) // _COMPARED)]
        again, self._last_ns = stamp_ns == self._last_ns, stamp_ns
        # Nearly every image differs in the first row.
        if (
            self._pixels is None
            or not np.array_equal(seen[0], self._pixels[0])
            or not np.array_equal(seen, self._pixels)
        ):
            # A copy: the pixels may be those of a message, which are gone after the frame.
            self._pixels, self._since_ns, self._position = seen.copy(), stamp_ns, position
            return SameImage(0.0, None)
        if self._position is None:
            self._position = position
        metres = None
        if position is not None and self._position is not None:
            metres = math.dist(position, self._position)
        return SameImage(max(0, stamp_ns - self._since_ns) * 1e-9, metres, again)
