"""What sources give to the encoder: an image with its stamp and, if known, its pose."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from .arrays import Numbers
from .errors import ImageError

# ITU-R BT.601 luma, as upstream's preprocessing and OpenCV's colour conversion use it.
RGB = (0.299, 0.587, 0.114)
BGR = RGB[::-1]
GREY = (1.0,)

WAY_STEP, WAY_LEAST = 0.25, 5.0
"""The way is measured in steps of this length, in m, so that noise is none; less says nothing."""
FACING = 0.8
"""A robot that faces where it drives comes this part of its way along its x axis."""

# White of 16 bits; sensors have at least 8 of them.
_WHITE, _LEAST_BITS = 65535, 8
# Pixels are close together if they use less than this part of the range.
_FEW = 4
# Pixels of a row that are looked at first.
_SAMPLED = 32
# Levels of 8 bits that may be noise alone.
_NOISE = 16
# The levels of 8 bits, in 16 bits.
_AS_16 = np.arange(256, dtype=np.uint16) * np.uint16(257)
# Conversions of whole images, to grey and to colour; any other weights choose one channel.
_TO_GREY = {
    RGB: cv2.COLOR_RGB2GRAY,
    BGR: cv2.COLOR_BGR2GRAY,
    (*RGB, 0.0): cv2.COLOR_RGBA2GRAY,
    (*BGR, 0.0): cv2.COLOR_BGRA2GRAY,
}
_TO_RGB = {
    RGB: None,
    BGR: cv2.COLOR_BGR2RGB,
    (*RGB, 0.0): cv2.COLOR_RGBA2RGB,
    (*BGR, 0.0): cv2.COLOR_BGRA2RGB,
}


@dataclass(frozen=True)
class Image:
    """
    Pixels as recorded, with the weight of each channel in the grey value.

    `pixels` is uint8 or uint16, shape (height, width, channels), often a view of a message's
    bytes with padded rows. `weights` has an entry for each channel; grey = pixels @
    scaled_weights is 0 to 255 for every depth. Pixels stay unconverted, so that the encoder
    converts only those that it uses.

    Sensors of 10 to 14 bits, and thermal ones, use few of the values of 16 bits: what is encoded
    and shown is stretched by the range of the image, or by `range_`, black level and number of
    levels.

    Event counts are float32 with one channel, negative where polarities are signed.

    `original` decodes the image with its colours, where only its grey was decoded so far.
    """

    pixels: Numbers
    weights: tuple[float, ...]
    range_: tuple[int, int] | None = None
    original: Callable[[], Image] | None = None

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def _weighted(self) -> Numbers:
        """The pixels without channels that grey is not made of, as alpha and those of colour."""
        if all(self.weights):
            return self.pixels
        used = [channel for channel, weight in enumerate(self.weights) if weight]
        return self.pixels[..., used[0] : used[-1] + 1]

    @cached_property
    def levels(self) -> tuple[int, int]:
        """
        The black level of 16-bit pixels, and the number of levels from it to white.

        White is the next power of two above all pixels. Where all pixels are close together and
        far from zero, as temperatures are, black is the darkest pixel and white the brightest.
        """
        if self.range_ is not None:
            return self.range_
        low, high = int(self._weighted.min()), int(self._weighted.max())
        white = (1 << max(high.bit_length(), _LEAST_BITS)) - 1
        if 2 * low > high > low and (high - low) * _FEW < white:
            return low, high - low
        return 0, white

    @cached_property
    def scaled_weights(self) -> NDArray[np.float32]:
        """Weights that scale every depth to 0 to 255, float32 (channels,)."""
        weights = np.array(self.weights, np.float32)
        return weights / np.float32(257) if self.pixels.dtype == np.uint16 else weights

    @cached_property
    def stretch(self) -> tuple[np.float32, np.float32]:
        """Black level in grey, 0 to 255, and the factor that makes the brightest level 255."""
        if self.pixels.dtype != np.uint16:
            return np.float32(0.0), np.float32(1.0)
        low, levels = self.levels
        return np.float32(low / 257), np.float32(_WHITE / levels)

    def mean(self) -> float:
        """Return the mean grey value of all pixels, 0 to 255."""
        count = len(self.weights)
        if count in (1, 4):
            means = np.array(cv2.mean(self.pixels)[:count])
        else:
            # OpenCV 4 has fast code for means of one and four channels; for two and three it is
            # ten times slower than summing the rows, in numbers that hold any column's sum.
            kind = cv2.CV_32S if self.pixels.dtype == np.uint8 else cv2.CV_64F
            sums = cv2.reduce(self.pixels, 0, cv2.REDUCE_SUM, dtype=kind)
            means = sums.sum(axis=(0, 1)) / (self.height * self.width)
        return float(np.dot(means, self.scaled_weights))

    def check_contrast(self) -> None:
        """
        Check that the image shows anything.

        :raises ImageError: if all pixels are the same.
        """
        pixels, height, width = self._weighted, self.height, self.width
        first = pixels.item(height // 2, 0, 0)
        # For nearly every image one of a few pixels differs: single ones are read in a twentieth
        # of the time that comparing arrays takes.
        for row, column in ((height // 2, width // 2), (height // 4, width // 3), (0, width - 1)):
            if pixels.item(row, column, 0) != first:
                return
        # A part of one row is enough for most others: pixels that are far apart are slow.
        for part in (pixels[height // 2, ::8], pixels[::16, ::16], pixels):
            if (part != pixels[height // 2, 0]).any():
                return
        raise ImageError(
            'expected an image, found one without any contrast (all black, all '
            'white, lens covered?)'
        )

    def counts(self) -> NDArray[np.float32]:
        """Return event counts as float32 (height, width), without a copy if they are float32."""
        return self.pixels[..., 0].astype(np.float32, copy=False)

    def plane(self) -> Numbers:
        """
        Return what is encoded, (height, width): event counts float32, or grey uint8 or uint16.

        16 bits stay 16 bits, of which all values are used. So do 8 bits with few levels, as of
        thermal cameras or at night: averages of their pixels lie between the levels.
        """
        if self.pixels.dtype == np.float32:
            return self.counts()
        if self.pixels.dtype == np.uint16:
            return self._grey16()
        grey = self.grey()
        levels = _few_levels(grey)
        return grey if levels is None else np.asarray(cv2.LUT(grey, _stretched(_AS_16, levels)))

    def grey(self) -> NDArray[np.uint8]:
        """Return the image as grey uint8 (height, width); event counts are tone-mapped."""
        if self.pixels.dtype == np.float32:
            return _toned(self.counts())
        grey = self._one_channel()
        if grey.dtype == np.uint16:
            grey = np.rint(grey.astype(np.float32) / np.float32(257))
        return grey.astype(np.uint8, copy=False)

    def shown(self) -> NDArray[np.uint8]:
        """Return the image as people see it, uint8 (height, width): `grey`, 16 bits stretched."""
        if self.pixels.dtype == np.uint16:
            return np.rint(self._grey16() / np.float32(257)).astype(np.uint8)
        return self.grey()

    def _one_channel(self) -> Numbers:
        """Return the weighted channels as (height, width), in the type of the pixels."""
        code = _TO_GREY.get(self.weights)
        if code is not None:
            return np.asarray(cv2.cvtColor(self.pixels, code))
        return np.ascontiguousarray(self.pixels[..., self.weights.index(1.0)])

    def _grey16(self) -> NDArray[np.uint16]:
        """Return grey uint16 (height, width) that is scaled by the range of the image."""
        return _stretched(self._one_channel(), self.levels).astype(np.uint16, copy=False)

    def coloured(self) -> Image:
        """Return the image with its colours, as recorded."""
        return self.original() if self.original is not None else self

    def rgb(self) -> NDArray[np.uint8]:
        """Return the image as uint8 (height, width, 3); grey where it has no colour channels."""
        if self.original is not None:
            return self.original().rgb()
        if self.pixels.dtype == np.float32 or self.weights not in _TO_RGB:
            return np.asarray(cv2.cvtColor(self.shown(), cv2.COLOR_GRAY2RGB))
        code = _TO_RGB[self.weights]
        colours = self.pixels if code is None else cv2.cvtColor(self.pixels, code)
        if colours.dtype == np.uint16:
            colours = np.rint(_stretched(colours, self.levels).astype(np.float32) / 257)
        return np.asarray(colours).astype(np.uint8, copy=False)


def _few_levels(grey: NDArray[np.uint8]) -> tuple[int, int] | None:
    """Return the levels, in 16 bits, of pixels that are close together; None for others."""
    # For nearly every image some pixels of one row are enough, which Python compares in a tenth of
    # the time that NumPy needs for a minimum; for most others one row: pixels that are far apart
    # are slow.
    row = grey[len(grey) // 2]
    some = row[:: max(1, len(row) // _SAMPLED)].tolist()
    if (max(some) - min(some)) * _FEW > 255:
        return None
    for part in (row, grey[::16, ::16], grey):
        low, high = int(part.min()), int(part.max())
        if (high - low) * _FEW > 255:
            return None
    # Fewer levels are noise, which must stay faint.
    if high - low >= _NOISE and 2 * low > high:
        return 257 * low, 257 * (high - low)
    return 0, _WHITE


def _stretched(values: Numbers, levels: tuple[int, int]) -> Numbers:
    """Return uint16 values as uint16 with black at 0 and white at 65535."""
    if levels == (0, _WHITE):
        return values
    low, count = levels
    scaled = (np.maximum(values, low).astype(np.float32) - low) * np.float32(_WHITE / count)
    return np.rint(np.minimum(scaled, _WHITE)).astype(np.uint16)


def range_of(image: Image) -> tuple[int, int] | None:
    """Return the levels of an image of 16 bits, for images made from it; None for others."""
    return image.levels if image.pixels.dtype == np.uint16 else None


def _toned(counts: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return event counts as grey: zero is black, or mid-grey where counts are signed."""
    # A few pixels have most of the events: the brightest hundredth is clipped.
    high = float(np.percentile(np.abs(counts[counts != 0]), 99)) if counts.any() else 1.0
    low = -high if counts.min() < 0 else 0.0
    return np.clip((counts - low) * (255.0 / (high - low)), 0, 255).astype(np.uint8)


def counts_of(image: Image, signed: bool) -> Image:
    """Return an integer image as event counts; signed ones have zero at half their range."""
    counts = image.pixels[..., :1].astype(np.float32)
    if signed:
        counts -= np.float32(1 << (8 * image.pixels.itemsize - 1))
    return Image(counts, GREY)


def grey_image(pixels: Numbers, whole: bool = False) -> Image:
    """
    Wrap a grey (height, width) or an RGB (height, width, 3) array of uint8 or uint16.

    :param whole: 16 bits have black at 0 and white at 65535, as `Image.plane` returns them.
    """
    range_ = (0, _WHITE) if whole else None
    if pixels.ndim == 2:
        return Image(pixels[..., np.newaxis], GREY, range_)
    return Image(pixels, RGB, range_)


@dataclass(frozen=True)
class Pose:
    """
    Position in metres and orientation as a quaternion (x, y, z, w), in frame `frame_id`.

    on_ground: the height counts for no distance. That of satellites is off by more than the spacing
    of places, and by another amount each day.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    frame_id: str = 'map'
    on_ground: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, values: Sequence[float], frame_id: str) -> Pose:
        """
        Return the pose of x, y, z, qx, qy, qz and qw, as `values` has them.

        :raises ValueError: if a value is not finite, or the quaternion is zero.
        """
        x, y, z, qx, qy, qz, qw = map(float, values)
        if not all(map(math.isfinite, (x, y, z, qx, qy, qz, qw))):
            raise ValueError('pose is not finite')
        if math.hypot(qx, qy, qz, qw) <= 1e-9:
            raise ValueError('pose has no orientation: its quaternion is zero')
        return cls((x, y, z), (qx, qy, qz, qw), frame_id)

    @property
    def values(self) -> tuple[float, ...]:
        """x, y, z in metres and qx, qy, qz, qw, as they are written to files."""
        return (*self.position, *self.orientation)

    def distance(self, other: Pose) -> float:
        """Return the distance between the two positions in metres."""
        axes = 2 if self.on_ground or other.on_ground else 3
        return math.dist(self.position[:axes], other.position[:axes])

    def turned(self) -> Pose:
        """Return the same position, looking the other way: turned by pi about its own z."""
        x, y, z, w = self.orientation
        return replace(self, orientation=(y, -x, w, -z))

    @property
    def yaw(self) -> float:
        """Rotation about z in radians, left is positive (REP-103); 0 without an orientation."""
        length = math.hypot(*self.orientation) or 1.0
        x, y, z, w = (value / length for value in self.orientation)
        return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


@dataclass(frozen=True)
class Frame:
    """
    One image of a traverse: stamp in nanoseconds, name in its source, pose if known.

    decode_ms: duration of decoding in milliseconds, where that is measured.
    """

    stamp_ns: int
    image: Image
    name: str
    pose: Pose | None = None
    decode_ms: float | None = None


def begins_anywhere(frame_id: str) -> bool:
    """Return whether poses in a frame, by its name (REP 105), begin where a robot was started."""
    return frame_id.rpartition('/')[2] in ('odom', 'odom_combined')
