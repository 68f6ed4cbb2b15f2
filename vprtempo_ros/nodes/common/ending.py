"""An end that no signal disturbs, and that comes even where the middleware hangs."""

from __future__ import annotations

import os
import signal
import sys
import threading

import rclpy
from rclpy.node import Node
from rclpy.signals import uninstall_signal_handlers

# A node's end takes some tenths of a second.
_PATIENCE = 10.0


def end(node: Node) -> None:
    """
    Destroy a node whose work is done, and leave ROS.

    rclpy answers a signal by shutting the context down in a thread of its own. If it comes just
    when the node is being destroyed, both wait for each other in Fast DDS: so signals are heeded
    no longer, the one under way is waited for, and what hangs nevertheless is left behind.
    """
    watchdog = None
    while True:
        try:
            # Before anything else: the next signal may be under way.
            _ignore_signals()
            watchdog = watchdog or _watch()
            # Waits for rclpy's thread, and puts back the handlers that were there before it.
            uninstall_signal_handlers()
            _ignore_signals()
            break
        except KeyboardInterrupt:
            # The last that came in before.
            continue
    node.destroy_node()
    rclpy.try_shutdown()
    watchdog.cancel()


def _watch() -> threading.Timer:
    watchdog = threading.Timer(_PATIENCE, _give_up)
    watchdog.daemon = True
    watchdog.start()
    return watchdog


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # A handler, not SIG_IGN: Python complains of signals whose handler went while they came.
        signal.signal(number, lambda *_: None)


def _give_up() -> None:
    print('the middleware did not end in time; left without it', file=sys.stderr, flush=True)
    sys.stdout.flush()
    os._exit(0)
