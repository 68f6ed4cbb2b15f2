"""
Two-stage search: all responses are estimated, and the highest of them computed.

The outline of a network has few numbers a place, so that estimating all responses takes a small
part of the time of computing them. Estimates have mean and standard deviation of responses, and
stand for those of places that are not computed: the filter needs a score of every place.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Indices, Scores, Spikes
from ..network.byte_network import ByteNetwork, integer_sums
from ..network.layers import AMPLITUDE

# Places whose responses are computed: a fraction of all, at least, and at most;
# docs/research/scale.md has what fewer would lose.
_ONE_OF, _LEAST, _MOST = 100, 512, 2048
# Estimates by which the threshold of candidates is set; with fewer places all are sorted.
_SAMPLED = 1 << 14


class TwoStageSearch:
    """Similarities of a `ByteNetwork`; those of places that are far from matching are estimates."""

    def __init__(self, network: ByteNetwork, candidates: int | None = None) -> None:
        """
        Prepare the outline as floats, in which a product of matrices is fastest.

        :param candidates: how many responses are computed; None: by the number of places.
        """
        outline = network.outline
        wanted = candidates or min(max(network.places // _ONE_OF, _LEAST), _MOST)
        self._network, self._candidates = network, min(wanted, network.places)
        self._basis = outline.basis
        self._codes: Floats = np.asarray(outline.codes * outline.gains[:, None], np.float32)
        self._offsets = outline.offsets
        self._mean, self._scale = outline.typical.mean, np.float32(1) / outline.typical.std

    @property
    def candidates(self) -> int:
        """How many responses are computed; of many places it is about as many."""
        return self._candidates

    @property
    def nbytes(self) -> int:
        """Bytes of what the estimates are made from."""
        return int(self._basis.nbytes + self._codes.nbytes + self._offsets.nbytes)

    def __str__(self) -> str:
        """Return what is done, for people."""
        return (
            f'two-stage search, {self._candidates} of {self._network.places} responses computed, '
            f'others estimated in {self._codes.shape[1]} dimensions'
        )

    def __call__(self, spikes: Spikes) -> Scores:
        """Return float32 (places,) for uint8 spikes (inputs,)."""
        amplitudes: Floats = spikes.astype(np.float32) * AMPLITUDE
        found: Scores = np.asarray(self._codes @ (amplitudes @ self._basis), np.float32)
        found += self._offsets
        # Places are compared by how far they stand out from what they typically respond.
        chosen = highest((found - self._mean) * self._scale, self._candidates)
        found[chosen] = responses(self._network, chosen, spikes)
        return found


def responses(network: ByteNetwork, places: Indices | slice, spikes: Spikes) -> Scores:
    """Return the responses of places, float32: sums of integers, rounded once."""
    sums = integer_sums(network.rows[places], spikes)
    return np.asarray(sums * (network.scales[places] * np.float64(AMPLITUDE)), np.float32)


def highest(values: Scores, count: int) -> Indices:
    """
    Return the numbers of the highest values, int64, in any order.

    Of many values it is about `count` of them, at most twice as many: sorting takes longer than the
    search, so that the threshold is that of a part of the values, evenly spread.
    """
    if len(values) > _SAMPLED:
        sample = values[:: len(values) // _SAMPLED]
        rank = len(sample) - max(1, round(count * len(sample) / len(values)))
        above = np.flatnonzero(values >= np.partition(sample, rank)[rank])
        if len(above) <= 2 * count:
            return above
        return above[np.argpartition(values[above], len(above) - count)[-count:]]
    return np.argpartition(values, len(values) - count)[-count:]
