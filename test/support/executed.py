"""Work for executors, which imports it by name in processes of its own."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from support import PATIENCE
from vprtempo_ros.errors import SourceError
from vprtempo_ros.support.progress import ProgressCallback


@dataclass(frozen=True)
class NumberedTask:
    """A task; folder: where notes are left about who worked on it."""

    path: str
    folder: Path
    number: int


def note(task: NumberedTask) -> list[int]:
    """Note that this process works on a task; return all that did."""
    file = task.folder / f'{task.number}.pids'
    with file.open('a') as stream:
        stream.write(f'{os.getpid()}\n')
    return pids(task)


def pids(task: NumberedTask) -> list[int]:
    """Return the processes that worked on a task."""
    file = task.folder / f'{task.number}.pids'
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def squared(task: NumberedTask, progress: ProgressCallback) -> int:
    """Return the square of the number."""
    note(task)
    progress('one of many', 1, 2)
    return task.number**2


def deadly_once(task: NumberedTask, progress: ProgressCallback) -> int:
    """Do the same, but the first time for odd numbers the process is killed."""
    if len(note(task)) == 1 and task.number % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return task.number**2


def deadly(task: NumberedTask, progress: ProgressCallback) -> int:
    """Kill the process."""
    note(task)
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def refusing(task: NumberedTask, progress: ProgressCallback) -> int:
    """Refuse the recording."""
    raise SourceError(f'{task.path}: not usable')


def broken(task: NumberedTask, progress: ProgressCallback) -> int:
    """Fail as no recording makes it fail."""
    raise ValueError('a defect')


def slow(task: NumberedTask, progress: ProgressCallback) -> int:
    """Work until the file `go` is there."""
    note(task)
    deadline = time.monotonic() + PATIENCE
    while not (task.folder / 'go').exists():
        progress('slow', 1, 4)
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return task.number**2
