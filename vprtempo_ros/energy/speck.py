"""
The cores of SynSense's Speck, by what sinabs 3.1.3 publishes (validate_memory_speck.py).

Nine cores, each a layer of 8-bit weights. The outputs of a layer are rounded up to a power of two
in its memory of weights; a layer has at most 1024. A core with more weights has fewer neurons. A
fully connected layer is a convolution of one pixel whose channels are the inputs.
"""

from __future__ import annotations

from typing import Sequence

from .layers import Layer

# Weights and neurons of the cores in Ki, the largest for weights first.
CORES = (*[(64, 16)] * 2, *[(32, 32)] * 2, *[(16, 64)] * 3, *[(16, 16)] * 2)
_KI = 1024
WEIGHTS = CORES[0][0] * _KI
OUTPUTS = 1024


def padded(outputs: int) -> int:
    """Return the power of two that is at least `outputs`."""
    return 1 << (outputs - 1).bit_length()


def entries(layer: Layer) -> int:
    """Return how much of the memory of weights of a core a layer takes."""
    return layer.inputs * padded(layer.outputs)


def fits(layer: Layer, core: tuple[int, int]) -> bool:
    """Return whether a layer fits a core of this many Ki weights and neurons."""
    return (
        layer.outputs <= OUTPUTS
        and entries(layer) <= core[0] * _KI
        and padded(layer.outputs) <= core[1] * _KI
    )


def exceeded(layers: Sequence[Layer]) -> list[str]:
    """Return what exceeds the chip; nothing: the layers fit."""
    lines = []
    for layer in layers:
        if layer.outputs > OUTPUTS:
            lines.append(f'{layer.name}: {layer.outputs:,} outputs of at most {OUTPUTS:,}')
        elif not any(fits(layer, core) for core in CORES):
            lines.append(
                f'{layer.name}: {entries(layer):,} weights of at most {WEIGHTS:,} '
                f'({layer.inputs:,} inputs, {layer.outputs:,} outputs as '
                f'{padded(layer.outputs):,})'
            )
    if not lines and not _placed(layers):
        lines.append(f'{len(layers)} layers do not fit {len(CORES)} cores together')
    return lines


def _placed(layers: Sequence[Layer]) -> bool:
    """Return whether each layer gets a core: the largest first, on the smallest that it fits."""
    free = list(CORES)
    for layer in sorted(layers, key=lambda each: -entries(each)):
        core = next((core for core in reversed(free) if fits(layer, core)), None)
        if core is None:
            return False
        free.remove(core)
    return True
