"""Encoding: equal to upstream's, for any image; nothing breaks it."""

from __future__ import annotations

import warnings

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from support import oracle

from vprtempo_ros.config import EncodingConfig
from vprtempo_ros.encoding.pixels import PixelEncoder, gamma_of
from vprtempo_ros.frames import GREY, Image, grey_image

SIZES = [(28, 7), (56, 15)]


def picture(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return an RGB picture with coarse and fine structure and sensor noise."""
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(
        rng.uniform(20, 200, (9, 12, 3)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return np.clip(coarse + rng.normal(0, 8, (height, width, 3)), 0, 255).astype(np.uint8)


def upstream(pixels: NDArray[np.uint8], side: int, patch: int) -> NDArray[np.int64]:
    """Return upstream's spikes for grey or RGB pixels, 0 to 255."""
    import torch

    planes = pixels[np.newaxis] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Its quantisation modules announce their removal.
        process = oracle.dataset().ProcessImage([side, side], patch)
        spikes = process(torch.from_numpy(np.ascontiguousarray(planes)))
    return np.rint(spikes.detach().numpy().reshape(-1) * 255).astype(np.int64)


def upstream_like(side: int, patch: int) -> PixelEncoder:
    """Return an encoder that resizes as upstream does."""
    return PixelEncoder(EncodingConfig(width=side, height=side, patch=patch, resize='bilinear'))


def contrast(pixels: NDArray[np.uint8], side: int, patch: int) -> NDArray[np.float64]:
    """Return the deviation around each pixel of the small image, in grey levels, by loops."""
    import torch

    grey = pixels @ np.array([0.299, 0.587, 0.114])
    corrected = torch.from_numpy(np.minimum(grey ** gamma_of(float(grey.mean())), 255.0))
    small = torch.nn.functional.interpolate(
        corrected[None, None], size=(side, side), mode='bilinear'
    )[0, 0].numpy()
    half = patch // 2
    return np.array(
        [
            small[max(r - half, 0) : r + half + 1, max(c - half, 0) : c + half + 1].std()
            for r in range(side)
            for c in range(side)
        ]
    )


@pytest.mark.parametrize(('side', 'patch'), SIZES)
@pytest.mark.parametrize('shape', [(480, 640), (32, 64), (31, 47), (1080, 1920)])
@pytest.mark.parametrize('colour', [True, False])
def test_equal_to_upstream(side: int, patch: int, shape: tuple[int, int], colour: bool) -> None:
    """Within 2 grey levels of upstream's preprocessing, for grey and colour, up and down."""
    oracle.dataset()
    pixels = picture(*shape)
    if not colour:
        pixels = pixels[..., 1].copy()
    ours = upstream_like(side, patch)(grey_image(pixels))
    difference = np.abs(ours.astype(int) - upstream(pixels, side, patch))
    assert difference.max() <= 2


@pytest.mark.long
@pytest.mark.parametrize(('side', 'patch'), SIZES)
def test_equal_to_upstream_on_nordland(shared_data, side: int, patch: int) -> None:
    """Within 2 grey levels on real images of both seasons."""
    oracle.dataset()
    encoder = upstream_like(side, patch)
    compared = 0
    for season in ('summer', 'winter'):
        files = sorted(shared_data(f'nordland_64x32/{season}').iterdir())[::300]
        for file in files:
            pixels = np.ascontiguousarray(cv2.imread(str(file))[..., ::-1])
            if pixels.mean() <= 1:
                continue  # Upstream's gamma is undefined there.
            difference = np.abs(
                encoder(grey_image(pixels)).astype(int) - upstream(pixels, side, patch)
            )
            # In a saturated sky upstream divides rounding errors by rounding errors.
            textured = contrast(pixels, side, patch) > 1e-2
            assert difference[textured].max() <= 2, file.name
            compared += textured.sum()
    assert compared > 10 * side * side


@pytest.mark.parametrize('level', [0, 1, 2, 128, 254, 255])
@pytest.mark.parametrize('resize', ['bilinear', 'area'])
def test_constant_frames_are_all_middle(level: int, resize: str) -> None:
    """Black, white and grey frames hold no contrast: every spike is 127."""
    encoder = PixelEncoder(EncodingConfig(resize=resize))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        spikes = encoder(grey_image(np.full((48, 64), level, np.uint8)))
    assert (spikes == 127).all()


def test_saturated_part_is_middle() -> None:
    """A white sky does not become amplified rounding noise."""
    pixels = picture(480, 640)
    pixels[:240] = 255
    spikes = PixelEncoder(EncodingConfig(patch=7))(grey_image(pixels)).reshape(28, 28)
    assert (spikes[:10] == 127).all()
    assert spikes[18:].std() > 20


def test_dark_frame_with_one_light() -> None:
    """A night image whose mean is below one grey level is encoded without overflow."""
    pixels = np.zeros((480, 640), np.uint8)
    pixels[200:220, 300:330] = 200
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        spikes = PixelEncoder(EncodingConfig(resize='area'))(grey_image(pixels))
    assert spikes.max() > 200


def test_gamma_brings_mean_to_middle() -> None:
    """An image of constant brightness becomes mid-grey; near black it is left alone."""
    for mean in (2.0, 60.0, 200.0, 255.0):
        assert mean ** gamma_of(mean) == pytest.approx(127.5)
    assert gamma_of(1.0) == gamma_of(0.0) == 1.0


@pytest.mark.parametrize('resize', ['bilinear', 'area'])
def test_padded_rows_and_sixteen_bits_change_nothing(resize: str) -> None:
    """A view with padding, and the same picture in 16 bits, give the same spikes."""
    encoder = PixelEncoder(EncodingConfig(resize=resize))
    pixels = picture(120, 160)[..., 0]
    padded = np.zeros((120, 200), np.uint8)
    padded[:, :160] = pixels
    expected = encoder(grey_image(pixels.copy()))
    assert (encoder(grey_image(padded[:, :160])) == expected).all()
    wide = Image((pixels.astype(np.uint16) * 257)[..., np.newaxis], GREY)
    assert np.abs(encoder(wide).astype(int) - expected).max() <= 1


@pytest.mark.parametrize('resize', ['bilinear', 'area'])
def test_brightness_does_not_matter(resize: str) -> None:
    """Half the light gives nearly the same spikes: that is what the encoding is for."""
    encoder = PixelEncoder(EncodingConfig(resize=resize))
    pixels = picture(480, 640)[..., 0]
    bright = encoder(grey_image(pixels)).astype(int)
    dark = encoder(grey_image((pixels // 2).astype(np.uint8))).astype(int)
    assert np.abs(bright - dark).mean() < 12
    other = encoder(grey_image(picture(480, 640, seed=1)[..., 0])).astype(int)
    assert np.abs(bright - other).mean() > 60


def test_area_averages_noise_away() -> None:
    """With strong sensor noise area resizing keeps the picture where bilinear loses it."""
    clean = picture(480, 640)[..., 0]
    noise = np.random.default_rng(3).normal(0, 40, clean.shape)
    noisy = np.clip(clean + noise, 0, 255).astype(np.uint8)
    error = {}
    for resize in ('bilinear', 'area'):
        encoder = PixelEncoder(EncodingConfig(resize=resize))
        error[resize] = np.abs(
            encoder(grey_image(clean)).astype(int) - encoder(grey_image(noisy))
        ).mean()
    assert error['area'] < error['bilinear'] / 2


def test_mirrored_spikes() -> None:
    """Left and right of each row change over; rows and frames stay where they are."""
    frames = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 16)
    encode = PixelEncoder(EncodingConfig(width=4, height=4, patch=3))
    assert encode.mirrored(frames)[0].tolist() == [
        *(3, 2, 1, 0),
        *(7, 6, 5, 4),
        *(11, 10, 9, 8),
        *(15, 14, 13, 12),
    ]
    assert (encode.mirrored(encode.mirrored(frames)) == frames).all()
