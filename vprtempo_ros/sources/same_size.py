"""Checking that the frames of a live topic have the size of most of them."""

from __future__ import annotations

from collections import Counter

from ..errors import ImageError
from ..events.packet import Size

# Sizes that are counted; more are counted as none of them.
_MOST = 100


class SameSize:
    """
    Counts the sizes of frames; that of most of them is right, as when the recording is read.

    The first frames of a camera may have another one, until the settings of its driver apply.
    """

    def __init__(self) -> None:
        """Start without a frame."""
        self._sizes: Counter[Size] = Counter()
        self._most: Size | None = None

    def check(self, width: int, height: int) -> None:
        """
        Check that a frame has the size of most frames so far; of equally many, the earlier one's.

        :raises ImageError: if it has not: it is from another camera, or the driver's settings
            changed, and a network trained with one size does not recognise the other.
        """
        size = width, height
        if size in self._sizes or len(self._sizes) < _MOST:
            self._sizes[size] += 1
        if self._most is None or self._sizes[size] > self._sizes[self._most]:
            self._most = size
        if size != self._most:
            raise ImageError(
                f'expected {self._most[0]}x{self._most[1]} pixels as in most images so far, found '
                f'{width}x{height}'
            )
