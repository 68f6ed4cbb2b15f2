"""
training.safetensors: what the network of a map is computed from, as integers that stay exact.

Only edits read it: a map runs without. Sums over all samples are kept where a network is fitted to
them, which it is not where there are few.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arrays import Indices, Integers
from ..errors import MapError
from ..network.spike_sums import SpikeSums
from ..statistics import Statistics
from .samples import REFERENCE, ROLES, TraverseSamples, TrialFrames
from .stored_spikes import LARGE, SampleFile, StoredSpikes
from .tensors import Region, Streamed, Tensors, read_tensors, tensor, write_tensors
from .training_data import TrainingData, is_few

TRAINING = 'training.safetensors'
# The lower triangle of the products, row by row; earlier versions wrote all of it.
_TRIANGLE, _POWER, _PLACES = 'sums.triangle', 'sums.power', 'sums.places'
# Names of the samples, most of the file.
_SAMPLES = re.compile(r'traverse\.\d+\.spikes')
# Trials of a frame in earlier versions, of different kinds; one is used.
_OLD_KINDS = 3
# Inputs of a block of products that is copied at a time.
_BLOCK = 256


class Size(NamedTuple):
    """Numbers of places, inputs and traverses of the map."""

    places: int
    inputs: int
    traverses: int


def write_training(data: TrainingData, file: Path) -> str:
    """Write samples and sums; return the digest of the file."""
    tensors: dict[str, NDArray[np.generic] | Streamed] = {}
    for number, traverse in enumerate(data.traverses):
        tensors |= traverse_tensors(traverse, f'traverse.{number}')
    if not is_few(data.traverses):
        tensors |= sums_tensors(data.sums)
    return write_tensors(file, tensors)


def traverse_tensors(
    traverse: TraverseSamples, name: str
) -> dict[str, NDArray[np.generic] | Streamed]:
    """Return the samples of a traverse as tensors whose names begin with this one."""
    tensors: dict[str, NDArray[np.generic] | Streamed] = {
        f'{name}.role': np.array([ROLES.index(traverse.role)], np.int64),
        f'{name}.spikes': traverse.spikes,
        f'{name}.places': traverse.places,
        f'{name}.stamps': traverse.stamps,
        f'{name}.trials.spikes': traverse.trials.spikes,
        f'{name}.trials.places': traverse.trials.places,
    }
    if traverse.light is not None:
        tensors[f'{name}.light.mean'] = traverse.light.mean
        tensors[f'{name}.light.deviation'] = traverse.light.std
    return tensors


def sums_tensors(sums: SpikeSums) -> Tensors:
    """Return sums as tensors."""
    # The largest product is that of an input with itself.
    small = int(np.diagonal(sums.power).max(initial=0)) <= np.iinfo(np.int32).max
    kind = np.int32 if small else np.int64
    rows = [row[: number + 1].astype(kind) for number, row in enumerate(sums.power)]
    return {_TRIANGLE: np.concatenate(rows), _PLACES: sums.places}


def read_training(file: BinaryIO, size: Size, adapt: bool) -> TrainingData:
    """
    Return what is in the open file, where many samples are left.

    :param adapt: whether each traverse is standardised.
    :raises MapError: if a tensor is missing, has another shape or type, or is out of range.
    """
    large = os.fstat(file.fileno()).st_size >= LARGE
    found, left = read_tensors(
        file, TRAINING, lambda name: large and _SAMPLES.fullmatch(name) is not None
    )
    held = SampleFile(file)
    try:
        traverses = [
            traverse_in(found, f'traverse.{number}', size, _stored(held, left, number))
            for number in range(size.traverses)
        ]
        _check_samples(traverses, size.places)
        sums = sums_in(found, traverses, size)
        return TrainingData(traverses, size.places, adapt, sums)
    except MapError as error:
        raise MapError(f'{TRAINING}: {error}') from None


def _stored(file: SampleFile, left: dict[str, Region], number: int) -> StoredSpikes | None:
    """Return the samples of a traverse that are left in the file; None: they are not."""
    region = left.get(f'traverse.{number}.spikes')
    # Of any other type or shape they are taken for missing.
    if region is None or region.dtype != np.uint8 or len(region.shape) != 3:
        return None
    frames, variants, inputs = region.shape
    return StoredSpikes(file, region.at, np.arange(frames), variants, inputs)


def sums_in(found: Tensors, traverses: list[TraverseSamples], size: Size) -> SpikeSums | None:
    """
    Return the sums of traverses; None: they were not kept.

    :raises MapError: as `read_training`.
    """
    if _TRIANGLE not in found and _POWER not in found:
        return None
    shown = np.zeros(size.places, np.int64)
    for each in traverses:
        np.add.at(shown, each.places, each.spikes.shape[1])
    places = tensor(found, _PLACES, np.int32, (size.places, size.inputs))
    total = places.sum(axis=0, dtype=np.int64)
    power = _power_in(found, size.inputs)
    count = int(shown.sum())
    # Spikes are 0 to 255, and x x >= x for each of them.
    diagonal = np.diagonal(power)
    wrong = (places < 0).any() or (diagonal < total).any() or (diagonal > 255 * total).any()
    if wrong or (total > 255 * count).any() or (power < 0).any():
        raise MapError(f'sums: expected those of {count} samples, found other numbers')
    return SpikeSums(count, total, power, places, shown)


def _power_in(found: Tensors, inputs: int) -> Integers:
    """Return the products of all samples, int64 (inputs, inputs)."""
    if _POWER in found:
        power = tensor(found, _POWER, np.int64, (inputs, inputs))
        if not (power == power.T).all():
            raise MapError(f'{_POWER}: expected the same products in both orders')
        return power
    kind = np.int32 if found[_TRIANGLE].dtype == np.int32 else np.int64
    triangle = tensor(found, _TRIANGLE, kind, (inputs * (inputs + 1) // 2,))
    power = np.zeros((inputs, inputs), np.int64)
    begin = 0
    for number, row in enumerate(power):
        row[: number + 1] = triangle[begin : begin + number + 1]
        begin += number + 1
    for begin in range(0, inputs, _BLOCK):
        # A block on the diagonal, then all above it: strides of a whole column are slow.
        part = slice(begin, begin + _BLOCK)
        power[part, part] |= np.tril(power[part, part], -1).T
        power[part, begin + _BLOCK :] = power[begin + _BLOCK :, part].T
    return power


def traverse_in(
    found: Tensors, name: str, size: Size, stored: StoredSpikes | None = None
) -> TraverseSamples:
    """
    Return the samples of a traverse.

    :param stored: the spikes, if they are not among the tensors.
    :raises MapError: as `read_training`.
    """
    spikes = found.get(f'{name}.spikes') if stored is None else stored
    # Of any other shape, the checks below say what was expected.
    frames, variants = spikes.shape[:2] if spikes is not None and len(spikes.shape) == 3 else (1, 1)
    role = int(tensor(found, f'{name}.role', np.int64, (1,))[0])
    if not 0 <= role < len(ROLES) or not frames or not variants:
        raise MapError(f'{name}: expected a role from 0 to {len(ROLES) - 1} and frames')
    shape = (frames, variants, size.inputs)
    right = stored is not None and stored.shape == shape
    return TraverseSamples(
        stored if stored and right else tensor(found, f'{name}.spikes', np.uint8, shape),
        _within(found, f'{name}.places', frames, size.places),
        tensor(found, f'{name}.stamps', np.int64, (frames,)),
        _trials(found, f'{name}.trials', size),
        ROLES[role],
        _light(found, name, size.inputs),
    )


def _trials(found: Tensors, name: str, size: Size) -> TrialFrames:
    """Return the trials of a traverse; in maps of earlier versions some frames have three."""
    spikes = found.get(f'{name}.spikes')
    count = len(spikes) if spikes is not None and spikes.ndim else 0
    shape: tuple[int, ...] = (count, size.inputs)
    if spikes is not None and spikes.ndim == 3:
        shape = (count, _OLD_KINDS, size.inputs)
    read = tensor(found, f'{name}.spikes', np.uint8, shape)
    return TrialFrames(
        read if read.ndim == 2 else read[:, 0], _within(found, f'{name}.places', count, size.places)
    )


def _light(found: Tensors, name: str, inputs: int) -> Statistics | None:
    """Return the statistics that a traverse is standardised by, if not by those of its frames."""
    if f'{name}.light.mean' not in found:
        return None
    mean, deviation = (
        tensor(found, f'{name}.light.{part}', np.float32, (inputs,))
        for part in ('mean', 'deviation')
    )
    if not (np.isfinite(mean).all() and np.isfinite(deviation).all() and (deviation >= 0).all()):
        raise MapError(f'{name}.light: expected finite means and deviations')
    return Statistics(mean, deviation)


def _within(found: Tensors, name: str, count: int, places: int) -> Indices:
    numbers = tensor(found, name, np.int64, (count,))
    if not ((numbers >= 0) & (numbers < places)).all():
        raise MapError(f'{name}: expected places from 0 to {places - 1}')
    return numbers


def _check_samples(traverses: list[TraverseSamples], places: int) -> None:
    """Check that each place has one reference frame, and each frame equally many samples."""
    references = np.zeros(places, np.int64)
    for each in traverses:
        if each.role == REFERENCE:
            np.add.at(references, each.places, 1)
    wrong = np.flatnonzero(references != 1)
    if len(wrong):
        raise MapError(
            f'expected one reference frame of place {wrong[0]}, found {references[wrong[0]]}'
        )
    variants = sorted({each.spikes.shape[1] for each in traverses})
    if len(variants) > 1:
        raise MapError(f'expected equally many samples of all frames, found {variants}')
