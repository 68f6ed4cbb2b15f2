"""
From the values that occur to scales and zero points, as torch's default QAT configuration has it.

Read off torch 2.13: torch.ao.quantization.get_default_qat_qconfig (version 1), the observers'
`_calculate_qparams` (used when a model is converted) and `ChooseQuantizationParams` of
aten/src/ATen/native/quantized/cpu/QuantUtils.h (used while it is trained); test_qat.py holds this
file against all of them.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..layers import Array

F = np.float32
# These constants are compiled into the cached loops of qat_kernels.py, whose cache knows only its
# own file: touch that one when one of them changes.
# How fast a moving range follows (averaging_constant).
AVERAGING = F(0.01)
WEIGHT_MIN, WEIGHT_MAX = -128, 127
# The smallest scale of a converted model: the observers' eps.
_EPS = np.finfo(np.float32).eps


@dataclass(frozen=True)
class Scheme:
    """What an engine asks for: the range of activations, and one weight scale a neuron or all."""

    activation_max: int
    per_channel: bool


# fbgemm and x86 add pairs of products in 16 bits, so activations give up a bit (reduce_range).
SCHEMES = {'fbgemm': Scheme(127, True), 'x86': Scheme(127, True), 'qnnpack': Scheme(255, False)}


def engine_of_machine(machine: str = '') -> str:
    """Return the engine for a machine as `platform.machine` names it; empty: this one."""
    return 'x86' if (machine or platform.machine()).lower() in ('x86_64', 'amd64') else 'qnnpack'


class MovingRange:
    """Moving averages of minimum and maximum; the first values start it."""

    def __init__(self) -> None:
        """Start without values."""
        self.low = self.high = F(0)
        self._empty = True

    @classmethod
    def of(cls, state: Array) -> MovingRange:
        """Return the range that `qat_kernels.follow` has moved."""
        moved = cls()
        moved.low, moved.high, moved._empty = state[0], state[1], not state[2]
        return moved

    def observe(self, low: Array, high: Array) -> None:
        """Take in extremes float32 (steps,) in their order."""
        for lowest, highest in zip(low.astype(F), high.astype(F)):
            if self._empty:
                self.low, self.high, self._empty = lowest, highest, False
            else:
                self.low = self.low + AVERAGING * (lowest - self.low)
                self.high = self.high + AVERAGING * (highest - self.high)

    def affine(self, highest: int) -> tuple[np.float32, int]:
        """Return scale and zero point for integers 0..highest, as a converted model has them."""
        low, high = min(self.low, F(0)), max(self.high, F(0))
        scale = max((high - low) / F(highest), _EPS)
        return scale, int(np.clip(-np.rint(low / scale), 0, highest))


def quantise_weights(weights: Array, low: Array, high: Array) -> tuple[NDArray[np.int8], Array]:
    """
    Return int8 weights and float32 (neurons,) scales, symmetric, as a converted model has them.

    low, high: float32 (neurons,), the moving ranges of each row, or of all if per tensor.
    """
    half = F((WEIGHT_MAX - WEIGHT_MIN) / 2)
    scales = np.maximum(np.maximum(-np.minimum(low, F(0)), np.maximum(high, F(0))) / half, _EPS)
    scales = scales.astype(F)
    integers = np.rint(weights * (F(1) / scales)[:, np.newaxis])
    return np.clip(integers, WEIGHT_MIN, WEIGHT_MAX).astype(np.int8), scales
