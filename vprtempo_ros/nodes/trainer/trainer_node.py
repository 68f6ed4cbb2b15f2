"""trainer_node: recorded traverses in, a map out; or, with live.enabled, taught while driving."""

from __future__ import annotations

import sys
from typing import Sequence

from rclpy.node import Node

from ...config import TrainerConfig
from ...maps.store import check_destination
from ..common.parameters import declare, read
from ..common.running import run, warn_unknown_arguments
from .teaching import Teaching
from .training import ProgressPublisher, Training


class TrainerNode(Node):
    """Builds one map and is done, or listens and builds one whenever it is told to."""

    def __init__(self) -> None:
        """Check the parameters and begin."""
        super().__init__('trainer_node')
        # Before anything can fail: Kilted destroys a node even if it was made in part only.
        self.exit_status = 0
        self._training: Training | None = None
        self._teaching: Teaching | None = None
        declare(self, TrainerConfig)
        config = read(self, TrainerConfig)
        if config.live.enabled:
            self._teaching = Teaching(self, ProgressPublisher(self))
            return
        check_destination(config.map, config.overwrite)
        self._training = Training(config, ProgressPublisher(self), self.get_logger())

    @property
    def done(self) -> bool:
        """Whether the one map is written, or cannot be."""
        return self._training is not None and self._training.done

    def destroy_node(self) -> None:
        """Cancel what is under way; nothing half-done is left behind, nothing recorded is lost."""
        if self._teaching is not None:
            self.exit_status = self._teaching.end()
        if self._training is not None:
            self._training.cancel()
            self._training.join()
            self.exit_status = self._judge(self._training)
        super().destroy_node()

    def _judge(self, training: Training) -> int:
        if training.map is not None:
            return 0
        if training.problem:
            self.get_logger().fatal(training.problem)
            return 1
        # After a signal ROS's logging is gone.
        print('interrupted; no map was written', file=sys.stderr, flush=True)
        return 130


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until the map is written, or for as long as it teaches."""
    warn_unknown_arguments(args)
    return run(TrainerNode, args, until=lambda node: node.done)
