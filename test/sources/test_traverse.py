"""Traverses of bags and folders: frames, what is left out, and what is refused."""

from __future__ import annotations

import re
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.helpers import (
    CAMERA,
    SECOND,
    START,
    STORAGES,
    Record,
    images,
    odometry,
    picture,
    tiny_config,
    write_bag,
    write_pictures,
)

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError, VprError
from vprtempo_ros.frames import Frame
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import missing_lines
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.sources.cdr import COMPRESSED, IMAGE
from vprtempo_ros.sources.image_bag import compressed_message, image_message
from vprtempo_ros.sources.traverse import Traverse, open_traverse
from vprtempo_ros.support import parallel
from vprtempo_ros.support.parallel import ahead, cores
from vprtempo_ros.support.reasons import Reasons
from vprtempo_ros.tools.bag_info import describe as describe_bag
from vprtempo_ros.tools.map_info import describe as describe_map


def opened(path: Path, **config: object) -> Traverse:
    """Open a traverse with its only poses."""
    return open_traverse(str(path), BagInputConfig(**config), PosesConfig(max_gap=2.0))[0]


def numbers(frames: list[Frame]) -> list[int]:
    """Return which numbered pictures the frames show."""
    known = [picture(number).tobytes() for number in range(20)]
    return [known.index(frame.image.grey().tobytes()) for frame in frames]


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    """Give a bag of six pictures with odometry of 2 m/s at half the rate."""
    return write_bag(
        tmp_path / 'bag',
        [
            *images(picture(number) for number in range(6)),
            *odometry([(4 * number, 0, 0) for number in range(3)], period_ns=2 * SECOND),
        ],
    )


def test_frames_of_a_bag(bag: Path) -> None:
    """Frames have images, stamps, names and poses, and can be read again."""
    traverse = opened(bag)
    assert len(traverse) == 6
    for _ in range(2):
        frames = list(traverse)
        assert numbers(frames) == [0, 1, 2, 3, 4, 5]
        assert [frame.stamp_ns for frame in frames] == [START + n * SECOND for n in range(6)]
        assert [frame.name for frame in frames] == [f'{CAMERA}[{n}]' for n in range(6)]
        assert [frame.pose.position[0] for frame in frames] == [0, 2, 4, 6, 8, 8]
    assert sum(traverse.completeness.skipped.values()) == 0


def test_compressed_images_of_a_bag(tmp_path: Path) -> None:
    """A topic of compressed images is found and decoded automatically."""
    records = []
    for number in range(3):
        data = cv2.imencode('.png', picture(number))[1].tobytes()
        records.append(
            Record(
                '/image/compressed',
                COMPRESSED,
                START + number * SECOND,
                compressed_message(START, data, 'png', 'cam'),
            )
        )
    assert numbers(list(opened(write_bag(tmp_path / 'bag', records)))) == [0, 1, 2]


def test_the_header_tells_the_time(tmp_path: Path) -> None:
    """A frame's stamp is that of its header; where that was never set, it is estimated."""
    records = [
        Record(CAMERA, IMAGE, START + n, image_message(stamp, picture(0), 'mono8', 'cam'))
        for n, stamp in enumerate((0, 7 * SECOND, 0))
    ]
    frames = list(opened(write_bag(tmp_path / 'bag', records)))
    assert [frame.stamp_ns for frame in frames] == [7 * SECOND - 1, 7 * SECOND, 7 * SECOND + 1]


@pytest.mark.parametrize('storage', STORAGES)
def test_broken_images_are_left_out_and_counted(tmp_path: Path, storage: str) -> None:
    """Unreadable messages are skipped and counted by reason."""
    records = list(images(picture(number) for number in range(6)))
    records[1].message.data = records[1].message.data[:10]
    records[2].message.encoding = 'secret'
    records[4].message.encoding = 'secret'
    traverse = opened(write_bag(tmp_path / 'bag', records, storage))
    frames = list(traverse)
    assert numbers(frames) == [0, 3, 5]
    assert [frame.name for frame in frames] == [f'{CAMERA}[{n}]' for n in (0, 3, 5)]
    assert len(traverse) == 6
    reasons = {
        reason.split(' ')[0]: count for reason, count in traverse.completeness.skipped.items()
    }
    assert reasons == {'expected': 1, 'unknown': 2}


@pytest.mark.parametrize('storage', STORAGES)
def test_an_image_that_claims_more_than_it_holds(
    shared_data: Callable[[str], Path], storage: str
) -> None:
    """A real bag's image of 640x480 with 30 bytes is skipped; the trainer says so in one line."""
    path = shared_data(f'bags/rosbags_rs/test_bag_{storage}')
    topic = '/test/sensor_msgs/image'
    traverse, _ = open_traverse(str(path), BagInputConfig(topic=topic), PosesConfig(topic='none'))
    assert len(traverse) > 0
    assert list(traverse) == []
    assert sum(traverse.completeness.skipped.values()) == len(traverse)
    assert 'expected 921600 bytes' in next(iter(traverse.completeness.skipped))
    with pytest.raises(VprError, match=r'no usable frame in it \(\d unreadable') as caught:
        build_map(tiny_config(path, input__topic=topic, poses__topic='none'))
    assert 'expected 921600 bytes' in str(caught.value)
    assert '\n' not in str(caught.value)


def test_start_leaves_out_the_first_frames(bag: Path, tmp_path: Path) -> None:
    """The first `start` frames are left out, in bags and in folders."""
    folder = write_pictures(tmp_path / 'images', [f'{number}.png' for number in range(6)])
    for path in (bag, folder):
        traverse = opened(path, start=4)
        assert len(traverse) == 2
        assert numbers(list(traverse)) == [4, 5]
        beyond = opened(path, start=9)
        assert len(beyond) == 0
        assert list(beyond) == []


def test_a_folder_of_images(tmp_path: Path) -> None:
    """A folder without a bag in it is one of images, with its list of names."""
    folder = write_pictures(tmp_path / 'images', ['0.png', '1.png', '2.png'])
    (tmp_path / 'names.txt').write_text('2.png\n0.png\n')
    assert numbers(list(opened(folder))) == [0, 1, 2]
    assert numbers(list(opened(folder, names=str(tmp_path / 'names.txt')))) == [2, 0]


def test_a_bag_among_other_files(bag: Path) -> None:
    """Pictures next to a bag's files do not make it a folder of images."""
    write_pictures(bag, ['preview.png'])
    assert len(opened(bag)) == 6


@pytest.mark.parametrize(
    ('make', 'expected'),
    [
        (lambda path: None, 'no such bag or folder'),
        (lambda path: path.mkdir(), 'found nothing in it'),
        (lambda path: path.write_text('x'), 'expected a bag'),
        (
            lambda path: write_bag(path, odometry([(0, 0, 0)])),
            'expected one image topic, found none',
        ),
    ],
)
def test_what_is_no_traverse(tmp_path: Path, make: Callable[[Path], object], expected: str) -> None:
    """A path that is neither a bag with images nor a folder of them gives one line."""
    make(tmp_path / 'it')
    with pytest.raises(SourceError) as caught:
        opened(tmp_path / 'it')
    assert expected in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [('drive.MP4', 'make a folder of images of it (ffmpeg -i drive.MP4 FOLDER/%06d.png)')],
)
@pytest.mark.parametrize('kind', ['image', 'events'])
def test_files_that_can_be_converted(tmp_path: Path, name: str, expected: str, kind: str) -> None:
    """What is not read is refused in one line that says what to make of it."""
    file = tmp_path / name
    file.write_bytes(b'#!AER-DAT2.0\r\n' + bytes(80))
    with pytest.raises(SourceError) as error:
        opened(file, type=kind)
    assert expected in str(error.value)
    assert '\n' not in str(error.value)
    with pytest.raises(SourceError, match=re.escape(expected)):
        list(describe_bag(file))


@pytest.mark.parametrize('path', ['', 'x' * 300])
def test_a_path_that_cannot_be_one(path: str) -> None:
    """An empty path does not mean the working directory; one that is too long gives one line."""
    with pytest.raises(SourceError):
        open_traverse(path, BagInputConfig(), PosesConfig())


def test_a_broken_pose_message_is_told(tmp_path: Path) -> None:
    """Bytes that are not a pose give one line that names the topic."""
    path = write_bag(tmp_path / 'bag', [*images([picture(0)]), *odometry([(0, 0, 0)])])
    (storage,) = path.glob('*.mcap')
    data = storage.read_bytes()
    where = data.index(b'base_link')
    storage.write_bytes(data[: where - 4] + b'\xff\xff\xff\x7f' + data[where:])
    with pytest.raises(SourceError, match='/odom: bytes do not hold a nav_msgs/msg/Odometry'):
        opened(path)


def test_pixels_are_not_shared_between_frames(bag: Path) -> None:
    """Frames that are kept do not change while others are read."""
    frames = list(opened(bag))
    np.testing.assert_array_equal(frames[0].image.grey(), picture(0))
    np.testing.assert_array_equal(frames[5].image.grey(), picture(5))


def test_images_of_another_size_are_left_out(tmp_path: Path) -> None:
    """Two cameras on one topic, or new settings: what most images have is the size."""
    stamped = [START + number * SECOND for number in range(4)]
    sizes = [(24, 32), (24, 32), (48, 64), (24, 32)]
    path = write_bag(
        tmp_path / 'bag',
        [
            Record(
                CAMERA, IMAGE, stamp, image_message(stamp, picture(number, *size), 'mono8', 'cam')
            )
            for number, (stamp, size) in enumerate(zip(stamped, sizes))
        ],
    )
    traverse = opened(path)
    for _ in range(2):
        assert numbers(list(traverse)) == [0, 1, 3]
        reason = 'expected 32x24 pixels as most images have, found 64x48'
        assert traverse.completeness.skipped == {reason: 1}


@pytest.mark.parametrize('kind', [IMAGE, '.png', '.jpg'])
def test_most_images_define_the_size(tmp_path: Path, kind: str) -> None:
    """A driver that begins with another resolution does not define that of the map."""

    def record(number: int) -> Record:
        pixels = picture(number, 48, 64) if number < 3 else picture(number)
        stamp = START + number * SECOND
        if kind == IMAGE:
            return Record(CAMERA, IMAGE, stamp, image_message(stamp, pixels, 'mono8', 'cam'))
        data = cv2.imencode(kind, pixels)[1].tobytes()
        return Record(CAMERA, COMPRESSED, stamp, compressed_message(stamp, data, kind, 'cam'))

    path = write_bag(tmp_path / 'bag', [record(number) for number in range(8)])
    traverse = opened(path)
    assert {(frame.image.width, frame.image.height) for frame in traverse} == {(32, 24)}
    reason = 'expected 32x24 pixels as most images have, found 64x48'
    assert traverse.completeness.skipped == {reason: 3}
    half = write_bag(tmp_path / 'half', [record(number) for number in range(6)])
    with pytest.raises(SourceError, match=r'have one size, found 3 of 32x24, 3 of 64x48'):
        opened(half)


def test_a_recording_of_which_most_is_left_out(tmp_path: Path) -> None:
    """A map of a small part of a route is none of the route."""
    records = list(images(picture(number) for number in range(10)))
    for record in records[4:]:
        record.message.encoding = 'secret'
    path = write_bag(tmp_path / 'bag', records)
    with pytest.raises(SourceError, match=r'6 of 10 messages had to be left out \(6 unreadable'):
        build_map(tiny_config(path))


def test_what_is_missing_is_kept_in_the_map(tmp_path: Path) -> None:
    """Gaps and poses are in map.yaml, map_info and the lines of the trainer."""
    seen = list(images((picture(number) for number in range(20)), period_ns=SECOND // 5))
    del seen[5:15]
    built = build_map(tiny_config(write_bag(tmp_path / 'bag', seen)))
    loaded = load(save(built, tmp_path / 'map'))
    assert missing_lines(loaded.provenance['traverses'][0]) == ['1 gap, the largest of 2.2 s']
    assert ('', '1 gap, the largest of 2.2 s') in list(describe_map(loaded, tmp_path / 'map'))
    assert ('missing', '1 gap, the largest of 2.2 s') in list(describe_bag(tmp_path / 'bag'))
    assert 'largest_gap: 2.2' in (tmp_path / 'map' / 'map.yaml').read_text()


def test_reasons_that_differ_in_numbers_are_one() -> None:
    """Counted together, with the numbers of the first."""
    reasons = Reasons()
    for size in (10, 11, 12):
        reasons.count(f'expected {size} bytes, found 3.5')
    for number in range(100):
        reasons.count('reason ' + 'x' * number)
    assert reasons['expected 10 bytes, found 3.5'] == 3
    assert len(reasons) == 21
    assert reasons.total() == 103
    reasons.clear()
    reasons.count('expected 12 bytes, found 3.5')
    assert reasons == {'expected 12 bytes, found 3.5': 1}


@pytest.mark.parametrize('order', ['<', '>'])
@pytest.mark.parametrize(('orientation', 'size'), [(1, (64, 48)), (3, (64, 48)), (6, (48, 64))])
def test_jpegs_that_are_to_be_turned(
    tmp_path: Path, order: str, orientation: int, size: tuple[int, int]
) -> None:
    """The size of most images is that after the rotation in EXIF."""
    tiff = struct.pack(f'{order}2sHIH', b'II' if order == '<' else b'MM', 42, 8, 2)
    tiff += struct.pack(f'{order}HHII', 0x010F, 2, 1, 0)
    tiff += struct.pack(f'{order}HHIHHI', 0x0112, 3, 1, orientation, 0, 0)
    exif = b'\xff\xe1' + struct.pack('>H', 8 + len(tiff)) + b'Exif\0\0' + tiff
    records = []
    for number in range(4):
        data = cv2.imencode('.jpg', picture(number, 48, 64))[1].tobytes()
        message = compressed_message(START, data[:2] + exif + data[2:], 'jpeg', 'cam')
        records.append(Record(CAMERA, COMPRESSED, START + number, message))
    traverse, _ = open_traverse(
        str(write_bag(tmp_path / 'bag', records)), BagInputConfig(), PosesConfig()
    )
    assert [(each.image.width, each.image.height) for each in traverse] == [size] * 4
    assert not traverse.completeness.skipped


def test_a_first_message_of_another_format(tmp_path: Path) -> None:
    """Most messages say whether a topic is video, not the first."""
    records = []
    for number in range(6):
        data = cv2.imencode('.jpg', picture(number))[1].tobytes()
        message = compressed_message(START + number, data, 'jpeg' if number else 'h264', 'cam')
        records.append(Record(CAMERA, COMPRESSED, START + number, message))
    traverse, _ = open_traverse(
        str(write_bag(tmp_path / 'bag', records)), BagInputConfig(), PosesConfig()
    )
    assert len(list(traverse)) == 5
    ((reason, count),) = traverse.completeness.skipped.items()
    assert count == 1
    assert 'found video (h264)' in reason


def test_working_ahead_keeps_the_order() -> None:
    """Results come in the order of the items; an error comes at its place, and work stops."""
    taken = []

    def items() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    assert list(ahead(lambda number: number * 2, range(100))) == list(range(0, 200, 2))
    found = []
    with pytest.raises(ZeroDivisionError):
        for each in ahead(lambda number: 1 // (50 - number), items()):
            found.append(each)
    assert len(found) == 50
    # Groups of what takes little time are read ahead, but few items of what takes longer.
    assert len(taken) < 400
    taken.clear()
    slow = ahead(lambda number: time.sleep(0.005), items())
    for _ in range(20):
        next(slow)
    slow.close()
    assert len(taken) <= 20 + 2 * cores() + 1
    taken.clear()
    heavy = ahead(lambda number: number, items(), lambda number: 1 << 20)
    for _ in range(20):
        next(heavy)
    heavy.close()
    assert len(taken) <= 20 + 2 * cores() + 1


def test_the_caller_works_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """On two cores one thread works and the caller at the same time."""
    monkeypatch.setattr(parallel, 'cores', lambda: 2)
    both = threading.Barrier(2)

    def work(item: int) -> str:
        both.wait(timeout=30)
        return threading.current_thread().name

    assert set(ahead(work, range(2))) == {threading.current_thread().name, 'ahead_0'}
