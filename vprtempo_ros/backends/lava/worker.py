"""
The process in which Lava runs: `python -m vprtempo_ros.backends.lava.worker DESCRIPTOR`.

Lava forks a process for each of its own, which would not go with a node's threads, and leaves them
behind if it is killed. So it is alone here, in a session that no Ctrl-C reaches, and everything
ends with whoever started it:

- This process notices that the other end of its pipe is gone, stops Lava, and ends; if Lava does
  not stop within some seconds it ends all the same.
- Every process that is forked from here is told by the kernel to die when this one does, however
  that comes about.
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
from typing import Any

from ...config import LavaConfig
from ...errors import BackendError
from ...support.lava_shim import prepare_lava, prepare_lava_dl
from .channel import READY, receive_network, receive_vector, send_vector
from .plan import Tensors, from_tensors

_PR_SET_PDEATHSIG = 1
# How long Lava may take to stop after the other end is gone, in seconds.
_PATIENCE = 5.0


def main() -> int:
    """Serve the process at the other end of the pipe until it goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(int(sys.argv[1]))
    threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True).start()
    _let_children_end_with_this()
    try:
        received = receive_network(connection)
    except (EOFError, OSError):
        # Whoever started this was ended meanwhile.
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


def _start(kind: str, config: LavaConfig, tensors: Tensors) -> tuple[Any, Any]:
    """Return the running network, an object with step() and stop(), and the link to it."""
    (prepare_lava_dl if kind == 'spiking' else prepare_lava)()
    from .hardware import choose_link

    link = choose_link(config)
    if kind == 'spiking':
        from .netx import NetxNetwork, network_of

        return NetxNetwork(network_of(tensors), link), link
    from .graded import GradedNetwork

    return GradedNetwork(from_tensors(tensors), link), link


def _end_with(descriptor: int) -> None:
    """Wait until the other end of a socket is closed; then end, whatever this process is doing."""
    poll = select.poll()
    # No event but the hang-up, which is always told.
    poll.register(descriptor, 0)
    poll.poll()
    time.sleep(_PATIENCE)
    os._exit(1)


def _let_children_end_with_this() -> None:
    """Have the kernel kill whatever is forked from here once this process is gone."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    own = os.getpid()

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # It may be gone already.
        if os.getppid() != own:
            os._exit(1)

    os.register_at_fork(after_in_child=in_child)


if __name__ == '__main__':
    sys.exit(main())
