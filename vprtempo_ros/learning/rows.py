"""Weights of places that were just seen: the equations of a map, with samples added one by one."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..arrays import Floats, Spikes
from ..network.layers import AMPLITUDE
from ..network.neighbours import spread, unit
from ..network.ridge import TARGET, without_mean
from .basis import Basis


class Rows:
    """
    Solves the equations for one place after another, each in milliseconds.

    Samples of new places change the matrix of the equations by few dimensions, and so its inverse
    (Woodbury, Inverting Modified Matrices, 1950), and the solutions of the last places. The mean of
    the samples stays that of the map. The inverse is symmetric, and what is subtracted from it is
    too, a matrix times itself transposed: half of it is read and written, from which a place takes
    most of its time. SciPy must be there (`check_scipy`), as it was for the basis.
    """

    def __init__(self, basis: Basis) -> None:
        """Begin with the samples of the map."""
        self._basis = basis
        # Its lower triangle, in the order of LAPACK, which changes it in place.
        self._inverse = np.array(basis.inverse, order='F')
        # Of the last places: solutions of the equations, and frames by `unit`, of inputs each.
        tail = 2 * len(basis.targets) - 1
        self._solved: deque[Floats] = deque(maxlen=tail)
        self._units: deque[Floats] = deque(maxlen=tail)

    def open_segment(self) -> None:
        """Begin a segment: the places before it are no neighbours of the next one."""
        self._solved.clear()
        self._units.clear()

    def add(self, samples: Spikes) -> Floats:
        """
        Add the next place of the segment, by its samples uint8 (samples, inputs).

        Return the weights float32 (places, inputs) of the last places, which change with each new
        neighbour: up to one more than the tolerance.

        :param samples: as the network takes them, of which the first is the frame itself.
        """
        self._solved.append(self._include(samples))
        self._units.append(unit(samples[:1])[0])
        basis = self._basis
        solved, units = (
            spread(np.stack(each), basis.targets) for each in (self._solved, self._units)
        )
        rows = self._weights(solved) + np.float32(basis.share) * units
        return rows[-len(basis.targets) :]

    def change(self, samples: Spikes) -> Floats:
        """Add samples of another place; return what they add to its weights, float32 (inputs,)."""
        return np.asarray(self._weights(self._include(samples)[np.newaxis])[0])

    def _include(self, samples: Spikes) -> Floats:
        """Add samples to the equations; return the solution for their sum, float32 (inputs,)."""
        from scipy.linalg.blas import ssymm, ssyrk

        centred = samples.astype(np.float32) * AMPLITUDE - self._basis.mean
        moved = ssymm(1.0, self._inverse, centred.T, lower=1)
        within = np.eye(len(centred), dtype=np.float32) + centred @ moved
        # With within = L L^T the inverse loses moved within^-1 moved^T = half half^T.
        root = np.linalg.inv(np.linalg.cholesky(within))
        half = moved @ root.T
        self._inverse = ssyrk(-1.0, half, beta=1.0, c=self._inverse, lower=1, overwrite_c=1)
        change = root.T @ half.T
        for solved in self._solved:
            solved -= (centred @ solved) @ change
        return np.asarray(change.sum(axis=0))

    def _weights(self, solved: Floats) -> Floats:
        """Return the weights float32 (places, inputs) of solutions."""
        basis = self._basis
        return without_mean(solved * np.float32(TARGET * basis.scale), basis.mean)
