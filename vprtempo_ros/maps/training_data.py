"""
What the network of a map is computed from: its sums, and the samples that they are the sums of.

Weights need the sums only. Samples are kept so that places can be forgotten: what is subtracted
must be what was added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Indices, Spikes
from ..network.spike_sums import SpikeSums
from .samples import REFERENCE, TraverseSamples


@dataclass(frozen=True)
class TrainingData:
    """The samples of each traverse, and their sums as the network takes them."""

    traverses: list[TraverseSamples]
    sums: SpikeSums

    @property
    def places(self) -> int:
        """Number of places."""
        return len(self.sums.shown)

    def reference_of(self) -> Indices:
        """Return the number of the traverse that each place is from, int64 (places,)."""
        numbers = np.full(self.places, -1)
        for number, traverse in enumerate(self.traverses):
            if traverse.role == REFERENCE:
                numbers[traverse.places] = number
        return numbers

    def references(self, adapt: bool) -> tuple[Spikes, Spikes]:
        """Return the spikes of the places, uint8 (places, inputs): as encoded, as shown."""
        inputs = len(self.sums.total)
        encoded, shown = (np.zeros((self.places, inputs), np.uint8) for _ in range(2))
        for traverse in self.traverses:
            if traverse.role == REFERENCE:
                encoded[traverse.places] = traverse.frames
                shown[traverse.places] = traverse.shown(adapt)
        return encoded, shown

    def reference_sums(self, adapt: bool) -> SpikeSums:
        """Return the sums of the traverses that define places, without the additional ones."""
        additional = [each for each in self.traverses if each.role != REFERENCE]
        return _without(self.sums, additional, adapt) if additional else self.sums

    def renumbered(self, numbers: Indices, adapt: bool) -> TrainingData:
        """
        Return the data with place p called numbers[p]: 0, 1, 2, ... in their order.

        Traverses of which no frame is left stay, empty. With `adapt` the statistics of a traverse
        are those of the frames that are left, as if no others had been recorded.

        :param numbers: int64 (places,), below 0 for places to be forgotten.
        """
        traverses = [each.renumbered(numbers) for each in self.traverses]
        order = np.argsort(numbers, kind='stable')[int((numbers < 0).sum()) :]
        changed = [
            (before, after)
            for before, after in zip(self.traverses, traverses)
            if len(after.places) < len(before.places)
        ]
        touched = sum(len(before.places) + len(after.places) for before, after in changed)
        if touched > sum(len(each.places) for each in traverses):
            return training_data(traverses, len(order), adapt)
        sums = _without(self.sums, [before for before, _ in changed], adapt).only(order)
        for _, after in changed:
            _add(sums, after, adapt)
        return TrainingData(traverses, sums)

    def followed_by(self, other: TrainingData) -> TrainingData:
        """Return the data of both maps, the places of `other` after those of this one."""
        moved = [each.moved(self.places) for each in other.traverses]
        return TrainingData([*self.traverses, *moved], self.sums.followed_by(other.sums))

    def with_traverse(self, traverse: TraverseSamples, adapt: bool) -> TrainingData:
        """Return the data with another traverse of places that are there."""
        sums = self.sums.copy()
        _add(sums, traverse, adapt)
        return TrainingData([*self.traverses, traverse], sums)


def training_data(traverses: list[TraverseSamples], places: int, adapt: bool) -> TrainingData:
    """Return the data of traverses of a map with this number of places."""
    sums = SpikeSums.zero(places, traverses[0].spikes.shape[-1])
    for traverse in traverses:
        _add(sums, traverse, adapt)
    return TrainingData(traverses, sums)


def _without(sums: SpikeSums, traverses: list[TraverseSamples], adapt: bool) -> SpikeSums:
    """Return sums without the samples of these traverses."""
    left = sums.copy()
    for traverse in traverses:
        _add(left, traverse, adapt, -1)
    return left


def _add(sums: SpikeSums, traverse: TraverseSamples, adapt: bool, sign: int = 1) -> None:
    for spikes, places in traverse.batches(adapt):
        sums.add(spikes, places, sign)
