"""Component `transform`: whether map -> odom is published, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .status import Finding, Level, Values

# Seconds without odometry after which nothing is published.
ODOMETRY_SILENCE = 1.0


class TransformState(NamedTuple):
    """
    The localisation of a node.

    odometry_silence: seconds since the last message, infinite before the first, which
    odometry_seen says. map_frame, odom_frame: names. restarts: how often the odometry began again,
    restart_reason: why. unmatched: frames without odometry of their time since the last report;
    offset: seconds that the odometry is ahead of the last of them. others: which transform of
    another node contradicts, or empty. doubt: why the position is unknown, or empty. published:
    transforms. deviation: standard deviations of position (m) and heading (rad), None: unknown.
    since_match: metres since the last sure match, None: unknown. jumps: changes of hypothesis;
    rejected: sure matches that contradicted.
    """

    odometry_silence: float
    odometry_seen: bool
    map_frame: str
    odom_frame: str
    restarts: int
    restart_reason: str
    unmatched: int
    offset: float
    others: str
    doubt: str
    published: int
    deviation: tuple[float, float] | None
    since_match: float | None
    jumps: int
    rejected: int


class TransformFindings:
    """Yields what is wrong with the localisation; remembers restarts that were reported."""

    def __init__(self) -> None:
        """Start without restarts."""
        self._restarts = 0

    def __call__(self, state: TransformState, odometry_topic: str) -> Iterator[Finding]:
        """Yield the findings; where one explains another, only the first holds."""
        silent = state.odometry_silence > ODOMETRY_SILENCE
        unnamed = state.odometry_seen and not state.odom_frame
        same = bool(state.odom_frame) and state.map_frame == state.odom_frame
        yield Finding(
            'no odometry',
            Level.ERROR,
            silent,
            f'map -> odom is not published: no odometry on {odometry_topic}: start its driver, or '
            'remap odom',
        )
        yield Finding(
            'no frame',
            Level.ERROR,
            unnamed,
            f'map -> odom is not published: odometry on {odometry_topic} has no frame_id: set the '
            "name of the odometry's frame in its driver",
            raise_after=0.0,
        )
        yield Finding(
            'one frame',
            Level.ERROR,
            same,
            f'map -> odom is not published: tf.map_frame and the frame_id of {odometry_topic} are '
            f'both {state.odom_frame}: leave tf.map_frame empty',
            raise_after=0.0,
        )
        yield Finding('others', Level.ERROR, bool(state.others), state.others, raise_after=0.0)
        restarted = state.restarts > self._restarts
        self._restarts = state.restarts
        yield Finding(
            'restart',
            Level.WARN,
            restarted,
            f'odometry on {odometry_topic} began again ({state.restart_reason}): the position is '
            'forgotten until matches agree',
            raise_after=0.0,
        )
        yield Finding(
            'clock',
            Level.WARN,
            state.unmatched > 0 and not silent,
            f'{state.unmatched} frames without odometry of their time (it is {state.offset:.2f} s '
            'ahead): synchronise the clocks of the computers of camera and odometry',
        )
        yield Finding(
            'unknown',
            Level.WARN,
            bool(state.doubt) and not (silent or unnamed or same),
            f'map -> odom is not published: {state.doubt}',
        )


def transform_values(state: TransformState) -> Values:
    """Return the values of the component."""
    position, heading = state.deviation or (None, None)
    return [
        ('frames', f'{state.map_frame} -> {state.odom_frame or "?"}'),
        ('transforms published', str(state.published)),
        ('position deviation (m)', '-' if position is None else f'{position:.2f}'),
        ('heading deviation (rad)', '-' if heading is None else f'{heading:.3f}'),
        (
            'distance since match (m)',
            '-' if state.since_match is None else f'{state.since_match:.1f}',
        ),
        ('hypothesis changed', str(state.jumps)),
        ('matches rejected', str(state.rejected)),
    ]
