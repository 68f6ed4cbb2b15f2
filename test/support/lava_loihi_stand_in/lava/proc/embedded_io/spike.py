"""Adapters to and from the chip, as a host sees them; see README.md of this stand-in."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class PyToNxAdapter(AbstractProcess):
    """Takes spikes to the chip, where they are two steps later."""

    def __init__(self, shape: tuple[int, ...], num_message_bits: int = 0) -> None:
        assert num_message_bits in (0, 8, 16, 24, 32), num_message_bits
        super().__init__(shape=shape)
        self.inp, self.out = InPort(shape=shape), OutPort(shape=shape)
        self.before = Var(shape=(2, *shape), init=0)
        self.most = Var(shape=(1,), init=(1 << max(num_message_bits - 1, 0)))


class NxToPyAdapter(AbstractProcess):
    """Takes spikes from the chip; payloads of 24 bits come without their sign."""

    def __init__(self, shape: tuple[int, ...], num_message_bits: int = 0) -> None:
        assert num_message_bits == 24
        super().__init__(shape=shape)
        self.inp, self.out = InPort(shape=shape), OutPort(shape=shape)


@implements(proc=PyToNxAdapter, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class PyToNxModel(PyLoihiProcessModel):
    """Keeps what comes for two steps; refuses what its bits do not hold."""

    inp: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    before: np.ndarray = LavaPyType(np.ndarray, np.int32)
    most: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def run_spk(self) -> None:
        self.out.send(self.before[0].astype(np.int32))
        self.before[0] = self.before[1]
        self.before[1] = self.inp.recv()
        assert np.abs(self.before[1]).max() <= self.most


@implements(proc=NxToPyAdapter, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class NxToPyModel(PyLoihiProcessModel):
    """Hands on the lower 24 bits."""

    inp: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def run_spk(self) -> None:
        self.out.send(self.inp.recv() & 0xFFFFFF)
