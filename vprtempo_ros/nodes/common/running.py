"""How every ROS program of the package starts, runs and ends."""

from __future__ import annotations

import faulthandler
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Callable, Protocol, Sequence, TypeVar

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import uninstall_signal_handlers

from ...errors import ConfigError, VprError
from .arguments import logger_name, rcl_reason

# Leaving ROS takes some tenths of a second; what takes longer than this hangs.
_PATIENCE = 10.0


class Program(Protocol):
    """A node that `run` makes, runs and ends."""

    def end(self) -> int:
        """End the node's work, with signals ignored; return the exit status of the process."""

    def destroy_node(self) -> None:
        """Destroy the node, as rclpy does."""


P = TypeVar('P', bound=Program)


class _Interrupt:
    """
    The handler of SIGINT: raises `KeyboardInterrupt` only until callbacks run.

    An exception may arise between any two instructions, so also inside rclpy, whose objects it
    leaves half made: their destructors then print tracebacks. A signal shuts the context down
    in any case, which ends spinning, so SIGINT is then like SIGTERM.
    """

    def __init__(self) -> None:
        self.raises = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.raises:
            raise KeyboardInterrupt


_INTERRUPT = _Interrupt()


def spin(node: Program, until: Callable[[], bool] | None = None) -> None:
    """Run the node's callbacks until `until()`, or a signal after which a callback is finished."""
    _INTERRUPT.raises = False
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    # A signal ends waiting; each time takes as long as half a frame.
    patience = 1.0 if until is None else 0.2
    while rclpy.ok() and not (until is not None and until()):
        executor.spin_once(timeout_sec=patience)


def run(
    name: str,
    make: Callable[[], P],
    args: Sequence[str] | None = None,
    work: Callable[[P], None] = spin,
) -> int:
    """
    Make a node, do its work until it is done or SIGINT or SIGTERM arrives, then end it.

    A `VprError` becomes one line in the log and status 1. Otherwise the status is that of
    `node.end()`.

    :param name: the node's name where no argument gives it another, for errors.
    :param args: arguments for ROS; None: those of the process.
    :param work: called with the node; ends when `rclpy.ok()` is false.
    """
    node: P | None = None
    status = 0
    try:
        _start_ros(args)
        node = make()
        work(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except VprError as error:
        rclpy.logging.get_logger(logger_name(name, args)).fatal(str(error))
        status = 1
    except Exception:
        # A signal invalidates the context while rclpy uses it; anything else is a bug.
        if rclpy.ok():
            raise
    finally:
        status = _end(node, status)
    return status


def _start_ros(args: Sequence[str] | None) -> None:
    # Before rclpy's own handlers, which call this one.
    _INTERRUPT.raises = True
    signal.signal(signal.SIGINT, _INTERRUPT)
    try:
        rclpy.init(args=args)
    except Exception as error:  # noqa: BLE001 - RCLError is not public, and not all there is
        raise ConfigError(rcl_reason(error)) from None


def _end(node: Program | None, status: int) -> int:
    """
    End a node and leave ROS without disturbance by signals; return the exit status.

    rclpy answers a signal by shutting down the context in a thread of its own. If that happens
    while the node is destroyed, the two wait for each other in Fast DDS. So signals are ignored
    from here on, that thread is waited for, and if the middleware hangs anyway the process exits.
    """
    _leave_signals()
    try:
        if node is not None:
            # May take long, as a recording does that is written to a slow disk.
            faulthandler.cancel_dump_traceback_later()
            status = status or node.end()
            _limit_time()
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
        faulthandler.cancel_dump_traceback_later()
    return status


def _leave_signals() -> None:
    """Ignore signals and wait for rclpy's thread, in limited time."""
    while True:
        try:
            # Before anything else: the next signal may be on its way.
            _ignore_signals()
            _limit_time()
            # Waits for rclpy's thread, and restores the handlers that were there before it.
            uninstall_signal_handlers()
            _ignore_signals()
            return
        except KeyboardInterrupt:
            # The last one that arrived before.
            continue


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        # A handler, not SIG_IGN: Python complains if a handler is removed while its signal waits.
        signal.signal(number, lambda *_: None)


def _limit_time() -> None:
    """
    Let the process exit with status 1 if it is not done in time, and print where it hangs.

    rclpy may hang with the interpreter's lock held, so that no Python would run: the thread of
    faulthandler needs no lock.
    """
    # What was printed before is not lost.
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    faulthandler.dump_traceback_later(_PATIENCE, exit=True, file=2)
