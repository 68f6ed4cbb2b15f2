"""The quantised network as plain arrays: int8 weights, scales and zero points, and its checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import Floats, Integers
from ...errors import MapError
from ..layers import SPIKE_MAX
from ..network import FloatNetwork, Network, in_words

# Outputs are similarities: one more bit resolves ties, and nothing multiplies them again.
OUTPUT_MAX = 255
# Bound of 32-bit accumulators and conversions.
_INT32 = 2.0**31
# How far a layer's scale and a weight's scale may be moved, in units of the last place: by less
# than 0.0005 and 0.00001 of their values.
_NEIGHBOURS, _STEPS = 4096, 64


@dataclass
class QuantisedLayer:
    """
    One layer in integers.

    A real weight is `weights * weight_scales`, a real response is (y - zero_point) * scale, with
    y the integer output of the layer.

    weights: int8 (neurons, inputs); weight_scales: float32 (neurons,); scale: float32;
    zero_point: the y of a zero response.
    """

    weights: NDArray[np.int8]
    weight_scales: Floats
    scale: np.float32
    zero_point: int


@dataclass
class QuantisedModule:
    """The two layers that hold one segment of the route."""

    feature: QuantisedLayer
    output: QuantisedLayer


@dataclass
class QuantisedNetwork:
    """
    Modules of int8 layers in the order of their places; the floats too, where the map keeps them.

    readout: as in `FloatNetwork`. scale, zero_point: a spike of amplitude a enters as
    rint(a / scale) + zero_point. activation_max: highest integer of inputs and features, 127 where
    two products must fit 16 bits (fbgemm, x86), else 255. floats: the network before quantisation.
    """

    modules: list[QuantisedModule]
    readout: str
    scale: np.float32
    zero_point: int
    activation_max: int
    floats: FloatNetwork | None = None

    @property
    def places(self) -> int:
        """Number of places in all modules."""
        return sum(len(module.output.weights) for module in self.modules)

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        return int(self.modules[0].feature.weights.shape[1])

    def __str__(self) -> str:
        """Return the number of modules and the readout in words."""
        return in_words(len(self.modules), f'{self.readout} readout')


def floats_of(network: Network) -> FloatNetwork | None:
    """Return the floats of a network, which a quantised one may hold too; None if it has none."""
    if isinstance(network, QuantisedNetwork):
        return network.floats
    return network if isinstance(network, FloatNetwork) else None


def multipliers(layer: QuantisedLayer, input_scale: np.float32) -> Floats:
    """Return float32 (neurons,): the factors from accumulators to the layer's outputs."""
    return input_scale * layer.weight_scales / np.float32(layer.scale)


def limits(layer: QuantisedLayer, highest: int, readout: str) -> tuple[int, int]:
    """Return the lowest and highest integer output of a layer, within 0..`highest`."""
    if readout == 'linear':
        return 0, highest
    # [0, 0.9] as integers of this layer: the clamp of the published network.
    spikes = float(np.rint(np.float32(SPIKE_MAX) / layer.scale))
    return layer.zero_point, int(min(layer.zero_point + spikes, highest))


def align_scales(layer: QuantisedLayer, input_scale: np.float32) -> None:
    """
    Move scales by a negligible amount, until all engines round the factors alike.

    fbgemm divides by the layer's scale, qnnpack multiplies by its reciprocal: where the two
    differ, one output in some 100000 would depend on the engine. First the layer's scale becomes
    its neighbour with the most exact reciprocal, then weight scales are increased.

    :raises MapError: if no scales nearby agree.
    """
    ulps = np.arange(_NEIGHBOURS, dtype=np.int32)
    scales = (np.float32(layer.scale).view(np.int32) + ulps).view(np.float32)
    reciprocals = (np.float32(1) / scales).astype(np.float64)
    layer.scale = scales[np.abs(reciprocals * scales - 1.0).argmin()]
    for _ in range(_STEPS):
        apart = multipliers(layer, input_scale) != _by_reciprocal(layer, input_scale)
        if not apart.any():
            return
        moved = np.nextafter(layer.weight_scales, np.float32(np.inf))
        layer.weight_scales = np.where(apart, moved, layer.weight_scales)
    raise MapError(
        'quantised training ended with scales that engines round differently; set '
        'training.quantize: none'
    )


def _by_reciprocal(layer: QuantisedLayer, input_scale: np.float32) -> Floats:
    return (layer.weight_scales * input_scale) * (np.float32(1) / np.float32(layer.scale))


def check(network: QuantisedNetwork) -> None:
    """
    Refuse parameters that overflow the integer arithmetic.

    :raises MapError: naming the first parameter that is wrong.
    """
    top = network.activation_max
    if top not in (127, 255):
        raise MapError(f'integer.activation_max: expected 127 or 255, found {top}')
    _check_scale('integer.input.scale', network.scale)
    _check_zero('integer.input.zero_point', network.zero_point, top)
    for number, module in enumerate(network.modules):
        scale, zero = network.scale, network.zero_point
        for name, layer, highest in (
            ('feature', module.feature, top),
            ('output', module.output, OUTPUT_MAX),
        ):
            where = f'module.{number}.{name}.integer'
            _check_scale(f'{where}.scale', layer.scale)
            _check_scale(f'{where}.weight_scales', layer.weight_scales)
            _check_zero(f'{where}.zero_point', layer.zero_point, highest)
            _check_range(where, layer, scale, max(zero, top))
            scale, zero = layer.scale, layer.zero_point


def accumulator_bound(weights: NDArray[np.int8], highest: int) -> Integers:
    """Return int64 (neurons,): no sum of products with inputs up to `highest` exceeds it."""
    return np.abs(weights.astype(np.int16)).sum(axis=1, dtype=np.int64) * highest


def _check_scale(name: str, scales: Floats | np.float32) -> None:
    if not (np.isfinite(scales).all() and (np.asarray(scales) > 0).all()):
        raise MapError(
            f'{name}: expected finite numbers above 0, found {_first_bad(np.atleast_1d(scales))}'
        )


def _first_bad(scales: Floats) -> float:
    return float(scales[~(np.isfinite(scales) & (scales > 0))][0])


def _check_zero(name: str, zero_point: int, highest: int) -> None:
    if not 0 <= zero_point <= highest:
        raise MapError(f'{name}: expected a whole number from 0 to {highest}, found {zero_point}')


def _check_range(where: str, layer: QuantisedLayer, scale: np.float32, highest: int) -> None:
    bound = accumulator_bound(layer.weights, highest)
    if bound.max() >= _INT32:
        raise MapError(
            f'{where}.weights: a sum of up to {bound.max()} would overflow the 32-bit '
            'accumulator; use fewer inputs or features'
        )
    with np.errstate(over='ignore', under='ignore'):
        factors = multipliers(layer, scale)
    if not (
        np.isfinite(factors).all()
        and (factors > 0).all()
        and (bound * factors.astype(np.float64)).max() + OUTPUT_MAX < _INT32
    ):
        raise MapError(
            f'{where}: a response rescaled by up to {factors.max():.3g} would overflow '
            '32 bits; the scales do not fit one another'
        )
