"""Hysteresis in time, so that a reported level does not flap."""

from __future__ import annotations


class Latch:
    """
    Follows a condition: raised once it has held for a time, cleared once it is gone for a time.

    Two changes to the same side are at least both times apart, however often the condition
    changes; a condition observed to hold for `raise_after` without a break is never missed.
    `gone` is the number of seconds for which a raised condition has not held, else 0.
    """

    def __init__(self) -> None:
        """Start cleared."""
        self.raised = False
        self.gone = 0.0
        # Time since which the condition has differed from `raised`.
        self._differs: float | None = None

    def update(self, now: float, holds: bool, raise_after: float, clear_after: float) -> bool:
        """Take an observation at a time that never decreases, in seconds; return `raised`."""
        if holds == self.raised:
            self._differs = None
        else:
            self._differs = now if self._differs is None else self._differs
            if now - self._differs >= (clear_after if self.raised else raise_after):
                self.raised, self._differs = holds, None
        self.gone = now - self._differs if self.raised and self._differs is not None else 0.0
        return self.raised
