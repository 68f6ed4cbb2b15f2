"""Which executor runs the tasks of a training."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..config import TrainingConfig
from ..errors import ConfigError
from ..support.parallel import cores
from ..support.paths import user_path
from .executor import Executor, Task
from .processes import Processes
from .single import Single

# Bytes of recordings from which processes pay: less is read while they start.
_PAYS = 32 << 20


def check_executor(config: TrainingConfig) -> None:
    """
    Refuse an executor that cannot run here; call it before anything is read.

    :raises ConfigError: if its library is missing, or the address of the scheduler.
    """
    if config.executor == 'dask':
        _cluster(config)
    elif config.scheduler:
        raise ConfigError(
            f'training.scheduler is {config.scheduler}, but training.executor is '
            f'{config.executor or "empty"}: set it to dask, or leave the scheduler empty'
        )


def executor_for(config: TrainingConfig, tasks: Sequence[Task]) -> Executor:
    """
    Return the executor for these tasks.

    :raises ConfigError: as `check_executor`.
    """
    if config.executor == 'dask':
        return _cluster(config)
    if len(tasks) < 2 or config.executor == 'single':
        return Single()
    if config.executor == 'processes':
        return Processes(config.workers)
    pays = min(config.workers or cores(), cores()) > 1 and _more_than(
        _PAYS, (user_path(task.path) for task in tasks)
    )
    return Processes(config.workers) if pays else Single()


def encoding_workers(config: TrainingConfig) -> int:
    """Return how many processes encode the frames of a recording that is read alone."""
    return 1 if config.executor in ('single', 'dask') else config.workers or cores()


def _cluster(config: TrainingConfig) -> Executor:
    # Only here: what it needs is an extra.
    from .dask_cluster import DaskCluster

    return DaskCluster(config.scheduler)


def _more_than(limit: int, paths: Iterable[Path]) -> bool:
    """Return whether there are more bytes at these paths."""
    size = 0
    for path in paths:
        files = (
            (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
            if path.is_dir()
            else [path]
        )
        for file in files:
            try:
                size += file.stat().st_size
            except OSError:
                continue
            if size > limit:
                return True
    return False
