"""Several cameras: what may be wrong with each of them, and its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..config import DiagnosticsConfig
from ..matching.stages import CameraState
from .components import input_findings, input_values
from .context import DiagnosticContext
from .statistics import Metrics
from .status import Finding, Level, Values

# A camera that makes places stand out by less than this part of the best one is worth little.
_WORTH = 0.25
# The least that the best one must make places stand out for that, in standard deviations.
_SEES = 1.0


class CameraHealth(NamedTuple):
    """
    A camera of several: what was received of it, and what its frames are worth.

    context: with the topic of this camera. first: name of the camera whose clock counts. best: how
    far places stand out in the scores of the best camera. steady: whether it is to recognise the
    places all the time, and not only on a drive in one direction.
    """

    name: str
    metrics: Metrics
    context: DiagnosticContext
    state: CameraState
    first: str
    best: float
    steady: bool


def is_worth_little(state: CameraState, best: float) -> bool | None:
    """Return whether a camera hardly distinguishes places; None: no camera does now."""
    return state.standing_out < _WORTH * best if best >= _SEES else None


def camera_findings(camera: CameraHealth, limits: DiagnosticsConfig) -> Iterator[Finding]:
    """Yield what may be wrong with a camera."""
    yield from input_findings(camera.metrics, camera.context, limits)
    name, state = camera.name, camera.state
    silent = camera.metrics.input_silence > limits.silence
    offset = state.offset
    yield Finding(
        'clock',
        Level.ERROR,
        offset is not None and not silent,
        f'stamps of {name} are {abs(offset):.1f} s {"after" if offset > 0 else "before"} those of '
        f'{camera.first}, so its images are not used: synchronise the clocks of the computers '
        '(chrony, PTP), or have the driver stamp with the time of ROS'
        if offset is not None
        else '',
    )
    worth_little = is_worth_little(state, camera.best)
    yield Finding(
        'worth',
        Level.WARN,
        worth_little if camera.steady and not silent or worth_little is None else False,
        f'{name} hardly distinguishes places: the right one stands out by {state.standing_out:.1f} '
        f'standard deviations, {camera.best:.1f} for the best camera; is it covered, dirty, or '
        'turned since its map was made? It counts less meanwhile',
    )


def camera_values(camera: CameraHealth) -> Values:
    """Return the values of a camera."""
    return [
        *input_values(camera.metrics, camera.context),
        ('share of the evidence', f'{camera.state.share:.0%}'),
        ('right places stand out (std)', f'{camera.state.standing_out:.2f}'),
    ]
