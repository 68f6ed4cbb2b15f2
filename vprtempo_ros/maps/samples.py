"""Training samples: encoded frames with their augmentations, and their places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Sequence

import numpy as np

from ..arrays import Indices, Spikes
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.augmentation import COMBINED, another_day, augmentations
from ..encoding.encoder import Encoder, encoder_for
from ..frames import Image
from ..network.linear import Trials
from ..statistics import Statistics, statistics_of

# Maximum number of places with trials, and trials of each.
TRIAL_PLACES, _KINDS = 512, 3


@dataclass(frozen=True)
class TraverseSamples:
    """
    The samples of one traverse.

    spikes: uint8 (frames, variants, inputs), of which variant 0 is the frame itself and the others
    are its augmentations; places: int64 (frames,), the place of each frame.
    """

    spikes: Spikes
    places: Indices

    @cached_property
    def frames(self) -> Spikes:
        """Spikes of the frames without augmentations, uint8 (frames, inputs)."""
        return np.ascontiguousarray(self.spikes[:, 0])

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of each pixel over the frames."""
        return statistics_of(self.frames)


class SampleEncoder:
    """Encodes a frame and its augmentations."""

    def __init__(self, config: TrainerConfig) -> None:
        """
        Prepare for the encoding and augmentation of `config`.

        :raises ConfigError: if a setting does not fit the input.
        """
        self.frame = encoder_for(config)
        self._changes = self.frame.profile.changes if config.training.augment else ()

    def __call__(self, image: Image) -> Spikes:
        """Return the spikes uint8 (variants, inputs) of a frame and its augmentations."""
        images = [image, *augmentations(image, self._changes)]
        return np.stack([self.frame(each) for each in images])


class TrialEncoder:
    """
    Makes trials: frames changed as no augmentation changes them, as on a different day.

    Of the most recent places it keeps `TRIAL_PLACES` at most, evenly spread along the route.
    """

    def __init__(self, encode: Encoder, seed: int) -> None:
        """Start without trials; the same seed makes the same trials."""
        self._encode, self._rng = encode, np.random.default_rng(seed)
        self._trials: list[tuple[int, Spikes]] = []
        self._stride = 1
        self._previous: Image | None = None

    def add(self, image: Image, place: int) -> None:
        """Make the trials of the next place, unless there are enough around it."""
        previous, self._previous = self._previous or image, image
        if place % self._stride:
            return
        number = len(self._trials)
        changes = [COMBINED[(number + 2 * kind) % len(COMBINED)] for kind in range(_KINDS)]
        spikes = [
            self._encode(another_day(changed, previous, self._rng))
            for changed in augmentations(image, changes)
        ]
        self._trials.append((place, np.stack(spikes)))
        if len(self._trials) > TRIAL_PLACES:
            self._trials = self._trials[::2]
            self._stride *= 2

    def trials(self, adapt: bool) -> Trials:
        """Return the trials; adapt: standardise each kind of them as a traverse of its own."""
        if not self._trials:
            return Trials(np.zeros((0, self._encode.length), np.uint8), np.zeros(0, np.int64))
        kinds = np.stack([spikes for _, spikes in self._trials], axis=1)
        if adapt:
            kinds = np.stack([standardise(kind, statistics_of(kind)) for kind in kinds])
        places = np.array([place for place, _ in self._trials], np.int64)
        return Trials(kinds.reshape(-1, kinds.shape[-1]), np.tile(places, len(kinds)))


def training_samples(traverses: Sequence[TraverseSamples], adapt: bool) -> tuple[Spikes, Indices]:
    """
    Return all samples uint8 (samples, inputs) for the network, and their places.

    :param adapt: standardise each traverse by its own statistics, as live frames are standardised.
    """
    spikes = [
        standardise(each.spikes, each.statistics) if adapt else each.spikes for each in traverses
    ]
    return (
        np.concatenate([part.reshape(-1, part.shape[-1]) for part in spikes]),
        np.concatenate([np.repeat(each.places, each.spikes.shape[1]) for each in traverses]),
    )
