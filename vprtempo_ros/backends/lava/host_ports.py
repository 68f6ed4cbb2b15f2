"""Ways from the host into Lava and back, of integers; imported only after network/lava_shim.py."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import requires
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.proc.io.extractor import PyLoihiExtractorModel
from lava.proc.io.injector import Injector, PyLoihiInjectorModel
from numpy.typing import NDArray

# Frames that the channels from and to the host can hold.
BUFFER = 4


@requires(CPU)
class PyIntegerInjectorModel(PyLoihiInjectorModel):
    """Lava's own injector, which has ports of floats only, with ports of integers."""

    in_port: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


@requires(CPU)
class PyIntegerExtractorModel(PyLoihiExtractorModel):
    """Lava's own extractor, which has ports of floats only, with ports of integers."""

    in_port: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    out_port: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


def stop(injector: Injector, empty: NDArray[np.int32]) -> None:
    """End a network that waits for inputs of an injector."""
    # Lava looks between two steps whether it is to stop, and the step under way waits for an input.
    # So inputs follow the command: not before it, or it would wait again, and not much later, when
    # the memory that they go through is gone. As many as the channel has room for, should the
    # command be slow to arrive.
    channel = injector.in_port.external_pipe_csp_send_port
    for port in injector.runtime.runtime_to_service:

        def send(command: Any, original: Any = port.send) -> None:
            original(command)
            for _ in range(BUFFER):
                if channel.probe():
                    injector.send(empty)

        port.send = send
    injector.stop()
