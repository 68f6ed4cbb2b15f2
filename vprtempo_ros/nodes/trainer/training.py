"""The training of a map in a thread, while the node stays responsive."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Callable

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.node import Node
from std_msgs.msg import Float32

from ...config import TrainerConfig
from ...errors import SourceError, VprError
from ...interface import PROGRESS
from ...maps.building import build_map
from ...maps.extending import extend, extends
from ...maps.map import missing_lines
from ...maps.store import save
from ...sources.unfinished import finish
from ...support.paths import user_path
from ...support.progress import ProgressCallback
from ...support.several import several
from ..common.qos import LATCHED

# Minimum time between two progress messages of a stage, in seconds.
_PERIOD = 1.0


class _Cancelled(Exception):
    pass


class ProgressPublisher:
    """Publishes and logs the progress of the present stage; a `ProgressCallback`."""

    def __init__(self, node: Node) -> None:
        """Make the topic."""
        self.stage = ''
        self._logger = node.get_logger()
        self._publisher = node.create_publisher(Float32, PROGRESS.name, LATCHED)
        self._published = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Publish the progress once a second, and at the end of a stage."""
        now = time.monotonic()
        if now - self._published < _PERIOD and done < total:
            return
        self._published = now
        fraction = done / total if total else 0.0
        self._publisher.publish(Float32(data=fraction))
        self.stage = f'{stage}: {done}/{total} ({fraction:.0%})'
        self._logger.info(self.stage)


def recover_recording(path: Path, logger: RcutilsLogger, what_next: str = '') -> None:
    """Recover a recording that was not finished, so that `ros2 bag` reads it too; log it."""
    try:
        messages = finish(path)
    except SourceError as error:
        # A reader may still be able to use it, from a disk that may not be written for example.
        logger.warning(f'{error}; `ros2 bag` will not read it')
        return
    if messages is not None:
        logger.warning(
            f'{path}: a recording that was cut off, by a crash or a loss of power; recovered with '
            f'{messages} messages{what_next}'
        )


class TrainingJob:
    """
    Builds a map and saves it, in a thread.

    Once `done`, `map` is its folder, or None; then `problem` is the reason, empty if cancelled.
    """

    def __init__(
        self,
        config: TrainerConfig,
        progress: ProgressCallback,
        logger: RcutilsLogger,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Start; `before` is called first, in the thread."""
        self.done = False
        self.map: Path | None = None
        self.problem = ''
        self._config, self._progress, self._logger = config, progress, logger
        self._before = before
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, name='trainer')
        self._thread.start()

    def cancel(self) -> None:
        """Stop at the next progress report, without a map."""
        self._cancelled.set()

    def join(self) -> None:
        """Wait until it is done."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._before()
            self._train()
        except _Cancelled:
            pass
        except VprError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - the node reports it and stays alive
            self.problem = (
                f'unexpected {type(error).__name__}: {error}; no map was written; '
                'please report this'
            )
        self.done = True

    def _train(self) -> None:
        started = time.monotonic()
        config = self._config
        for bag in config.bags:
            recover_recording(user_path(bag), self._logger)
        growing = extends(config)
        built = extend(config, self._report) if growing else build_map(config, self._report)
        for entry in built.provenance['traverses'][-len(config.bags) :]:
            for line in missing_lines(entry):
                self._logger.warning(f'{entry["source"]}: {line}')
        taken = f'{time.monotonic() - started:.1f} s'
        if growing:
            self.map = user_path(config.map)
            self._logger.info(
                f'{self.map}: revision {built.revision}, {several(len(built.places), "place")} '
                f'with those of {config.bags[0]}, {taken}'
            )
            return
        self.map = save(built, config.map, config.overwrite)
        self._logger.info(
            f'{self.map}: {several(len(built.places), "place")} from '
            f'{several(len(config.bags), "traverse")}, {taken}'
        )

    def _report(self, stage: str, done: int, total: int) -> None:
        if self._cancelled.is_set():
            raise _Cancelled
        self._progress(stage, done, total)
