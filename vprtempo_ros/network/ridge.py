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

import numpy as np

from ..arrays import Doubles, Floats, Indices, Integers
from ..errors import VprError
from ..support.blas import BlasThreads
from .neighbours import spread
from .segments import Segments

# Target response of a place's own neuron (VPRTempo: 0.5, and 0 for all others).
TARGET = 0.5
# Weight decay behind a feature layer, in units of the mean power of a feature; recall with 0.9 is
# the same within 0.015, with 0.03 up to 0.07 lower (docs/research/recall.md).
DECAY = 0.3
# Rounding error of sums of float32 products, relative to the sums.
_ROUNDING = 1e-5
# Decays from which the equations are solved with 24 bits: the largest eigenvalue of the power is
# less than 10,000 times what these add, for any samples of 2304 inputs, and some hundred mostly.
_SINGLE = 0.2
# Samples in one product of matrices.
_BATCH = 4096


@dataclass
class Sums:
    """
    What ridge regression needs of its samples.

    count: samples; total: float64 (inputs,); power: float64 (inputs, inputs), the sum of x x^T;
    places: float64 or float32 (places, inputs), the sum of each place's samples; shown: int64
    (places,), their number.
    """

    count: int
    total: Doubles
    power: Doubles
    places: Doubles | Floats
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
        equations = Equations(sums)
        wanted = spread(equations.centred(sums.places, sums.shown), targets, segments)
        return equations.solver(decay).weights(wanted)
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


class Equations:
    """The linear equations of an output layer, of which the weight decay is still to be chosen."""

    def __init__(self, sums: Sums) -> None:
        """Centre the products of the samples."""
        self.mean: Doubles = sums.total / max(sums.count, 1)
        self._whole = float(np.trace(sums.power))
        self._power = np.outer(self.mean, sums.count * self.mean)
        np.subtract(sums.power, self._power, out=self._power)

    def centred(self, places: Doubles | Floats, shown: Integers) -> Floats:
        """Return the sums of samples float32 (places, inputs) less as many mean samples."""
        means = np.outer(shown.astype(np.float32), self.mean.astype(np.float32))
        return np.asarray(np.subtract(places, means, out=means), np.float32)

    def solver(self, decay: float) -> Solver:
        """
        Return the equations with a weight decay; SciPy must be there (`check_scipy`).

        :param decay: in units of the mean power of an input.
        """
        size = len(self.mean)
        power: Doubles | Floats = _precise(self._power, decay)
        power[np.diag_indices(size)] += _added(decay, self._power, self._whole, size)
        return Solver(power, self.mean)


class Solver:
    """The linear equations of an output layer, solved for one place or many."""

    def __init__(self, power: Doubles | Floats, mean: Doubles) -> None:
        """Factorise the matrix of the equations, which is overwritten."""
        from scipy.linalg import cho_factor

        # Symmetric: transposed it has the order of LAPACK, and need not be copied.
        self._factor = cho_factor(power.T, lower=True, overwrite_a=True, check_finite=False)
        self._mean: Floats = mean.astype(np.float32)

    def inverse(self) -> Floats:
        """Return the inverse of the matrix, float32 (inputs, inputs)."""
        return self._solved(np.eye(len(self._mean), dtype=np.float32))

    def weights(self, wanted: Floats) -> Floats:
        """
        Return the weights float32 (places, inputs) of some places.

        :param wanted: float32 (places, inputs), their sums as `Equations.centred` returns them,
            spread to neighbours; overwritten.
        """
        wanted *= np.float32(TARGET)
        return without_mean(self._solved(wanted), self._mean)

    def from_inverse(self, inverse: Floats, wanted: Floats) -> Floats:
        """Return the same with the inverse of the matrix, which pays for many places."""
        wanted *= np.float32(TARGET)
        return without_mean(wanted @ inverse, self._mean)

    def rows(self, frames: Floats) -> Floats:
        """
        Return what has the responses to frames as products with `wanted`, as `weights` takes it.

        :param frames: float32 (frames, inputs), amplitudes.
        :return: float32 (frames, inputs).
        """
        # The matrix is symmetric: F A^-1 W^T = (A^-1 F^T)^T W^T.
        rows = self._solved(without_mean(frames.copy(), self._mean))
        rows *= np.float32(TARGET)
        return rows

    def _solved(self, rows: Floats) -> Floats:
        """Return the solution for each row, float32 (rows, inputs); they are overwritten."""
        from scipy.linalg import cho_solve

        rows = rows.astype(self._factor[0].dtype, copy=False)
        found = cho_solve(self._factor, rows.T, overwrite_b=True, check_finite=False).T
        return np.ascontiguousarray(found, np.float32)


class SampleSolver:
    """
    The same equations for fewer samples than inputs, solved in as many dimensions, without SciPy.

    By the matrix inversion lemma: (X^T X + d)^-1 X^T t = X^T (X X^T + d)^-1 t.
    """

    def __init__(self, samples: Floats) -> None:
        """Take samples float32 (samples, inputs): amplitudes; overwritten."""
        self._whole = float(np.einsum('ij,ij->', samples, samples, dtype=np.float64))
        self._mean: Floats = samples.mean(axis=0, dtype=np.float64).astype(np.float32)
        samples -= self._mean
        self._centred, self._products = samples, samples @ samples.T

    def weights(self, wanted: Floats, decay: float) -> Floats:
        """
        Return the weights of an output layer, as `ridge_weights`.

        :param wanted: float32 (samples, places), the response of each place to each sample, 1 for
            its own.
        """
        count, size = self._centred.shape
        matrix: Doubles | Floats = _precise(self._products, decay)
        matrix[np.diag_indices(count)] += _added(decay, matrix, self._whole, size)
        solved = np.linalg.solve(matrix, wanted * np.float32(TARGET))
        return without_mean(solved.T.astype(np.float32) @ self._centred, self._mean)


def _precise(power: Doubles | Floats, decay: float) -> Doubles | Floats:
    """Return a copy to solve the equations with: what the decay adds bounds rounding errors."""
    return power.astype(np.float32) if decay >= _SINGLE else power.astype(np.float64)


def _added(decay: float, power: Doubles | Floats, whole: float, size: int) -> float:
    """
    Return what the decay adds to the diagonal of the equations.

    :param power: of centred samples, by inputs or by samples; whole: trace without centring.
    """
    # Of samples that are all alike rounding errors are left, which are no power.
    least = _ROUNDING * whole / size + 1e-12
    return max(decay * float(np.trace(power)) / size, least)


def without_mean(weights: Floats, mean: Floats) -> Floats:
    """Remove the response to the mean frame (inputs,) from weights (places, inputs), in place."""
    length = float(mean @ mean)
    if length > 0.0:
        weights -= np.outer(weights @ mean, mean / np.float32(length))
    return weights
