"""
The process in which Lava runs: `python -m vprtempo_ros.backends.lava.worker DESCRIPTOR SECONDS`.

Lava forks a process for each process of its graph, which is unsafe with a node's threads, and
leaves them behind if it is killed. So it runs here alone, in a session that Ctrl-C does not reach,
and everything ends with the process that started it:

- When the other end of its pipe closes, this process stops Lava and ends; if Lava does not stop
  within SECONDS, it ends anyway.
- The kernel kills every process forked from here when this one ends, for any reason.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...config import LavaConfig
from ...errors import BackendError
from ...support.lava_shim import prepare_lava, prepare_netx
from .channel import READY, receive_network, receive_vector, send_vector
from .hardware import Link, choose_link
from .plan import Tensors, from_tensors

_PR_SET_PDEATHSIG = 1


class RunningNetwork(Protocol):
    """A network in Lava."""

    def step(self, inputs: NDArray[np.int32] | None) -> NDArray[np.int32]:
        """Run one step with inputs, or with none; return the outputs."""

    def stop(self) -> None:
        """End all processes."""


def main() -> int:
    """Serve the process at the other end of the pipe until it closes it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    patience = float(sys.argv[2])
    threading.Thread(target=_end_with, args=(connection.fileno(), patience), daemon=True).start()
    _let_children_end_with_this()
    try:
        received = receive_network(connection)
    except (EOFError, OSError):
        # The parent has ended in the meantime.
        return 0
    try:
        network, link = _start(*received)
    except BackendError as error:
        connection.send_bytes(str(error).encode())
        return 1
    try:
        connection.send_bytes(READY)
        connection.send_bytes(link.where.encode())
        while True:
            send_vector(connection, network.step(receive_vector(connection)))
    except (EOFError, OSError):
        network.stop()
    return 0


def _start(kind: str, config: LavaConfig, tensors: Tensors) -> tuple[RunningNetwork, Link]:
    """Return the running network and the link to its target."""
    prepare_lava()
    link = choose_link(config)
    from .process_models import search_once

    search_once()
    if kind == 'spiking':
        prepare_netx()
        from .netx import NetxNetwork, network_of

        return NetxNetwork(network_of(tensors), link), link
    from .graded import GradedNetwork

    return GradedNetwork(from_tensors(tensors), link), link


def _end_with(descriptor: int, patience: float) -> None:
    """Wait until the other end of a socket is closed; end the process some seconds after it."""
    poll = select.poll()
    # No event except the hang-up, which is always reported.
    poll.register(descriptor, 0)
    poll.poll()
    time.sleep(patience)
    os._exit(1)


def _let_children_end_with_this() -> None:
    """Make the kernel kill every process forked from here when this process ends."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    own = os.getpid()

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # The parent may have ended already.
        if os.getppid() != own:
            os._exit(1)

    os.register_at_fork(after_in_child=in_child)


if __name__ == '__main__':
    sys.exit(main())
