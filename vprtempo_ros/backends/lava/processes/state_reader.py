"""Passes a variable of a process to the host at intervals; imported in the worker only."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort, RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from numpy.typing import NDArray

from ..host_ports import BUFFER
from ..ports import Variable


class ToHost(AbstractProcess):
    """A process with an output to the host."""

    def __init__(self, shape: tuple[int, ...], interval: int, offset: int) -> None:
        super().__init__(interval=interval, offset=offset % interval)
        self.out_port = OutPort(shape=shape)
        self.out_port.flag_external_pipe(buffer_size=BUFFER)

    def receive(self) -> NDArray[np.int32]:
        """Return the next value; waits for it."""
        value: NDArray[np.int32] = self.out_port.external_pipe_csp_recv_port.recv()
        return value


class StateReader(ToHost):
    """Passes a variable to the host after each step t with t % interval == offset."""

    def __init__(self, variable: Variable, interval: int, offset: int) -> None:
        super().__init__(variable.shape, interval, offset)
        self.state = RefPort(variable.shape)
        self.state.connect_var(variable)


@implements(proc=StateReader, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class PyStateReaderModel(PyLoihiProcessModel):
    """Reads after the step, when all neurons are updated."""

    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def post_guard(self) -> bool:
        """Return whether the variable is read in this step."""
        return bool(self.time_step % self.proc_params['interval'] == self.proc_params['offset'])

    def run_post_mgmt(self) -> None:
        """Read and pass on."""
        self.out_port.csp_ports[-1].send(self.state.read().astype(np.int32))


class Receiver(ToHost):
    """Passes on the values of a reader on the chip in each step t with t % interval == offset."""

    def __init__(self, shape: tuple[int, ...], interval: int, offset: int) -> None:
        super().__init__(shape, interval, offset)
        self.in_port = InPort(shape=shape)


@implements(proc=Receiver, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class PyReceiverModel(PyLoihiProcessModel):
    """Waits for a value in these steps only: the others have none."""

    in_port: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def run_spk(self) -> None:
        """Pass on the value of this step."""
        if self.time_step % self.proc_params['interval'] == self.proc_params['offset']:
            self.out_port.csp_ports[-1].send(self.in_port.recv().astype(np.int32))
