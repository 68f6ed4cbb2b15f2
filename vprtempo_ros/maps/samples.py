"""Training samples: encoded frames with their augmentations, and their places."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Iterator, NamedTuple, Sequence

import numpy as np

from ..arrays import Indices, Integers, Spikes
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.augmentation import COMBINED, another_day, augmentations
from ..encoding.encoder import Encoder, encoder_for
from ..frames import Image
from ..network.linear import Trials
from ..statistics import Statistics, statistics_of
from ..support.sampling import evenly_spread

# Maximum number of places with trials, and trials of each.
TRIAL_PLACES, KINDS = 512, 3
# Frames that are standardised at a time.
_BATCH = 64

# Roles of a traverse: it defines places; it shows known ones again, and confidence is refined on
# it; it shows them, and is trained on only.
REFERENCE, HELD_OUT, ADDITIONAL = 'reference', 'held out', 'additional'
ROLES = (REFERENCE, HELD_OUT, ADDITIONAL)


class TrialFrames(NamedTuple):
    """Trials as encoded: spikes uint8 (frames, kinds, inputs) and places int64 (frames,)."""

    spikes: Spikes
    places: Indices

    @classmethod
    def none(cls, inputs: int) -> TrialFrames:
        """Return no trials."""
        return cls(np.zeros((0, KINDS, inputs), np.uint8), np.zeros(0, np.int64))


@dataclass(frozen=True)
class TraverseSamples:
    """
    The samples of one traverse, as encoded.

    spikes: uint8 (frames, variants, inputs), of which variant 0 is the frame itself and the others
    are its augmentations; places, stamps: int64 (frames,), place of each frame and its time in ns;
    trials: to choose settings of the fit by; role: one of `ROLES`. light: statistics of each pixel
    by which the frames are standardised; None: those of the frames, as of a whole drive.
    """

    spikes: Spikes
    places: Indices
    stamps: Integers
    trials: TrialFrames
    role: str = REFERENCE
    light: Statistics | None = None

    @cached_property
    def frames(self) -> Spikes:
        """Spikes of the frames without augmentations, uint8 (frames, inputs)."""
        return np.ascontiguousarray(self.spikes[:, 0])

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of each pixel, by which the frames are standardised."""
        return self.light or statistics_of(self.frames)

    def shown(self, adapt: bool) -> Spikes:
        """Return the frames as the network takes them, uint8 (frames, inputs)."""
        return standardise(self.frames, self.statistics) if adapt else self.frames

    def batches(self, adapt: bool) -> Iterator[tuple[Spikes, Indices]]:
        """Yield samples as the network takes them, uint8 (samples, inputs), and their places."""
        variants, inputs = self.spikes.shape[1:]
        for begin in range(0, len(self.spikes), _BATCH):
            part = self.spikes[begin : begin + _BATCH]
            if adapt:
                part = standardise(part, self.statistics)
            places = self.places[begin : begin + _BATCH]
            yield part.reshape(-1, inputs), np.repeat(places, variants)

    def __getstate__(self) -> dict[str, object]:
        """Return what travels to another process: not what is computed from it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def moved(self, first: int) -> TraverseSamples:
        """Return the samples of the same places in a map where others come before them."""
        if not first:
            return self
        trials = TrialFrames(self.trials.spikes, self.trials.places + first)
        return replace(self, places=self.places + first, trials=trials)

    def renumbered(self, numbers: Indices) -> TraverseSamples:
        """Return the samples and trials with place p called numbers[p]; without those below 0."""
        places, trials = numbers[self.places], numbers[self.trials.places]
        kept, tried = places >= 0, trials >= 0
        return replace(
            self,
            spikes=self.spikes[kept],
            places=places[kept],
            stamps=self.stamps[kept],
            trials=TrialFrames(self.trials.spikes[tried], trials[tried]),
        )


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
        changes = [COMBINED[(number + 2 * kind) % len(COMBINED)] for kind in range(KINDS)]
        spikes = [
            self._encode(another_day(changed, previous, self._rng))
            for changed in augmentations(image, changes)
        ]
        self._trials.append((place, np.stack(spikes)))
        if len(self._trials) > TRIAL_PLACES:
            self._trials = self._trials[::2]
            self._stride *= 2

    def frames(self) -> TrialFrames:
        """Return the trials so far."""
        if not self._trials:
            return TrialFrames.none(self._encode.length)
        places, spikes = zip(*self._trials)
        return TrialFrames(np.stack(spikes), np.array(places, np.int64))


def trials_of(traverses: Sequence[TraverseSamples], adapt: bool) -> Trials:
    """
    Return the trials of all traverses; of more than `TRIAL_PLACES` places an even part.

    :param adapt: standardise each kind of each traverse as a traverse of its own.
    """
    tried = [each.trials for each in traverses if len(each.trials.places)]
    inputs = traverses[0].spikes.shape[-1]
    if not tried:
        return Trials(np.zeros((0, inputs), np.uint8), np.zeros(0, np.int64))
    places = np.concatenate([each.places for each in tried])
    parts = [
        np.stack([_standardised(each.spikes[:, kind], adapt) for kind in range(KINDS)])
        for each in tried
    ]
    kinds = np.concatenate(parts, axis=1)
    order = np.argsort(places, kind='stable')
    chosen = order[evenly_spread(len(order), TRIAL_PLACES)]
    return Trials(kinds[:, chosen].reshape(-1, inputs), np.tile(places[chosen], KINDS))


def _standardised(spikes: Spikes, adapt: bool) -> Spikes:
    return standardise(spikes, statistics_of(spikes)) if adapt else spikes


def training_samples(traverses: Sequence[TraverseSamples], adapt: bool) -> tuple[Spikes, Indices]:
    """
    Return all samples uint8 (samples, inputs) for the network, and their places.

    :param adapt: standardise each traverse by its own statistics, as live frames are standardised.
    """
    batches = [batch for each in traverses for batch in each.batches(adapt)]
    return (
        np.concatenate([spikes for spikes, _ in batches]),
        np.concatenate([places for _, places in batches]),
    )
