"""Frames of one traverse are of one size."""

from __future__ import annotations

from ..errors import ImageError


class SameSize:
    """Remembers the size of the first frame."""

    def __init__(self) -> None:
        """Begin without any."""
        self._first: tuple[int, int] | None = None

    def check(self, width: int, height: int) -> None:
        """
        Make sure that a frame is of the size of the first one.

        :raises ImageError: if it is of another: it is of another camera, or the driver's settings
            changed, and what the network learns of one it does not know of the other.
        """
        if self._first is None:
            self._first = width, height
        if (width, height) != self._first:
            raise ImageError(
                f'expected {self._first[0]}x{self._first[1]} pixels as in the first '
                f'image, found {width}x{height}'
            )
