"""The backend's handle of the worker: starts it, exchanges vectors with it, ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...config import LavaConfig
from ...errors import BackendError
from .channel import READY, receive_vector, send_network, send_vector
from .plan import Tensors

HINT = (
    'make lava installs it in the environment of a checkout; otherwise: pip install '
    '"scipy<1.17" "scikit-learn<1.8" networkx asteval cloudpickle, then pip install '
    '--ignore-requires-python --no-deps lava-nc==0.10.0'
)
# How long Lava may take to start, to run a step, and to stop, in seconds; and how long the worker
# may take to end without it, until it is killed.
_START, _STEP, STOP, _KILL = 120.0, 60.0, 5.0, 5.0
_ENDED = 'backend lava: Lava has ended (see its last lines above); restart the backend'


class WorkerHandle:
    """
    The process that runs Lava, and the pipe to it.

    where: the target in words, with {} for the network's demand on Loihi 2.
    """

    where: str

    def __init__(self, kind: str, config: LavaConfig, tensors: Tensors) -> None:
        """
        Start it, in a session of its own, and wait until the network runs.

        :raises BackendError: with the worker's message, if it does not start.
        """
        self._connection, theirs = Pipe()
        descriptor = theirs.fileno()
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(filter(None, [root, os.environ.get('PYTHONPATH')]))
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'vprtempo_ros.backends.lava.worker', str(descriptor), str(STOP)],
            stdin=subprocess.DEVNULL,
            pass_fds=[descriptor],
            start_new_session=True,
            env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
        )
        theirs.close()
        try:
            self._begin(kind, config, tensors)
        except BaseException:
            self.end()
            raise

    def exchange(self, inputs: NDArray[np.int32] | None) -> NDArray[np.int32]:
        """
        Run one step.

        :raises BackendError: if Lava has ended.
        """
        try:
            send_vector(self._connection, inputs)
        except OSError:
            raise BackendError(_ENDED) from None
        self._await(_STEP)
        try:
            outputs = receive_vector(self._connection)
        except (EOFError, OSError):
            raise BackendError(_ENDED) from None
        assert outputs is not None
        return outputs

    @property
    def status(self) -> int | None:
        """Exit status of the process, None while it runs."""
        return self._process.returncode

    def end(self) -> None:
        """Close the pipe, which ends the worker; kill it if it does not end."""
        self._connection.close()
        try:
            self._process.wait(STOP + _KILL)
        except subprocess.TimeoutExpired:
            # The kernel kills Lava's processes; the tracker of its shared memory cleans up.
            self._process.kill()
            self._process.wait()

    def _begin(self, kind: str, config: LavaConfig, tensors: Tensors) -> None:
        try:
            send_network(self._connection, kind, config, tensors)
            self._await(_START)
            message = self._connection.recv_bytes()
            if message == READY:
                self.where = self._connection.recv_bytes().decode()
                return
        except (EOFError, OSError):
            raise BackendError(_ENDED) from None
        raise BackendError(message.decode(errors='replace'))

    def _await(self, seconds: float) -> None:
        try:
            if self._connection.poll(seconds):
                return
        except OSError:
            raise BackendError(_ENDED) from None
        raise BackendError(f'backend lava: no response within {seconds:g} s; restart the backend')
