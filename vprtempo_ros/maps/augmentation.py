"""Augmentation: a reference frame as seen from slightly different poses."""

from __future__ import annotations

from typing import Iterator, NamedTuple

import cv2
import numpy as np

from ..arrays import Doubles, Numbers
from ..config import EncodingConfig
from ..frames import Image, grey_image


class _Change(NamedTuple):
    """Shift as a fraction of width and height, and zoom."""

    right: float = 0.0
    down: float = 0.0
    zoom: float = 1.0


# One change at a time: combined they blur the differences between places. Measured in
# docs/research/recall.md.
_STEP = 1 / 28
CHANGES = (
    _Change(right=-_STEP),
    _Change(right=_STEP),
    _Change(right=-2 * _STEP),
    _Change(right=2 * _STEP),
    _Change(down=-_STEP),
    _Change(down=_STEP),
    _Change(zoom=0.94),
    _Change(zoom=1.06),
)

# In-plane rotation of held-out frames, in degrees.
_ROTATION = 2.0

# Pixels per pixel of the encoded image, per axis; more make no difference.
_DETAIL = 4


def augmentations(image: Image, encoding: EncodingConfig) -> Iterator[Image]:
    """Yield the image shifted or zoomed by each of `CHANGES`, grey; the border is repeated."""
    small = _small(image, encoding)
    height, width = small.shape
    for right, down, zoom in CHANGES:
        shift = np.array(
            [(1 - zoom) * width / 2 + right * width, (1 - zoom) * height / 2 + down * height]
        )
        yield _moved(small, np.column_stack((np.eye(2) * zoom, shift)))


def rotated(image: Image, encoding: EncodingConfig) -> Image:
    """Return the image rotated in the plane about its centre, which is not in `CHANGES`."""
    small = _small(image, encoding)
    height, width = small.shape
    return _moved(small, cv2.getRotationMatrix2D((width / 2, height / 2), _ROTATION, 1.0))


def _small(image: Image, encoding: EncodingConfig) -> Numbers:
    grey = image.plane()
    size = (
        min(grey.shape[1], _DETAIL * encoding.width),
        min(grey.shape[0], _DETAIL * encoding.height),
    )
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _moved(small: Numbers, matrix: Doubles) -> Image:
    return grey_image(
        cv2.warpAffine(
            small,
            matrix,
            small.shape[::-1],
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
