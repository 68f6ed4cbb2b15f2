"""
Backend `integer`: the quantised network in integers, and its definition.

Every other engine for this network must give the same integers, bit for bit. The definition:

1. A spike, 0 to 255, stands for an amplitude a = spike / 255 and enters as

       x = clip(rint(a / input_scale) + input_zero, 0, activation_max)

   which has only 256 cases: a table, computed once.

2. A layer adds integers. `weights` are int8, and the sums fit 32 bits:

       sum_i = sum over j of  weights_ij * (x_j - input_zero)

3. A sum is in units of input_scale * weight_scale_i, the layer's output in units of its own scale.
   Requantisation converts between them, with one float32 factor per neuron:

       y_i = clip(rint(sum_i * (input_scale * weight_scale_i / scale)) + zero, low, high)

   rint rounds halves to even. `low` and `high` are the range of 8 bits (7 bits for features if
   `activation_max` is 127); with the clamped readout they are also the clamp of spikes to [0, 0.9],
   the integers zero and zero + rint(0.9 / scale).

4. The features y, with their scale and zero, are the inputs of the output layer: step 2 again.
   Its y are the similarities, as (y - zero) * scale: modules have scales of their own.

Integers are fast without an integer BLAS because float32 holds every integer up to 2^24: a product
of matrices in float32 is exact, in any order of addition, if no partial sum can exceed 2^24. The
weights bound the sums; a layer with larger ones is cut into blocks of inputs, each of them exact,
which are then added in float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Scores, Spikes
from ..config import BackendConfig
from ..errors import BackendError
from ..network.graph import GraphNetwork
from ..network.network import Network
from ..network.quantised.network import (
    OUTPUT_MAX,
    QuantisedLayer,
    QuantisedNetwork,
    check,
    limits,
    multipliers,
)
from ..network.spiking.network import SpikingNetwork
from ..support.blas import BlasThreads

# Up to here float32 holds every integer.
_EXACT = 1 << 24


class IntegerBackend:
    """The quantised network computed in NumPy."""

    name = 'integer'

    def __init__(self, network: Network, config: BackendConfig) -> None:
        """Check that the arithmetic is exact for this network, and prepare its matrices."""
        quantised = integers_of(network, self.name)
        self.places = quantised.places
        self._table = input_table(quantised)
        self._modules = []
        top = quantised.activation_max
        for module in quantised.modules:
            feature = Layer(
                module.feature, quantised.scale, quantised.zero_point, top, top, quantised.readout
            )
            output = Layer(
                module.output,
                module.feature.scale,
                module.feature.zero_point,
                top,
                OUTPUT_MAX,
                quantised.readout,
            )
            self._modules.append((feature, output))
        self._threads = BlasThreads(config.threads)

    def similarity(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        inputs = self._table[spikes]
        return np.concatenate(
            [output(feature(inputs)) * output.scale for feature, output in self._modules]
        )

    def close(self) -> None:
        """Restore the number of threads."""
        self._threads.restore()


class Layer:
    """Steps 2 and 3. Takes and returns integers less their zero point, held in float32."""

    def __init__(
        self,
        layer: QuantisedLayer,
        input_scale: np.float32,
        input_zero: int,
        input_max: int,
        highest: int,
        readout: str,
    ) -> None:
        """Cut the weights into blocks whose sums are exact in float32."""
        self.scale = np.float32(layer.scale)
        self._zero = np.float32(layer.zero_point)
        self._low, self._high = limits(layer, highest, readout)
        self._factors = multipliers(layer, input_scale)
        self._blocks = []
        for columns in exact_blocks(layer.weights, max(input_zero, input_max - input_zero)):
            block = np.ascontiguousarray(layer.weights[:, columns], np.float32)
            self._blocks.append((columns, block))

    def sums(self, inputs: Floats) -> Floats:
        """Return float32 (neurons,), the sums of step 2, rounded only beyond 2^24."""
        first, *more = (block @ inputs[columns] for columns, block in self._blocks)
        if not more:
            return first
        return sum(more, start=first.astype(np.float64)).astype(np.float32)

    def __call__(self, inputs: Floats) -> Floats:
        """Return float32 (neurons,), the outputs y of step 3, less their zero point."""
        outputs = self.sums(inputs)
        outputs *= self._factors
        np.rint(outputs, out=outputs)
        outputs += self._zero
        np.clip(outputs, self._low, self._high, out=outputs)
        outputs -= self._zero
        return outputs


def integers_of(network: Network, backend: str) -> QuantisedNetwork:
    """
    Return the network if it is a quantised one, checked.

    :raises BackendError: if it is of another kind.
    :raises MapError: if its parameters overflow the integer arithmetic.
    """
    if isinstance(network, SpikingNetwork):
        raise BackendError(
            f'backend {backend!r} cannot run the spiking network of this map '
            '(training.method: bootstrap): choose backend cuba or lava'
        )
    if isinstance(network, GraphNetwork):
        raise BackendError(
            f'backend {backend!r} cannot run the network from a NIR file of this map: choose '
            'backend nir'
        )
    if not isinstance(network, QuantisedNetwork):
        raise BackendError(
            f'backend {backend!r} needs integers, and this map holds floats only: '
            'train again with training.quantize: qat, or choose backend torch or '
            'numpy'
        )
    check(network)
    return network


def input_table(network: QuantisedNetwork) -> Floats:
    """Return float32 (256,): the integer input of each spike (step 1), less the zero point."""
    amplitudes = np.arange(256, dtype=np.float32) / np.float32(255)
    entered = np.rint(amplitudes * (np.float32(1) / network.scale)) + network.zero_point
    return np.clip(entered, 0, network.activation_max) - np.float32(network.zero_point)


def exact_blocks(weights: NDArray[np.int8], largest: int) -> list[slice]:
    """
    Cut the inputs into the fewest equal blocks whose sums stay within 2^24 for every neuron.

    :param weights: int8 (neurons, inputs).
    :param largest: the largest magnitude of an input.
    """
    magnitudes = np.abs(weights.astype(np.int16))
    inputs = weights.shape[1]
    for count in range(1, inputs + 1):
        edges = np.linspace(0, inputs, count + 1).astype(int)
        sums = np.add.reduceat(magnitudes, edges[:-1], axis=1, dtype=np.int64)
        if sums.max() * largest <= _EXACT:
            break
    return [slice(begin, end) for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist())]
