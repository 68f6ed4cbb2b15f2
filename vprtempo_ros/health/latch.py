"""Conditions that have to last before they are believed, so that a level does not flap."""

from __future__ import annotations


class Latch:
    """
    Follows a condition with hysteresis in time: raised once it has held, cleared once it is gone.

    Between two changes to the same side there are at least both times, however the condition
    flickers, and one that is observed to hold for `raise_after` without a break is never missed.
    `text` is what was said of it when it held last; `gone` since when it does not, in seconds.
    """

    def __init__(self) -> None:
        """Start cleared."""
        self.raised = False
        self.text = ''
        self.gone = 0.0
        # Since when the condition is observed to differ from what is raised.
        self._differs: float | None = None

    def update(self, now: float, holds: bool, raise_after: float, clear_after: float) -> bool:
        """Take an observation at a time that never goes back, in seconds; return `raised`."""
        if holds == self.raised:
            self._differs = None
        else:
            self._differs = now if self._differs is None else self._differs
            if now - self._differs >= (clear_after if self.raised else raise_after):
                self.raised, self._differs = holds, None
        self.gone = now - self._differs if self.raised and self._differs is not None else 0.0
        return self.raised
