"""How every node of the package starts and ends."""

from __future__ import annotations

import re
import sys
from typing import Any, Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from ...errors import ConfigError, VprError


def start_ros(args: Sequence[str] | None) -> None:
    """
    Begin with ROS.

    :raises ConfigError: if it does not understand the arguments, as a parameter file that is not
        there, or cannot write its logs.
    """
    try:
        rclpy.init(args=args)
    except Exception as error:  # noqa: BLE001 - RCLError is not public, and is not all there is
        raise ConfigError(_in_one_line(error)) from None


def own_arguments(args: Sequence[str] | None) -> list[str]:
    """
    Return the arguments that are not ROS's, of the process if none are given.

    Ends the process with one line if ROS does not understand its own.
    """
    try:
        return list(remove_ros_args(sys.argv if args is None else ['', *args])[1:])
    except Exception as error:  # noqa: BLE001 - RCLError, as above
        print(f'error: {_in_one_line(error)}', file=sys.stderr)
        sys.exit(1)


def warn_unknown_arguments(args: Sequence[str] | None) -> None:
    """Warn of arguments of a node that takes none, as of parameters without --ros-args."""
    strangers = own_arguments(args)
    if strangers:
        print(
            f'warning: {" ".join(strangers)}: ignored; parameters and remaps go behind --ros-args',
            file=sys.stderr,
            flush=True,
        )


def _in_one_line(error: Exception) -> str:
    # Without the lines of C that each part of it comes from.
    return re.sub(r', at \S+:\d+', '', ' '.join(str(error).split()))


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
    node: Node | None = None
    status = 0
    try:
        start_ros(args)
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
            status = getattr(node, 'exit_status', status)
        rclpy.try_shutdown()
    return status
