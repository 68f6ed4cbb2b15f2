"""Training samples: encoded frames with their augmentations, and their places."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Iterator, NamedTuple, Sequence
from zlib import crc32

import numpy as np

from ..arrays import Indices, Integers, Spikes
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.augmentation import COMBINED, another_day, augmentations
from ..encoding.encoder import Encoder, encoder_for
from ..frames import Image
from ..network.linear import Frames
from ..statistics import Statistics, statistics_of
from ..support.sampling import evenly_spread
from .stored_spikes import StoredSpikes, kept_of, part_of

# Maximum number of trials that are used at a time.
TRIALS = 512
# Frames that are standardised at a time.
_BATCH = 64

# Roles of a traverse: it defines places; it shows known ones again, and confidence is refined on
# it; it shows them, and is trained on only.
REFERENCE, HELD_OUT, ADDITIONAL = 'reference', 'held out', 'additional'
ROLES = (REFERENCE, HELD_OUT, ADDITIONAL)


class TrialFrames(NamedTuple):
    """Trials as encoded: spikes uint8 (frames, inputs) and places int64 (frames,)."""

    spikes: Spikes
    places: Indices

    @classmethod
    def none(cls, inputs: int) -> TrialFrames:
        """Return no trials."""
        return cls(np.zeros((0, inputs), np.uint8), np.zeros(0, np.int64))


@dataclass(frozen=True)
class TraverseSamples:
    """
    The samples of one traverse, as encoded.

    spikes: uint8 (frames, variants, inputs), of which variant 0 is the frame itself and the others
    are its augmentations; in a file where they are many. places, stamps: int64 (frames,), place of
    each frame and its time in ns; trials: to choose settings of the fit by; role: one of `ROLES`.
    light: statistics of each pixel by which the frames are standardised; None: those of the frames,
    as of a whole drive.
    """

    spikes: Spikes | StoredSpikes
    places: Indices
    stamps: Integers
    trials: TrialFrames
    role: str = REFERENCE
    light: Statistics | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return self.spikes.shape[0] * self.spikes.shape[1]

    @property
    def frames(self) -> Spikes:
        """Spikes of the frames without augmentations, uint8 (frames, inputs): a copy."""
        if isinstance(self.spikes, StoredSpikes):
            return self.spikes.frames()
        return self.spikes[:, 0].copy()

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of each pixel, by which the frames are standardised."""
        return self.light or statistics_of(self.frames)

    def shown(self, adapt: bool) -> Spikes:
        """Return the frames as the network takes them, uint8 (frames, inputs)."""
        frames = self.frames
        if adapt:
            statistics = self.statistics
            for begin in range(0, len(frames), _BATCH):
                part = frames[begin : begin + _BATCH]
                part[:] = standardise(part, statistics)
        return frames

    def batches(self, adapt: bool) -> Iterator[tuple[Spikes, Indices]]:
        """Yield samples as the network takes them, uint8 (samples, inputs), and their places."""
        variants, inputs = self.spikes.shape[1:]
        for begin in range(0, len(self.spikes), _BATCH):
            part = part_of(self.spikes, begin, begin + _BATCH)
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
            spikes=kept_of(self.spikes, kept),
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

    def __call__(self, image: Image, small: Image | None = None) -> Spikes:
        """
        Return the spikes uint8 (variants, inputs) of a frame and its augmentations.

        :param small: the image as `reduced` returns it, if it is known.
        """
        images = [image, *augmentations(small or image, self._changes)]
        return np.stack([self.frame(each) for each in images])


class TrialEncoder:
    """
    Makes trials: frames changed as no augmentation changes them, as on a different day.

    A trial depends on the frame and the seed only, and each frame has one: so a map from which
    places were forgotten has the trials of one that was trained without them.
    """

    def __init__(self, encode: Encoder, seed: int) -> None:
        """The same seed makes the same trials."""
        self._encode, self._seed = encode, seed

    def __call__(self, image: Image) -> Spikes:
        """
        Return the trial uint8 (inputs,) of an image, occluded by another part of it.

        The image may be of any size, or as `reduced` returns it.
        """
        rng = np.random.default_rng([self._seed, crc32(image.pixels.tobytes())])
        change = COMBINED[int(rng.integers(len(COMBINED)))]
        (changed,) = augmentations(image, [change])
        return self._encode(another_day(changed, image, rng))


def trials_of(traverses: Sequence[TraverseSamples], adapt: bool) -> Frames:
    """
    Return the trials of all traverses in the order of places; of more than `TRIALS` an even part.

    :param adapt: standardise those of each traverse as a traverse of its own.
    """
    tried = [each.trials for each in traverses if len(each.trials.places)]
    if not tried:
        inputs = traverses[0].spikes.shape[-1]
        return Frames(np.zeros((0, inputs), np.uint8), np.zeros(0, np.int64))
    places = np.concatenate([each.places for each in tried])
    order = np.argsort(places, kind='stable')
    chosen = order[evenly_spread(len(order), TRIALS)]
    found = np.empty((len(chosen), tried[0].spikes.shape[1]), np.uint8)
    first = 0
    for each in tried:
        own = (chosen >= first) & (chosen < first + len(each.places))
        spikes = each.spikes[chosen[own] - first]
        found[own] = standardise(spikes, statistics_of(each.spikes)) if adapt else spikes
        first += len(each.places)
    return Frames(found, places[chosen])


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
