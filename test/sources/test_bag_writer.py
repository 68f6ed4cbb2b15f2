"""Bags are written completely or not at all, and read back by rosbags and by us."""

from __future__ import annotations

import gc
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from rosbags.rosbag2 import Reader
from support import PATIENCE, environment
from support.helpers import CAMERA, ODOM, SECOND, STORAGES, picture

from vprtempo_ros.errors import SourceError
from vprtempo_ros.frames import Pose
from vprtempo_ros.sources.bag_writer import BagWriter
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, read_message, stamp_ns
from vprtempo_ros.sources.image_bag import ODOMETRY, image_message, odometry_message


def write(path: Path, storage: str = 'mcap', count: int = 3) -> None:
    """Write some pictures and a pose."""
    with BagWriter(path, storage) as writer:
        for number in range(count):
            stamp = number * SECOND
            writer.write(
                CAMERA, IMAGE, stamp, image_message(stamp, picture(number), 'mono8', 'cam')
            )
        writer.write(
            ODOM,
            ODOMETRY,
            5,
            odometry_message(5, Pose((1.0, 2.0, 3.0), (0.0, 0.0, 0.6, 0.8), 'odom'), 'base_link'),
        )


@pytest.mark.parametrize('storage', STORAGES)
def test_what_is_written_is_read(tmp_path: Path, storage: str) -> None:
    """Pictures, poses, stamps and frames are read back; parent folders are created."""
    path = tmp_path / 'new' / 'bag'
    write(path, storage)
    with BagReader(path) as bag:
        messages = [read_message(raw.data, raw.type) for raw in bag.messages([CAMERA])]
        (odom,) = (read_message(raw.data, raw.type) for raw in bag.messages([ODOM]))
    assert [stamp_ns(message.header) for message in messages] == [0, SECOND, 2 * SECOND]
    for number, message in enumerate(messages):
        assert message.header.frame_id == 'cam'
        assert (message.encoding, message.step) == ('mono8', 32)
        np.testing.assert_array_equal(message.data.reshape(24, 32), picture(number))
    assert (odom.header.frame_id, odom.child_frame_id) == ('odom', 'base_link')
    assert (odom.pose.pose.position.z, odom.pose.pose.orientation.w) == (3.0, 0.8)


@pytest.mark.parametrize('storage', STORAGES)
def test_the_folder_is_a_bag_for_others(tmp_path: Path, storage: str) -> None:
    """The folder holds metadata of all messages, and nothing is left next to it."""
    write(tmp_path / 'bag', storage)
    suffix = {'sqlite3': 'db3', 'mcap': 'mcap'}[storage]
    assert sorted(file.name for file in (tmp_path / 'bag').iterdir()) == [
        f'bag_0.{suffix}',
        'metadata.yaml',
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ['bag']
    metadata = yaml.safe_load((tmp_path / 'bag' / 'metadata.yaml').read_text())
    information = metadata['rosbag2_bagfile_information']
    assert information['storage_identifier'] == storage
    assert information['message_count'] == 4
    assert information['relative_file_paths'] == [f'bag_0.{suffix}']
    with Reader(tmp_path / 'bag') as reader:
        assert sum(1 for _ in reader.messages()) == 4


@pytest.mark.parametrize('kind', ['file', 'folder', 'dangling link'])
def test_nothing_is_replaced(tmp_path: Path, kind: str) -> None:
    """An existing file or folder is not changed."""
    path = tmp_path / 'bag'
    if kind == 'file':
        path.write_text('x')
    elif kind == 'folder':
        path.mkdir()
    else:
        path.symlink_to(tmp_path / 'nothing')
    with pytest.raises(SourceError, match='exists already'):
        BagWriter(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ['bag']


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('error', [ValueError('x'), KeyboardInterrupt()])
def test_after_an_error_nothing_is_left(tmp_path: Path, storage: str, error: BaseException) -> None:
    """Any exception is passed on, and the unfinished bag removed."""
    with pytest.raises(type(error)), BagWriter(tmp_path / 'bag', storage) as writer:
        writer.write(CAMERA, IMAGE, 0, image_message(0, picture(0), 'mono8', 'cam'))
        raise error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('path', ['file/bag', 'x' * 300])
def test_a_place_where_no_bag_can_be(tmp_path: Path, path: str) -> None:
    """A path below a file, or too long, gives one line and leaves nothing."""
    (tmp_path / 'file').write_text('x')
    with pytest.raises(SourceError, match='cannot be written') as caught:
        BagWriter(tmp_path / path)
    assert '\n' not in str(caught.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ['file']


@pytest.mark.parametrize('name', ['run #3', 'run?a=b', '100%25'])
def test_names_that_mean_something_in_a_uri(tmp_path: Path, name: str) -> None:
    """MCAP accepts any name; SQLite would write to another file, so that is refused."""
    write(tmp_path / name / name, 'mcap')
    assert [entry.name for entry in (tmp_path / name).iterdir()] == [name]
    with BagReader(tmp_path / name / name) as bag:
        assert sum(1 for _ in bag.messages(bag.topics)) == 4
    with pytest.raises(SourceError, match='without [?], # and %'):
        write(tmp_path / name / 'other', 'sqlite3')
    assert [entry.name for entry in (tmp_path / name).iterdir()] == [name]
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('limit', [0, 5_000, 100_000, 2_000_000])
def test_a_full_disk(tmp_path: Path, storage: str, limit: int) -> None:
    """If files may not grow, the error is one line, and nothing is left, nor printed."""
    program = (
        'import resource\n'
        'from pathlib import Path\n'
        'import test_bag_writer\n'
        'from vprtempo_ros.errors import SourceError\n'
        'most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n'
        f'resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, most))\n'
        'try:\n'
        f'    test_bag_writer.write(Path({str(tmp_path / "bag")!r}), {storage!r}, 4000)\n'
        'except SourceError as error:\n'
        '    print(error)\n'
        # Coverage writes its data at the end.
        'resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n'
    )
    done = subprocess.run(
        [sys.executable, '-B', '-c', program],
        text=True,
        env=environment(Path(__file__).parent),
        capture_output=True,
        check=True,
        timeout=PATIENCE,
    )
    assert done.stdout.startswith(f'{tmp_path / "bag"}: cannot be written (')
    assert done.stdout.count('\n') == 1
    assert done.stderr == ''
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """Give a file system of 300 KB; needs the right to mount one."""
    mounted = tmp_path / 'disk'
    mounted.mkdir()
    mount = shutil.which('mount')
    if (
        mount is None
        or subprocess.run(
            [mount, '-t', 'tmpfs', '-o', 'size=300k', 'none', mounted], capture_output=True
        ).returncode
    ):
        pytest.skip('no right to mount a small file system here')
    yield mounted
    subprocess.run(['umount', '--lazy', mounted], check=True)


@pytest.mark.parametrize('storage', STORAGES)
def test_a_disk_that_is_really_full(small_disk: Path, storage: str) -> None:
    """On a full file system the error is one line, and all space is free again."""
    with pytest.raises(SourceError, match='cannot be written'):
        write(small_disk / 'bag', storage, 4000)
    assert list(small_disk.iterdir()) == []
    gc.collect()  # The exception's traceback kept SQLite's last statement alive.
    write(small_disk / 'bag', storage, 3)
