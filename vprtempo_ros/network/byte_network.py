"""
A linear network of 8-bit weights, with an outline of it that estimates all responses quickly.

Large maps are limited by the speed of memory: each frame reads all weights. The outline is a
projection to few dimensions, in which the responses of all places are estimated; only places whose
estimate is high need their exact response (`backends/two_stage.py`). The projection is the one
with the least mean squared error of the responses to frames like those of the route (a singular
value decomposition of the weights, in coordinates in which the spikes are uncorrelated).

A projection loses variance, so that estimates of wrong places would be too close to their mean.
They are scaled to mean and standard deviation of the exact responses of each place: what is
normalised, filtered and fitted further on holds for exact and estimated responses alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles, Floats, Indices, Spikes
from ..statistics import Statistics
from ..support.blas import BlasThreads
from ..support.parallel import ahead, blocks
from ..support.sampling import evenly_spread
from .layers import AMPLITUDE
from .network import LinearNetwork
from .ridge import check_scipy
from .segments import Segments
from .spike_sums import SpikeSums

Bytes = NDArray[np.int8]

# The largest weight of a row.
_TOP = 127
# Inputs whose products of a weight and a spike float32, with its 24 bits, adds up exactly.
EXACT = 512
# Dimensions of an outline, and of the search for them, which is repeated.
RANK, _MORE, _ROUNDS = 64, 16, 5
# Rows by which the dimensions are chosen.
_ROWS = 4096
# Added to the power of each input, relative to the mean: inputs that never vary count for nothing.
_SOFT = 0.1


@dataclass(frozen=True)
class Outline:
    """
    Estimates of responses: offsets + gains * (codes @ (amplitudes @ basis)).

    basis: float32 (inputs, rank); codes: int8 (places, rank); gains, offsets: float32 (places,).
    typical: of the responses of each place, by which they are compared when the map is used.
    """

    basis: Floats
    codes: Bytes
    gains: Floats
    offsets: Floats
    typical: Statistics

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return int(self.basis.shape[1])


class ByteNetwork(LinearNetwork):
    """
    A `LinearNetwork` whose weights are int8 (places, inputs) times a scale for each place.

    scales: float32 (places,), for amplitudes of 0 to 1. What takes floats finds them in `weights`,
    which are made when they are first asked for and take four times the memory.
    """

    def __init__(self, rows: Bytes, scales: Floats, outline: Outline) -> None:
        """Take the weights and their outline."""
        self.rows, self.scales, self.outline = rows, scales, outline

    @cached_property
    def weights(self) -> Floats:  # type: ignore[override]
        """The weights as floats, float32 (places, inputs)."""
        return self.rows * self.scales[:, None]

    @property
    def places(self) -> int:
        """Number of places."""
        return len(self.rows)

    @property
    def inputs(self) -> int:
        """Length of the spike vector that the network takes."""
        return int(self.rows.shape[1])

    def __str__(self) -> str:
        """Return the kind of network in words."""
        return 'one layer of 8-bit weights, linear readout'


def integer_sums(rows: Bytes, spikes: Spikes) -> Doubles:
    """
    Return the sums of weights times spikes, exactly: integers as float64 (rows,).

    :param rows: int8 (rows, inputs); spikes: uint8 (inputs,).
    """
    total = np.zeros(len(rows))
    for begin in range(0, len(spikes), EXACT):
        part = slice(begin, begin + EXACT)
        total += rows[:, part].astype(np.float32) @ spikes[part].astype(np.float32)
    return total


class Outliner:
    """Makes 8-bit weights and their outlines, of places by places."""

    def __init__(self, weights: Floats, sums: SpikeSums, frames: Spikes) -> None:
        """
        Choose the dimensions.

        :param weights: float32 (places, inputs), by which they are chosen.
        :param sums: of the samples, by which it is known how inputs vary together.
        :param frames: uint8 (frames, inputs), of the route: estimates are scaled by them.
        :raises VprError: if SciPy is not installed.
        """
        check_scipy()
        # Rounding depends on the number of threads, and a map must not.
        threads = BlasThreads(1)
        try:
            self.basis, self._projection = _dimensions(weights, _spread(sums))
        finally:
            threads.restore()
        self._amplitudes: Floats = frames.astype(np.float32) * AMPLITUDE
        self._seen: Floats = self._amplitudes @ self.basis

    def network(
        self, weights: Floats, others: NDArray[np.bool_], typical: Statistics | None = None
    ) -> ByteNetwork:
        """
        Return a network of these weights.

        :param weights: float32 (places, inputs).
        :param others: bool (frames, places), which frames are of other places.
        :param typical: as `Outline` has it; None: of the responses to these frames.
        """
        threads = BlasThreads(1)
        try:
            rows, scales = _rounded(weights)
            codes, coarse = _rounded(weights @ self._projection)
            exact = _moments(self._amplitudes @ weights.T, others)
            estimated = _moments(self._seen @ (codes * coarse[:, None]).T, others)
            gains = exact.std / np.maximum(estimated.std, np.finfo(np.float32).tiny)
            gains[(exact.std == 0.0) | (estimated.std == 0.0)] = 0.0
            offsets = exact.mean - gains * estimated.mean
            if typical is None:
                typical = Statistics(exact.mean, np.where(exact.std > 0.0, exact.std, 1.0))
            outline = Outline(self.basis, codes, gains * coarse, offsets, typical)
            return ByteNetwork(rows, scales, outline)
        finally:
            threads.restore()


def byte_network(
    network: LinearNetwork,
    typical: Statistics,
    sums: SpikeSums,
    frames: Spikes,
    places: Indices,
    tolerance: int,
    segments: Segments | None = None,
    threads: int = 0,
) -> ByteNetwork:
    """
    Return the network with 8-bit weights, and an outline of it.

    :param typical: as `Outline` has it.
    :param sums, frames: as `Outliner` takes them; places: int64 (frames,), those of the frames.
    :param segments: which places are neighbours; None: all in order.
    :param threads: that compute, 0: one per core; the network does not depend on it.
    :raises VprError: if SciPy is not installed.
    """
    outliner = Outliner(network.weights, sums, frames)
    first, end = (segments or Segments.of([network.places])).windows(tolerance)

    def outlined(part: slice) -> ByteNetwork:
        column = np.arange(part.start, part.stop)
        others = (column < first[places, None]) | (column >= end[places, None])
        known = Statistics(typical.mean[part], typical.std[part])
        return outliner.network(network.weights[part], others, known)

    return joined(list(ahead(outlined, blocks(network.places), threads=threads)))


def joined(parts: Sequence[ByteNetwork]) -> ByteNetwork:
    """Return networks of one `Outliner` as one, place after place."""
    outlines = [part.outline for part in parts]
    return ByteNetwork(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.scales for part in parts]),
        Outline(
            outlines[0].basis,
            np.concatenate([each.codes for each in outlines]),
            np.concatenate([each.gains for each in outlines]),
            np.concatenate([each.offsets for each in outlines]),
            Statistics(
                np.concatenate([each.typical.mean for each in outlines]),
                np.concatenate([each.typical.std for each in outlines]),
            ),
        ),
    )


def _rounded(weights: Floats) -> tuple[Bytes, Floats]:
    """Return integers from -127 to 127, and what they are to be multiplied by, row by row."""
    top = np.abs(weights).max(axis=1, initial=0.0)
    scales = np.asarray(np.where(top > 0.0, top, 1.0) / np.float32(_TOP), np.float32)
    return np.rint(weights / scales[:, None]).astype(np.int8), scales


def _spread(sums: SpikeSums) -> Doubles:
    """Return a lower triangle that uncorrelated values of variance 1 become amplitudes with."""
    count = max(sums.count, 1)
    mean = sums.total / count
    covariance: Doubles = (sums.power / count - np.outer(mean, mean)) * float(AMPLITUDE) ** 2
    least = _SOFT * float(np.trace(covariance)) / len(mean) + 1e-12
    covariance[np.diag_indices(len(mean))] += least
    return np.asarray(np.linalg.cholesky(covariance), np.float64)


def _dimensions(weights: Floats, spread: Doubles) -> tuple[Floats, Floats]:
    """
    Return the directions in which responses vary most: of amplitudes, and of weights.

    The largest eigenvectors, found by subspace iteration (Halko, Martinsson and Tropp, SIAM Review
    2011).

    :return: both float32 (inputs, rank): response = (weights @ second) @ (first.T @ amplitudes).
    """
    from scipy.linalg import solve_triangular

    chosen = evenly_spread(len(weights), _ROWS)
    single = spread.astype(np.float32)
    seen = weights[chosen] @ single
    size = min(RANK + _MORE, *seen.shape)
    vectors: Floats = np.random.default_rng(0).standard_normal((seen.shape[1], size)).astype('f4')
    for _ in range(_ROUNDS):
        vectors = np.linalg.qr(seen.T @ (seen @ vectors))[0]
    _, turned = np.linalg.eigh((responses := seen @ vectors).T @ responses)
    vectors = (vectors @ turned[:, ::-1])[:, :RANK]
    basis = solve_triangular(spread, vectors, lower=True, trans='T')
    return np.ascontiguousarray(basis, np.float32), single @ vectors


def _moments(responses: Floats, others: NDArray[np.bool_]) -> Statistics:
    """Return mean and standard deviation of the columns, of what is chosen (frames, columns)."""
    count = np.maximum(others.sum(axis=0), 1)
    mean = np.where(others, responses, 0.0).sum(axis=0) / count
    apart = np.where(others, responses - mean, 0.0)
    std = np.sqrt(np.square(apart).sum(axis=0) / count)
    return Statistics(mean.astype(np.float32), std.astype(np.float32))
