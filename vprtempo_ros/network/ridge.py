"""
Ridge regression: the weights to which the delta rule of the output layer converges.

Presented one by one, samples x move an output neuron by eta (t - w x) x. With a weight decay this
converges to the minimum of sum (t - w x)^2 + decay |w|^2: ridge regression (Hoerl and Kennard,
Technometrics 1970). Stepping there takes thousands of presentations of each sample and stops
short; the linear equations take seconds for any number of places, and have no learning rate.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Indices
from ..errors import VprError
from ..support.blas import BlasThreads

# Target response of a place's own neuron (VPRTempo: 0.5, and 0 for all others).
TARGET = 0.5
# Weight decay in units of the mean power of a feature; recall with 0.9 is the same within 0.015,
# with 0.03 up to 0.07 lower (docs/research/recall.md).
DECAY = 0.3
# Samples in one product of matrices.
_BATCH = 4096


def ridge_weights(features: Floats, places: Indices, count: int) -> Floats:
    """
    Return the least squares weights of an output layer, float32 (count, features).

    Targets and features are centred (the covariance rule of Sejnowski, J. Math. Biol. 1977), and
    the response to the mean frame is removed, so that no place is preferred and no neuron needs a
    threshold.

    :param features: float32 (samples, features), as the readout passes them to the output layer.
    :param places: int64 (samples,), the place of each sample, 0 to count - 1.
    :raises VprError: if SciPy is not installed.
    """
    try:
        # SciPy has its own BLAS, which must be loaded before threads are limited.
        import scipy.linalg  # noqa: F401
    except ImportError:
        raise VprError(
            'training.outputs: ridge needs SciPy: pip install scipy (apt: python3-scipy)'
        ) from None
    # Rounding depends on the number of threads, and a map must not.
    threads = BlasThreads(1)
    try:
        return _solve(features, places, count)
    finally:
        threads.restore()


def _solve(features: Floats, places: Indices, count: int) -> Floats:
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
