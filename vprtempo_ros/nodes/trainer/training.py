"""One training of a map, in a thread of its own while the node stays responsive."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Callable

from rclpy.node import Node
from std_msgs.msg import Float32

from ...config import TrainerConfig
from ...errors import VprError
from ...interface import PROGRESS
from ...maps.building import build_map
from ...maps.store import save
from ...support.progress import ProgressCallback
from ..common.qos import LATCHED

# Progress is told at most this often, in seconds, and at the end of each stage.
_PERIOD = 1.0


class _Cancelled(Exception):
    pass


class ProgressPublisher:
    """Publishes and logs how far the present stage is; a `ProgressCallback`."""

    def __init__(self, node: Node) -> None:
        """Make the topic."""
        self.stage = ''
        self._logger = node.get_logger()
        self._publisher = node.create_publisher(Float32, PROGRESS.name, LATCHED)
        self._told = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Tell, unless it was told just now."""
        now = time.monotonic()
        if now - self._told < _PERIOD and done < total:
            return
        self._told = now
        part = done / total if total else 0.0
        self._publisher.publish(Float32(data=part))
        self.stage = f'{stage}: {done}/{total} ({part:.0%})'
        self._logger.info(self.stage)


class Training:
    """
    Builds a map and saves it.

    Once `done`: `map` is where it lies, or None; then `problem` says why not, empty if it was
    cancelled.
    """

    def __init__(
        self,
        config: TrainerConfig,
        progress: ProgressCallback,
        logger: Any,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin at once; `before` is called first, in the thread."""
        self.done = False
        self.map: Path | None = None
        self.problem = ''
        self._config, self._progress, self._logger = config, progress, logger
        self._before = before
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, name='trainer')
        self._thread.start()

    def cancel(self) -> None:
        """Have it end soon; nothing half-done is left behind."""
        self._cancel.set()

    def join(self) -> None:
        """Wait until it is over."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._before()
            self._train()
        except _Cancelled:
            pass
        except VprError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001
            self.problem = (
                f'unexpected {type(error).__name__}: {error}; no map was written; '
                'please report this'
            )
        self.done = True

    def _train(self) -> None:
        started = time.monotonic()
        config = self._config
        built = build_map(config, self._tell)
        for entry in built.provenance['traverses']:
            if entry['unreadable'] and config.input.type == 'events':
                self._logger.warning(
                    f'{entry["source"]}: {entry["unreadable"]} packets of events '
                    'left out; bag_info tells why'
                )
            elif entry['unreadable']:
                self._logger.warning(
                    f'{entry["source"]}: {entry["unreadable"]} of '
                    f'{entry["frames"]} images left out: unreadable, of another '
                    'size or without contrast'
                )
        self.map = save(built, config.map, config.overwrite)
        self._logger.info(
            f'{self.map}: {len(built.places)} places from {len(config.bags)} '
            f'traverse(s), {time.monotonic() - started:.1f} s'
        )

    def _tell(self, stage: str, done: int, total: int) -> None:
        """Pass progress on; the place where training is cancelled."""
        if self._cancel.is_set():
            raise _Cancelled
        self._progress(stage, done, total)
