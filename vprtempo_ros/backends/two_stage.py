"""
Two-stage search: all responses are estimated, and the highest of them computed.

The outline of a network has few numbers a place, so that estimating all responses takes a small
part of the time of computing them. Estimates have mean and standard deviation of responses, and
stand for those of places that are not computed: the filter needs a score of every place.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles, Floats, Indices, Scores, Spikes
from ..network.byte_network import ByteNetwork, integer_sums
from ..network.layers import AMPLITUDE
from ..support.large import is_large

# Places whose responses are computed: a fraction of all, at least, and at most;
# docs/research/scale.md has what fewer would lose.
_ONE_OF, _LEAST, _MOST = 100, 512, 2048
# A threshold of a part of the values is that of the highest ones and of half as many more, and that
# part has this many of them.
_MORE, _SAMPLED = 1.5, 64


class TwoStageSearch:
    """Similarities of a `ByteNetwork`; those of places that are far from matching are estimates."""

    def __init__(self, network: ByteNetwork, candidates: int | None = None) -> None:
        """
        Prepare the outline.

        :param candidates: how many responses are computed; None: by the number of places.
        """
        outline = network.outline
        wanted = candidates or min(max(network.places // _ONE_OF, _LEAST), _MOST)
        self._network, self._candidates = network, min(wanted, network.places)
        self._basis, self._gains, self._offsets = outline.basis, outline.gains, outline.offsets
        self._loops = _loops_for(network.places)
        # Compiled loops take integers dimension by dimension; in NumPy floats are fastest.
        self._codes: NDArray[np.number] = (
            np.ascontiguousarray(outline.codes.T)
            if self._loops
            else outline.codes.astype(np.float32)
        )
        self._rank = outline.rank
        self._mean, self._scale = outline.typical.mean, np.float32(1) / outline.typical.std

    @property
    def candidates(self) -> int:
        """How many responses are computed."""
        return self._candidates

    @property
    def nbytes(self) -> int:
        """Bytes of what the estimates are made from."""
        return sum(each.nbytes for each in (self._basis, self._codes, self._gains, self._offsets))

    def __str__(self) -> str:
        """Return what is done, for people."""
        return (
            f'two-stage search, {self._candidates} of {self._network.places} responses computed, '
            f'others estimated in {self._rank} dimensions'
        )

    def __call__(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        amplitudes: Floats = spikes.astype(np.float32) * AMPLITUDE
        # Places are compared by how far they stand out from what they typically respond.
        found, standing = self._estimates(amplitudes @ self._basis)
        chosen = highest(standing, self._candidates)
        found[chosen] = responses(self._network, chosen, spikes)
        return found

    def _estimates(self, seen: Floats) -> tuple[Scores, Scores]:
        """Return the estimates for a frame float32 (rank,), and how far they stand out."""
        found: Scores
        if self._loops:
            found, standing = (np.empty(self._network.places, np.float32) for _ in range(2))
            self._loops.estimate(
                self._codes,
                seen,
                self._gains,
                self._offsets,
                self._mean,
                self._scale,
                found,
                standing,
            )
            return found, standing
        found = np.asarray(self._codes @ seen, np.float32)
        found *= self._gains
        found += self._offsets
        return found, (found - self._mean) * self._scale


def responses(network: ByteNetwork, places: Indices, spikes: Spikes) -> Scores:
    """Return the responses of places, float32: sums of integers, rounded once."""
    loops = _loops_for(network.places)
    sums: Doubles
    if loops:
        sums = np.empty(len(places))
        loops.integer_sums(network.rows, places, spikes.astype(np.float32), sums)
    else:
        sums = integer_sums(network.rows[places], spikes)
    return np.asarray(sums * (network.scales[places] * np.float64(AMPLITUDE)), np.float32)


def highest(values: Scores, count: int) -> Indices:
    """
    Return the numbers of the highest values, int64 (count,), in any order.

    Of many values those below a threshold are left out first, which is that of a part of them,
    evenly spread.
    """
    step = count // _SAMPLED
    if step > 1 and len(values) > count * step:
        sample = values[::step]
        rank = len(sample) - round(_MORE * count * len(sample) / len(values))
        above = np.flatnonzero(values >= np.partition(sample, rank)[rank])
        if len(above) >= count:
            return above[np.argpartition(values[above], len(above) - count)[-count:]]
    return np.argpartition(values, len(values) - count)[-count:]


def _loops_for(places: int) -> ModuleType | None:
    if not is_large(places):
        return None
    from . import kernels

    return kernels
