"""The network of graded spikes as Lava processes; import it only after `prepare_lava`."""

from __future__ import annotations

import numpy as np
from lava.magma.core.run_conditions import RunContinuous
from lava.proc.dense.process import Dense
from lava.proc.graded.process import GradedVec
from lava.proc.io.extractor import Extractor
from lava.proc.io.injector import Injector
from lava.utils.weightutils import SignMode
from numpy.typing import NDArray

from .hardware import GRADED, Link, run_configuration
from .host_ports import BUFFER, PyIntegerExtractorModel, PyIntegerInjectorModel, stop
from .plan import GradedLayer, GradedModule
from .ports import Port
from .processes.requantise import Requantise


class GradedNetwork:
    """
    All modules in parallel: one injector, and for each module two layers and one extractor.

    It runs until it is stopped, one step for each input.
    """

    def __init__(self, modules: list[GradedModule], link: Link) -> None:
        """Connect the processes and start them."""
        inputs = modules[0][0].weights.shape[1]
        self._injector = Injector(shape=(inputs,), buffer_size=BUFFER)
        self._extractors = []
        for feature, output in modules:
            features = _layer(self._injector.out_port, feature, link)
            outputs = _layer(features, output, link)
            extractor = Extractor(shape=outputs.shape, buffer_size=BUFFER)
            outputs.connect(extractor.in_port)
            self._extractors.append(extractor)
        self._empty = np.zeros(inputs, np.int32)
        self._injector.run(
            condition=RunContinuous(),
            run_cfg=run_configuration(
                link, {Injector: PyIntegerInjectorModel, Extractor: PyIntegerExtractorModel}
            ),
        )

    def step(self, inputs: NDArray[np.int32] | None) -> NDArray[np.int32]:
        """
        Run one step with inputs (less their zero point), or with none.

        :return: int32 (places,), the payloads of the outputs in this step: the results, less their
            zero points, for the inputs of some steps before.
        """
        self._injector.send(self._empty if inputs is None else inputs)
        return np.concatenate([extractor.receive() for extractor in self._extractors])

    def stop(self) -> None:
        """End all processes."""
        stop(self._injector, self._empty)


def _layer(source: Port, layer: GradedLayer, link: Link) -> Port:
    """Connect a layer to the port of its inputs; return the port of its outputs."""
    # Weights of mixed signs store the sign in the lowest bit: twice the weight is stored, and the
    # sum is halved.
    dense = Dense(
        weights=2 * layer.weights.astype(np.int32),
        weight_exp=-1,
        num_weight_bits=8,
        sign_mode=SignMode.MIXED,
        num_message_bits=GRADED,
    )
    low, high = layer.limits.tolist()
    neurons = Requantise(layer.factors, low, high)
    link.enter(source, dense.s_in, GRADED)
    if link.on_chip:
        # Synapses on the chip need target neurons on the chip; these pass on the sums unchanged.
        sums = GradedVec(shape=dense.a_out.shape, vth=0)
        dense.a_out.connect(sums.a_in)
        link.leave(sums.s_out, neurons.a_in, GRADED)
    else:
        dense.a_out.connect(neurons.a_in)
    outputs: Port = neurons.s_out
    return outputs
