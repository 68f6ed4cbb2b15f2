"""Encoder of event-count images: counts have no mid-grey, so there is no gamma correction."""

from __future__ import annotations

from typing import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Numbers
from ..config import EncodingConfig
from ..frames import Image
from .pixels import PixelEncoder


class EventEncoder(PixelEncoder):
    """
    Turns event-count images into spikes.

    Counts are resized and compressed, so that a few busy pixels do not dominate, and normalised
    as `PixelEncoder` normalises grey values.
    """

    def __init__(self, config: EncodingConfig) -> None:
        """Prepare for the settings of `config`; those left open are the defaults for events."""
        super().__init__(config)
        self._bend = _BENDS[config.tone or _EVENT_TONE]
        self._finish = self.normalise if config.contrast == 'patch' else _clip
        self._select = config.resize == 'nth'

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        """Return the spikes of an image of counts: uint8 (height x width,)."""
        counts = image.counts()
        small = (
            _every_nth(counts, self.height, self.width)
            if self._select
            else cv2.resize(counts, (self.width, self.height), interpolation=cv2.INTER_AREA)
        )
        return self._finish(np.copysign(self._bend(np.abs(small)), small)).reshape(-1)


def _every_nth(counts: Numbers, height: int, width: int) -> Numbers:
    """
    Return every k-th pixel, where k is the ratio of the sizes: no pixels are averaged.

    As LENS does it, by a convolution of stride k whose kernel has a single one at its centre
    (lens.src.dataset.CustomImageDataset).
    """
    rows, columns = (
        np.minimum(max(k // 2 - 1, 0) + k * np.arange(small), large - 1)
        for large, small, k in (
            (counts.shape[0], height, counts.shape[0] // height),
            (counts.shape[1], width, counts.shape[1] // width),
        )
    )
    return counts[rows[:, np.newaxis], columns]


def _clip(small: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the values, clipped to the range of a spike."""
    return np.clip(small, 0, 255).astype(np.uint8)


_BENDS: dict[str, Callable[[Numbers], Numbers]] = {
    'linear': lambda counts: counts,
    'sqrt': np.sqrt,
    'root4': lambda counts: np.sqrt(np.sqrt(counts)),
    'log': np.log1p,
}
_EVENT_TONE = 'sqrt'
