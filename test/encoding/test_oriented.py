"""Encoder `oriented`: oriented edge energy as spikes, against its definition and by property."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import OrientedConfig
from vprtempo_ros.encoding.edges import Edges
from vprtempo_ros.encoding.kernels import CompiledEdges
from vprtempo_ros.encoding.oriented import OrientedEncoder
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.frames import GREY, Image, grey_image


@pytest.fixture
def encoder() -> OrientedEncoder:
    return OrientedEncoder(OrientedConfig())


def scene(
    seed: int = 0, size: tuple[int, int] = (120, 160), blur: float = 4.0
) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).random(size).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return cv2.normalize(smooth, None, 20, 220, cv2.NORM_MINMAX).astype(np.uint8)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.astype(float), other.astype(float))[0, 1])


def test_spikes_have_the_stated_length_and_type(encoder: OrientedEncoder) -> None:
    spikes = encoder(grey_image(scene()))
    assert spikes.shape == (encoder.length,) == (2304,)
    assert spikes.dtype == np.uint8
    assert encoder.name == 'oriented'


@pytest.mark.parametrize('size', [(3, 5), (32, 64), (54, 97), (480, 640), (1080, 1920)])
def test_any_size_is_encoded(encoder: OrientedEncoder, size: tuple[int, int]) -> None:
    assert encoder(grey_image(scene(size=size))).any()


def test_an_edge_answers_in_its_orientation() -> None:
    encoder = OrientedEncoder(OrientedConfig(orientations=8, cells=4, opposite=0.0))
    picture = np.full((56, 56), 50, np.uint8)
    picture[:, 28:] = 200
    by_orientation = encoder(grey_image(picture)).reshape(4, 8, 4).sum(axis=(0, 2))
    assert by_orientation[0] > 0 and not by_orientation[1:].any()
    opposite = encoder(grey_image(255 - picture)).reshape(4, 8, 4).sum(axis=(0, 2))
    assert opposite[4] > 0 and not np.delete(opposite, 4).any()


def test_with_opposites_alike_only_the_line_counts() -> None:
    encoder = OrientedEncoder(OrientedConfig(opposite=1.0))
    spikes = encoder(grey_image(scene())).reshape(12, 16, 12)
    np.testing.assert_array_equal(spikes[:, :8], spikes[:, 8:])


def test_an_orientation_between_two_is_shared() -> None:
    encoder = OrientedEncoder(OrientedConfig(orientations=4, cells=2, opposite=0.0))
    y, x = np.mgrid[:56, :56].astype(np.float32)
    energy = encoder.energy((x + y) / 112).sum(axis=(0, 2))
    assert energy[0] == pytest.approx(energy[1], rel=1e-3)
    assert energy[2:] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_energy_is_the_sum_over_windows() -> None:
    encoder = OrientedEncoder(OrientedConfig(side=20, orientations=6, cells=5, opposite=0.0))
    small = np.random.default_rng(1).random((20, 20)).astype(np.float32)
    padded = np.pad(small, 1, mode='edge')
    right = padded[1:-1, 2:] - padded[1:-1, :-2]
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    position = (np.arctan2(down, right) % (2 * np.pi)) * 6 / (2 * np.pi)
    strength = np.hypot(right, down)
    windows = np.maximum(
        1 - np.abs((np.arange(20) + 0.5)[None] / 4 - np.arange(5)[:, None] - 0.5), 0
    )
    windows /= windows.sum(axis=1, keepdims=True)
    wanted = np.zeros((5, 6, 5))
    for k in range(6):
        apart = np.abs((position - k + 3) % 6 - 3)
        wanted[:, k] = windows @ (strength * np.maximum(1 - apart, 0)) @ windows.T
    np.testing.assert_allclose(encoder.energy(small), wanted, atol=2e-4)


def test_brightness_and_contrast_hardly_matter(encoder: OrientedEncoder) -> None:
    picture = scene()
    plain = encoder(grey_image(picture))
    darker = encoder(grey_image((picture * 0.4 + 10).astype(np.uint8)))
    assert correlation(plain, darker) > 0.95


def test_a_view_moved_by_part_of_a_cell_stays_alike(encoder: OrientedEncoder) -> None:
    picture = scene()
    moved = np.roll(picture, 4, axis=1)
    assert correlation(encoder(grey_image(picture)), encoder(grey_image(moved))) > 0.8
    assert correlation(encoder(grey_image(picture)), encoder(grey_image(scene(seed=1)))) < 0.4


def test_a_picture_without_edges_gives_no_spikes(encoder: OrientedEncoder) -> None:
    assert not encoder(grey_image(np.full((50, 60), 99, np.uint8))).any()
    assert not encoder(Image(np.zeros((50, 60, 1), np.float32), GREY)).any()


def test_noise_of_one_grey_level_is_faint(encoder: OrientedEncoder) -> None:
    noise = 128 + np.random.default_rng(0).integers(0, 2, (480, 640)).astype(np.uint8)
    assert encoder(grey_image(noise)).mean() < 5


def test_colour_and_depth_do_not_matter(encoder: OrientedEncoder) -> None:
    picture = scene()
    plain = encoder(grey_image(picture))
    np.testing.assert_array_equal(encoder(grey_image(np.repeat(picture[..., None], 3, 2))), plain)
    # 16 bits are not rounded to 8 when the image is reduced.
    deep = encoder(grey_image(picture.astype(np.uint16) * 257))
    assert np.abs(deep.astype(int) - plain).max() <= 4


def test_counts_of_events_count_by_their_proportion(encoder: OrientedEncoder) -> None:
    counts = scene().astype(np.float32)[..., None] / 50
    few, many = encoder(Image(counts, GREY)), encoder(Image(counts * 20, GREY))
    assert np.abs(few.astype(int) - many).max() <= 1
    assert few.any()


def test_signed_counts_keep_their_sign(encoder: OrientedEncoder) -> None:
    counts = scene().astype(np.float32)[..., None] - 120
    assert correlation(encoder(Image(counts, GREY)), encoder(Image(-counts, GREY))) < 0.8


def test_mirrored_spikes_are_those_of_the_mirrored_picture(encoder: OrientedEncoder) -> None:
    pictures = [scene(seed) for seed in range(3)]
    spikes = np.stack([encoder(grey_image(picture)) for picture in pictures])
    wanted = np.stack(
        [encoder(grey_image(np.ascontiguousarray(picture[:, ::-1]))) for picture in pictures]
    )
    difference = np.abs(encoder.mirrored(spikes).astype(int) - wanted)
    # The shrunken picture is not quite the mirrored one: sizes are no multiples.
    assert difference.mean() < 1.0


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match='even'):
        OrientedEncoder(OrientedConfig(orientations=5))
    with pytest.raises(ConfigError, match='no more than'):
        OrientedEncoder(OrientedConfig(side=8, cells=12))


@pytest.mark.parametrize('edges', [Edges, CompiledEdges])
@pytest.mark.parametrize('size', [(8, 8), (56, 56), (480, 640)])
def test_energy_has_the_gradients_of_opencv(size: tuple[int, int], edges: type[Edges]) -> None:
    """Differences with repeated borders are what OpenCV's filter gives, to the bit."""
    small = scene(3, size).astype(np.float32)
    for found, axis in zip(edges.gradients(small), ((1, 0), (0, 1))):
        wanted = cv2.Sobel(small, cv2.CV_32F, *axis, ksize=1, borderType=cv2.BORDER_REPLICATE)
        assert np.array_equal(found, wanted)


@pytest.mark.parametrize('bits', [8, 16])
@pytest.mark.parametrize('size', [(120, 160), (56, 90), (32, 64), (100, 40)])
def test_the_small_image_is_that_of_whole_levels(bits: int, size: tuple[int, int]) -> None:
    """Averaged in floats and rounded, as OpenCV does with integers."""
    encoder = OrientedEncoder(OrientedConfig())
    pixels = scene(3, size)
    if bits == 16:
        pixels = pixels.astype(np.uint16) * np.uint16(257)
    whole = cv2.resize(pixels, (56, 56), interpolation=cv2.INTER_AREA)
    root = np.sqrt(whole / (1.0 if bits == 8 else 257.0)) / 16
    found = encoder.shrink(grey_image(pixels, whole=True))
    assert found == pytest.approx(root, abs=1e-6)


@pytest.mark.parametrize(
    'settings', [{}, {'side': 33, 'orientations': 8, 'cells': 5}, {'opposite': 0.0}]
)
def test_compiled_it_gives_the_same_bits(settings: dict[str, float]) -> None:
    """For images in light, of hard edges, of noise and without any contrast."""
    one, other = (OrientedEncoder(OrientedConfig(**settings)) for _ in range(2))
    other.compile()
    rng = np.random.default_rng(0)
    pictures = [scene(1), scene(2, (32, 64), 1.0), np.full((40, 40), 7, np.uint8)]
    pictures += [(rng.random((56, 56)) > part).astype(np.uint8) * 255 for part in (0.5, 0.95)]
    for picture in pictures:
        small = one.shrink(grey_image(picture))
        np.testing.assert_array_equal(one.energy(small), other.energy(small))
        np.testing.assert_array_equal(one(grey_image(picture)), other(grey_image(picture)))
