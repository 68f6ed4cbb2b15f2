"""
Ranges of observed values, and the scales and zero points that follow from them.

As in torch's default configuration for quantisation-aware training. Sources, in torch 2.13:
torch.ao.quantization.get_default_qat_qconfig (version 1), the observers' `_calculate_qparams`
(for converted models) and `ChooseQuantizationParams` of
aten/src/ATen/native/quantized/cpu/QuantUtils.h (during training). test_qat.py compares this file
with all of them.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...arrays import Floats

F = np.float32
# These constants are compiled into the cached loops of kernels.py, and numba compares the time of
# that file only: touch it when one of them changes.
# Weight of a new value in a moving range (averaging_constant).
AVERAGING = F(0.01)
WEIGHT_MIN, WEIGHT_MAX = -128, 127
# The smallest scale of a converted model: the observers' eps.
_EPS = np.finfo(np.float32).eps


@dataclass(frozen=True)
class Scheme:
    """What an engine requires: the range of activations; a weight scale per neuron or per layer."""

    activation_max: int
    per_channel: bool


# fbgemm and x86 add pairs of products in 16 bits, so activations have one bit less (reduce_range).
SCHEMES = {'fbgemm': Scheme(127, True), 'x86': Scheme(127, True), 'qnnpack': Scheme(255, False)}


def engine_of_machine(machine: str = '') -> str:
    """Return the engine for a machine, named as in `platform.machine`; empty: this machine."""
    return 'x86' if (machine or platform.machine()).lower() in ('x86_64', 'amd64') else 'qnnpack'


class MovingRange:
    """Moving averages of minimum and maximum; the first values initialise them."""

    def __init__(self) -> None:
        """Start without values."""
        self.low = self.high = F(0)
        self._empty = True

    @classmethod
    def of(cls, state: Floats) -> MovingRange:
        """Return the range in the state of `kernels.follow`."""
        moved = cls()
        moved.low, moved.high, moved._empty = state[0], state[1], not state[2]
        return moved

    def observe(self, low: Floats, high: Floats) -> None:
        """Update the range with extremes float32 (steps,), in order."""
        for lowest, highest in zip(low.astype(F), high.astype(F)):
            if self._empty:
                self.low, self.high, self._empty = lowest, highest, False
            else:
                self.low = self.low + AVERAGING * (lowest - self.low)
                self.high = self.high + AVERAGING * (highest - self.high)

    def affine(self, highest: int) -> tuple[np.float32, int]:
        """Return scale and zero point for integers 0..highest, as in a converted model."""
        low, high = min(self.low, F(0)), max(self.high, F(0))
        scale = max((high - low) / F(highest), _EPS)
        return scale, int(np.clip(-np.rint(low / scale), 0, highest))


def quantise_weights(weights: Floats, low: Floats, high: Floats) -> tuple[NDArray[np.int8], Floats]:
    """
    Return int8 weights and float32 (neurons,) scales, symmetric, as in a converted model.

    low, high: float32 (neurons,), the moving ranges of each row, or of all if per tensor.
    """
    half = F((WEIGHT_MAX - WEIGHT_MIN) / 2)
    scales = np.maximum(np.maximum(-np.minimum(low, F(0)), np.maximum(high, F(0))) / half, _EPS)
    scales = scales.astype(F)
    integers = np.rint(weights * (F(1) / scales)[:, np.newaxis])
    return np.clip(integers, WEIGHT_MIN, WEIGHT_MAX).astype(np.int8), scales
