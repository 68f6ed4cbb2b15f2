"""Frames that were sent, or should have been, and did not arrive: gaps between their stamps."""

from __future__ import annotations

from collections import deque
from statistics import median

# Intervals from which the period is known, and after which a gap counts.
_INTERVALS, _KNOWN = 31, 10
# A gap is longer than this many periods, and shorter than this in ns: beyond it is a pause.
_LONGER, _PAUSE = 1.6, 3_000_000_000


class StampGaps:
    """Counts the frames that are missing between the stamps of a steady camera."""

    def __init__(self) -> None:
        """Start without a period."""
        self.missing = 0
        self._last = 0
        self._intervals: deque[int] = deque(maxlen=_INTERVALS)

    def add(self, stamp_ns: int) -> None:
        """Take the stamp of the next frame that arrived; stamps that jump start again."""
        interval, self._last = stamp_ns - self._last, stamp_ns
        if not 0 < interval < _PAUSE:
            return
        # The period is at least the shortest: for nearly every frame that needs no sorting.
        if len(self._intervals) >= _KNOWN and interval > _LONGER * min(self._intervals):
            period = median(self._intervals)
            if interval > _LONGER * period:
                self.missing += round(interval / period) - 1
        self._intervals.append(interval)
