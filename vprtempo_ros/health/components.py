"""The concerns of a node that is active: what may be wrong with each, and its figures."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import DiagnosticsConfig
from .context import DiagnosticContext
from .statistics import Metrics
from .status import Finding, Level, Values

# The robot is lost if fewer than this part of the answers name a place.
_MOSTLY = 0.5

# Publishers that are named.
_NAMED = 4


def input_findings(
    seen: Metrics, around: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with what comes in."""
    thing, topic = around.thing, around.topic
    silent = seen.silence > limits.silence
    yield Finding(
        'silence',
        Level.ERROR,
        silent,
        ''
        if not silent
        else (f'no {thing} for {seen.silence:.0f} s on {topic}: {around.silence()}'),
        0.0,
    )
    bad, received = seen.recent.bad, max(seen.recent.received, seen.recent.bad)
    answered = seen.recent.matched + seen.recent.unknown
    many = bad > limits.max_bad * received
    some = (
        ''
        if not many
        else (
            f'{bad} of {received} {thing}s unusable in {seen.span:.0f} s, allowed are '
            f'{limits.max_bad:.0%} (diagnostics.max_bad): {seen.last_bad}{_several(around)}'
        )
    )
    yield Finding('all bad', Level.ERROR, many and not answered, f'no usable {thing}: {some}')
    yield Finding('bad', Level.WARN, many, some)
    slow = not silent and seen.rate is not None and seen.rate < limits.min_rate
    yield Finding(
        'slow',
        Level.WARN,
        slow,
        ''
        if not slow
        else (
            f'{thing}s come too slowly on {topic}: expected at least {limits.min_rate:g} a second '
            f"(diagnostics.min_rate), found {seen.rate:.1f}: see the driver's rate and exposure, "
            'and the network'
        ),
    )


def input_values(seen: Metrics, around: DiagnosticContext) -> Values:
    """Return the figures of what comes in."""
    unit = _unit(around)
    return [
        ('topic', around.topic),
        ('input rate (Hz)', '-' if seen.rate is None else f'{seen.rate:.1f}'),
        (f'{unit}s received', str(seen.total.received)),
        (f'{unit}s bad', str(seen.total.bad + seen.total.failed)),
        *((f'bad: {reason}', str(count)) for reason, count in seen.bad.items()),
    ]


def recognition_findings(seen: Metrics, limits: DiagnosticsConfig) -> Iterator[Finding]:
    """Yield what may be wrong with the answers."""
    stale = seen.unanswered > limits.silence
    yield Finding(
        'stale',
        Level.STALE,
        stale,
        (f'no answer for {seen.unanswered:.0f} s: see input and backend'),
        0.0,
    )
    answered = seen.recent.matched + seen.recent.unknown
    # Without answers nothing is learnt: what was thought before stays.
    unknown = None if stale or not answered else seen.recent.matched < _MOSTLY * answered
    yield Finding(
        'lost',
        Level.WARN,
        unknown if limits.lost_after else False,
        (
            f'lost: {seen.recent.unknown} of {answered} frames unknown in {seen.span:.0f} s, for '
            f'longer than {limits.lost_after:g} s (diagnostics.lost_after); the last place was '
            f'{seen.last_place}: is this the route of the map, and does the camera see as it did '
            'then? call ~/relocalize after carrying the robot'
        ),
        limits.lost_after,
    )


def recognition_values(seen: Metrics, around: DiagnosticContext) -> Values:
    """Return the figures of the answers."""
    return [
        ('sequence filter', around.sequence_filter),
        ('frames matched', str(seen.total.matched)),
        ('frames unknown', str(seen.total.unknown)),
        ('last match', seen.last_match),
        ('last confidence', seen.last_confidence),
        ('latency mean (ms)', _ms(sum(seen.latencies) / max(len(seen.latencies), 1), seen)),
        ('latency max (ms)', _ms(max(seen.latencies, default=0.0), seen)),
    ]


def backend_findings(
    seen: Metrics, around: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with the work on frames."""
    recent, unit = seen.recent, _unit(around)
    yield Finding(
        'failing',
        Level.ERROR,
        recent.failed > 0,
        (f'{recent.failed} {unit}s not answered in {seen.span:.0f} s: {seen.last_failure}'),
    )
    dropped = recent.dropped > limits.max_dropped * recent.received
    cure = (
        f'a faster backend (backend.name), more backend.threads, fewer or smaller {around.thing}s'
    )
    yield Finding(
        'dropping',
        Level.WARN,
        dropped,
        ''
        if not dropped
        else (
            f'cannot keep up: {recent.dropped} of {recent.received} {unit}s dropped in '
            f'{seen.span:.0f} s, allowed are {limits.max_dropped:.0%} '
            f'(diagnostics.max_dropped): {cure}'
        ),
    )
    load = recent.work / max(seen.span, 1e-6)
    yield Finding(
        'slow',
        Level.WARN,
        load > limits.max_load,
        (
            f'slow: works {load:.0%} of the time, {_work_ms(seen)} ms for each {unit}, allowed '
            f'are {limits.max_load:.0%} (diagnostics.max_load): {cure}'
        ),
    )


def backend_values(seen: Metrics, around: DiagnosticContext) -> Values:
    """Return the figures of the work on frames."""
    return [
        ('backend', around.backend),
        (f'{_unit(around)}s dropped', str(seen.total.dropped)),
        ('work mean (ms)', _work_ms(seen)),
        ('load', f'{seen.recent.work / max(seen.span, 1e-6):.0%}'),
    ]


def odometry_findings(
    seen: Metrics, around: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with the odometry."""
    yield Finding(
        'blind',
        Level.WARN,
        seen.blind > limits.silence,
        (
            f'no odometry for {seen.blind:.0f} s on {around.odometry}: the sequence filter goes by '
            'time; remap odom, or set input.odometry to false'
        ),
        0.0,
    )


def odometry_values(seen: Metrics) -> Values:
    """Return the figures of the odometry."""
    return [('odometry received', str(seen.odometry)), ('last way (m)', seen.last_way)]


def _unit(around: DiagnosticContext) -> str:
    return 'frame' if around.thing == 'image' else around.thing


def _several(around: DiagnosticContext) -> str:
    names = around.publishers()
    if len(names) < 2:
        return ''
    more = f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''
    return (
        f'; {len(names)} publishers on {around.topic} ({", ".join(names[:_NAMED])}{more}): '
        'remap all but one'
    )


def _work_ms(seen: Metrics) -> str:
    worked = seen.recent.received - seen.recent.dropped
    return f'{seen.recent.work / worked * 1e3:.2f}' if worked > 0 else '-'


def _ms(seconds: float, seen: Metrics) -> str:
    return f'{seconds * 1e3:.2f}' if seen.latencies else '-'
