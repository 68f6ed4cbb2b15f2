"""Augmentation: what shift, zoom, lean and another day do to the image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from support import encodings_of
from support.helpers import images as image_records
from support.helpers import picture

from vprtempo_ros.config import EncodingConfig
from vprtempo_ros.encoding.augmentation import (
    COMBINED,
    NEAR,
    WIDE,
    Change,
    another_day,
    augmentations,
)
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.sources.image_msg import decode_image

SIDE = 4 * 28
MIDDLE = (SIDE - 1) / 2


def spot(x: float, y: float, size: int = SIDE) -> Image:
    """Return a soft bright spot on black."""
    rows, columns = np.mgrid[0:size, 0:size]
    bright = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (size / 28) ** 2))
    return grey_image((255 * bright).astype(np.uint8))


def where(image: Image) -> tuple[float, float]:
    """Return the centre of brightness, x and y."""
    grey = image.grey().astype(float)
    rows, columns = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]]
    return float((grey * columns).sum() / grey.sum()), float((grey * rows).sum() / grey.sum())


@pytest.mark.parametrize('changes', [NEAR, WIDE])
@pytest.mark.parametrize('at', [(40.0, 50.0), (70.0, 35.0)])
def test_augmentations_are_shifted_and_zoomed(
    at: tuple[float, float], changes: tuple[Change, ...]
) -> None:
    """A spot moves by the fraction of the image, or away from its centre, unless it leaves it."""
    for change, image in zip(changes, augmentations(spot(*at), changes), strict=True):
        expected = (
            MIDDLE + change.zoom * (at[0] - MIDDLE) + change.right * SIDE,
            MIDDLE + change.zoom * (at[1] - MIDDLE) + change.down * SIDE,
        )
        if min(expected) > 15 and max(expected) < SIDE - 15:
            # A pixel has its centre at half: the image's centre is half a pixel further.
            assert where(image) == pytest.approx(expected, abs=0.3)


def test_lean_shifts_the_borders_and_not_the_centre() -> None:
    """As a camera that moves sideways sees floor and ceiling."""
    change = Change(lean=0.1)
    (centre,) = augmentations(spot(50.0, MIDDLE), [change])
    assert where(centre) == pytest.approx((50.0, MIDDLE), abs=0.8)
    (upper,) = augmentations(spot(50.0, MIDDLE / 2), [change])
    assert where(upper)[0] == pytest.approx(50.0 + 0.05 * SIDE, abs=0.7)


def test_combined_changes_are_no_augmentations() -> None:
    """What the fit is tested on, it was not trained on."""
    assert not set(COMBINED) & {*WIDE, *NEAR}
    assert all(
        sum(value != 0.0 for value in (c.right, c.down, c.zoom - 1, c.lean)) > 1 for c in COMBINED
    )


def test_another_day_changes_light_and_occludes() -> None:
    """Differently each time, but the same for the same seed; event counts keep their values."""
    image, other = grey_image(picture(1, 96, 72)), grey_image(picture(2, 96, 72))
    once, again, later = (
        another_day(image, other, np.random.default_rng(seed)).grey() for seed in (0, 0, 1)
    )
    assert np.array_equal(once, again)
    assert not np.array_equal(once, later)
    counts = Image(np.full((40, 60, 1), 3.0, np.float32), (1.0,))
    found = another_day(
        counts, Image(np.zeros((40, 60, 1), np.float32), (1.0,)), np.random.default_rng(0)
    )
    assert set(np.unique(found.counts())) == {0.0, 3.0}


def test_a_shift_by_an_encoded_pixel_shifts_the_encoded_image() -> None:
    """Inside the image the spikes of a shifted frame are those of the frame, a pixel further."""
    encode = PixelEncoder(EncodingConfig(patch=3))
    image = grey_image(cv2.GaussianBlur(picture(3, SIDE, SIDE), (0, 0), 2))
    still = encode(image).reshape(28, 28).astype(int)
    (moved,) = augmentations(image, [Change(right=1 / 28)])
    right = encode(moved).reshape(28, 28).astype(int)
    inside = np.s_[3:-3, 3:-3]
    shifted = abs(right[inside] - np.roll(still, 1, axis=1)[inside]).mean()
    assert shifted < 4 < 0.2 * abs(right[inside] - still[inside]).mean()


def test_the_border_is_repeated() -> None:
    """There is no black edge, which would be the same at every place."""
    white = grey_image(np.full((60, 80), 200, np.uint8))
    for each in augmentations(white, (*WIDE, *NEAR, *COMBINED)):
        assert each.grey().min() == each.grey().max() == 200


@pytest.mark.parametrize(
    ('height', 'width', 'expected'),
    [
        (480, 640, (112, 112)),
        (112, 112, (112, 112)),
        (24, 32, (24, 32)),
        (24, 640, (24, 112)),
        (1, 1, (1, 1)),
        (1, 5, (1, 5)),
        (2, 2, (2, 2)),
        (3, 2000, (3, 112)),
    ],
)
def test_augmentations_have_no_more_pixels_than_needed(
    height: int, width: int, expected: tuple[int, int]
) -> None:
    """112 in each direction are enough, fewer stay as they are; even one can be encoded."""
    image = grey_image(np.random.default_rng(0).integers(0, 256, (height, width), np.uint8))
    encode = PixelEncoder(EncodingConfig())
    for each in augmentations(image, WIDE):
        assert each.grey().shape == expected
        assert encode(each).shape == (784,)


def grey_augmentations(image: Image) -> NDArray[np.float64]:
    """Return all augmentations of an image."""
    return np.stack([each.shown() for each in augmentations(image, WIDE)]).astype(float)


@pytest.mark.parametrize('encoding', [*encodings_of.PLAIN, *encodings_of.YUV])
def test_colour_and_depth_do_not_matter(encoding: str) -> None:
    """Augmentations of any encoding of an image are those of its grey values."""
    rgb = encodings_of.colour_picture(40, 60)
    message = encodings_of.message(encodings_of.samples(rgb, encoding), encoding)
    found = grey_augmentations(decode_image(message))
    if encoding in ('mono8', 'mono16', '8UC1', '16UC1', *encodings_of.YUV):
        expected = grey_augmentations(grey_image(decode_image(message).shown()))
    else:
        expected = grey_augmentations(
            grey_image(np.rint(encodings_of.grey_of(rgb)).astype(np.uint8))
        )
    assert abs(found - expected).max() <= 2
    assert np.ptp(found[0]) > 10


def test_the_recorded_frame_is_not_changed() -> None:
    """A frame is a view of its message's bytes, which do not change."""
    message = next(iter(image_records([picture(0)]))).message
    before = bytes(message.data)
    image = decode_image(message)
    list(augmentations(image, WIDE))
    another_day(image, image, np.random.default_rng(0))
    assert bytes(message.data) == before


@pytest.mark.parametrize('white', [255, 65535])
def test_recordings_may_mix_formats(white: int) -> None:
    """An image is occluded by one of another format as by the same picture in its own."""
    colour = np.zeros((40, 60, 3), np.uint8 if white == 255 else np.uint16)
    bright = np.full((40, 60), 255, np.uint8)
    own = np.full_like(colour, white)
    mixed, alike = (
        another_day(grey_image(colour), grey_image(cover), np.random.default_rng(0))
        for cover in (bright, own)
    )
    assert mixed.pixels.shape == colour.shape and mixed.pixels.dtype == colour.dtype
    assert (mixed.pixels == alike.pixels).all()
    another_day(grey_image(bright), grey_image(own), np.random.default_rng(0))
