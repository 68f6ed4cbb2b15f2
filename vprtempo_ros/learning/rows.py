"""Weights of places that were just seen: the equations of a map, with samples added one by one."""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Spikes
from ..network.layers import AMPLITUDE
from ..network.neighbours import spread
from ..network.ridge import TARGET, without_mean
from .basis import Basis


class Rows:
    """
    Solves the equations for one place after another, each in milliseconds.

    Samples of new places change the matrix of the equations by few dimensions, and so its inverse
    (Woodbury, Inverting Modified Matrices, 1950). The mean of the samples stays that of the map.
    """

    def __init__(self, basis: Basis) -> None:
        """Begin with the samples of the map."""
        self._basis = basis
        self._inverse = basis.inverse.copy()

    def add(self, samples: Spikes) -> Floats:
        """
        Add samples uint8 (samples, inputs), as the network takes them.

        Return their sum less as many mean samples, float32 (inputs,).
        """
        centred = samples.astype(np.float32) * AMPLITUDE - self._basis.mean
        moved = self._inverse @ centred.T
        within = np.eye(len(centred), dtype=np.float32) + centred @ moved
        self._inverse -= moved @ np.linalg.solve(within, moved.T)
        return np.asarray(centred.sum(axis=0))

    def weights(self, sums: Floats, units: Floats) -> Floats:
        """
        Return weights float32 (places, inputs) of successive places of one segment.

        :param sums: float32 (places, inputs), as `add` returned them; units: float32 (places,
            inputs), the frames by `neighbours.unit`.
        """
        basis = self._basis
        correlation = spread(units.astype(np.float64), basis.targets)
        wanted = spread(sums.astype(np.float64), basis.targets).astype(np.float32)
        solved = self._solved(wanted) * np.float32(basis.scale)
        return np.asarray(solved + basis.share * correlation, np.float32)

    def change(self, total: Floats) -> Floats:
        """Return what more samples of a place, by their sum, add to its weights."""
        return np.asarray(self._solved(total[np.newaxis])[0] * np.float32(self._basis.scale))

    def _solved(self, wanted: Floats) -> Floats:
        weights = wanted @ self._inverse * np.float32(TARGET)
        return without_mean(weights, self._basis.mean)
