"""
Backend `nir`: a network from a NIR file, on one page of NumPy.

A NIR graph defines differential equations; a frame is presented for T time steps of dt seconds, and
each step is one of Euler's. The similarity of a place is the mean of its output over the steps.

1. The input, in each step: the amplitudes of the frame's spikes, 0 to 1; or (rate) binary spikes
   with these probabilities, the same train for the same frame.
2. Affine, Linear, Scale: y = W x + b, in each step for itself.
3. Neurons start with a current and a potential of zero. In each step
       current   += inflow * (weight * x - current)
       potential += leak * (rest - potential) + gain * current
       spike where potential > threshold, and there potential = reset
   with what `from_nir` makes of the node (tools/nir_nodes.py):
       I, IF:          inflow 1            weight 1     leak 0            gain dt r
       LI, LIF:        inflow 1            weight 1     leak dt / tau     gain dt r / tau
       CubaLI, CubaLIF: inflow dt / tau_syn weight w_in  leak dt / tau_mem gain dt r / tau_mem
   The output is 1 where a neuron spikes, else 0; of I, LI and CubaLI, the potential.

Matrices that follow one another are multiplied out when the backend starts, and a matrix after the
last neurons is applied once, to the mean.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.graph import RATE, GraphNetwork, Matrix, Population, check
from ..network.layers import AMPLITUDE
from ..network.network import Network
from ..support.blas import BlasThreads
from .spike_trains import RateCode


class NirBackend:
    """A chain of matrices and populations of neurons."""

    name = 'nir'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """
        Multiply out the matrices.

        :raises BackendError: if the network is not from a NIR file.
        """
        if not isinstance(network, GraphNetwork):
            raise BackendError(
                "backend 'nir' needs a network from a NIR file, and this map holds none: import "
                'one with from_nir, or choose another backend'
            )
        check(network)
        self.places = network.places
        self.detail = str(network)
        self._steps = network.steps
        self._code = None
        if network.input == RATE:
            self._code = RateCode(network.inputs, network.steps, seed=0)
        # With one thread, as backend numpy: rounding must not depend on the machine's cores.
        threads = BlasThreads(1)
        try:
            self._stages = _multiplied_out(network)
        finally:
            threads.restore()
        numbered = list(enumerate(self._stages))
        # The last neurons; and the matrices with a bias, of which most have none.
        self._last = max((n for n, stage in numbered if isinstance(stage, Population)), default=-1)
        self._biased = {
            n for n, stage in numbered if isinstance(stage, Matrix) and stage.bias.any()
        }
        self._threads = BlasThreads(config.threads)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        # (steps, inputs), or (inputs,) where all steps are the same.
        values: Floats = self._code(spikes) if self._code else spikes.astype(np.float32)
        for number, stage in enumerate(self._stages):
            if isinstance(stage, Population):
                values = integrate(stage, values, self._steps)
                continue
            if number > self._last and values.ndim == 2:
                values = values.mean(axis=0)
            values = stage.weights @ values if values.ndim == 1 else values @ stage.weights.T
            if number in self._biased:
                values = values + stage.bias
        return values.mean(axis=0) if values.ndim == 2 else values

    def close(self) -> None:
        """Restore the number of threads."""
        self._threads.restore()


def integrate(neurons: Population, values: Floats, steps: int) -> Floats:
    """Return the outputs float32 (steps, neurons) to inputs ([steps,] neurons) (step 3)."""
    arriving = np.broadcast_to(neurons.weight * values, (steps, values.shape[-1]))
    outputs = np.empty(arriving.shape, np.float32)
    spiking = neurons.spiking
    current: Floats = np.zeros(values.shape[-1], np.float32)
    potential: Floats = np.zeros(values.shape[-1], np.float32)
    for step in range(steps):
        current = current + neurons.inflow * (arriving[step] - current)
        potential = potential + neurons.leak * (neurons.rest - potential) + neurons.gain * current
        if spiking:
            fired = potential > neurons.threshold
            potential = np.where(fired, neurons.reset, potential)
        outputs[step] = fired if spiking else potential
    return outputs


def _multiplied_out(network: GraphNetwork) -> list[Matrix | Population]:
    """Return the stages with neighbouring matrices as one; without rate, inputs are 0 to 255."""
    stages: list[Matrix | Population] = []
    for stage in network.stages:
        before = stages[-1] if stages else None
        if isinstance(stage, Matrix) and isinstance(before, Matrix):
            stages[-1] = Matrix(
                stage.weights @ before.weights, stage.weights @ before.bias + stage.bias
            )
        else:
            stages.append(stage)
    if network.input == RATE:
        return stages
    first = stages[0]
    if isinstance(first, Matrix):
        stages[0] = Matrix(first.weights * AMPLITUDE, first.bias)
    else:
        stages[0] = first._replace(weight=first.weight * AMPLITUDE)
    return stages
