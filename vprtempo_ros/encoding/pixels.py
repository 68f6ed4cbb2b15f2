"""
Encoder `pixels`: gamma to mid-grey, resize, patch normalisation, as VPRTempo's preprocessing.

The steps are those of vprtempo.src.dataset.ProcessImage, arranged so that the full image is read
once, for its mean, and otherwise only where the result needs it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from ..arrays import Numbers, Spikes
from ..config import EncodingConfig
from ..frames import Image
from .profile import PIXELS

# Below this standard deviation, in grey levels, a patch holds rounding errors, not texture.
_FLAT = 1e-3


class PixelEncoder:
    """Turns images into spikes; calling it with an `Image` gives uint8 (height x width,)."""

    name = 'pixels'
    profile = PIXELS

    def __init__(self, config: EncodingConfig) -> None:
        """Prepare for the size, patch and resize method of `config`."""
        self.height, self.width, self.patch = config.height, config.width, config.patch
        self.length = self.height * self.width
        self._shrink = _shrink_area if config.resize == 'area' else _shrink_bilinear
        ones = np.ones((self.height, self.width))
        self._count = self._box(ones)

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        """Return the spikes of an image: uint8 (height x width,), amplitude = value / 255."""
        return self.normalise(self._shrink(image, self.height, self.width)).reshape(-1)

    def normalise(self, small: Numbers) -> NDArray[np.uint8]:
        """
        Standardise each pixel by the patch around it, clip at one deviation, scale to 0-255.

        Patches are cropped at the border, and the standard deviation is the unbiased one, as
        upstream. A patch without contrast gives 127.
        """
        centred = small.astype(np.float64)
        # So that sums of squares keep small differences.
        centred -= centred.mean()
        mean = self._box(centred) / self._count
        variance = (self._box(centred * centred) - self._count * mean * mean) / (self._count - 1)
        deviation = np.sqrt(np.maximum(variance, 0.0))
        flat = deviation < _FLAT
        deviation[flat] = 1.0
        normalised = np.clip((centred - mean) / deviation, -1.0, 1.0)
        normalised[flat] = 0.0
        return (255.0 * (1.0 + normalised) / 2.0).astype(np.uint8)

    def mirrored(self, spikes: Spikes) -> Spikes:
        """Return the spikes uint8 (frames, length) of frames mirrored left to right."""
        rows = spikes.reshape(len(spikes), -1, self.width)[:, :, ::-1]
        return np.ascontiguousarray(rows).reshape(len(spikes), -1)

    def _box(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return cv2.boxFilter(
            values,
            cv2.CV_64F,
            (self.patch, self.patch),
            normalize=False,
            borderType=cv2.BORDER_CONSTANT,
        )


def gamma_of(mean: float) -> float:
    """
    Return the exponent that brings an image of this mean grey value (0 to 255) to mid-grey.

    Upstream's log(127.5) / log(mean) is undefined for a mean of 0 and 1 and negative between
    them: such a dark image is not corrected.
    """
    return math.log(127.5) / math.log(mean) if mean > 1.0 else 1.0


def _shrink_bilinear(image: Image, height: int, width: int) -> NDArray[np.float32]:
    """Gamma-correct and interpolate only the four pixels that each result pixel looks at."""
    black, gain = image.stretch
    gamma = gamma_of((image.mean() - float(black)) * float(gain))
    top, bottom, down = _taps(image.height, height)
    left, right, across = _taps(image.width, width)
    sampled = image.pixels.take(np.concatenate((top, bottom)), 0).take(
        np.concatenate((left, right)), 1
    )
    grey = (sampled.astype(np.float32) @ image.scaled_weights - black) * gain
    grey = np.maximum(grey, np.float32(0.0))
    with np.errstate(over='ignore'):
        grey = np.minimum(cv2.pow(grey, gamma), 255.0)
    rows = grey[:height] + (grey[height:] - grey[:height]) * down[:, np.newaxis]
    return rows[:, :width] + (rows[:, width:] - rows[:, :width]) * across


def _shrink_area(image: Image, height: int, width: int) -> NDArray[np.float32]:
    """
    Average all pixels below each result pixel, gamma-corrected.

    An image much larger than the result is binned two by two first, as a camera does: several
    times faster than correcting and averaging every pixel.
    """
    grey = image.plane()
    white = 255 if grey.dtype == np.uint8 else 65535
    gamma = np.float32(gamma_of(cv2.mean(grey)[0] * 255 / white))
    while grey.shape[0] >= 8 * height and grey.shape[1] >= 8 * width:
        grey = cv2.resize(
            grey, (grey.shape[1] // 2, grey.shape[0] // 2), interpolation=cv2.INTER_AREA
        )
    with np.errstate(over='ignore'):
        if white == 255:
            table = np.arange(256, dtype=np.float32) ** gamma
            corrected = cv2.LUT(grey, np.minimum(table, 255.0))
        else:
            scaled = grey.astype(np.float32) * np.float32(255 / white)
            corrected = np.minimum(scaled**gamma, 255.0)
    return cv2.resize(corrected, (width, height), interpolation=cv2.INTER_AREA)


@lru_cache(maxsize=32)
def _taps(
    source: int, target: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return the two neighbours and the weight of the second (align_corners=False)."""
    position = np.maximum((np.arange(target) + 0.5) * (source / target) - 0.5, 0.0)
    first = np.minimum(position.astype(np.intp), source - 1)
    second = np.minimum(first + 1, source - 1)
    return first, second, (position - first).astype(np.float32)
