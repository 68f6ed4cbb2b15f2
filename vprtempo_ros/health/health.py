"""All concerns of a node put together: what an operator is told, and when it changes."""

from __future__ import annotations

from collections.abc import Iterable

from ..config import DiagnosticsConfig
from . import components as concerns
from .context import DiagnosticContext
from .latch import Latch
from .statistics import Metrics
from .status import Finding, Level, Status, Values
from .times import ClockWatch, clock_values

# Those of every node; odometry is one too where it is expected.
CONCERNS = ('input', 'recognition', 'backend', 'map', 'clock')


class Health:
    """
    Judges what was counted, with hysteresis: what is wrong has to last, and so has its end.

    `diagnostics.raise_after` and `clear_after` say how long; silence and being lost have times of
    their own. A concern has the worst level of what is raised, and says all of that, worst first.
    """

    def __init__(self, now: float) -> None:
        """Begin with everything well, at a time of a clock that never goes back, in seconds."""
        self._latches: dict[tuple[str, str], Latch] = {}
        self._clock = ClockWatch(now)

    def report(
        self, now: float, seen: Metrics, around: DiagnosticContext, limits: DiagnosticsConfig
    ) -> list[Status]:
        """Return the status of each concern of an active node."""

        def status(concern: str, findings: Iterable[Finding], well: str, values: Values) -> Status:
            return self._status(now, limits, concern, findings, well, values)

        told = [
            status(
                'input',
                concerns.input_findings(seen, around, limits),
                'receiving',
                concerns.input_values(seen, around),
            ),
            status(
                'recognition',
                concerns.recognition_findings(seen, limits),
                'recognising places',
                concerns.recognition_values(seen, around),
            ),
            status(
                'backend',
                concerns.backend_findings(seen, around, limits),
                'keeping up',
                concerns.backend_values(seen, around),
            ),
            status('map', _map_findings(around), 'loaded', _map_values(around)),
            status(
                'clock',
                self._clock.findings(now, around.sim_time, seen, limits),
                'going on',
                clock_values(seen, around.sim_time),
            ),
        ]
        if around.odometry:
            told.append(
                status(
                    'odometry',
                    concerns.odometry_findings(seen, around, limits),
                    'receiving',
                    concerns.odometry_values(seen),
                )
            )
        return told

    def report_map(
        self, now: float, around: DiagnosticContext, limits: DiagnosticsConfig
    ) -> Status:
        """Return the status of the map of a node that is inactive."""
        return self._status(
            now, limits, 'map', _map_findings(around), 'loaded', _map_values(around)
        )

    def _status(
        self,
        now: float,
        limits: DiagnosticsConfig,
        concern: str,
        findings: Iterable[Finding],
        well: str,
        values: Values,
    ) -> Status:
        raised = []
        for finding in findings:
            latch = self._latches.setdefault((concern, finding.name), Latch())
            holds = latch.raised if finding.holds is None else finding.holds
            if finding.holds:
                latch.text = finding.text
            after = limits.raise_after if finding.after is None else finding.after
            if latch.update(now, holds, after, limits.clear_after):
                gone = f' (not any more for {latch.gone:.0f} s)' if latch.gone else ''
                raised.append((finding.level, latch.text + gone))
        if not raised:
            return Status(concern, Level.OK, well, values)
        raised.sort(key=lambda entry: -entry[0])
        told: list[str] = []
        for _, text in raised:
            # The worse of two often says the other too.
            if not any(text in worse for worse in told):
                told.append(text)
        return Status(concern, raised[0][0], '; '.join(told), values)


def _map_values(around: DiagnosticContext) -> Values:
    return [('map', around.map_path), ('places', str(around.places))]


def _map_findings(around: DiagnosticContext) -> list[Finding]:
    return [Finding('trouble', Level.WARN, bool(around.map_trouble), around.map_trouble)]
