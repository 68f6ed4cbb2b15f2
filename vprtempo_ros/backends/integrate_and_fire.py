"""Integrate-and-fire neurons as sinabs defines them, as a compiled loop over time steps."""

from __future__ import annotations

import numpy as np

from ..arrays import Floats
from ..support.compiled import njit

_ZERO = np.float32(0.0)


def spike_counts(drive: Floats, threshold: np.float32, signs: int, most: int) -> Floats:
    """
    Return the spikes of integrate-and-fire neurons in all steps together.

    A neuron spikes as often as the threshold is in its potential, which then loses as much: float32
    (signs x neurons,).

    :param drive: float32 (steps, neurons); with two signs it also drives, negated, a second neuron.
    :param most: highest number of spikes in one step; 0: any.
    """
    counts = np.zeros((signs, drive.shape[1]), np.float32)
    limit = np.float32(most or np.inf)
    for sign, row in zip((1.0, -1.0), counts):
        _integrate(drive, np.float32(sign), threshold, limit, row)
    return counts.reshape(-1)


# Every operation is rounded to float32, as in sinabs: none may be fused or reordered.
@njit(cache=True, error_model='numpy')
def _integrate(
    drive: Floats, sign: np.float32, threshold: np.float32, limit: np.float32, counts: Floats
) -> None:
    """Add the spikes of each neuron to `counts`, float32 (neurons,)."""
    potentials = np.zeros(drive.shape[1], np.float32)
    for step in range(drive.shape[0]):
        for neuron in range(drive.shape[1]):
            potential = potentials[neuron] + sign * drive[step, neuron]
            spikes = min(max(np.trunc(potential / threshold), _ZERO), limit)
            counts[neuron] += spikes
            potentials[neuron] = potential - spikes * threshold
