"""Recordings whose images do not follow each other as those of one camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.helpers import (
    CAMERA,
    SECOND,
    START,
    Record,
    images,
    odometry,
    picture,
    tiny_config,
    write_bag,
    write_pictures,
)

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.folder import FolderFrames
from vprtempo_ros.sources.image_bag import image_message
from vprtempo_ros.sources.image_frames import BagFrames
from vprtempo_ros.tools.bag_info import describe

COUNT = 20


def read(path: Path, records: list[Record], speed: float = 0.1) -> tuple[list[int], list[str]]:
    """Return the numbers of the frames that are read of a bag, and what is said of it."""
    poses = odometry([(n * speed, 0, 0) for n in range(COUNT)])
    frames = BagFrames(write_bag(path / 'bag', [*records, *poses]), BagInputConfig(), PosesConfig())
    numbers = [int(frame.name.partition('[')[2][:-1]) for frame in frames]
    assert len(list(frames)) == len(numbers)
    return numbers, [note for note in frames.completeness.notes if not note.startswith('/odom')]


@pytest.mark.parametrize('speed, kept', [(0.1, range(COUNT)), (0.4, [*range(9), *range(12, 20)])])
def test_images_that_are_sent_again(tmp_path: Path, speed: float, kept: Any) -> None:
    """They are left out once the robot has moved, as while a thermal camera calibrates itself."""
    shown = [*range(8), *[7] * 4, *range(12, 20)]
    numbers, notes = read(tmp_path, list(images(map(picture, shown))), speed)
    assert numbers == list(kept)
    (note,) = notes
    assert note.startswith('4 of 20 images are the same as the one before, for up to 4.0 s')
    assert note.endswith('; 3 are left out, for the robot had moved') == (speed > 0.1)


def test_messages_that_are_there_twice(tmp_path: Path) -> None:
    """Of a recording that was merged with its copy each frame was a place twice."""
    records = [record for record in images(map(picture, range(COUNT))) for _ in range(2)]
    numbers, notes = read(tmp_path, records)
    assert numbers == [*range(0, 2 * COUNT, 2)]
    assert [note.partition(',')[0] for note in notes] == ['20 images are there twice']


def test_two_cameras_on_one_topic(tmp_path: Path) -> None:
    """They are known by the coordinate frames in their headers, which bag_info says too."""
    records = [
        Record(
            CAMERA,
            IMAGE,
            stamp,
            image_message(stamp, picture(n), 'mono8', ('left', 'right')[n % 2]),
        )
        for n, stamp in enumerate(range(START, START + COUNT * SECOND, SECOND))
    ]
    _, notes = read(tmp_path, records)
    expected = (
        f"{CAMERA}: messages of several coordinate frames (10 of 'left', 10 of 'right'): two "
        'cameras on one topic? All are read; input.frame_id chooses one'
    )
    assert notes == [expected]
    assert ('missing', expected) in list(describe(tmp_path / 'bag'))


def test_a_reading_that_stops(tmp_path: Path) -> None:
    """As at places.count: what was found up to there is said, of bags and of folders."""
    shown = [picture(n // 4) for n in range(COUNT)]
    bag = write_bag(tmp_path / 'bag', images(shown))
    built = build_map(tiny_config(bag, places__count=COUNT - 4, training__epochs=1))
    (record,) = built.provenance['traverses']
    (note,) = record['missing']['notes']
    assert note.startswith('12 of 16 images are the same as the one before')
    folder = write_pictures(tmp_path / 'folder', ['1.png', '2.png'])
    assert cv2.imwrite(str(folder / '0.png'), picture(9)[:, :20])
    frames = FolderFrames(folder)
    read_two = iter(frames)
    next(read_two), next(read_two)
    read_two.close()
    assert frames.completeness.notes[0].startswith('images of 2 sizes (1 of 20x24, 1 of 32x24)')


def test_one_of_two_cameras(tmp_path: Path) -> None:
    """The coordinate frame chooses it; clocks, sizes and gaps are then those of its images."""
    records = [
        Record(
            CAMERA,
            IMAGE,
            stamp + n % 2,
            image_message(stamp, picture(n, 24 + n % 2), 'mono8', ('left', 'right')[n % 2]),
        )
        for n, stamp in enumerate(range(START, START + COUNT * SECOND, SECOND))
    ]
    bag = write_bag(tmp_path / 'bag', records)
    frames = BagFrames(bag, BagInputConfig(frame_id='/right'), PosesConfig())
    assert [frame.image.height for frame in frames] == [25] * 10
    assert len(frames) == frames.completeness.messages == 10
    assert frames.completeness.notes == [
        f"{CAMERA}: 10 messages of other coordinate frames than '/right' are left out "
        '(input.frame_id)'
    ]
    with pytest.raises(SourceError, match='expected most messages of'):
        BagFrames(bag, BagInputConfig(), PosesConfig())
    with pytest.raises(SourceError, match="frame 'front' .*, found 10 of 'left', 10 of 'right'"):
        BagFrames(bag, BagInputConfig(frame_id='front'), PosesConfig())


@pytest.mark.parametrize('second, found', [(3, True), (1, False)])
def test_images_of_two_exposures(tmp_path: Path, second: int, found: bool) -> None:
    """Every second image has another brightness."""
    # One scene with noise: brightness that wanders is no bracket.
    scene = np.linspace(60, 200, 24 * 32).reshape(24, 32)
    rng = np.random.default_rng(0)
    shown = [
        ((scene + rng.integers(0, 9, scene.shape)) // (1, second)[n % 2]).astype(np.uint8)
        for n in range(COUNT)
    ]
    _, notes = read(tmp_path, list(images(shown)))
    assert [note.startswith('every second image is of another brightness') for note in notes] == (
        [True] if found else []
    )


@pytest.mark.parametrize('covered', [0, 14])
def test_a_covered_lens(tmp_path: Path, covered: int) -> None:
    """The noise of a dark sensor has contrast, and a map was made of it without a word."""
    rng = np.random.default_rng(0)
    shown = [
        rng.integers(0, 4, (48, 64)).astype(np.uint8) if n < covered else picture(n, 48, 64)
        for n in range(COUNT)
    ]
    _, notes = read(tmp_path, list(images(shown)))
    assert [note.partition(' images')[0] for note in notes] == (['2 of 3'] if covered else [])
    assert all('a covered lens, or darkness' in note for note in notes)


@pytest.mark.parametrize('big', [0, 1])
def test_bytes_that_are_exchanged(tmp_path: Path, big: int) -> None:
    """Some cameras send 16 bits in the other order than they say (aravis, pull request 924)."""
    records = []
    for number in range(COUNT):
        stamp = START + number * SECOND
        scene = cv2.GaussianBlur(picture(number, 48, 64), (0, 0), 2.0).astype(np.uint16) * 16
        message = image_message(stamp, scene, 'mono16', 'camera')
        message.is_bigendian = big
        records.append(Record(CAMERA, IMAGE, stamp, message))
    _, notes = read(tmp_path, records)
    assert ['is_bigendian of the driver is wrong' in note for note in notes] == [True] * big


@pytest.mark.parametrize('encoding, luma', [('yuv422', 1), ('yuv422_yuy2', 0)])
@pytest.mark.parametrize('exchanged', [False, True])
def test_luma_and_chroma_that_are_exchanged(
    tmp_path: Path, encoding: str, luma: int, exchanged: bool
) -> None:
    """A driver may send YUYV as yuv422, as usb_cam did (its issue 263)."""
    records = []
    for number in range(COUNT):
        stamp, grey = START + number * SECOND, picture(number)
        pixels = np.empty((*grey.shape, 2), np.uint8)
        pixels[..., luma ^ exchanged] = grey
        pixels[..., 1 - (luma ^ exchanged)] = 120 + grey // 16
        message = image_message(stamp, grey, 'mono8', 'camera')
        message.encoding, message.step, message.data = encoding, 2 * 32, pixels.reshape(-1)
        records.append(Record(CAMERA, IMAGE, stamp, message))
    _, notes = read(tmp_path, records)
    assert ['YUYV as yuv422' in note for note in notes] == ([True] if exchanged else [])
