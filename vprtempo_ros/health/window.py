"""What was counted in the last few seconds, from counts that only grow."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

# Long enough for shares of a slow camera's frames to mean something, in seconds.
_SECONDS = 5.0


class Counts(NamedTuple):
    """Everything that is counted since the node became active; work in seconds."""

    received: int = 0
    matched: int = 0
    unknown: int = 0
    dropped: int = 0
    bad: int = 0
    failed: int = 0
    work: float = 0.0

    def since(self, before: Counts) -> Counts:
        """Return what was counted since these counts."""
        return Counts(
            self.received - before.received,
            self.matched - before.matched,
            self.unknown - before.unknown,
            self.dropped - before.dropped,
            self.bad - before.bad,
            self.failed - before.failed,
            self.work - before.work,
        )


class Window:
    """Differences of counts over the last seconds; memory is bounded by the rate of looks."""

    def __init__(self, now: float) -> None:
        """Begin with nothing counted."""
        self._looks: deque[tuple[float, Counts]] = deque([(now, Counts())])

    def look(self, now: float, counts: Counts) -> tuple[float, Counts]:
        """Return the seconds that the window spans, and what was counted in them."""
        self._looks.append((now, counts))
        # The oldest look that is kept is the newest of those that are old enough.
        while len(self._looks) > 2 and self._looks[1][0] <= now - _SECONDS:
            self._looks.popleft()
        then, before = self._looks[0]
        return now - then, counts.since(before)
