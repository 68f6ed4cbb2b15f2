"""The backend: starts the worker, and exchanges a frame for an answer step by step."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...config import BackendConfig
from ...errors import BackendError
from ...network.layers import Array, Network
from ..integer import IntegerBackend, input_table, integers_of
from .channel import READY, receive_vector, send_network, send_vector
from .limits import check_limits, describe
from .plan import plan, to_tensors
from .shim import lava_is_installed

HINT = ('make lava installs it in the environment of a checkout; elsewhere: pip install '
        '"scipy<1.17" "scikit-learn<1.8" networkx asteval cloudpickle, then pip install '
        '--ignore-requires-python --no-deps lava-nc==0.10.0')
# How long Lava may take to start, for a step, and to stop, in seconds.
_START, _STEP, _STOP = 120.0, 60.0, 10.0
# Answers come two steps after their frame in simulation; the adapters of hardware may add some.
_LONGEST_DELAY = 16
_ENDED = 'backend lava: Lava has ended (see its last lines above); start the backend anew'


class LavaBackend:
    """
    The quantised network in Lava: the integers of backend `integer`.

    `delay` is how many steps later an answer comes: none with `lava.mode: one_at_a_time`, where a
    frame's steps are run at once.
    """

    name = 'lava'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Start Lava and compare its answer to one frame with that of `integer`.

        :raises BackendError: if Lava is missing, or the map exceeds what Loihi 2 has.
        """
        quantised = integers_of(network, self.name)
        demands = check_limits(quantised, network.readout)
        modules = plan(quantised, network.readout)
        if not lava_is_installed():
            raise BackendError(f"backend 'lava' needs Lava, which is not installed: {HINT}")
        self.places = quantised.places
        self._table = input_table(quantised).astype(np.int32)
        self._scales = np.concatenate([np.full(len(module.output.weights), module.output.scale)
                                       for module in quantised.modules]).astype(np.float32)
        self._worker = Worker()
        self._shown: deque[bool] = deque()
        try:
            send_network(self._worker.connection, 'graded', config.lava, to_tensors(modules))
            self._worker.await_ready()
            self._steps = self._find_delay(network, config, quantised.inputs)
        except BaseException:
            self._worker.end()
            raise
        self.delay = self._steps if config.lava.mode == 'streaming' else 0
        self.detail = f'{config.lava.mode.replace("_", " ")}, as on {describe(demands)}'

    def similarity(self, spikes: NDArray[np.uint8]) -> Array:
        """Return float32 (places,) for uint8 spikes (inputs,); what is under way is lost."""
        self._shown.clear()
        self._exchange(spikes)
        for _ in range(self._steps):
            answer = self._exchange(None)
        return answer

    def step(self, spikes: NDArray[np.uint8] | None) -> Array | None:
        """Show a frame, or none; return the answer to that of `delay` steps before, if any."""
        answer = self._exchange(spikes)
        self._shown.append(spikes is not None)
        if len(self._shown) <= self.delay:
            return None
        return answer if self._shown.popleft() else None

    def close(self) -> None:
        """Stop Lava; whatever happens, none of its processes is left."""
        self._worker.end()

    def _exchange(self, spikes: NDArray[np.uint8] | None) -> Array:
        inputs = None if spikes is None else self._table[spikes]
        return self._worker.exchange(inputs).astype(np.float32) * self._scales

    def _find_delay(self, network: Network, config: BackendConfig, inputs: int) -> int:
        """Return after how many steps the answer comes that `integer` gives."""
        integer = IntegerBackend(network, config)
        spikes = np.random.default_rng(0).integers(0, 256, inputs).astype(np.uint8)
        expected = integer.similarity(spikes)
        integer.close()
        answer = self._exchange(spikes)
        for delay in range(_LONGEST_DELAY):
            if (answer == expected).all():
                # A network that answers nothing tells nothing; in simulation it is two.
                return delay if expected.any() else 2
            answer = self._exchange(None)
        raise BackendError('backend lava: Lava does not give the integers of backend integer; '
                           'please report this with the map')


class Worker:
    """The process that runs Lava, and the pipe to it."""

    def __init__(self) -> None:
        """Start it, in a session of its own."""
        self.connection, theirs = Pipe()
        descriptor = theirs.fileno()
        root = str(Path(__file__).resolve().parents[3])
        path = os.pathsep.join(filter(None, [root, os.environ.get('PYTHONPATH')]))
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'vprtempo_ros.backends.lava.worker', str(descriptor)],
            stdin=subprocess.DEVNULL, pass_fds=[descriptor], start_new_session=True,
            env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'})
        theirs.close()

    def await_ready(self) -> None:
        """
        Wait until the network runs.

        :raises BackendError: with what the worker says, if it does not come to run.
        """
        said = self._receive(_START)
        if said != READY:
            raise BackendError(said.decode(errors='replace'))

    def exchange(self, inputs: NDArray[np.int32] | None) -> NDArray[np.int32]:
        """
        Run one step.

        :raises BackendError: if Lava has ended.
        """
        try:
            send_vector(self.connection, inputs)
        except OSError:
            raise BackendError(_ENDED) from None
        self._await(_STEP)
        try:
            answer = receive_vector(self.connection)
        except (EOFError, OSError):
            raise BackendError(_ENDED) from None
        assert answer is not None
        return answer

    def end(self) -> None:
        """Close the pipe, which ends the worker; kill it if it does not end."""
        self.connection.close()
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            # The processes of Lava go with it; what cleans up its shared memory stays to do so.
            self._process.kill()
            self._process.wait()

    def _receive(self, seconds: float) -> bytes:
        self._await(seconds)
        try:
            return self.connection.recv_bytes()
        except (EOFError, OSError):
            raise BackendError(_ENDED) from None

    def _await(self, seconds: float) -> None:
        try:
            if self.connection.poll(seconds):
                return
        except OSError:
            raise BackendError(_ENDED) from None
        raise BackendError(f'backend lava: no answer within {seconds:g} s; start the backend anew')
