"""What training needs of the traverses: encoded frames with their copies, and their places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..config import TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.encoders import encoder_for
from ..frames import Image
from ..statistics import Statistics, statistics_of
from .augmentation import copies

# The spikes of a frame, uint8 (inputs,), and of its copies.
Encoded = list[NDArray[np.uint8]]


class Samples:
    """Gathers the samples traverse by traverse."""

    def __init__(self, config: TrainerConfig) -> None:
        """Start without samples."""
        self._config = config
        self._encoder = encoder_for(config)
        # For each traverse its samples and the place of each.
        self._encoded: list[list[Encoded]] = []
        self._places: list[list[int]] = []

    def start(self) -> None:
        """Begin with a traverse."""
        self._encoded.append([])
        self._places.append([])

    def encode(self, image: Image) -> Encoded:
        """Return the spikes of an image and of the copies to be learnt."""
        return [self._encoder(each) for each in (image, *self._copies(image))]

    def add(self, place: int, encoded: Encoded) -> None:
        """Add a frame of a place to the present traverse."""
        self._encoded[-1].append(encoded)
        self._places[-1].append(place)

    def count(self) -> int:
        """Return the frames in the present traverse."""
        return len(self._places[-1])

    def frames(self, traverse: int) -> NDArray[np.uint8]:
        """Return the spikes of a traverse's frames without copies, uint8 (frames, inputs)."""
        return np.stack([encoded[0] for encoded in self._encoded[traverse]])

    def usual(self, traverse: int) -> Statistics:
        """Return what the frames of a traverse usually are, by pixel."""
        return statistics_of(self.frames(traverse))

    def shown(self, traverses: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """
        Return all samples of the first traverses as the network takes them, and their places.

        Each traverse is standardised by its own light, as the robot's frames will be.
        """
        parts, places = [], []
        for number in range(traverses):
            part = np.stack([spikes for encoded in self._encoded[number] for spikes in encoded])
            parts.append(
                standardise(part, self.usual(number)) if self._config.encoding.adapt else part
            )
            copies_each = len(self._encoded[number][0])
            places.append(np.repeat(np.array(self._places[number], np.int64), copies_each))
        return np.concatenate(parts), np.concatenate(places)

    def _copies(self, image: Image) -> list[Image]:
        return list(copies(image, self._config.encoding)) if self._config.training.augment else []
