"""Whether the clocks around a node do what clocks do."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import DiagnosticsConfig
from .statistics import Metrics
from .status import Finding, Level, Values


class ClockWatch:
    """Compares simulated time and stamps with what they were at the last look."""

    def __init__(self, now: float) -> None:
        """Begin at a time of a steady clock, in seconds."""
        self._sim_time: float | None = None
        self._moved = now
        self._jumps = 0

    def findings(
        self, now: float, sim_time: float | None, seen: Metrics, limits: DiagnosticsConfig
    ) -> Iterator[Finding]:
        """Yield what may be wrong; `sim_time` in seconds, None where it is not used."""
        if sim_time != self._sim_time:
            self._sim_time, self._moved = sim_time, now
        yield Finding(
            'no clock',
            Level.WARN,
            sim_time == 0.0,
            (
                'use_sim_time is set but no /clock comes: frames are answered all the same; play '
                'the recording with --clock, or set use_sim_time to false'
            ),
        )
        still = sim_time is not None and sim_time > 0.0 and now - self._moved > limits.silence
        yield Finding(
            'still',
            Level.WARN,
            still,
            (
                f'simulated time stands still for {now - self._moved:.0f} s: is the replay or '
                'simulation paused?'
            ),
            0.0,
        )
        jumped = seen.jumps > self._jumps
        self._jumps = seen.jumps
        yield Finding(
            'jump',
            Level.WARN,
            jumped,
            (
                f'stamps jumped back by {seen.jump:.1f} s: the frames before are forgotten, as '
                'when a recording starts again'
            ),
            0.0,
        )


def clock_values(seen: Metrics, sim_time: float | None) -> Values:
    """Return the figures of the clocks."""
    return [
        ('time', 'of the system' if sim_time is None else f'simulated, {sim_time:.3f} s'),
        ('stamps behind by (s)', '-' if seen.offset is None else f'{seen.offset:.3f}'),
        ('jumps back', str(seen.jumps)),
    ]
