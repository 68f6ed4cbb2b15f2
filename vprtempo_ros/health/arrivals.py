"""Rate of messages, and time since the last one."""

from __future__ import annotations

from collections import deque

# The rate is taken over this many messages: a second of a camera at 30 Hz.
_MESSAGES = 31


class Arrivals:
    """Arrival times of the last messages, in seconds of a clock that never goes back."""

    def __init__(self, now: float) -> None:
        """Start waiting for messages."""
        self.count = 0
        self._last = now
        self._times: deque[float] = deque(maxlen=_MESSAGES)

    def add(self, now: float) -> None:
        """Count a message."""
        self.count += 1
        self._last = now
        self._times.append(now)

    def silence(self, now: float) -> float:
        """Return the seconds since the last message, or since the start."""
        return now - self._last

    def restart_rate(self) -> None:
        """Leave the pause before the next message out of the rate."""
        self._times.clear()

    def rate(self, now: float) -> float | None:
        """
        Return messages per second; None before the second one.

        The current interval counts as soon as it is longer than the mean of those before.
        """
        if len(self._times) < 2:
            return None
        intervals, first, last = len(self._times) - 1, self._times[0], self._times[-1]
        mean = (last - first) / intervals
        span = max(last - first, now - first - mean)
        return intervals / span if span > 0.0 else None
