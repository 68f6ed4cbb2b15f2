"""Sensors that use few of the values of 16 bits encode as with 8 bits, in every encoder."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from support.helpers import picture

from vprtempo_ros.config import EncodingConfig, OrientedConfig
from vprtempo_ros.encoding.augmentation import WIDE, another_day, augmentations
from vprtempo_ros.encoding.oriented import OrientedEncoder
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.errors import ImageError
from vprtempo_ros.frames import BGR, GREY, Image, grey_image

ENCODERS = [
    PixelEncoder(EncodingConfig(encoder='pixels', resize='area')),
    PixelEncoder(EncodingConfig(encoder='pixels', resize='bilinear')),
    OrientedEncoder(OrientedConfig()),
]
GREY8 = picture(5, 240, 320)


def as_levels(low: int, high: int) -> NDArray[np.uint16]:
    """Return the picture with these values for black and white."""
    return np.rint(low + GREY8 * ((high - low) / 255)).astype(np.uint16)


@pytest.mark.parametrize('encode', ENCODERS, ids=['area', 'bilinear', 'oriented'])
@pytest.mark.parametrize('range_', [(0, 1023), (0, 4095), (0, 16383), (0, 65535), (29000, 31000)])
def test_values_of_few_bits(encode: PixelEncoder, range_: tuple[int, int]) -> None:
    """10, 12, 14 and 16 bits, and temperatures, give the spikes of 8 bits."""
    expected = encode(grey_image(GREY8)).astype(int)
    found = encode(grey_image(as_levels(*range_))).astype(int)
    assert np.abs(found - expected).mean() < 2.0


@pytest.mark.parametrize('range_', [(0, 1023), (0, 65535), (29000, 31000)])
def test_grey_of_few_bits(range_: tuple[int, int]) -> None:
    """Pictures for people, and colours, are those of 8 bits."""
    grey = grey_image(as_levels(*range_))
    assert np.abs(grey.shown().astype(int) - GREY8.astype(int)).max() <= 1
    colours = Image(np.repeat(as_levels(*range_)[..., None], 3, axis=2), BGR)
    assert np.abs(colours.shown().astype(int) - GREY8.astype(int)).max() <= 1


def test_alpha_is_no_level() -> None:
    """A white alpha channel does not define the range."""
    pixels = np.repeat(as_levels(0, 1023)[..., None], 4, axis=2)
    pixels[..., 3] = 65535
    found = Image(pixels, (*BGR, 0.0)).shown()
    assert np.abs(found.astype(int) - GREY8.astype(int)).max() <= 1


def test_augmentations_keep_the_levels() -> None:
    """Changed frames of 10 bits are those of 8 bits, with more levels."""
    low, plain = grey_image(as_levels(0, 1023)), grey_image(GREY8)
    for found, expected in zip(augmentations(low, WIDE), augmentations(plain, WIDE)):
        assert found.pixels.dtype == np.uint16
        assert np.abs(found.shown().astype(int) - expected.grey().astype(int)).mean() < 1.5
    lit = another_day(low, low, np.random.default_rng(0)).plane() / 257
    other = another_day(plain, plain, np.random.default_rng(0)).plane()
    assert abs(float(np.mean(lit)) - float(np.mean(other))) < 40


def test_pixels_of_one_value() -> None:
    """An image without any contrast stays one, and divides nothing by zero."""
    for value in (0, 1000, 65535):
        assert len(np.unique(grey_image(np.full((24, 32), value, np.uint16)).shown())) == 1


@pytest.mark.parametrize('encode', ENCODERS, ids=['area', 'bilinear', 'oriented'])
@pytest.mark.parametrize('range_', [(100, 131), (200, 255), (0, 31)])
def test_few_levels_of_8_bits(encode: PixelEncoder, range_: tuple[int, int]) -> None:
    """Thermal cameras with 8 bits, and nights, lose nothing to rounding before normalisation."""
    low = as_levels(*range_)
    expected = encode(grey_image(low * np.uint16(257), whole=range_[0] == 0)).astype(int)
    found = encode(grey_image(low.astype(np.uint8))).astype(int)
    assert np.abs(found - expected).mean() < 2.0


def test_when_8_bits_become_16() -> None:
    """Only if all pixels are close together, also where a sparse look sees few of them."""
    assert grey_image(GREY8).plane().dtype == np.uint8
    warm = as_levels(100, 131).astype(np.uint8)
    plane = grey_image(warm).plane()
    assert (plane.dtype, plane.min(), plane.max()) == (np.uint16, 0, 65535)
    warm[5, 5] = 255
    assert grey_image(warm).plane().dtype == np.uint8
    dark = as_levels(0, 31).astype(np.uint8)
    np.testing.assert_array_equal(grey_image(dark).plane(), dark * np.uint16(257))
    assert not grey_image(np.zeros((24, 32), np.uint8)).plane().any()


@pytest.mark.parametrize(('row', 'column'), [(0, 0), (1, 1), (120, 7), (239, 319)])
def test_contrast_is_found_wherever_it_is(row: int, column: int) -> None:
    """One pixel that differs is enough, also in rows and columns that are not looked at first."""
    pixels = np.full((240, 320), 9, np.uint8)
    with pytest.raises(ImageError, match='without any contrast'):
        grey_image(pixels).check_contrast()
    pixels[row, column] = 10
    grey_image(pixels).check_contrast()


@pytest.mark.parametrize(
    'weights', [(*BGR, 0.0), (0.0, 1.0), (1.0, 0.0)], ids=['bgra', 'uyvy', 'yuyv']
)
def test_contrast_is_that_of_grey(weights: tuple[float, ...]) -> None:
    """Neither alpha nor the colours next to a luma make a contrast, nor do they give the levels."""
    pixels = np.full((*GREY8.shape, len(weights)), 300, np.uint16)
    pixels[..., weights.index(0.0)] = GREY8 * np.uint16(200)
    with pytest.raises(ImageError, match='without any contrast'):
        Image(pixels, weights).check_contrast()
    assert (
        Image(pixels, weights).levels
        == Image(pixels[..., weights.index(0.0) - 1, None], GREY).levels
    )
    pixels[7, 7] += 1
    Image(pixels, weights).check_contrast()


def test_levels_are_those_of_the_whole_image() -> None:
    """A middle row of few levels does not make the image dark; a dark image uses all of 16 bits."""
    pixels = (GREY8 // 6).astype(np.uint8)
    dark = grey_image(pixels).plane()
    assert dark.dtype == np.uint16
    assert np.corrcoef(dark.ravel(), pixels.ravel())[0, 1] > 0.9999
    assert len(np.unique(dark)) == len(np.unique(pixels))
    pixels[120 - 7, 160] = 255
    assert grey_image(pixels).plane().dtype == np.uint8
