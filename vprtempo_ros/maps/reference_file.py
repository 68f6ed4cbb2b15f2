"""reference.safetensors: the encoded reference frames, statistics of pixels and responses."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Spikes
from ..errors import MapError
from ..statistics import Statistics
from .tensors import Tensors, tensor, tensors_in, write_tensors

REFERENCE = 'reference.safetensors'


class Reference(NamedTuple):
    """
    Spikes uint8 (places, inputs); statistics of the pixels, and of the places' responses.

    segment_statistics: those of the pixels on the drive of each segment; None: one segment.
    """

    spikes: Spikes
    pixel_statistics: Statistics
    response_statistics: Statistics
    segment_statistics: list[Statistics] | None = None


def write_reference(reference: Reference, file: Path) -> None:
    """Write the reference."""
    tensors: Tensors = {
        'spikes': reference.spikes,
        'pixel.mean': reference.pixel_statistics.mean,
        'pixel.deviation': reference.pixel_statistics.std,
        'response.mean': reference.response_statistics.mean,
        'response.deviation': reference.response_statistics.std,
    }
    for number, each in enumerate(reference.segment_statistics or ()):
        tensors[f'segment.{number}.mean'] = each.mean
        tensors[f'segment.{number}.deviation'] = each.std
    write_tensors(file, tensors)


def reference_in(data: NDArray[np.uint8], places: int, inputs: int, segments: int = 1) -> Reference:
    """
    Return the reference in the content of its file; the spikes are a view of it.

    :param segments: number of segments of the map; of several, each has statistics of its own.
    :raises MapError: if a tensor is missing, has another shape or type, or is out of range.
    """
    tensors = tensors_in(data, REFERENCE)

    def within(name: str, values: int, low: float, high: float) -> Floats:
        found = tensor(tensors, name, np.float32, (values,))
        # Not `found < low`: NaN must fail too.
        if not ((found >= low) & (found <= high)).all():
            raise MapError(
                f'{REFERENCE}: {name}: expected numbers from {low:g} to {high:g}, '
                f'found {found.min():g} to {found.max():g}'
            )
        return found

    def pixels(name: str) -> Statistics:
        return Statistics(
            within(f'{name}.mean', inputs, 0.0, 255.0),
            within(f'{name}.deviation', inputs, 0.0, 127.5),
        )

    float32 = np.finfo(np.float32)
    most = float(float32.max)
    return Reference(
        tensor(tensors, 'spikes', np.uint8, (places, inputs)),
        pixels('pixel'),
        Statistics(
            within('response.mean', places, -most, most),
            within('response.deviation', places, float(float32.tiny), most),
        ),
        [pixels(f'segment.{number}') for number in range(segments)] if segments > 1 else None,
    )
