"""How every node of the package starts and ends."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from ..errors import VprError


def run(
    make: Callable[[], Node],
    args: Sequence[str] | None = None,
    until: Callable[[Any], bool] = lambda node: False,
) -> int:
    """
    Spin a node until SIGINT, SIGTERM or `until(node)`; return the process's exit status.

    That is the node's own `exit_status` after it is destroyed, if it has one, else 0.

    A `VprError` while the node is made is shown as one line.
    """
    rclpy.init(args=args)
    node: Node | None = None
    status = 0
    try:
        # Made first: while the node is made a signal may take the context away.
        executor = SingleThreadedExecutor()
        node = make()
        executor.add_node(node)
        while rclpy.ok() and not until(node):
            executor.spin_once(timeout_sec=0.2)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except VprError as error:
        rclpy.logging.get_logger('vprtempo_ros').fatal(str(error))
        status = 1
    except Exception:
        # A signal takes the context away under whatever is being made or called just then.
        if rclpy.ok():
            raise
    finally:
        if node is not None:
            node.destroy_node()
            # A node that was interrupted knows only now how its work ended.
            status = getattr(node, 'exit_status', 0)
        rclpy.try_shutdown()
    return status
