"""
The states of live teaching, each with what exists in it and only there.

    Idle -> Recording -> Training -> Idle
                 |           ^
                 +-> Stopped-+           (~/cancel leads from each of them back to Idle)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .drive_recorder import DriveRecorder
from .recording_monitor import RecordingMonitor
from .training import TrainingJob


@dataclass(frozen=True)
class Idle:
    """Waiting for ~/start."""

    name: ClassVar[str] = 'idle'
    hint: ClassVar[str] = 'nothing is being recorded: call ~/start first'


@dataclass(frozen=True)
class Recording:
    """Recording a drive."""

    name: ClassVar[str] = 'recording'
    hint: ClassVar[str] = 'a recording is under way: call ~/finish or ~/cancel first'
    drive: DriveRecorder
    monitor: RecordingMonitor


@dataclass(frozen=True)
class Stopped:
    """A recording that ended because of a problem, and waits for ~/finish or ~/cancel."""

    name: ClassVar[str] = 'stopped'
    hint: ClassVar[str] = 'a recording that stopped waits for ~/finish or ~/cancel'
    drive: DriveRecorder
    problem: str


@dataclass(frozen=True)
class Training:
    """Training a map; known_problem: that of the recording before training started, or empty."""

    name: ClassVar[str] = 'training'
    hint: ClassVar[str] = 'training is under way: wait for it, or call ~/cancel'
    drive: DriveRecorder
    job: TrainingJob
    known_problem: str


State = Idle | Recording | Stopped | Training
"""Any of them; `hint` is what to do where another state is needed."""
