"""
Graded-spike neurons that rescale; imported in the worker only, after lava_shim.py.

`Requantise` is a population of graded-spike neurons: what arrives at the dendrite in a step is
rescaled, rounded, limited and sent on as the payload of a spike, and nothing is kept for the next
step. Neurons of Loihi 2 are programs, and this one's is written down in requantisation.py; as
microcode it does not exist, so on hardware it runs on the host (see hardware.py).
"""

from __future__ import annotations

from typing import Any

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

# By its whole name: Lava executes this file a second time, as a module of no package.
from vprtempo_ros.backends.lava.requantisation import Factors, requantise


class Requantise(AbstractProcess):
    """
    Graded-spike neurons: s_out = clip(half_even(a_in * mantissa, shift), low, high).

    mantissa, shift: int64 (neurons,), see requantisation.py; low, high: the limits of the payload.
    """

    def __init__(self, factors: Factors, low: int, high: int) -> None:
        shape = factors.mantissa.shape
        super().__init__(shape=shape)
        self.a_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)
        self.mantissa = Var(shape=shape, init=factors.mantissa)
        self.shift = Var(shape=shape, init=factors.shift)
        self.low = Var(shape=(1,), init=low)
        self.high = Var(shape=(1,), init=high)


@implements(proc=Requantise, protocol=LoihiProtocol)
@requires(CPU)
@tag('fixed_pt')
class PyRequantiseModel(PyLoihiProcessModel):
    """The neurons of `Requantise`, bit by bit."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    mantissa: Any = LavaPyType(np.ndarray, np.int64, precision=24)
    shift: Any = LavaPyType(np.ndarray, np.int64, precision=6)
    low: Any = LavaPyType(np.ndarray, np.int32, precision=9)
    high: Any = LavaPyType(np.ndarray, np.int32, precision=9)

    def run_spk(self) -> None:
        """Answer what arrived in this step."""
        # What comes from the chip has 24 bits, of which the highest is the sign.
        sums = self.a_in.recv().astype(np.int32) << 8 >> 8
        answer = requantise(sums, Factors(self.mantissa, self.shift))
        self.s_out.send(np.clip(answer, self.low, self.high).astype(np.int32))
