"""
Neighbouring places as correct answers of the output layer, by how similar they look.

Within `places.tolerance` a neighbour is a correct match, so nothing is gained by separating it.
Trained as wrong places, neighbours on dense routes cost moved views much recall
(docs/research/recall.md). Their target comes from the map itself: the mean correlation of reference
frames at that distance along the route.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Doubles, Floats, Spikes

# Pairs of frames to average over, evenly spread along the route.
_PAIRS = 2000


def neighbour_targets(references: Spikes, tolerance: int) -> Floats:
    """
    Return the target of a place's neuron by the distance of the sample's place along the route.

    :param references: uint8 (places, inputs), the spikes of the places in order.
    :return: float32 (tolerance + 1,): 1 for the place itself, then 0 to 1, not increasing.
    """
    places = len(references)
    targets = np.zeros(tolerance + 1, np.float32)
    targets[0] = 1.0
    for distance in range(1, min(tolerance, places - 1) + 1):
        first = np.unique(np.linspace(0, places - 1 - distance, _PAIRS).astype(int))
        one, other = unit(references[first]), unit(references[first + distance])
        targets[distance] = max(float(np.einsum('ij,ij->i', one, other).mean()), 0.0)
    return np.minimum.accumulate(targets)


def spread(rows: Doubles, targets: Floats) -> Doubles:
    """
    Return each place's row plus those of its neighbours, weighted by their targets.

    :param rows: float64 (places, values), in the order of the route.
    :param targets: float32 (tolerance + 1,), see `neighbour_targets`.
    """
    total: Doubles = rows * float(targets[0])
    for distance in range(1, min(len(targets), len(rows))):
        weight = float(targets[distance])
        total[distance:] += weight * rows[:-distance]
        total[:-distance] += weight * rows[distance:]
    return total


def unit(rows: Spikes) -> Floats:
    """Return rows with zero mean and unit length, float32; a constant row becomes zero."""
    centred = rows.astype(np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.where(length > 0, length, 1.0), np.float32)
