"""Event counts to spikes: what each setting does, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import (
    BackendConfig,
    BagInputConfig,
    EncodingConfig,
    MatchConfig,
    SequenceConfig,
    TrainerConfig,
)
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.encoding.event_counts import EventEncoder
from vprtempo_ros.encoding.oriented import OrientedEncoder
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.frames import GREY, Image, counts_of, grey_image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.sources.traverse import open_traverse

CONFIG = EncodingConfig(width=16, height=12)


def counts(seed: int = 0, height: int = 48, width: int = 64) -> NDArray[np.float32]:
    """Return heavy-tailed counts: most pixels have none, few have many."""
    rng = np.random.default_rng(seed)
    return np.floor(rng.pareto(1.5, (height, width)) * (rng.random((height, width)) < 0.3)).astype(
        np.float32
    )


def image(pixels: NDArray[np.generic]) -> Image:
    """Wrap counts."""
    return Image(pixels[..., None], GREY)


def encode(pixels: NDArray[np.generic], **settings: object) -> NDArray[np.uint8]:
    """Return spikes as (height, width)."""
    config = replace(CONFIG, **settings)
    return EventEncoder(config)(image(pixels)).reshape(config.height, config.width)


def blocks(pixels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Average 4x4 blocks."""
    return pixels.astype(np.float64).reshape(12, 4, 16, 4).mean(axis=(1, 3))


def test_default_by_hand() -> None:
    """The root of the mean count below each pixel, normalised by the patch around it."""
    pixels = counts()
    expected = PixelEncoder(CONFIG).normalise(np.sqrt(blocks(pixels)))
    assert np.abs(encode(pixels).astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize(
    ('tone', 'bend'),
    [('linear', lambda value: value), ('root4', lambda value: value**0.25), ('log', np.log1p)],
)
def test_tones(tone: str, bend: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
    """Counts can be bent otherwise."""
    expected = PixelEncoder(CONFIG).normalise(bend(blocks(counts())))
    assert np.abs(encode(counts(), tone=tone).astype(int) - expected.astype(int)).max() <= 1


@pytest.mark.parametrize('tone', ['linear', 'sqrt', 'root4'])
def test_only_proportions_count(tone: str) -> None:
    """Twice the events, from a faster robot or a longer window, are the same spikes."""
    pixels = counts() + 1
    one, two = (encode(pixels * factor, tone=tone).astype(int) for factor in (1, 64))
    assert np.abs(one - two).max() <= 1


def test_lens_takes_every_nth_pixel() -> None:
    """As its convolution of stride k with a single one at the centre does."""
    pixels = np.arange(80 * 80, dtype=np.float32).reshape(80, 80) % 251
    spikes = encode(pixels, width=10, height=10, resize='nth', tone='linear', contrast='none')
    assert np.array_equal(spikes, pixels[3::8, 3::8].astype(np.uint8))
    same = encode(pixels, width=80, height=80, resize='nth', tone='linear', contrast='none')
    assert np.array_equal(same, pixels.astype(np.uint8))
    # A size that does not divide the image's, and one that is larger than it.
    assert encode(pixels, width=28, height=28, resize='nth').shape == (28, 28)
    assert encode(pixels, width=100, height=100, resize='nth').shape == (100, 100)


def test_lens_equals_its_convolution() -> None:
    """The same pixels as torch's convolution with the kernel of LENS's data set class."""
    torch = pytest.importorskip('torch')
    pixels = np.random.default_rng(0).integers(0, 255, (80, 80)).astype(np.float32)
    kernel = torch.zeros(1, 1, 8, 8)
    kernel[0, 0, 3, 3] = 1
    expected = torch.nn.functional.conv2d(torch.from_numpy(pixels)[None, None], kernel, stride=8)
    spikes = encode(pixels, width=10, height=10, resize='nth', tone='linear', contrast='none')
    assert np.array_equal(spikes, expected[0, 0].numpy().astype(np.uint8))


def test_signed_counts_lie_about_the_middle() -> None:
    """More darker than brighter is below 127, the mirror image as far above."""
    pixels = counts(0) - counts(1)
    one, other = (encode(sign * pixels).astype(int) for sign in (1, -1))
    assert one.min() < 100
    assert one.max() > 155
    assert np.abs(one + other - 254).max() <= 2


def test_counts_of_files_are_those_of_events() -> None:
    """8 and 16 bits are the same counts; signed ones have their zero in the middle."""
    pixels = counts().clip(0, 255)
    signed = (counts(0) - counts(1)).clip(-100, 100)
    for kind, zero in ((np.uint8, 128), (np.uint16, 32768)):
        plain = counts_of(image(pixels.astype(kind)), signed=False)
        assert plain.pixels.dtype == np.float32
        assert np.array_equal(plain.pixels[..., 0], pixels)
        found = counts_of(image((signed + zero).astype(kind)), signed=True)
        assert np.array_equal(found.pixels[..., 0], signed)


def test_the_encoder_is_that_of_the_input() -> None:
    """Of the two with encoder pixels; the other one is the same for both."""
    events = BagInputConfig(type='events')
    for encoder, camera, event in (
        ('pixels', PixelEncoder, EventEncoder),
        ('oriented', OrientedEncoder, OrientedEncoder),
    ):
        encoding = EncodingConfig(encoder=encoder)
        assert type(encoder_for(TrainerConfig(encoding=encoding))) is camera
        assert type(encoder_for(TrainerConfig(encoding=encoding, input=events))) is event


def test_pictures_of_counts() -> None:
    """Counts can be looked at, signed ones about mid-grey."""
    shown = image(counts()).grey()
    assert shown.dtype == np.uint8
    assert shown[counts() == 0].max() == 0
    assert shown.max() == 255
    signed = counts(0) - counts(1)
    assert image(signed).grey()[signed == 0].tolist()[0] in (127, 128)
    assert not image(np.zeros((4, 4), np.float32)).grey().any()


@pytest.mark.long
def test_recall_on_lens(shared_data: Callable[[str], Path]) -> None:
    """On LENS's frames single frames are recognised as often as by SAD, 0.75 within 3, or more."""
    folder = shared_data('lens_example')
    config = from_flat(TrainerConfig, {'bags': [str(folder / 'reference')], 'input.type': 'events'})
    right = np.load(folder / 'ground_truth.npy', allow_pickle=False)
    match = MatchConfig(min_confidence=0.0, normalise=False, sequence=SequenceConfig(filter='none'))
    query, _ = open_traverse(str(folder / 'query'), config.input, config.poses)
    found = []
    for seed in range(3):
        config.training.seed = seed
        recogniser = Recogniser(build_map(config), BackendConfig(), match)
        best = [
            int(recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns)).places[0])
            for frame in query
        ]
        recogniser.close()
        found.append(
            np.mean(
                [
                    right[max(place - 3, 0) : place + 4, number].any()
                    for number, place in enumerate(best)
                ]
            )
        )
    assert np.mean(found) >= 0.75


def test_grey_images_are_left_alone() -> None:
    """An image of a camera is encoded as before there were events."""
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64)).astype(np.uint8)
    assert np.array_equal(
        encoder_for(TrainerConfig(encoding=replace(CONFIG, encoder='pixels')))(grey_image(pixels)),
        PixelEncoder(CONFIG)(grey_image(pixels)),
    )
