"""Component `clock`: simulated time, and time stamps that jump back or do not say when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..config import DiagnosticsConfig
from .statistics import Metrics
from .status import Finding, Level, Values


class ClockFindings:
    """Compares simulated time and time stamps with those at the last report."""

    def __init__(self, now: float) -> None:
        """Start at a time of a steady clock, in seconds."""
        self._sim_time: float | None = None
        self._advanced = now
        self._jumps = 0

    def __call__(
        self,
        now: float,
        sim_time: float | None,
        metrics: Metrics,
        limits: DiagnosticsConfig,
        stamps: Mapping[str, str],
    ) -> Iterator[Finding]:
        """
        Yield the findings.

        :param sim_time: in seconds, None without `use_sim_time`.
        :param stamps: by topic, why its stamps are not used.
        """
        if sim_time != self._sim_time:
            self._sim_time, self._advanced = sim_time, now
        yield Finding(
            'no clock',
            Level.WARN,
            sim_time == 0.0,
            'use_sim_time is set but no /clock is received: frames are matched anyway; play the '
            'recording with --clock, or set use_sim_time to false',
        )
        still = now - self._advanced
        yield Finding(
            'still',
            Level.WARN,
            sim_time is not None and sim_time > 0.0 and still > limits.silence,
            f'simulated time has not advanced for {still:.0f} s: is the replay or simulation '
            'paused?',
            raise_after=0.0,
        )
        jumped = metrics.jumps > self._jumps
        self._jumps = metrics.jumps
        yield Finding(
            'jump',
            Level.WARN,
            jumped,
            f'time stamps jumped back by {metrics.jump:.1f} s: earlier frames are forgotten, as '
            'when a recording restarts',
            raise_after=0.0,
        )
        yield Finding(
            'stamps',
            Level.WARN,
            bool(stamps),
            f'{"; ".join(f"{topic} {why}" for topic, why in stamps.items())}: receive times are '
            'used; have the driver stamp each message with the time of ROS',
        )


def clock_values(metrics: Metrics, sim_time: float | None) -> Values:
    """Return the values of the component."""
    return [
        ('time', 'system time' if sim_time is None else f'simulated, {sim_time:.3f} s'),
        ('stamp age (s)', '-' if metrics.stamp_age is None else f'{metrics.stamp_age:.3f}'),
        ('time jumps', str(metrics.jumps)),
    ]
