"""Bags of every storage, split and compression are read alike; recordings of other software too."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.helpers import (
    CAMERA,
    ODOM,
    SECOND,
    START,
    STORAGES,
    images,
    odometry,
    picture,
    storage_file,
    write_bag,
)

from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.bags import BagReader, is_bag
from vprtempo_ros.sources.cdr import IMAGE, read_message, stamp_ns
from vprtempo_ros.sources.storage import normal_type

SharedData = Callable[[str], Path]
MODES = [
    ('sqlite3', 'none'),
    ('sqlite3', 'message'),
    ('sqlite3', 'file'),
    ('mcap', 'none'),
    ('mcap', 'message'),
    ('mcap', 'file'),
    ('mcap', 'storage'),
]


def recorded(path: Path) -> list[np.ndarray]:
    """Return the pictures of the camera topic of a bag, after checks of their messages."""
    pictures = []
    with BagReader(path) as bag:
        for number, raw in enumerate(bag.messages([CAMERA])):
            assert (raw.topic, raw.type) == (CAMERA, IMAGE)
            assert raw.stamp_ns == START + number * SECOND
            message = read_message(raw.data, raw.type)
            assert stamp_ns(message.header) == raw.stamp_ns
            pictures.append(message.data.reshape(message.height, message.width).copy())
    return pictures


@pytest.mark.parametrize(('storage', 'mode'), MODES)
@pytest.mark.parametrize('metadata', ['kept', 'missing', 'broken', 'lying'])
def test_every_way_to_write_a_bag(tmp_path: Path, storage: str, mode: str, metadata: str) -> None:
    """All modes give the same messages, also where metadata.yaml is missing or useless."""
    pictures = [picture(number) for number in range(5)]
    bag = write_bag(
        tmp_path / 'bag', [*images(pictures), *odometry([(1, 2, 3)] * 2)], storage, mode
    )
    file = bag / 'metadata.yaml'
    if metadata == 'missing':
        file.unlink()
    elif metadata == 'broken':
        file.write_text(file.read_text()[:300])
    elif metadata == 'lying':
        file.write_text(file.read_text().replace(storage_file(bag).name, 'gone.mcap'))
    with BagReader(bag) as reader:
        assert reader.topics[CAMERA] == (CAMERA, IMAGE, 5)
        assert reader.topics[ODOM] == (ODOM, 'nav_msgs/msg/Odometry', 2)
        assert reader.start_ns() == START
        # MCAP has an end in the file, and a packed file is complete.
        unfinished = metadata == 'missing' and storage_file(bag).suffix == '.db3'
        assert reader.incomplete == unfinished * [
            'it has no metadata.yaml: it was copied without it, is still recorded, or was cut off; '
            'what is in it is read'
        ]
    np.testing.assert_array_equal(recorded(bag), pictures)


@pytest.mark.parametrize(('storage', 'mode'), MODES)
def test_a_bare_storage_file(tmp_path: Path, storage: str, mode: str) -> None:
    """The storage file alone is a bag, in any folder."""
    bag = write_bag(tmp_path / 'bag', images([picture(1), picture(2)]), storage, mode)
    alone = Path(shutil.copy(storage_file(bag), tmp_path))
    assert is_bag(alone)
    np.testing.assert_array_equal(recorded(alone), [picture(1), picture(2)])


@pytest.mark.parametrize('storage', STORAGES)
def test_several_topics_come_in_the_order_of_time(tmp_path: Path, storage: str) -> None:
    """Messages of the chosen topics are interleaved as they were received; others are left out."""
    bag = write_bag(
        tmp_path / 'bag',
        [
            *images([picture(n) for n in range(3)]),
            *images([picture(n) for n in range(3)], topic='/other'),
            *odometry([(0, 0, 0)] * 3, start_ns=START + SECOND // 2),
        ],
        storage,
    )
    with BagReader(bag) as reader:
        stamps = [
            (raw.topic, (raw.stamp_ns - START) / SECOND) for raw in reader.messages([ODOM, CAMERA])
        ]
        assert list(reader.messages(['/absent'])) == []
        assert list(reader.messages([])) == []
    assert stamps == [
        (CAMERA, 0.0),
        (ODOM, 0.5),
        (CAMERA, 1.0),
        (ODOM, 1.5),
        (CAMERA, 2.0),
        (ODOM, 2.5),
    ]


@pytest.mark.parametrize('name', ['run #3', 'run?a=b', '100%25', 'läuft', "it's", 'a b&c'])
@pytest.mark.parametrize('storage', STORAGES)
def test_any_name_will_do(tmp_path: Path, storage: str, name: str) -> None:
    """A folder's name may have characters with a meaning in a URI."""
    bag = write_bag(tmp_path / 'bag', images([picture(1)]), storage).rename(tmp_path / name)
    np.testing.assert_array_equal(recorded(bag), [picture(1)])
    np.testing.assert_array_equal(recorded(storage_file(bag)), [picture(1)])


def test_splits_without_metadata_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The tenth file of a split bag is read after the ninth."""
    folder = tmp_path / 'split'
    folder.mkdir()
    for number in range(11):
        part = write_bag(
            tmp_path / f'part_{number}',
            images([picture(number)], start_ns=START + number * SECOND),
            'mcap',
        )
        shutil.move(storage_file(part), folder)
    np.testing.assert_array_equal(recorded(folder), [picture(number) for number in range(11)])


@pytest.mark.parametrize(
    ('names', 'missing'),
    [
        (['bag_0.mcap', 'bag_1.mcap', 'bag_2.mcap'], ''),
        (['bag_0.mcap', 'bag_1.mcap', 'bag_3.mcap'], '1 of at least 4 parts'),
        (['bag_1.mcap', 'bag_2.mcap', 'bag_5.mcap'], '3 of at least 6 parts'),
        (['lap_1.mcap', 'lap_2.mcap', 'lap_3.mcap'], ''),
        (['lap_1.mcap', 'lap_2.mcap', 'lap_4.mcap'], '1 of at least 4 parts'),
        ([f'{n}_bag_2026_05_01-10_00_{n:02}.mcap' for n in (0, 1, 2)], ''),
        ([f'{n}_bag_2026_05_01-10_00_{n:02}.mcap' for n in (1, 9, 10)], '8 of at least 11 parts'),
        (['morning.mcap', 'noon.mcap', 'night.mcap'], 'its 3 files are not numbered parts'),
        (['a_0.mcap', 'b_0.mcap', 'c_1.mcap'], 'its 3 files are not numbered parts'),
    ],
)
def test_parts_that_are_missing(tmp_path: Path, names: list[str], missing: str) -> None:
    """All names of rosbag2 are read in order; a number that is missing is said."""
    folder = tmp_path / 'bag'
    folder.mkdir()
    for number, name in enumerate(names):
        part = write_bag(
            tmp_path / f'part{number}',
            images([picture(number)], start_ns=START + number * SECOND),
            'mcap',
        )
        shutil.move(storage_file(part), folder / name)
    assert len(recorded(folder)) == 3
    with BagReader(folder) as bag:
        said = bag.incomplete
    assert len(said) == bool(missing)
    assert all(line.startswith(missing) for line in said)


def test_several_recordings_or_copies_in_a_folder(tmp_path: Path) -> None:
    """Copies double each message, and are refused; names that are no parts are said."""
    folder = write_bag(tmp_path / 'bag', [*images([picture(0)]), *odometry([(1, 2, 3)] * 2)])
    first = storage_file(folder)
    for copy in (folder / 'bag_0_recovered.mcap', folder / 'bag_1.mcap'):
        shutil.copy(first, copy)
        with pytest.raises(SourceError, match=rf'found copies: {first.name} and {copy.name} begin'):
            BagReader(folder)
        copy.unlink()
    # A part may begin with the latched messages of the first one, at their times.
    latched = [*odometry([(1, 2, 3)]), *images([picture(1)], start_ns=START + 5 * SECOND)]
    part = shutil.copy(storage_file(write_bag(tmp_path / 'part', latched)), folder)
    with BagReader(folder) as bag:
        assert bag.topics[ODOM].messages == 3
    Path(part).unlink()
    # Other topics of the same time, as of a recorder for each sensor, are no copy.
    other = write_bag(tmp_path / 'other', images([picture(0)], topic='/second'))
    shutil.copy(storage_file(other), folder)
    with BagReader(folder) as bag:
        assert bag.topics.keys() == {CAMERA, ODOM, '/second'}
        assert bag.incomplete == [
            'its 2 files are not numbered parts of one recording, and are read as one, in the '
            'order of their times (bag.mcap, other.mcap); if they are several, name one file, '
            'or several bags'
        ]


def test_a_topic_of_two_types(tmp_path: Path) -> None:
    """Of a topic that had another type in a part of a recording, that of most messages is read."""
    folder = write_bag(tmp_path / 'bag', images([picture(n) for n in range(3)]))
    other = odometry([(1, 2, 3)] * 2, topic=CAMERA, start_ns=START + 9 * SECOND)
    part = write_bag(tmp_path / 'part', other)
    storage_file(folder).rename(folder / 'bag_0.mcap')
    shutil.copy(storage_file(part), folder / 'bag_1.mcap')
    np.testing.assert_array_equal(recorded(folder), [picture(n) for n in range(3)])
    with BagReader(folder) as bag:
        assert (bag.topics[CAMERA].type, bag.topics[CAMERA].messages) == (IMAGE, 3)
        assert bag.incomplete == [
            f'{CAMERA}: 2 messages are of type nav_msgs/msg/Odometry, 3 of {IMAGE}, which are read'
        ]


def test_a_path_near_a_recording(tmp_path: Path) -> None:
    """The folder above a bag, and its metadata.yaml, are refused with the path to give."""
    bag = write_bag(tmp_path / 'drives' / 'monday', images([picture(0)]))
    with pytest.raises(SourceError, match=f'found none; there are some in {bag}: name that'):
        BagReader(tmp_path)
    with pytest.raises(SourceError, match=f'found none; name its folder, {bag}'):
        BagReader(bag / 'metadata.yaml')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(SourceError, match='found none$'):
        BagReader(tmp_path / 'empty')


def test_the_start_of_a_split_does_not_depend_on_its_name(tmp_path: Path) -> None:
    """Files without metadata.yaml are read in the order of time, not of names."""
    folder = tmp_path / 'split'
    folder.mkdir()
    for number, name in enumerate(['z.mcap', 'a.mcap', 'm.mcap']):
        part = write_bag(
            tmp_path / f'part_{number}',
            images([picture(number)], start_ns=START + number * SECOND),
            'mcap',
        )
        shutil.move(storage_file(part), folder / name)
    np.testing.assert_array_equal(recorded(folder), [picture(number) for number in range(3)])
    with BagReader(folder) as bag:
        assert bag.start_ns() == START


@pytest.mark.parametrize('storage', STORAGES)
@pytest.mark.parametrize('metadata', [True, False])
def test_a_split_bag_of_rosbag2(
    shared_data: SharedData, tmp_path: Path, storage: str, metadata: bool
) -> None:
    """The 6074 messages of a 5-file bag are in order, with and without its metadata.yaml."""
    path = shared_data(f'bags/rosbag2_py/{storage}/wbag')
    if not metadata:
        path = Path(shutil.copytree(path, tmp_path / 'wbag'))
        path.chmod(0o755)
        (path / 'metadata.yaml').unlink()
    with BagReader(path) as bag:
        messages = list(bag.messages(bag.topics))
        assert sum(topic.messages for topic in bag.topics.values()) == 6074
        assert {topic.type for topic in bag.topics.values()} == {'std_msgs/msg/String'}
        assert bag.start_ns() == messages[0].stamp_ns
    assert len(messages) == 6074
    stamps = [message.stamp_ns for message in messages]
    assert stamps == sorted(stamps)
    # Each text counts the round and the message in it: 'Hello, world! 3 - 2'.
    rounds = [int(read_message(raw.data, raw.type).data.split()[2]) for raw in messages]
    assert rounds[0] == 0
    assert rounds == sorted(rounds)


@pytest.mark.parametrize('storage', STORAGES)
def test_the_talker_of_rosbag2(shared_data: SharedData, storage: str) -> None:
    """A bag with different QoS in metadata and storage loses no message."""
    with BagReader(shared_data(f'bags/rosbag2_py/{storage}/talker')) as bag:
        topic = bag.topics['/topic']
        texts = [read_message(raw.data, raw.type).data for raw in bag.messages(['/topic'])]
    assert topic.type == 'std_msgs/msg/String'
    assert len(texts) == topic.messages > 0
    assert all(text.startswith('Hello, world!') for text in texts)


@pytest.mark.parametrize('name', ['', '/soccer_goal_12.mcap'], ids=['folder', 'file'])
def test_images_compressed_by_message(shared_data: SharedData, name: str) -> None:
    """One MCAP of 13, its payloads zstd frames, its type names without /msg/, no metadata.yaml."""
    with BagReader(shared_data(f'bags/amber_soccer_goal{name}')) as bag:
        assert bag.topics[CAMERA] == (CAMERA, IMAGE, 2)
        found = [read_message(raw.data, raw.type) for raw in bag.messages([CAMERA])]
    assert [(m.height, m.width, m.encoding, m.data.size) for m in found] == [
        (480, 640, 'rgb8', 480 * 640 * 3)
    ] * 2
    assert all(message.data.std() > 10 for message in found)


def test_a_file_unpacked_by_hand_is_read_once(tmp_path: Path) -> None:
    """Of x.mcap and x.mcap.zstd only one is read."""
    bag = write_bag(tmp_path / 'bag', images([picture(1)]), 'mcap', 'file')
    plain = storage_file(write_bag(tmp_path / 'plain', images([picture(1)]), 'mcap'))
    shutil.copy(plain, bag / 'bag.mcap')
    assert (bag / 'bag.mcap.zstd').is_file()
    np.testing.assert_array_equal(recorded(bag), [picture(1)])


def test_metadata_with_an_empty_storage_identifier(shared_data: SharedData) -> None:
    """Metadata that rosbags refuses does not matter."""
    with BagReader(shared_data('events/event_camera_py/test_events_2')) as bag:
        (topic,) = bag.topics.values()
        assert topic.type == 'event_camera_msgs/msg/EventPacket'
        assert sum(1 for _ in bag.messages([topic.name])) == topic.messages == 100


@pytest.mark.parametrize(
    ('name', 'expected'), [('sensor_msgs/Image', IMAGE), (IMAGE, IMAGE), ('odd', 'odd'), ('', '')]
)
def test_type_names(name: str, expected: str) -> None:
    """Every spelling of a type becomes the one with /msg/."""
    assert normal_type(name) == expected


def test_nothing_stays_open(tmp_path: Path) -> None:
    """After reading, or failing to, no file is open: the disk can be unmounted."""
    bag = write_bag(tmp_path / 'bag', images([picture(1)]), 'sqlite3')
    (tmp_path / 'broken.db3').write_bytes(storage_file(bag).read_bytes()[:5000])
    with BagReader(bag) as reader:
        assert len(list(reader.messages([CAMERA]))) == 1
        with BagReader(bag) as other:
            assert len(list(other.messages([CAMERA]))) == 1
        assert len(list(reader.messages([CAMERA]))) == 1
    with pytest.raises(SourceError):
        BagReader(tmp_path / 'broken.db3')
    held = [link.resolve() for link in Path('/proc/self/fd').iterdir()]
    assert not [file for file in held if tmp_path in file.parents]
