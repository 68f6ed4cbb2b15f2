"""Command-line arguments of programs that are also ROS nodes."""

from __future__ import annotations

import re
import sys
from typing import Sequence

from rclpy.utilities import remove_ros_args


def own_arguments(args: Sequence[str] | None) -> list[str]:
    """
    Return the arguments that are not for ROS; None: of those of the process.

    Ends the process with one line and status 1 if ROS does not understand its arguments.
    """
    try:
        return list(remove_ros_args(sys.argv if args is None else ['', *args])[1:])
    except Exception as error:  # noqa: BLE001 - rclpy's RCLError is not public
        print(f'error: {rcl_reason(error)}', file=sys.stderr)
        sys.exit(1)


def warn_unknown_arguments(args: Sequence[str] | None) -> None:
    """Warn of arguments of a program without any, such as parameters without --ros-args."""
    unknown = own_arguments(args)
    if unknown:
        print(
            f'warning: {" ".join(unknown)}: ignored; parameters and remaps go behind --ros-args',
            file=sys.stderr,
            flush=True,
        )


def logger_name(node: str, args: Sequence[str] | None) -> str:
    """
    Return the name of a node's logger, for errors before there is a node.

    :param node: its name where no argument gives it another.
    """
    given = {'__node': node, '__ns': ''}
    words = sys.argv if args is None else args
    # Of several rules for the same name ROS takes the first.
    for before, word in reversed(list(zip(words, words[1:]))):
        key, _, value = word.partition(':=')
        if before in ('-r', '--remap') and key in given:
            given[key] = value
    return '.'.join(filter(None, [*given['__ns'].split('/'), given['__node']]))


def rcl_reason(error: Exception) -> str:
    """Return the message of an error of rclpy in one line, without the lines of C it names."""
    return re.sub(r', at \S+:\d+', '', ' '.join(str(error).split()))
