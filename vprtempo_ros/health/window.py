"""Counts of the last seconds, from counts that only grow."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

# Long enough for fractions of a slow camera's frames to mean something, in seconds.
_SECONDS = 5.0


class Counts(NamedTuple):
    """
    Frames counted since the node became active.

    received, dropped, bad: messages; failed: those on which the backend failed; matched, unknown:
    results with and without a place; work: processing time in seconds; lost: messages that the
    middleware lost; missing: those that the stamps or
    sequence numbers of the others show to be missing.
    """

    received: int = 0
    matched: int = 0
    unknown: int = 0
    dropped: int = 0
    bad: int = 0
    failed: int = 0
    work: float = 0.0
    lost: int = 0
    missing: int = 0

    def since(self, before: Counts) -> Counts:
        """Return the increase since earlier counts."""
        return Counts(
            self.received - before.received,
            self.matched - before.matched,
            self.unknown - before.unknown,
            self.dropped - before.dropped,
            self.bad - before.bad,
            self.failed - before.failed,
            self.work - before.work,
            self.lost - before.lost,
            self.missing - before.missing,
        )


class Window:
    """The increase of counts over the last seconds; memory is bounded by the rate of updates."""

    def __init__(self, now: float) -> None:
        """Start with zero counts."""
        self._samples: deque[tuple[float, Counts]] = deque([(now, Counts())])

    def update(self, now: float, counts: Counts) -> tuple[float, Counts]:
        """Take the present counts; return the seconds that the window spans, and the increase."""
        self._samples.append((now, counts))
        # Of the samples that are old enough, the newest is kept.
        while len(self._samples) > 2 and self._samples[1][0] <= now - _SECONDS:
            self._samples.popleft()
        then, before = self._samples[0]
        return now - then, counts.since(before)
