"""trainer_node: a map from recorded traverses; with live.enabled, from drives while they happen."""

from __future__ import annotations

import sys
from typing import Sequence

from rclpy.node import Node

from ...config import TrainerConfig
from ...maps.store import check_destination
from ..common.arguments import warn_unknown_arguments
from ..common.parameters import declare, read
from ..common.running import run, spin
from .teaching import Teaching
from .training import ProgressPublisher, TrainingJob


class TrainerNode(Node):
    """Builds one map, or with live.enabled one for each taught drive."""

    def __init__(self) -> None:
        """Check the parameters and start."""
        super().__init__('trainer_node')
        self._work: TrainingJob | Teaching
        declare(self, TrainerConfig)
        config = read(self, TrainerConfig)
        if config.live.enabled:
            self._work = Teaching(self, ProgressPublisher(self))
            return
        check_destination(config.map, config.overwrite)
        self._work = TrainingJob(config, ProgressPublisher(self), self.get_logger())

    @property
    def done(self) -> bool:
        """Whether the one map is written, or its training failed."""
        return isinstance(self._work, TrainingJob) and self._work.done

    def end(self) -> int:
        """Cancel what is not done: no partial map is left, and no recording is lost."""
        if isinstance(self._work, Teaching):
            return self._work.end()
        self._work.cancel()
        self._work.join()
        if self._work.map is not None:
            return 0
        if self._work.problem:
            self.get_logger().fatal(self._work.problem)
            return 1
        # After a signal the logging of ROS is gone.
        print('interrupted; no map was written', file=sys.stderr, flush=True)
        return 130


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until the map is written, or with live.enabled until a signal."""
    warn_unknown_arguments(args)
    return run('trainer_node', TrainerNode, args, lambda node: spin(node, until=lambda: node.done))
