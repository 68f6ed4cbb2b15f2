"""Bags that are missing, empty, truncated or corrupt give one line, never another exception."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from support.helpers import (
    CAMERA,
    ODOM,
    STORAGES,
    images,
    odometry,
    picture,
    storage_file,
    write_bag,
)

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.bags import BagReader, choose_topic, is_bag
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.storage import Topic
from vprtempo_ros.sources.traverse import open_traverse


def error_of(path: Path) -> str:
    """Return the error line of opening or reading the bag; empty if it can be read."""
    try:
        with BagReader(path) as bag:
            for _ in bag.messages(bag.topics):
                pass
    except SourceError as error:
        assert '\n' not in str(error)
        assert str(error).startswith(f'{path}: ')
        return str(error)
    return ''


def fresh(path: Path, storage: str, mode: str = 'none', count: int = 40) -> Path:
    """Write a bag of pictures and poses; return its storage file."""
    records = [
        *images([picture(number, 48, 64) for number in range(count)]),
        *odometry([(0, 0, 0)] * count),
    ]
    return storage_file(write_bag(path, records, storage, mode))


def test_missing(tmp_path: Path) -> None:
    """A missing or impossible path is not a bag."""
    assert 'no such bag' in error_of(tmp_path / 'nothing')
    assert error_of(tmp_path / ('x' * 300))
    assert not is_bag(tmp_path / 'nothing')


def test_an_empty_folder(tmp_path: Path) -> None:
    """A folder without storage files is not a bag, with or without metadata.yaml."""
    assert 'expected a bag' in error_of(tmp_path)
    (tmp_path / 'metadata.yaml').write_text('rosbag2_bagfile_information: {}')
    assert 'expected a bag' in error_of(tmp_path)


@pytest.mark.parametrize('suffix', ['.db3', '.mcap', '.db3.zstd', '.mcap.zstd'])
@pytest.mark.parametrize('content', [b'', b'\0', b'some text that is no bag' * 100])
def test_files_of_something_else(tmp_path: Path, suffix: str, content: bytes) -> None:
    """A file with a bag's name and other content is refused, alone and in its folder."""
    file = tmp_path / f'bag{suffix}'
    file.write_bytes(content)
    assert error_of(file)
    assert error_of(tmp_path)


def test_a_file_of_another_name(tmp_path: Path) -> None:
    """A file without the suffix of a bag is not tried."""
    file = tmp_path / 'recording.txt'
    file.write_bytes(b'#ROSBAG V2.0\n')
    assert 'expected a bag' in error_of(file)


@pytest.mark.parametrize('mode', ['none', 'file'])
@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('part', [0.01, 0.3, 0.5, 0.9, 0.97])
def test_truncated(tmp_path: Path, storage: str, mode: str, part: float) -> None:
    """A bag whose end is missing and that has no whole chunk gives one line with a remedy."""
    file = fresh(tmp_path / 'bag', storage, mode)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * part)])
    assert 'damaged' in error_of(tmp_path / 'bag')
    assert 'damaged' in error_of(file)


@pytest.mark.long
@pytest.mark.parametrize(
    ('storage', 'mode'),
    [
        ('sqlite3', 'none'),
        ('sqlite3', 'message'),
        ('mcap', 'none'),
        ('mcap', 'message'),
        ('mcap', 'storage'),
    ],
)
def test_flipped_bytes(tmp_path: Path, storage: str, mode: str) -> None:
    """A byte flipped anywhere gives one line, or frames and a count of the unreadable ones."""
    file = fresh(tmp_path / 'bag', storage, mode, 12)
    data = bytearray(file.read_bytes())
    rng = np.random.default_rng(0)
    # Structure is at the ends of both formats; pixels are in between.
    where = np.unique(
        np.concatenate(
            [
                rng.integers(0, min(4096, len(data)), 40),
                len(data) - 1 - rng.integers(0, 4096, 60),
                rng.integers(0, len(data), 40),
            ]
        )
    )
    for position in where.tolist():
        kept = data[position]
        data[position] ^= int(rng.integers(1, 256))
        file.write_bytes(data)
        error_of(file)
        frames_or_error(file)
        data[position] = kept
    file.write_bytes(data)
    assert error_of(file) == ''


def frames_or_error(file: Path) -> None:
    """Read the bag as the trainer does."""
    try:
        traverse, _ = open_traverse(str(file), BagInputConfig(), PosesConfig())
        frames = list(traverse)
    except SourceError as error:
        assert '\n' not in str(error)
        return
    assert len(traverse) >= len(frames)


def test_damage_after_good_messages_is_told_where(tmp_path: Path) -> None:
    """Messages before the damage are read, then one line says how many."""
    noise = np.random.default_rng(0).integers(0, 3, (30, 240, 320), np.uint8)
    file = storage_file(write_bag(tmp_path / 'bag', images(noise), 'mcap', 'storage'))
    data = bytearray(file.read_bytes())
    # The file is nothing but three compressed chunks, and a few hundred bytes of index.
    data[len(data) // 2 : len(data) // 2 + 1000] = bytes(1000)
    file.write_bytes(data)
    got = 0
    with pytest.raises(SourceError, match='damaged after message 14'), BagReader(file) as bag:
        for _ in bag.messages([CAMERA]):
            got += 1
    assert 0 < got < 30


@pytest.fixture(scope='module')
def cameras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a bag with two cameras, odometry and a camera that sent nothing."""
    return write_bag(
        tmp_path_factory.mktemp('cameras') / 'bag',
        [
            *images([picture(1)]),
            *images([picture(1)] * 2, topic='/rear/image'),
            *odometry([(0, 0, 0)]),
        ],
    )


@pytest.mark.parametrize(
    ('wanted', 'what', 'expected'),
    [
        ('', 'image', f'several image topics, name one of them: {CAMERA} ({IMAGE}), /rear/image'),
        ('/front', 'image', f'no topic /front; image topics in it: {CAMERA}'),
        (ODOM, 'image', f'{ODOM} is of type nav_msgs/msg/Odometry; image topics in it: {CAMERA}'),
        (
            '',
            'text',
            'expected one text topic, found none (it holds nav_msgs/msg/Odometry, sensor_ms',
        ),
    ],
)
def test_the_topic_is_not_clear(cameras: Path, wanted: str, what: str, expected: str) -> None:
    """If no topic or several match, the line lists the candidates."""
    types = [IMAGE] if what == 'image' else ['std_msgs/msg/String']
    with BagReader(cameras) as bag, pytest.raises(SourceError) as caught:
        choose_topic(bag.topics, types, wanted, what, cameras)
    assert expected in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_topic_without_messages_is_named() -> None:
    """A recorder that subscribed to a camera which sent nothing leaves its topic behind."""
    topics = {CAMERA: Topic(CAMERA, IMAGE, 0), ODOM: Topic(ODOM, 'nav_msgs/msg/Odometry', 7)}
    with pytest.raises(SourceError) as caught:
        choose_topic(topics, [IMAGE], '', 'image', Path('monday'))
    assert str(caught.value) == (
        f'monday: expected one image topic with messages, found none on {CAMERA}'
    )


def test_the_topic_is_clear(cameras: Path) -> None:
    """A named topic is used, or the only one of its type."""
    with BagReader(cameras) as bag:
        assert choose_topic(bag.topics, [IMAGE], CAMERA, 'image', cameras).name == CAMERA
        kinds = ['nav_msgs/msg/Odometry', 'nav_msgs/msg/Path']
        assert choose_topic(bag.topics, kinds, '', 'pose', cameras).name == ODOM


@pytest.mark.parametrize('storage', STORAGES)
def test_memory_does_not_grow_with_the_bag(tmp_path: Path, storage: str) -> None:
    """Reading 300 images needs the memory of a few, with each storage."""
    pixels = np.tile(np.arange(160, dtype=np.uint8), (240, 2))
    bag = write_bag(tmp_path / 'bag', images(pixels for _ in range(300)), storage)
    traverse, _ = open_traverse(str(bag), BagInputConfig(), PosesConfig())
    tracemalloc.start()
    try:
        assert sum(frame.image.width == 320 for frame in traverse) == 300
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # MCAP is read by chunks of 1 MB, with 14 of these images each, of which two copies are kept.
    assert peak < 60 * pixels.nbytes
