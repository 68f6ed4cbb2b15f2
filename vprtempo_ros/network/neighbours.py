"""
Neighbouring places as correct answers of the output layer, by how similar they look.

Within `places.tolerance` a neighbour is a correct match, so nothing is gained by separating it.
Trained as wrong places, neighbours on dense routes cost moved views much recall
(docs/research/recall.md). Their target comes from the map itself: the mean correlation of reference
frames at that distance along the route.
"""

from __future__ import annotations

from typing import Callable, TypeVar

import numpy as np

from ..arrays import Doubles, Floats, Spikes
from ..support.sampling import evenly_spread
from .segments import Segments

A = TypeVar('A', Doubles, Floats)

# Pairs of frames to average over, evenly spread along the route.
_PAIRS = 2000


def neighbour_targets(
    references: Spikes, tolerance: int, segments: Segments | None = None
) -> Floats:
    """
    Return the target of a place's neuron by the distance of the sample's place along the route.

    :param references: uint8 (places, inputs), the spikes of the places in order.
    :param segments: pairs are of one segment; None: all places are.
    :return: float32 (tolerance + 1,): 1 for the place itself, then 0 to 1, not increasing.
    """
    numbers = (segments or Segments.of([len(references)])).numbers
    targets = np.zeros(tolerance + 1, np.float32)
    targets[0] = 1.0
    for distance in range(1, min(tolerance, len(references) - 1) + 1):
        pairs = np.flatnonzero(numbers[distance:] == numbers[:-distance])
        if not len(pairs):
            break
        first = pairs[evenly_spread(len(pairs), _PAIRS)]
        one, other = unit(references[first]), unit(references[first + distance])
        targets[distance] = max(float(np.einsum('ij,ij->i', one, other).mean()), 0.0)
    return np.minimum.accumulate(targets)


def spread(rows: A, targets: Floats, segments: Segments | None = None) -> A:
    """
    Return each place's row plus those of its neighbours, weighted by their targets.

    :param rows: float64 or float32 (places, values), in the order of the route.
    :param targets: float32 (tolerance + 1,), see `neighbour_targets`.
    :param segments: neighbours are of one segment; None: all places are.
    """
    total = rows * float(targets[0])
    for part in (segments or Segments.of([len(rows)])).slices:
        near, sums = rows[part], total[part]
        for distance in range(1, min(len(targets), len(near))):
            weight = float(targets[distance])
            sums[distance:] += weight * near[:-distance]
            sums[:-distance] += weight * near[distance:]
    return total


def spread_part(rows: Callable[[slice], A], part: slice, targets: Floats, segments: Segments) -> A:
    """
    Return some rows of what `spread` returns, with the same bits.

    :param rows: returns the rows of some places; those of all of them need not be in memory.
    """
    reach = len(targets) - 1
    around = slice(max(0, part.start - reach), min(segments.places, part.stop + reach))
    found = spread(rows(around), targets, segments.part(around))
    return found[part.start - around.start : part.stop - around.start]


def unit(rows: Spikes) -> Floats:
    """Return rows with zero mean and unit length, float32; a constant row becomes zero."""
    centred = rows.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    centred /= np.where(length > 0, length, np.float32(1.0))
    return centred
