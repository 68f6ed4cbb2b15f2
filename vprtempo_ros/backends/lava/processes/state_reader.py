"""Reads a variable of a process every some steps; imported in the worker only."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort, RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class StateReader(AbstractProcess):
    """Hands the value of a variable to the host, in every step t with t % interval == offset."""

    def __init__(self, variable: Any, interval: int, offset: int) -> None:
        super().__init__(interval=interval, offset=offset % interval)
        self.state = RefPort(variable.shape)
        self.out_port = OutPort(shape=variable.shape)
        self.out_port.flag_external_pipe(buffer_size=4)
        self.state.connect_var(variable)

    def receive(self) -> Any:
        """Return the next value; waits for it."""
        return self.out_port.external_pipe_csp_recv_port.recv()


@implements(proc=StateReader, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class PyStateReaderModel(PyLoihiProcessModel):
    """Reads after the step, when all neurons have done theirs."""

    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def post_guard(self) -> bool:
        """Tell whether this is a step to read in."""
        return bool(self.time_step % self.proc_params['interval'] == self.proc_params['offset'])

    def run_post_mgmt(self) -> None:
        """Read and hand on."""
        self.out_port.csp_ports[-1].send(self.state.read().astype(np.int32))
