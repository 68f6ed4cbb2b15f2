"""Records the stamps of matches, or of the headers from `echo`, with their arrival times."""

from __future__ import annotations

import csv
import signal
import sys
import time
from pathlib import Path
from typing import Protocol

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from std_msgs.msg import Header
from vision_msgs.msg import Classification


class _Stamp(Protocol):
    """builtin_interfaces/Time."""

    sec: int
    nanosec: int


def main() -> int:
    """Subscribe to `match` or `echo`; write stamps and arrival times when interrupted."""
    kind, record = sys.argv[1], Path(sys.argv[2])
    rclpy.init()
    node = rclpy.create_node(f'arrivals_of_{kind}')
    rows: list[tuple[int, int]] = []

    def take(stamp: _Stamp) -> None:
        rows.append((stamp.sec * 10**9 + stamp.nanosec, time.time_ns()))

    if kind == 'match':
        node.create_subscription(
            Classification, '/vpr_node/match', lambda message: take(message.header.stamp), 1000
        )
    else:
        node.create_subscription(Header, 'echo', lambda message: take(message.stamp), 1000)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    print('ready', flush=True)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with record.open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(('stamp_ns', 'received_ns'))
        writer.writerows(rows)
    return 0


if __name__ == '__main__':
    sys.exit(main())
