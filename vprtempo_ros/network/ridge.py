"""
Where the delta rule of the output layer comes to rest, computed at once.

Presented one by one, samples x move an output neuron by eta (t - w x) x. With a weight decay this
settles at the minimum of sum (t - w x)^2 + decay |w|^2: ridge regression (Hoerl and Kennard,
Technometrics 1970). Stepping there takes thousands of presentations of every sample and stops
short; the linear equations take seconds for any number of places, and have no rate to choose.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import VprError
from ..support.blas import BlasThreads
from .layers import Array

# What a place's own neuron is to answer (VPRTempo: 0.5, and 0 for all others).
TARGET = 0.5
# Weight decay in units of the mean power of a feature; 0.9 gives the same within 0.015, 0.03 up to
# 0.07 less (docs/recall.md).
DECAY = 0.3
# Samples in one product of matrices.
_BATCH = 4096


def settle(features: Array, places: NDArray[np.int64], count: int) -> Array:
    """
    Return the settled weights of an output layer, float32 (count, features).

    Targets and features are taken less their mean (the covariance rule of Sejnowski, J. Math.
    Biol. 1977), and a neuron does not answer to the mean frame, so that no place is preferred and
    no neuron needs a threshold.

    :param features: float32 (samples, features), what the readout hands to the output layer.
    :param places: int64 (samples,), the place of each sample, 0 to count - 1.
    :raises VprError: if SciPy is not installed.
    """
    try:
        # It brings a BLAS of its own, which has to be there when threads are limited.
        import scipy.linalg  # noqa: F401
    except ImportError:
        raise VprError(
            'training.outputs: ridge needs SciPy: pip install scipy (apt: python3-scipy)'
        ) from None
    # Sums come out a little different with another number of threads, and a map must not.
    threads = BlasThreads(1)
    try:
        return _settle(features, places, count)
    finally:
        threads.restore()


def _settle(features: Array, places: NDArray[np.int64], count: int) -> Array:
    from scipy.linalg import cho_factor, cho_solve

    size = features.shape[1]
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    power = np.zeros((size, size))
    wanted = np.zeros((count, size))
    for begin in range(0, len(features), _BATCH):
        centred = features[begin : begin + _BATCH] - mean
        power += centred.T @ centred
        np.add.at(wanted, places[begin : begin + _BATCH], centred)
    wanted *= TARGET
    power[np.diag_indices(size)] += max(DECAY * np.trace(power) / size, 1e-12)
    weights = cho_solve(cho_factor(power, overwrite_a=True), wanted.T, overwrite_b=True).T
    length = float(np.square(mean, dtype=np.float64).sum())
    if length > 0.0:
        weights -= np.outer(weights @ mean, mean / length)
    return np.ascontiguousarray(weights, np.float32)
