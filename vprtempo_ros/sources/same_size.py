"""Checking that all frames of a traverse have the same size."""

from __future__ import annotations

from ..errors import ImageError


class SameSize:
    """Remembers the size of the first frame."""

    def __init__(self) -> None:
        """Start without a frame."""
        self._first: tuple[int, int] | None = None

    def check(self, width: int, height: int) -> None:
        """
        Check that a frame has the size of the first one.

        :raises ImageError: if it has not: it is from another camera, or the driver's settings
            changed, and a network trained with one size does not recognise the other.
        """
        if self._first is None:
            self._first = width, height
        if (width, height) != self._first:
            raise ImageError(
                f'expected {self._first[0]}x{self._first[1]} pixels as in the first '
                f'image, found {width}x{height}'
            )
