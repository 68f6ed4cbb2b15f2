"""Whether a map can distinguish its places at all, found out without a query."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..arrays import Spikes
from ..backends import Backend
from ..config import EVENTS
from ..encoding.adaptation import standardise
from ..encoding.augmentation import Change, another_day, augmentations
from ..frames import Image, grey_image
from ..maps.map import Map
from ..matching.normalisation import Normaliser
from ..matching.stages import FrameTiming
from ..statistics import statistics_of
from ..support.sampling import evenly_spread

# Maximum number of places that are tried, evenly spread.
_PLACES = 300
# Smaller than any augmentation; light, noise and occlusion of another day are added.
_CHANGES = (Change(right=1 / 56), Change(right=-1 / 56, zoom=1.02), Change(down=1 / 56))
# Measured: 0.93 to 1.0 on recorded and rendered routes, 0.05 to 0.3 on blank walls and where a
# robot stood for most of the recording.
ENOUGH = 0.8


class Distinctness(NamedTuple):
    """
    How well a map distinguishes its places.

    recognised: fraction of the changed frames whose best place is correct; tried: the places whose
    frames were changed; ambiguous: those of them that were never recognised.
    """

    recognised: float
    tried: list[int]
    ambiguous: list[int]

    def warning(self) -> str | None:
        """Return what a user must know, None if the map distinguishes its places."""
        if self.recognised >= ENOUGH:
            return None
        text = (
            f'the map hardly distinguishes its places: of their own images, moved and relit a '
            f'little, it recognises {self.recognised:.0%}'
        )
        first, last = _longest(self.tried, self.ambiguous)
        if last > first:
            text += f', none at places {first} to {last}'
        return text + '; use views with more structure, or a larger places.spacing'


def distinctness(loaded: Map, backend: Backend) -> Distinctness | None:
    """
    Try the map's thumbnails, changed by shifts, light and occlusion; None for event cameras.

    Single frames, without a sequence filter.
    """
    if loaded.sensor.type == EVENTS:
        return None
    count, tolerance = len(loaded.places), loaded.config.places.tolerance
    tried = evenly_spread(count, _PLACES).tolist()
    encode, rng = loaded.encoder, np.random.default_rng(0)
    images = [_thumbnail(loaded.thumbnails[place]) for place in tried]
    kinds: list[list[Spikes]] = [[] for _ in _CHANGES]
    for number, image in enumerate(images):
        for kind, changed in zip(kinds, augmentations(image, _CHANGES)):
            kind.append(encode(another_day(changed, images[number - 1], rng)))
    found = np.zeros(len(tried))
    normalise = Normaliser(loaded.response_statistics)
    for kind in kinds:
        spikes = np.stack(kind)
        if loaded.config.encoding.adapt:
            spikes = standardise(spikes, statistics_of(spikes))
        for number, (place, row) in enumerate(zip(tried, spikes)):
            best = int(normalise(backend.similarity(row), FrameTiming(0)).argmax())
            found[number] += abs(best - place) <= tolerance
    ambiguous = [place for place, times in zip(tried, found) if not times]
    return Distinctness(float(found.mean()) / len(_CHANGES), tried, ambiguous)


def _thumbnail(data: bytes) -> Image:
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    return grey_image(np.asarray(pixels, np.uint8))


def _longest(tried: list[int], ambiguous: list[int]) -> tuple[int, int]:
    """Return the first and last place of the longest run of ambiguous ones among those tried."""
    best, begin = (0, 0), None
    chosen = set(ambiguous)
    for place in tried:
        if place not in chosen:
            begin = None
            continue
        begin = place if begin is None else begin
        if place - begin > best[1] - best[0]:
            best = begin, place
    return best
