"""
Graded-spike neurons that rescale; imported in the worker only, after `prepare_lava`.

`Requantise` is a population of graded-spike neurons without memory: in each step the dendritic
input is rescaled, rounded, clipped and sent on as the payload of a spike. Neurons of Loihi 2 are
programs; requantisation.py defines this one. It does not exist as microcode, so on hardware it runs
on the host (see hardware.py).
"""

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
from numpy.typing import NDArray

from ....arrays import Integers
from ..requantisation import Factors, requantise


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
    mantissa: Integers = LavaPyType(np.ndarray, np.int64, precision=24)
    shift: Integers = LavaPyType(np.ndarray, np.int64, precision=6)
    low: NDArray[np.int32] = LavaPyType(np.ndarray, np.int32, precision=9)
    high: NDArray[np.int32] = LavaPyType(np.ndarray, np.int32, precision=9)

    def run_spk(self) -> None:
        """Send the payloads for the inputs of this step."""
        # Sums from the chip have 24 bits, of which the highest is the sign.
        sums = self.a_in.recv().astype(np.int32) << 8 >> 8
        payloads = requantise(sums, Factors(self.mantissa, self.shift))
        self.s_out.send(np.clip(payloads, self.low, self.high).astype(np.int32))
