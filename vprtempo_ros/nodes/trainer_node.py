"""trainer_node: recorded traverses in, a map out; ends when it is done."""

from __future__ import annotations

import sys
import threading
import time
from typing import Sequence

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Float32

from ..config import TrainerConfig
from ..errors import VprError
from ..interface import PROGRESS
from ..maps.building import build_map
from ..maps.store import check_destination, save
from .parameters import declare, read
from .running import run

# Progress is told at most this often, in seconds, and at the end of each stage.
_PERIOD = 1.0
_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class _Cancelled(Exception):
    pass


class TrainerNode(Node):
    """Builds one map in a thread of its own while the node stays responsive."""

    def __init__(self) -> None:
        """Check the parameters and begin."""
        super().__init__('trainer_node')
        # Before anything can fail: Kilted destroys a node even if it was made in part only.
        self.exit_status = 0
        self.done = False
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        declare(self, TrainerConfig)
        self._config = read(self, TrainerConfig)
        check_destination(self._config.map, self._config.overwrite)
        self._progress = self.create_publisher(Float32, PROGRESS.name, _LATCHED)
        self._told = 0.0
        self._thread = threading.Thread(target=self._train, name='trainer')
        self._thread.start()

    def destroy_node(self) -> None:
        """Cancel what is under way; nothing half-done is left behind."""
        self._cancel.set()
        if self._thread is not None:
            self._thread.join()
        super().destroy_node()

    def _train(self) -> None:
        started = time.monotonic()
        try:
            built = build_map(self._config, self._tell)
            for entry in built.provenance['traverses']:
                if entry['unreadable'] and self._config.input.type == 'events':
                    self.get_logger().warning(f"{entry['source']}: {entry['unreadable']} packets "
                                              'of events left out; bag_info tells why')
                elif entry['unreadable']:
                    self.get_logger().warning(f"{entry['source']}: {entry['unreadable']} of "
                                              f"{entry['frames']} images left out: unreadable or "
                                              'without contrast')
            target = save(built, self._config.map, self._config.overwrite)
            self.get_logger().info(f'{target}: {len(built.places)} places from '
                                   f'{len(self._config.bags)} traverse(s), '
                                   f'{time.monotonic() - started:.1f} s')
        except _Cancelled:
            # After a signal ROS's logging is gone.
            print('interrupted; no map was written', file=sys.stderr, flush=True)
            self.exit_status = 130
        except VprError as error:
            self.get_logger().fatal(str(error))
            self.exit_status = 1
        except Exception as error:  # noqa: BLE001
            self.get_logger().fatal(f'unexpected {type(error).__name__}: {error}; no map was '
                                    'written; please report this')
            self.exit_status = 1
        self.done = True

    def _tell(self, stage: str, done: int, total: int) -> None:
        """Publish and log the progress of a stage; the place where training is cancelled."""
        if self._cancel.is_set():
            raise _Cancelled
        now = time.monotonic()
        if now - self._told < _PERIOD and done < total:
            return
        self._told = now
        part = done / total if total else 0.0
        self._progress.publish(Float32(data=part))
        self.get_logger().info(f'{stage}: {done}/{total} ({part:.0%})')


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until the map is written."""
    return run(TrainerNode, args, until=lambda node: node.done)
