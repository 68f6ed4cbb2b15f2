"""How often messages come, and how long ago the last one did."""

from __future__ import annotations

from collections import deque

# The rate is that of the last so many messages: a second of a camera at 30 Hz.
_MESSAGES = 31


class Arrivals:
    """The last few times at which messages came, in seconds of a clock that never goes back."""

    def __init__(self, now: float) -> None:
        """Begin to wait for messages."""
        self.count = 0
        self._last = now
        self._times: deque[float] = deque(maxlen=_MESSAGES)

    def add(self, now: float) -> None:
        """Take a message."""
        self.count += 1
        self._last = now
        self._times.append(now)

    def silence(self, now: float) -> float:
        """Return the seconds since the last message, or since the beginning."""
        return now - self._last

    def begin_anew(self) -> None:
        """Let a pause not count as slowness once messages come again."""
        self._times.clear()

    def rate(self, now: float) -> float | None:
        """
        Return messages a second; None while two have not come yet.

        The interval that is running counts as soon as it is longer than those before.
        """
        if len(self._times) < 2:
            return None
        intervals, first, last = len(self._times) - 1, self._times[0], self._times[-1]
        mean = (last - first) / intervals
        span = max(last - first, now - first - mean)
        return intervals / span if span > 0.0 else None
