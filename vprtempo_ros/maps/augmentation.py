"""Copies of a reference frame as a robot that drives a little differently would see it."""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..config import EncodingConfig
from ..frames import Image, grey_image

# Grey values uint8, or counts of events float32: (height, width).
Plane = NDArray[Any]


class _Change(NamedTuple):
    """Shift as a part of the image's width and height, and zoom."""

    right: float = 0.0
    down: float = 0.0
    zoom: float = 1.0


# One change at a time: all at once blur what places differ in. Measured in docs/research/recall.md.
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

# Degrees by which a frame is tilted that is held out of training.
_TILT = 2.0

# A copy needs this many pixels for each pixel of the encoded image, no more.
_DETAIL = 4


def copies(image: Image, encoding: EncodingConfig) -> Iterator[Image]:
    """Yield the frame shifted and zoomed by each of `CHANGES`, grey; the border is repeated."""
    small = _small(image, encoding)
    height, width = small.shape
    for right, down, zoom in CHANGES:
        shift = np.array(
            [(1 - zoom) * width / 2 + right * width, (1 - zoom) * height / 2 + down * height]
        )
        yield _moved(small, np.column_stack((np.eye(2) * zoom, shift)))


def tilted(image: Image, encoding: EncodingConfig) -> Image:
    """Return a copy that is none of those: the frame turned a little about its middle."""
    small = _small(image, encoding)
    height, width = small.shape
    return _moved(small, cv2.getRotationMatrix2D((width / 2, height / 2), _TILT, 1.0))


def _small(image: Image, encoding: EncodingConfig) -> Plane:
    grey = image.plane()
    size = (
        min(grey.shape[1], _DETAIL * encoding.width),
        min(grey.shape[0], _DETAIL * encoding.height),
    )
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def _moved(small: Plane, matrix: NDArray[np.float64]) -> Image:
    return grey_image(
        cv2.warpAffine(
            small,
            matrix,
            small.shape[::-1],
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
    )
