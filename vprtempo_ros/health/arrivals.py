"""Rate of messages, and time since the last one."""

from __future__ import annotations

from collections import deque

# A gap is longer than this many mean intervals, and than a second.
_INTERVALS, _LEAST = 5.0, 1.0
# The rate is taken over this many messages: a second of a camera at 30 Hz.
_MESSAGES = 31


class Arrivals:
    """
    Arrival times of the last messages, in seconds of a clock that never goes back.

    gaps, largest_gap: number of pauses between messages, and the longest in seconds.
    """

    def __init__(self, now: float) -> None:
        """Start waiting for messages."""
        self.count = 0
        self.gaps, self.largest_gap = 0, 0.0
        self._before: float | None = None
        self._last = now
        self._times: deque[float] = deque(maxlen=_MESSAGES)

    def add(self, now: float) -> None:
        """Count a message."""
        pause, mean = now - self._last, self._mean() or self._before
        if mean is not None and pause > max(_LEAST, _INTERVALS * mean):
            self.gaps += 1
            self.largest_gap = max(self.largest_gap, pause)
        self.count += 1
        self._last = now
        self._times.append(now)

    def silence(self, now: float) -> float:
        """Return the seconds since the last message, or since the start."""
        return now - self._last

    def restart_rate(self) -> None:
        """Leave the pause before the next message out of the rate."""
        self._before = self._mean() or self._before
        self._times.clear()

    def _mean(self) -> float | None:
        """Return the mean of the last intervals; None before the second message."""
        if len(self._times) < 2:
            return None
        return (self._times[-1] - self._times[0]) / (len(self._times) - 1)

    def rate(self, now: float) -> float | None:
        """
        Return messages per second; None before the second one.

        The current interval counts as soon as it is longer than the mean of those before.
        """
        mean = self._mean()
        if mean is None:
            return None
        intervals, first, last = len(self._times) - 1, self._times[0], self._times[-1]
        span = max(last - first, now - first - mean)
        return intervals / span if span > 0.0 else None
