"""Reads variables on the chip, as a host sees it; see README.md of this stand-in."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort, PyRefPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort, RefPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Read(AbstractProcess):
    """Sends the value after each step t with (t - 1) % interval == offset, in the next step."""

    def __init__(self, shape: tuple[int, ...], interval: int, offset: int) -> None:
        super().__init__(interval=interval, offset=offset)
        self.state, self.out = RefPort(shape), OutPort(shape=shape)
        self.value = Var(shape=shape, init=0)

    def connect_var(self, variable: Any) -> None:
        self.state.connect_var(variable)


@implements(proc=Read, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class PyReadModel(PyLoihiProcessModel):
    """Reads when all neurons have done their step."""

    state: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    value: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def _is_due(self, step: int) -> bool:
        return (step - 1) % self.proc_params['interval'] == self.proc_params['offset']

    def run_spk(self) -> None:
        if self.time_step > 1 and self._is_due(self.time_step - 1):
            self.out.send(self.value.astype(np.int32))

    def post_guard(self) -> bool:
        return self._is_due(self.time_step)

    def run_post_mgmt(self) -> None:
        self.value = self.state.read()
