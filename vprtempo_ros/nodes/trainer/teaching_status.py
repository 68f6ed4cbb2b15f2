"""The diagnostics of live teaching."""

from __future__ import annotations

from typing import Iterator, NamedTuple

from ...health.status import Level, Status
from .drive_recorder import DriveRecorder
from .recording_monitor import COMPONENT
from .states import Idle, Recording, State, Stopped


class Outcome(NamedTuple):
    """The folder of the last map, and the last problem of a training; empty: none."""

    map: str = ''
    problem: str = ''


def teaching_status(state: State, outcome: Outcome, stage: str) -> Status:
    """Return the status of a state; `stage` is the progress of the training."""
    values = [('state', state.name)]
    if isinstance(state, Idle):
        values.append(('last map', outcome.map or '-'))
        if outcome.problem:
            return Status(COMPONENT, Level.WARN, outcome.problem, values)
        return Status(COMPONENT, Level.OK, state.name, values)
    values += _recording_values(state.drive)
    if isinstance(state, Recording):
        return state.monitor.status(values)
    if isinstance(state, Stopped):
        return Status(COMPONENT, Level.ERROR, state.problem, values)
    return Status(COMPONENT, Level.OK, stage, values)


def _recording_values(drive: DriveRecorder) -> Iterator[tuple[str, str]]:
    recorder, places, poses = drive.recorder, drive.counter.places, drive.pose_topic
    yield 'frames recorded', str(recorder.written[drive.frame_topic.name])
    yield 'poses recorded', str(recorder.written[poses.name]) if poses else '-'
    yield 'places so far', 'unknown' if places is None else str(places)
    yield 'recorded (MB)', f'{recorder.size / 1e6:.1f}'
    yield 'free disk space (MB)', f'{recorder.free() / 1e6:.0f}'
    yield 'messages dropped', str(recorder.dropped)
    yield 'slowest sync (ms)', f'{recorder.slowest_sync * 1e3:.0f}'
    yield 'poses bad', str(drive.bad_poses)
    yield 'frames bad', str(sum(drive.validator.bad.values()))
    for reason, count in drive.validator.bad.items():
        yield f'bad: {reason}', str(count)
