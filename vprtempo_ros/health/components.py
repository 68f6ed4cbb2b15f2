"""The components of an active node: what may be wrong with each, and its values."""

from __future__ import annotations

from collections.abc import Iterator

from ..config import DiagnosticsConfig
from .context import DiagnosticContext
from .statistics import Metrics
from .status import Finding, Level, Values

# The robot is lost if a smaller fraction of the results names a place.
_MOST = 0.5

# The middleware believes that a node which was killed is there for 20 seconds more.
_GONE = 25.0

# Publishers that are named.
_NAMED = 4


def input_findings(
    metrics: Metrics, context: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with the images or event packets."""
    kind, topic, recent = context.input_kind, context.input_topic, metrics.recent
    silent = metrics.input_silence > limits.silence
    yield Finding(
        'silence',
        Level.ERROR,
        silent,
        f'no {kind} for {metrics.input_silence:.0f} s on {topic}: {context.silence_reason()}'
        if silent
        else '',
        raise_after=0.0,
    )
    received = max(recent.received, recent.bad)
    many_bad = recent.bad > limits.max_bad * received
    bad = (
        f'{recent.bad} of {received} {kind}s unusable in {metrics.span:.0f} s, at most '
        f'{limits.max_bad:.0%} allowed (diagnostics.max_bad): {metrics.last_bad}'
        f'{_several_publishers(context)}'
        if many_bad
        else ''
    )
    none_usable = many_bad and not recent.matched + recent.unknown
    yield Finding('all bad', Level.ERROR, none_usable, f'no usable {kind}: {bad}')
    yield Finding('bad', Level.WARN, many_bad, bad)
    lost = max(recent.lost, recent.missing)
    packets = context.input_kind == 'packet'
    gaps = f'gaps between their {"sequence numbers" if packets else "stamps"}'
    losing = lost > limits.max_lost * (recent.received + lost)
    yield Finding(
        'lost',
        Level.WARN,
        losing,
        f'{lost} of {recent.received + lost} {kind}s lost in {metrics.span:.0f} s on {topic} '
        f'({"by the middleware" if recent.lost else gaps}), at most '
        f'{limits.max_lost:.0%} allowed (diagnostics.max_lost): {context.loss_remedy()}'
        if losing
        else '',
    )
    named = ', '.join(context.frame_ids[:_NAMED])
    yield Finding(
        'mixed',
        Level.WARN,
        len(context.frame_ids) > 1,
        f'{kind}s of several coordinate frames on {topic} ({named}): two cameras on one '
        'topic? Remap one of them, or choose one by input.frame_id',
    )
    frozen = (
        not silent and context.sim_time is None and 0.0 < limits.frozen_after < metrics.unchanged
    )
    yield Finding(
        'frozen',
        Level.WARN,
        frozen,
        f'the same image for {metrics.unchanged:.0f} s on {context.input_topic}, at most '
        f'{limits.frozen_after:g} s expected (diagnostics.frozen_after): restart the driver of the '
        'camera, which may repeat its last image'
        if frozen
        else '',
        raise_after=0.0,
    )
    slow = not silent and metrics.rate is not None and metrics.rate < limits.min_rate
    yield Finding(
        'slow',
        Level.WARN,
        slow,
        f'{kind}s arrive too slowly on {topic}: expected at least {limits.min_rate:g} per second '
        f"(diagnostics.min_rate), found {metrics.rate:.1f}: check the driver's rate and exposure, "
        'and the network'
        if slow
        else '',
    )


def input_values(metrics: Metrics, context: DiagnosticContext) -> Values:
    """Return the values of the images or event packets."""
    unit = _unit(context)
    return [
        ('topic', context.input_topic),
        ('input rate (Hz)', '-' if metrics.rate is None else f'{metrics.rate:.1f}'),
        (f'{unit}s received', str(metrics.total.received)),
        ('gaps', f'{metrics.gaps}, longest {metrics.largest_gap:.1f} s' if metrics.gaps else '0'),
        (f'{unit}s lost by the middleware', str(metrics.total.lost)),
        (
            'packets lost' if unit == 'packet' else 'frames missing by their stamps',
            str(metrics.total.missing),
        ),
        *(
            [(f'{context.input_kind}s of other coordinate frames', str(context.other_frames))]
            if context.other_frames
            else []
        ),
        (f'{unit}s bad', str(metrics.total.bad + metrics.total.failed)),
        *((f'bad: {reason}', str(count)) for reason, count in metrics.bad.items()),
    ]


def recognition_findings(
    metrics: Metrics, context: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with the matches."""
    recent = metrics.recent
    yield Finding(
        'namesakes',
        Level.ERROR,
        context.namesakes > 1,
        f'{context.namesakes} nodes are called {context.name}, so their matches arrive on one '
        'topic, and services and parameters of either answer: stop one of them, or rename it '
        '(-r __node:=NAME)',
        raise_after=_GONE,
    )
    stale = metrics.match_silence > limits.silence
    yield Finding(
        'stale',
        Level.STALE,
        stale,
        f'no frame matched for {metrics.match_silence:.0f} s: see input and backend',
        raise_after=0.0,
    )
    results = recent.matched + recent.unknown
    # Without results it cannot be evaluated: the last state stays.
    mostly_unknown = None if stale or not results else recent.matched < _MOST * results
    yield Finding(
        'lost',
        Level.WARN,
        mostly_unknown if limits.lost_after else False,
        f'lost: {recent.unknown} of {results} frames unknown in {metrics.span:.0f} s, for longer '
        f'than {limits.lost_after:g} s (diagnostics.lost_after); the last place was '
        f'{"none" if metrics.last_place is None else metrics.last_place}: is the robot on the '
        'route of the map, and does the view look as in training? Call ~/relocalize after '
        'carrying the robot',
        raise_after=limits.lost_after,
    )


def recognition_values(metrics: Metrics, context: DiagnosticContext) -> Values:
    """Return the values of the matches."""
    latencies = metrics.latencies
    mean = sum(latencies) / len(latencies) if latencies else None
    return [
        ('sequence filter', context.sequence_filter),
        ('frames matched', str(metrics.total.matched)),
        ('frames unknown', str(metrics.total.unknown)),
        ('last match', _last_match(metrics)),
        ('last confidence', '-' if metrics.place is None else f'{metrics.confidence:.2f}'),
        ('latency mean (ms)', _milliseconds(mean)),
        ('latency max (ms)', _milliseconds(max(latencies, default=None))),
    ]


def backend_findings(
    metrics: Metrics, context: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with the processing of frames."""
    recent, unit = metrics.recent, _unit(context)
    yield Finding(
        'failing',
        Level.ERROR,
        recent.failed > 0,
        f'{recent.failed} {unit}s failed in {metrics.span:.0f} s: {metrics.last_failure}',
    )
    remedy = (
        'use a faster backend (backend.name), more backend.threads, fewer or smaller '
        f'{context.input_kind}s'
    )
    yield Finding(
        'dropping',
        Level.WARN,
        recent.dropped > limits.max_dropped * recent.received,
        f'cannot keep up: {recent.dropped} of {recent.received} {unit}s dropped in '
        f'{metrics.span:.0f} s, at most {limits.max_dropped:.0%} allowed '
        f'(diagnostics.max_dropped): {remedy}',
    )
    yield Finding(
        'slow',
        Level.WARN,
        metrics.load > limits.max_load,
        f'slow: busy {metrics.load:.0%} of the time, {_milliseconds(metrics.mean_work)} ms per '
        f'{unit}, at most {limits.max_load:.0%} allowed (diagnostics.max_load): {remedy}',
    )


def backend_values(metrics: Metrics, context: DiagnosticContext) -> Values:
    """Return the values of the processing of frames."""
    return [
        ('backend', context.backend),
        (f'{_unit(context)}s dropped', str(metrics.total.dropped)),
        ('processing time mean (ms)', _milliseconds(metrics.mean_work)),
        ('load', f'{metrics.load:.0%}'),
    ]


def map_findings(context: DiagnosticContext) -> Iterator[Finding]:
    """Yield what may be wrong with the folder of the map."""
    yield Finding('folder', Level.WARN, bool(context.map_problem), context.map_problem)


def map_values(context: DiagnosticContext) -> Values:
    """Return the values of the map."""
    return [
        ('map', context.map_path),
        ('revision', str(context.map_revision)),
        ('places', str(context.places)),
    ]


def odometry_findings(
    metrics: Metrics, context: DiagnosticContext, limits: DiagnosticsConfig
) -> Iterator[Finding]:
    """Yield what may be wrong with the odometry."""
    yield Finding(
        'silence',
        Level.WARN,
        metrics.odometry_silence > limits.silence,
        f'no odometry for {metrics.odometry_silence:.0f} s on {context.odometry_topic}: the '
        'sequence filter uses time instead; remap odom, or set input.odometry to false',
        raise_after=0.0,
    )
    yield Finding(
        'poses',
        Level.WARN,
        bool(context.odometry_problem),
        f'{context.odometry_topic}: {context.odometry_problem}',
    )


def odometry_values(metrics: Metrics) -> Values:
    """Return the values of the odometry."""
    travelled = metrics.travelled
    return [
        ('odometry received', str(metrics.odometry)),
        ('distance travelled (m)', '-' if travelled is None else f'{travelled:.2f}'),
    ]


def _unit(context: DiagnosticContext) -> str:
    return 'frame' if context.input_kind == 'image' else context.input_kind


def _several_publishers(context: DiagnosticContext) -> str:
    names = context.publishers()
    if len(names) < 2:
        return ''
    more = f' and {len(names) - _NAMED} more' if len(names) > _NAMED else ''
    return (
        f'; {len(names)} publishers on {context.input_topic} ({", ".join(names[:_NAMED])}{more}): '
        'remap all but one'
    )


def _last_match(metrics: Metrics) -> str:
    if metrics.place is not None:
        return f'place {metrics.place} ({metrics.confidence:.2f})'
    return 'unknown place' if metrics.total.unknown else 'none'


def _milliseconds(seconds: float | None) -> str:
    return '-' if seconds is None else f'{seconds * 1e3:.2f}'
