"""Augmentation: an image as seen from a slightly different pose, or on a different day."""

from __future__ import annotations

from functools import lru_cache
from typing import Iterator, NamedTuple, Sequence

import cv2
import numpy as np

from ..arrays import Floats, Numbers
from ..frames import Image, range_of


class Change(NamedTuple):
    """
    How a view changes: shift as a fraction of width and height, zoom, and lean.

    lean: additional shift at the upper and lower border, as a fraction of the width, decreasing to
    zero at the centre. A camera moved sideways sees floor and ceiling, which are near, shift by
    more than what is far ahead.
    """

    right: float = 0.0
    down: float = 0.0
    zoom: float = 1.0
    lean: float = 0.0


_STEP = 1 / 28
# One change at a time: combined they blur the differences between places. They reach to a quarter
# of the image, the effect of a turn by 15 degrees or of a metre to the side
# (docs/research/recall.md).
WIDE = (
    *(Change(right=sign * steps * _STEP) for steps in (1, 3, 5, 7) for sign in (-1, 1)),
    Change(down=-_STEP),
    Change(down=_STEP),
    Change(zoom=0.85),
    Change(zoom=0.94),
    Change(zoom=1.06),
    Change(zoom=1.18),
)
# For encoders whose values are pixels: a view shifted by more than the patch of contrast
# normalisation is a different image to them, and training on it costs recall.
NEAR = (
    *(Change(right=sign * steps * _STEP) for steps in (1, 2) for sign in (-1, 1)),
    Change(down=-_STEP),
    Change(down=_STEP),
    Change(zoom=0.94),
    Change(zoom=1.06),
)
# Several changes at once, none of them in WIDE or NEAR: what was learnt is tested on these.
COMBINED = (
    Change(2 * _STEP, _STEP, 1.10, 2 * _STEP),
    Change(-2 * _STEP, -_STEP, 0.90, -2 * _STEP),
    Change(4 * _STEP, 0.0, 0.92, 3 * _STEP),
    Change(-4 * _STEP, _STEP, 1.08, -3 * _STEP),
    Change(6 * _STEP, -_STEP, 1.05, 4 * _STEP),
    Change(-6 * _STEP, 0.0, 0.95, -4 * _STEP),
)

# Maximum pixels in a row or column of a changed image; more make no difference.
_DETAIL = 112
# Side of the occluded part as a fraction of that of the image; range of gamma and gain; standard
# deviation of noise in grey levels.
_OCCLUDED = (0.15, 0.45)
_GAMMA = (0.6, 1.6)
_GAIN = (0.6, 1.0)
_NOISE = 6.0


def reduced(image: Image) -> Image:
    """Return the image smaller, as it is changed: what is changed several times is reduced once."""
    return Image(_small(image), image.weights, range_of(image))


def augmentations(image: Image, changes: Sequence[Change]) -> Iterator[Image]:
    """Yield the image changed by each of `changes`, smaller; the border is repeated."""
    small = _small(image)
    for change in changes:
        yield Image(_changed(small, change), image.weights, range_of(image))


def another_day(image: Image, other: Image, rng: np.random.Generator) -> Image:
    """
    Return the image in different light, with noise, partly occluded by a part of another image.

    Event counts have no light: they are only occluded.
    """
    pixels, cover = _small(image).copy(), _small(_alike(other, image))[:, ::-1]
    height, width = pixels.shape[:2]
    cover = _resized(np.ascontiguousarray(cover), width, height)
    rows, columns = (max(1, round(side * rng.uniform(*_OCCLUDED))) for side in (height, width))
    top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
    occluded = slice(top, top + rows), slice(left, left + columns)
    pixels[occluded] = cover[occluded]
    if pixels.dtype == np.float32:
        return Image(pixels, image.weights)
    range_ = range_of(image)
    black, levels = range_ or (0, 255)
    # Powers take most of the time: of 8 bits, once for each grey level.
    grey = np.arange(256) if pixels.dtype == np.uint8 else pixels
    part = np.clip((grey.astype(np.float64) - black) / levels, 0.0, 1.0)
    lit = rng.uniform(*_GAIN) * part ** rng.uniform(*_GAMMA)
    if pixels.dtype == np.uint8:
        lit = lit[pixels]
    lit += rng.normal(0.0, _NOISE / 255.0, pixels.shape)
    found = np.rint(black + levels * np.clip(lit, 0.0, 1.0)).astype(pixels.dtype)
    return Image(found, image.weights, range_)


def _changed(pixels: Numbers, change: Change) -> Numbers:
    """Return pixels (height, width, channels) after a change, in the same type."""
    x, y = _positions(*pixels.shape[:2], change)
    moved = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved).reshape(pixels.shape)


@lru_cache(maxsize=64)
def _positions(height: int, width: int, change: Change) -> tuple[Floats, Floats]:
    """Return where each pixel is from, columns and rows, float32 (height, width)."""
    row, column = np.mgrid[:height, :width].astype(np.float32)
    from_centre = row - np.float32(height / 2)
    lean = np.float32(2 * change.lean * width / height) * np.abs(from_centre)
    x = (
        (column - np.float32(width / 2)) / np.float32(change.zoom)
        + np.float32(width * (0.5 - change.right))
        - lean
    )
    y = from_centre / np.float32(change.zoom) + np.float32(height * (0.5 - change.down))
    return x, y


def _alike(image: Image, other: Image) -> Image:
    """Return an image in the format of another one: recordings may mix formats."""
    if image.weights == other.weights and image.pixels.dtype == other.pixels.dtype:
        return image
    # The full range of 8 bits becomes that of 16.
    factor = np.uint16(257 if other.pixels.dtype == np.uint16 else 1)
    grey = (image.grey()[..., np.newaxis] * factor).astype(other.pixels.dtype)
    return Image(np.repeat(grey, len(other.weights), axis=2), other.weights)


def _small(image: Image) -> Numbers:
    width, height = min(image.width, _DETAIL), min(image.height, _DETAIL)
    if (width, height) == (image.width, image.height):
        return image.pixels
    return _resized(image.pixels, width, height)


def _resized(pixels: Numbers, width: int, height: int) -> Numbers:
    """Return pixels (height, width, channels) of another size, in the same type."""
    resized = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    # OpenCV leaves out a single channel.
    return np.asarray(resized).reshape(height, width, pixels.shape[2])
