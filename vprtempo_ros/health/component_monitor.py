"""From the findings of a component to its status."""

from __future__ import annotations

from collections.abc import Iterable

from .latch import Latch
from .status import Finding, Level, Status, Values


class _LatchedFinding(Latch):
    """A latch that keeps the message of the last time the finding held."""

    message = ''


class ComponentMonitor:
    """
    Makes the status of one component; a latch for each finding keeps its level from flapping.

    The status has the worst level of the raised findings, and the messages of all of them, worst
    first.
    """

    def __init__(self, component: str) -> None:
        """Start without findings."""
        self._component = component
        self._latches: dict[str, _LatchedFinding] = {}

    def status(
        self,
        now: float,
        findings: Iterable[Finding],
        ok_message: str,
        values: Values,
        raise_after: float,
        clear_after: float,
    ) -> Status:
        """
        Return the status at a time that never decreases, in seconds.

        :param ok_message: the message where no finding is raised.
        :param raise_after: seconds that a finding must hold, where it has no time of its own.
        :param clear_after: seconds that a raised finding must be gone.
        """
        raised = []
        for finding in findings:
            latch = self._latches.setdefault(finding.name, _LatchedFinding())
            holds = latch.raised if finding.holds is None else finding.holds
            if finding.holds:
                latch.message = finding.message
            after = raise_after if finding.raise_after is None else finding.raise_after
            if latch.update(now, holds, after, clear_after):
                ended = f' (ended {latch.gone:.0f} s ago)' if latch.gone else ''
                raised.append((finding.level, latch.message + ended))
        if not raised:
            return Status(self._component, Level.OK, ok_message, values)
        raised.sort(key=lambda entry: -entry[0])
        messages: list[str] = []
        for _, message in raised:
            # A worse finding often includes the message of another.
            if not any(message in worse for worse in messages):
                messages.append(message)
        return Status(self._component, raised[0][0], '; '.join(messages), values)
