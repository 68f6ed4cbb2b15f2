"""Training samples: encoded frames with their augmentations, and their places."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Sequence

import numpy as np

from ..arrays import Indices, Spikes
from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.encoder import encoder_for
from ..frames import Image
from ..statistics import Statistics, statistics_of
from .augmentation import augmentations


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
        self._augment, self._encoding = config.training.augment, config.encoding

    def __call__(self, image: Image) -> Spikes:
        """Return the spikes uint8 (variants, inputs) of a frame and its augmentations."""
        images = [image]
        if self._augment:
            images += augmentations(image, self._encoding)
        return np.stack([self.frame(each) for each in images])


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
