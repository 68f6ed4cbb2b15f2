"""Integer ports from the host into Lava and back; import it only after `prepare_lava`."""

from __future__ import annotations

from typing import Callable

import numpy as np
from lava.magma.core.decorator import requires
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.proc.io.extractor import PyLoihiExtractorModel
from lava.proc.io.injector import Injector, PyLoihiInjectorModel
from numpy.typing import NDArray

# Capacity of the channels from and to the host, in frames.
BUFFER = 4


@requires(CPU)
class PyIntegerInjectorModel(PyLoihiInjectorModel):
    """Lava's injector with integer ports; its own has ports of floats only."""

    in_port: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)

    def __del__(self) -> None:
        """End the channel from the host, if it was made: a start may be interrupted before."""
        if hasattr(self, '_p_to_pm_dst_port'):
            super().__del__()


@requires(CPU)
class PyIntegerExtractorModel(PyLoihiExtractorModel):
    """Lava's extractor with integer ports; its own has ports of floats only."""

    in_port: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


def stop(injector: Injector, empty: NDArray[np.int32]) -> None:
    """Stop a network that waits for inputs of an injector."""
    # Lava checks for a stop command between two steps, and the current step waits for an input. So
    # inputs must follow the command: not precede it, or the network would wait again, and not come
    # much later, when their shared memory is released. Fill the channel, for the command may be
    # slow to arrive.
    channel = injector.in_port.external_pipe_csp_send_port
    for port in injector.runtime.runtime_to_service:

        def send(command: object, original: Callable[[object], None] = port.send) -> None:
            original(command)
            for _ in range(BUFFER):
                if channel.probe():
                    injector.send(empty)

        port.send = send
    injector.stop()
