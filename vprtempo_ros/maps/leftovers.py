"""
What an interrupted training had read already, so that it goes on where it stopped.

Each recording that was read is a file in a hidden folder next to the map to be, until the map is
there. Its name says what it was read from and how, and has the checksum of its content.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..config import TrainerConfig
from ..errors import VprError
from ..executors.choice import executor_for
from ..executors.executor import Executor, Take, Task, Work
from ..options import to_tree
from ..sources.traverse import existing
from ..support.paths import user_path
from ..support.progress import ProgressCallback
from ..version import __version__
from .checked_file import read_checked
from .tensors import Tensors, Written, tensors_in, write_tensors

R = TypeVar('R')

_NAME = re.compile(r'([0-9a-f]{32})-([0-9a-f]{64})')
# Settings that do not change what is read of a recording.
_OTHER = ('bags', 'map', 'overwrite', 'live')
_OTHER_TRAINING = ('executor', 'workers', 'scheduler')


class Format(Generic[R]):
    """How the result of a task is kept: as tensors, and back again, which raises `MapError`."""

    def __init__(
        self, to_tensors: Callable[[R], Written], from_tensors: Callable[[Tensors, Task], R]
    ) -> None:
        """Take both ways."""
        self.to_tensors, self.from_tensors = to_tensors, from_tensors


def leftovers_of(path: str | Path) -> Path:
    """Return the folder with what was read for a map."""
    place = Path(os.path.realpath(user_path(path)))
    return place.with_name(f'.{place.name}.reading')


def remove_leftovers(path: str | Path) -> None:
    """Remove what was read for a map, which is there now."""
    shutil.rmtree(leftovers_of(path), ignore_errors=True)


def signature_of(task: Task, progress: ProgressCallback) -> str:
    """
    Return what distinguishes the files of a recording from others: sizes, times of change.

    :raises SourceError: if there is no such recording, before the others are read for long.
    """
    path = existing(task.path)
    files = [path]
    if path.is_dir():
        files = sorted(Path(folder, name) for folder, _, names in os.walk(path) for name in names)
    found = hashlib.sha256()
    for file in files:
        try:
            state = file.stat()
        except OSError:
            continue
        found.update(f'{file}\0{state.st_size}\0{state.st_mtime_ns}\0'.encode())
    return found.hexdigest()


def resumed(
    config: TrainerConfig,
    work: Work[R],
    tasks: Sequence[Task],
    kept_as: Format[R],
    what: str,
    progress: ProgressCallback,
    take: Take[R],
) -> None:
    """
    Run tasks with the executor of a configuration, but for those that were run before.

    Of a single one, and without a map to be, nothing is kept.

    :param what: what is read, for the progress.
    :raises VprError: as the executor.
    """
    executor = executor_for(config.training, tasks)
    if not config.map or len(tasks) < 2:
        executor.run(work, tasks, f'reading {len(tasks)} {what}', progress, take)
        return
    # Of each camera and kind of task in a folder of its own.
    name = hashlib.sha256(f'{work.__name__} {config.input.topic}'.encode()).hexdigest()[:8]
    keys = _keys(config, tasks, executor, progress)
    found = Leftovers(leftovers_of(config.map) / name, keys, kept_as)
    left = found.take(tasks, take, what, progress)
    if not left:
        return

    def keep(number: int, result: R) -> None:
        # Before it is taken, which may change it.
        found.keep(left[number], result, progress)
        take(left[number], result)

    stage = f'reading {len(left)} {what}'
    executor.run(work, [tasks[number] for number in left], stage, progress, keep)


class Leftovers(Generic[R]):
    """The results of some tasks that an interrupted training left, and a place for more."""

    def __init__(self, folder: Path, keys: Sequence[str], kept_as: Format[R]) -> None:
        """Use a folder, which need not be there; keys: a name of each task."""
        self._folder, self._keys, self._kept_as = folder, keys, kept_as

    def take(
        self, tasks: Sequence[Task], take: Take[R], what: str, progress: ProgressCallback
    ) -> list[int]:
        """Hand over what is there and whole; return the numbers of the tasks that are left."""
        numbers = {key: number for number, key in enumerate(self._keys)}
        others, damaged, taken = 0, 0, set()
        for file in self._files():
            name = _NAME.fullmatch(file.name)
            number = numbers.get(name[1]) if name else None
            if number is None or name is None:
                others += 1
                file.unlink(missing_ok=True)
                continue
            result = self._read(file, tasks[number], name[2])
            if result is None:
                damaged += 1
                file.unlink(missing_ok=True)
            elif number not in taken:
                take(number, result)
                taken.add(number)
        if others or damaged:
            progress(
                f'read before, and dropped: {others} of other recordings, settings or versions, '
                f'{damaged} damaged',
                1,
                1,
            )
        if taken:
            stage = f'continues: {len(taken)} of {len(tasks)} {what} were read before'
            progress(stage, len(taken), len(tasks))
        return [number for number in range(len(tasks)) if number not in taken]

    def keep(self, number: int, result: R, progress: ProgressCallback) -> None:
        """Keep a result; where that is not possible, it would be read again."""
        staging = ''
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor, staging = tempfile.mkstemp(dir=self._folder)
            os.close(descriptor)
            digest = write_tensors(Path(staging), self._kept_as.to_tensors(result))
            os.replace(staging, self._folder / f'{self._keys[number]}-{digest}')
        except OSError as error:
            reason = error.strerror or error
            progress(f'cannot be kept for an interrupted training ({reason})', 1, 1)
            if staging:
                Path(staging).unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        try:
            return sorted(self._folder.iterdir())
        except OSError:
            return []

    def _read(self, file: Path, task: Task, digest: str) -> R | None:
        """Return the result in a file; None: it is damaged."""
        try:
            found = read_checked(file)
            if found.digest != digest:
                return None
            return self._kept_as.from_tensors(tensors_in(found.data, file.name), task)
        except (VprError, OSError, KeyError, TypeError, ValueError):
            return None


def _keys(
    config: TrainerConfig, tasks: Sequence[Task], executor: Executor, progress: ProgressCallback
) -> list[str]:
    """Return a name for what is read of each task: its files, settings, version and what it is."""
    signatures: dict[int, str] = {}
    if all(user_path(task.path).exists() for task in tasks):
        signatures = {number: signature_of(task, progress) for number, task in enumerate(tasks)}
    else:
        # As workers of a cluster see them.
        executor.run(signature_of, tasks, 'looking at recordings', progress, signatures.__setitem__)
    tree = {key: value for key, value in to_tree(config).items() if key not in _OTHER}
    training = tree['training']
    assert isinstance(training, dict)
    tree['training'] = {k: v for k, v in training.items() if k not in _OTHER_TRAINING}
    settings = json.dumps(tree, sort_keys=True)
    return [
        hashlib.sha256(
            '\0'.join([__version__, settings, signatures[number], _described(task)]).encode()
        ).hexdigest()[:32]
        for number, task in enumerate(tasks)
    ]


def _described(task: Task) -> str:
    """Return what a task is, but for its configuration."""
    parts = {key: value for key, value in vars(task).items() if key != 'config'}
    return f'{type(task).__name__} {parts!r}'


def text_tensor(content: object) -> NDArray[np.uint8]:
    """Return plain values as an array uint8."""
    return np.frombuffer(json.dumps(content).encode(), np.uint8)
