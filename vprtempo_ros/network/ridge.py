"""
Ridge regression: the weights to which the delta rule of the output layer converges.

Presented one by one, samples x move an output neuron by eta (t - w x) x. With a weight decay this
converges to the minimum of sum (t - w x)^2 + decay |w|^2: ridge regression (Hoerl and Kennard,
Technometrics 1970). Stepping there takes thousands of presentations of each sample and stops
short; the linear equations take seconds for any number of places, and have no learning rate. They
need sums of the samples only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from ..arrays import Doubles, Floats, Indices, Integers
from ..errors import VprError
from ..support.blas import BlasThreads
from .neighbours import spread
from .segments import Segments

A = TypeVar('A', Doubles, Floats)

# Target response of a place's own neuron (VPRTempo: 0.5, and 0 for all others).
TARGET = 0.5
# Weight decay behind a feature layer, in units of the mean power of a feature; recall with 0.9 is
# the same within 0.015, with 0.03 up to 0.07 lower (docs/research/recall.md).
DECAY = 0.3
# Rounding error of sums of float32 products, relative to the sums.
_ROUNDING = 1e-5
# Samples in one product of matrices.
_BATCH = 4096


@dataclass
class Sums:
    """
    What ridge regression needs of its samples.

    count: samples; total: float64 (inputs,); power: float64 (inputs, inputs), the sum of x x^T;
    places: float64 (places, inputs), the sum of each place's samples; shown: int64 (places,), their
    number.
    """

    count: int
    total: Doubles
    power: Doubles
    places: Doubles
    shown: Integers

    @classmethod
    def zero(cls, places: int, inputs: int) -> Sums:
        """Return the sums of no samples."""
        return cls(
            0,
            np.zeros(inputs),
            np.zeros((inputs, inputs)),
            np.zeros((places, inputs)),
            np.zeros(places, np.int64),
        )

    def add(self, samples: Floats, places: Indices) -> None:
        """
        Add samples.

        :param samples: float32 (samples, inputs): amplitudes, or what a feature layer passes on.
        :param places: int64 (samples,), the place of each.
        """
        # Rounding depends on the number of threads, and a map must not.
        threads = BlasThreads(1)
        for begin in range(0, len(samples), _BATCH):
            part, where = samples[begin : begin + _BATCH], places[begin : begin + _BATCH]
            self.total += part.sum(axis=0, dtype=np.float64)
            self.power += part.T @ part
            # Samples of a place mostly follow each other: sum each run first.
            starts = np.flatnonzero(np.diff(where, prepend=where[0] - 1))
            runs = np.add.reduceat(part, starts, axis=0, dtype=np.float64)
            np.add.at(self.places, where[starts], runs)
            np.add.at(self.shown, where, 1)
        self.count += len(samples)
        threads.restore()


def ridge_weights(
    sums: Sums, targets: Floats, decay: float = DECAY, segments: Segments | None = None
) -> Floats:
    """
    Return the least squares weights of an output layer, float32 (places, inputs).

    Targets and inputs are centred (the covariance rule of Sejnowski, J. Math. Biol. 1977), and the
    response to the mean frame is removed, so that no place is preferred and no neuron needs a
    threshold.

    :param targets: float32 (tolerance + 1,), see `neighbours.neighbour_targets`.
    :param decay: in units of the mean power of an input.
    :param segments: which places are neighbours; None: all in order.
    :raises VprError: if SciPy is not installed.
    """
    check_scipy()
    # Rounding depends on the number of threads, and a map must not.
    threads = BlasThreads(1)
    try:
        solver = Solver(sums, decay)
        return solver.weights(spread(solver.centred(sums.places, sums.shown), targets, segments))
    finally:
        threads.restore()


def check_scipy() -> None:
    """
    Load SciPy, which has its own BLAS: it must be there before threads are limited.

    :raises VprError: if it is not installed.
    """
    try:
        import scipy.linalg  # noqa: F401
    except ImportError:
        raise VprError(
            'training.outputs: ridge needs SciPy: pip install scipy (apt: python3-scipy)'
        ) from None


class Solver:
    """The linear equations of an output layer, solved for one place or many."""

    def __init__(self, sums: Sums, decay: float) -> None:
        """
        Factorise the matrix of the equations; SciPy must be there (`check_scipy`).

        :param decay: in units of the mean power of an input.
        """
        from scipy.linalg import cho_factor

        size = len(sums.total)
        self.mean: Doubles = sums.total / max(sums.count, 1)
        power = sums.power - sums.count * np.outer(self.mean, self.mean)
        power[np.diag_indices(size)] += _added(decay, power, float(np.trace(sums.power)), size)
        self._factor = cho_factor(power, overwrite_a=True)

    def centred(self, places: Doubles, shown: Integers) -> Doubles:
        """Return the sums of samples float64 (places, inputs) less as many mean samples."""
        return np.asarray(places - np.outer(shown, self.mean))

    def inverse(self) -> Doubles:
        """Return the inverse of the matrix, float64 (inputs, inputs)."""
        from scipy.linalg import cho_solve

        return np.asarray(cho_solve(self._factor, np.eye(len(self.mean))))

    def weights(self, wanted: Doubles) -> Floats:
        """
        Return the weights float32 (places, inputs) of some places.

        :param wanted: float64 (places, inputs), their sums as `centred` returns them, spread to
            neighbours; overwritten.
        """
        from scipy.linalg import cho_solve

        wanted *= TARGET
        weights = cho_solve(self._factor, wanted.T, overwrite_b=True).T
        return np.ascontiguousarray(without_mean(weights, self.mean), np.float32)


class SampleSolver:
    """
    The same equations for fewer samples than inputs, solved in as many dimensions, without SciPy.

    By the matrix inversion lemma: (X^T X + d)^-1 b = (b - X^T (X X^T + d)^-1 X b) / d.
    """

    def __init__(self, samples: Floats) -> None:
        """Take samples float32 (samples, inputs): amplitudes."""
        doubles = samples.astype(np.float64)
        self._mean: Doubles = doubles.mean(axis=0)
        self._whole = float(np.einsum('ij,ij->', doubles, doubles))
        doubles -= self._mean
        self._centred, self._products = doubles, doubles @ doubles.T

    def weights(
        self, places: Doubles, shown: Integers, targets: Floats, decay: float, segments: Segments
    ) -> Floats:
        """
        Return the weights of an output layer, as `ridge_weights`.

        :param places: float64 (places, inputs), the sum of each place's samples; shown: int64
            (places,), their number.
        """
        count, size = self._centred.shape
        wanted = spread(places - np.outer(shown, self._mean), targets, segments)
        wanted *= TARGET
        matrix = self._products.copy()
        added = _added(decay, matrix, self._whole, size)
        matrix[np.diag_indices(count)] += added
        solved = np.linalg.solve(matrix, self._centred @ wanted.T)
        weights = (wanted - (self._centred.T @ solved).T) / added
        return np.ascontiguousarray(without_mean(weights, self._mean), np.float32)


def _added(decay: float, power: Doubles, whole: float, size: int) -> float:
    """
    Return what the decay adds to the diagonal of the equations.

    :param power: of centred samples, by inputs or by samples; whole: trace without centring.
    """
    # Of samples that are all alike rounding errors are left, which are no power.
    least = _ROUNDING * whole / size + 1e-12
    return max(decay * float(np.trace(power)) / size, least)


def without_mean(weights: A, mean: A) -> A:
    """Remove the response to the mean frame (inputs,) from weights (places, inputs), in place."""
    length = float(mean @ mean)
    if length > 0.0:
        weights -= np.outer(weights @ mean, mean / length)
    return weights
