"""
What the network of a map is computed from: its samples and, if there are many, their sums.

Weights need the sums only. Samples are kept so that places can be forgotten: what is subtracted
must be what was added. Of few samples the sums are never computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrays import Indices, Spikes
from ..network.linear import Frames
from ..network.spike_sums import SpikeSums
from .samples import REFERENCE, TraverseSamples, training_samples


@dataclass(frozen=True)
class TrainingData:
    """
    The samples of each traverse of a number of places, and their sums as the network takes them.

    adapt: each traverse is standardised; known: the sums, None until they are asked for.
    """

    traverses: list[TraverseSamples]
    places: int
    adapt: bool
    known: SpikeSums | None = None

    @cached_property
    def sums(self) -> SpikeSums:
        """The sums of all samples."""
        if self.known is not None:
            return self.known
        sums = SpikeSums.zero(self.places, self.inputs)
        for traverse in self.traverses:
            _add(sums, traverse, self.adapt)
        return sums

    @property
    def inputs(self) -> int:
        """Number of inputs of a sample."""
        return int(self.traverses[0].spikes.shape[-1])

    def reference_of(self) -> Indices:
        """Return the number of the traverse that each place is from, int64 (places,)."""
        numbers = np.full(self.places, -1)
        for number, traverse in enumerate(self.traverses):
            if traverse.role == REFERENCE:
                numbers[traverse.places] = number
        return numbers

    def references(self) -> tuple[Spikes, Spikes]:
        """Return the spikes of the places, uint8 (places, inputs): as encoded, as shown."""
        encoded, shown = (np.zeros((self.places, self.inputs), np.uint8) for _ in range(2))
        for traverse in self.traverses:
            if traverse.role == REFERENCE:
                encoded[traverse.places] = traverse.frames
                shown[traverse.places] = traverse.shown(self.adapt)
        return encoded, shown

    def fitted(self, with_additional: bool) -> SpikeSums | Frames:
        """
        Return what a network is fitted to: sums, or samples where there are fewer than inputs.

        :param with_additional: False: only the traverses that define places.
        """
        additional = [each for each in self.traverses if each.role != REFERENCE]
        if with_additional or not additional:
            if is_few(self.traverses):
                return Frames(*training_samples(self.traverses, self.adapt))
            return self.sums
        references = [each for each in self.traverses if each.role == REFERENCE]
        if is_few(references):
            return Frames(*training_samples(references, self.adapt))
        return _without(self.sums, additional, self.adapt)

    def renumbered(self, numbers: Indices) -> TrainingData:
        """
        Return the data with place p called numbers[p]: 0, 1, 2, ... in their order.

        Traverses of which no frame is left stay, empty. If each is standardised, the statistics of
        a traverse are those of the frames that are left, as if no others had been recorded.

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
        if self.known is None or touched > sum(len(each.places) for each in traverses):
            return TrainingData(traverses, len(order), self.adapt)
        sums = _without(self.known, [before for before, _ in changed], self.adapt).only(order)
        for _, after in changed:
            _add(sums, after, self.adapt)
        return TrainingData(traverses, len(order), self.adapt, sums)

    def followed_by(self, other: TrainingData) -> TrainingData:
        """Return the data of both maps, the places of `other` after those of this one."""
        moved = [each.moved(self.places) for each in other.traverses]
        traverses, places = [*self.traverses, *moved], self.places + other.places
        sums = None
        if self.known is not None or other.known is not None:
            sums = self.sums.followed_by(other.sums)
        return TrainingData(traverses, places, self.adapt, sums)

    def with_traverse(self, traverse: TraverseSamples) -> TrainingData:
        """Return the data with another traverse of places that are there."""
        traverses = [*self.traverses, traverse]
        sums = None
        if self.known is not None:
            sums = self.known.copy()
            _add(sums, traverse, self.adapt)
        return TrainingData(traverses, self.places, self.adapt, sums)


def is_few(traverses: list[TraverseSamples]) -> bool:
    """Return whether there are no more samples than inputs: then their sums are not needed."""
    return sum(each.count for each in traverses) <= traverses[0].spikes.shape[-1]


def _without(sums: SpikeSums, traverses: list[TraverseSamples], adapt: bool) -> SpikeSums:
    """Return sums without the samples of these traverses."""
    left = sums.copy()
    for traverse in traverses:
        _add(left, traverse, adapt, -1)
    return left


def _add(sums: SpikeSums, traverse: TraverseSamples, adapt: bool, sign: int = 1) -> None:
    sums.add_all(traverse.batches(adapt), sign)
