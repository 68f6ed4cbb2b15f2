"""Whether the images of a recording follow each other as those of one camera do."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrays import Numbers
from ..frames import Image, Pose
from .frozen import FrozenImage

# Rows and columns of which the brightness is taken.
_SAMPLED = 32
# Fewer images say nothing.
_ENOUGH = 16
# Images alternate if this part of the steps of their brightness turns round, and steps are this
# many times as large as those between every second image, and this part of the brightness.
_TURNING, _LARGER, _STEP = 0.9, 4.0, 0.05
# Luma varies more than chroma: the other way round, by this factor, the two are exchanged.
_VARIES = 2.0
# Every eighth image is looked at for noise. It shows nothing else if the means of this many
# parts in each direction vary less than this part of its pixels do, and neighbouring pixels are
# less alike than this; a JPEG or a Bayer filter makes those of noise alike, too. None of the 8,352
# images of four data sets is such a one.
_LOOKED, _PARTS, _MEANS, _ALIKE = 8, 8, 0.25, 0.75
# Bytes of 16 bits are exchanged if neighbours are less alike as they are, and more alike exchanged.
_AS_THEY_ARE, _EXCHANGED = 0.5, 0.8
# Images repeat each other if at least this part of them are the same as the one before.
_MANY = 0.1


class ImageChecks:
    """Takes the images of a recording one after the other, in the order of time."""

    def __init__(self) -> None:
        """Start without an image."""
        self._same = FrozenImage()
        self._brightness: list[float] = []
        self._repeated = self._frozen = self._exchanged = self._packed = 0
        self._looked = self._noise = self._swapped = self._twice = 0
        self._longest = 0.0

    def look(self, image: Image, stamp_ns: int, pose: Pose | None) -> bool:
        """Take the next image; return whether it shows where the robot is."""
        same = self._same.update(image.pixels, stamp_ns, pose.position if pose else None)
        if same.again:
            self._twice += 1
            return False
        self._repeated += same.seconds > 0.0
        self._frozen += same.frozen
        self._longest = max(self._longest, same.seconds)
        if same.frozen:
            return False
        height, width = image.pixels.shape[:2]
        # Of 4:2:2, each second byte is a luma and the others are chroma of two kinds by turns.
        step = max(1, height // _SAMPLED), 2 * max(1, width // _SAMPLED // 2)
        few = image.pixels[:: step[0], :: step[1]]
        grey = int(np.argmax(image.weights))
        if len(self._brightness) % _LOOKED == 0:
            self._looked += 1
            rows = image.pixels[:: step[0], :, grey]
            swapped = rows.itemsize > 1 and _is_swapped(rows)
            self._swapped += swapped
            self._noise += not swapped and _is_noise(rows)
        self._brightness.append(float(few[..., grey].mean()))
        if image.weights in ((1.0, 0.0), (0.0, 1.0)) and len(few) > 1 and few.shape[1] > 1:
            self._packed += 1
            luma = int(image.weights.index(1.0))
            self._exchanged += bool(few[..., 1 - luma].std() > _VARIES * few[..., luma].std())
        return True

    def notes(self) -> Iterator[str]:
        """Yield a line for each thing that is odd about the images so far."""
        count = len(self._brightness) + self._frozen
        if self._twice:
            yield (
                f'{self._twice} images are there twice, with the same stamp (two recorders, a '
                'bridge, or recordings that were merged): left out'
            )
        if self._frozen or self._repeated > max(_MANY * count, 1):
            left_out = f'; {self._frozen} are left out, for the robot had moved'
            yield (
                f'{self._repeated} of {count} images are the same as the one before, for up to '
                f'{self._longest:.1f} s (a driver that sends its last image again, or a robot that '
                f'stands in a simulation){left_out * bool(self._frozen)}'
            )
        if count - self._frozen < _ENOUGH:
            return
        if self._noise > max(_MANY * self._looked, 1):
            yield (
                f'{self._noise} of {self._looked} images that were looked at show nothing but '
                'noise (a covered lens, or darkness): no place is recognised by such'
            )
        if 2 * self._swapped > self._looked:
            yield (
                f'{self._swapped} of {self._looked} images that were looked at are smooth only '
                'with the two bytes of each pixel exchanged: is_bigendian of the driver is wrong'
            )
        if 2 * self._exchanged > self._packed:
            yield (
                f'{self._exchanged} of {count} images of 4:2:2 vary more in colour than in '
                'brightness: the driver sends YUYV as yuv422 (which is UYVY), or the other way '
                'round, and colour is taken for grey; name the encoding that it sends'
            )
        levels = np.array(self._brightness)
        steps, after_next = np.diff(levels), np.abs(levels[2:] - levels[:-2])
        size = float(np.median(np.abs(steps)))
        first, second = (float(np.median(levels[part::2])) for part in (0, 1))
        if (
            np.mean(steps[1:] * steps[:-1] < 0.0) > _TURNING
            and size > _LARGER * float(np.median(after_next))
            and min(size, abs(first - second)) > _STEP * float(levels.mean())
        ):
            yield (
                f'every second image is of another brightness, {first:.0f} and {second:.0f}: '
                'exposures of a bracket, a projector that is switched, or two cameras on one '
                'topic; record one of the two'
            )


def _is_noise(rows: Numbers) -> bool:
    """Return whether rows of grey, (height, width), are those of a sensor that sees nothing."""
    height, width = (size // _PARTS * _PARTS for size in rows.shape)
    if min(height, width) < 2 * _PARTS or _alike(rows) >= _ALIKE:
        return False
    shape = _PARTS, height // _PARTS, _PARTS, width // _PARTS
    means = rows[:height, :width].reshape(shape).mean((1, 3))
    return float(means.std()) < _MEANS * float(rows.std())


def _is_swapped(rows: Numbers) -> bool:
    """Return whether rows of 16 bits, (height, width), have the bytes of each pixel exchanged."""
    return _alike(rows) < _AS_THEY_ARE and _alike(rows.byteswap()) > _EXCHANGED


def _alike(rows: Numbers) -> float:
    """Return the correlation of neighbours in rows, (height, width); 1 where all are the same."""
    levels = rows.astype(np.float32)
    variance = float(levels.var())
    if variance == 0 or levels.shape[1] < 2:
        return 1.0
    return 1 - float(np.square(np.diff(levels, axis=1)).mean()) / (2 * variance)
