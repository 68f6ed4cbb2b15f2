"""reference.safetensors: the encoded reference frames, and what pixels and places usually are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..adaptation import Usual
from ..errors import MapError
from .tensors import read_tensors, tensor, write_tensors


class Reference(NamedTuple):
    """Spikes uint8 (places, inputs); mean and deviation by pixel and of responses by place."""

    spikes: NDArray[np.uint8]
    pixels: Usual
    responses: Usual


def write_reference(reference: Reference, file: Path) -> None:
    """Write the reference."""
    write_tensors(file, {
        'spikes': reference.spikes,
        'pixel.mean': reference.pixels.mean, 'pixel.deviation': reference.pixels.deviation,
        'response.mean': reference.responses.mean,
        'response.deviation': reference.responses.deviation,
    })


def read_reference(file: Path, places: int, inputs: int) -> Reference:
    """
    Read the reference of a map.

    :raises MapError: if a tensor is missing, of another shape or type, or out of range.
    """
    tensors = read_tensors(file)

    def usual(name: str, values: int, low: float) -> Usual:
        mean = tensor(tensors, f'{name}.mean', np.float32, (values,))
        deviation = tensor(tensors, f'{name}.deviation', np.float32, (values,))
        if not (np.isfinite(mean).all() and np.isfinite(deviation).all()
                and (deviation >= low).all()):
            raise MapError(f'{file.name}: {name}: expected finite numbers, and deviations of at '
                           f'least {low:g}')
        return Usual(mean, deviation)

    tiny = float(np.finfo(np.float32).tiny)
    return Reference(tensor(tensors, 'spikes', np.uint8, (places, inputs)),
                     usual('pixel', inputs, 0.0), usual('response', places, tiny))
