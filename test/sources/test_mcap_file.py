"""MCAP of other recorders: every option that the format leaves open is read."""

from __future__ import annotations

import re
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.helpers import CAMERA, SECOND, START, images, picture, storage_file, write_bag
from support.mcap import McapTopic, write_mcap

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, write_message
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.sources.video import VIDEO_TYPES

COUNT = 10
IMAGES = [
    (0, each.stamp_ns, write_message(each.message, IMAGE))
    for each in images(picture(number) for number in range(COUNT))
]
OTHER = [(1, START + number * SECOND + 1, b'\0\1\0\0text') for number in range(COUNT)]
BOTH = sorted([*IMAGES, *OTHER], key=lambda each: each[1])
TOPIC = McapTopic(CAMERA, IMAGE)


def check(path: Path) -> None:
    """Check that the pictures can be read, in their order."""
    with BagReader(path) as bag:
        assert bag.topics[CAMERA] == (CAMERA, IMAGE, COUNT)
        assert bag.start_ns() == START
    frames = list(open_traverse(str(path), BagInputConfig(), PosesConfig())[0])
    assert len(frames) == COUNT
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.image.grey(), picture(number))


@pytest.mark.parametrize(
    'options',
    [
        {},
        {'chunk': 0},
        {'chunk': 0, 'summary': False},
        {'index': False},
        {'summary': False},
        {'index': False, 'summary': False},
        {'profile': ''},
        {'profile': 'other'},
    ],
)
def test_every_option_of_a_writer(tmp_path: Path, options: dict[str, Any]) -> None:
    """Chunks, indexes, summary and profile may be missing."""
    check(write_mcap(tmp_path / 'a.mcap', [TOPIC], IMAGES, **options))


def test_cdr_in_a_channel_of_ros1(tmp_path: Path) -> None:
    """Converters leave the wrong encoding; the messages say what they are, which is reported."""
    path = write_mcap(tmp_path / 'a.mcap', [TOPIC._replace(encoding='ros1')], IMAGES)
    check(path)
    line = f'{CAMERA} is in CDR, although its channel says ros1'
    assert line in open_traverse(str(path), BagInputConfig(), PosesConfig())[0].completeness.notes
    broken = [(0, START, b'\xff' * 40)]
    path = write_mcap(tmp_path / 'b.mcap', [TOPIC._replace(encoding='ros1')], broken)
    with pytest.raises(SourceError, match='damaged after message 0'):
        open_traverse(str(path), BagInputConfig(), PosesConfig())


def test_headers_of_ros1_in_cdr(tmp_path: Path) -> None:
    """A converter leaves seq before stamps: refused, but not where only the definition has it."""
    definition = (
        'std_msgs/Header header\nuint32 height\n'
        + 80 * '='
        + '\nMSG: std_msgs/Header\n# A header.\n\n'
        'uint32 seq\ntime stamp\nstring frame_id\n'
    )
    topic = TOPIC._replace(definition=definition)
    check(write_mcap(tmp_path / 'right.mcap', [topic], IMAGES))
    # The sequence number, seconds of today, and all behind them 4 bytes later.
    head = struct.pack('<II', 7, 1_700_000_000)
    wrong = [(n, time, data[:4] + head + data[8:]) for n, time, data in IMAGES]
    path = write_mcap(tmp_path / 'wrong.mcap', [topic], wrong)
    with pytest.raises(
        SourceError, match=f'{path}: {CAMERA} is in CDR, but its headers begin with'
    ):
        open_traverse(str(path), BagInputConfig(), PosesConfig())


def test_two_readings_at_once(tmp_path: Path) -> None:
    """Each has the memory of its own chunks."""
    with BagReader(write_mcap(tmp_path / 'a.mcap', [TOPIC], IMAGES)) as bag:
        pairs = list(zip(bag.recorded([CAMERA]), bag.messages([CAMERA]), bag.recorded([CAMERA])))
    assert len(pairs) == COUNT
    assert all(one == two == three for one, two, three in pairs)
    assert [pair[0].data for pair in pairs] == [data for _, _, data in IMAGES]


@pytest.mark.parametrize(
    'other',
    [
        McapTopic('/x', 'pkg/action/Do_Feedback', 'unknown'),
        McapTopic('/x', 'foxglove.Scene', 'protobuf', 'protobuf'),
        McapTopic('/x', 'Log', 'jsonschema', 'json'),
        McapTopic('/x', 'std_msgs/msg/String', qos='reliable'),
        McapTopic('/x', 'std_msgs/msg/String', qos='- reliability: reliable\n'),
    ],
)
@pytest.mark.parametrize('summary', [True, False])
def test_other_topics_do_not_matter(tmp_path: Path, other: McapTopic, summary: bool) -> None:
    """Definitions, encodings and QoS of topics that are not read may be anything."""
    path = write_mcap(tmp_path / 'a.mcap', [TOPIC, other], BOTH, summary=summary)
    check(path)
    if other.encoding != 'cdr':
        line = f"{path}: /x is encoded as '{other.encoding}'"
        with BagReader(path) as bag, pytest.raises(SourceError, match=line):
            list(bag.messages(['/x']))


def test_the_definition_of_the_topic_itself_does_not_matter(tmp_path: Path) -> None:
    """Known types are read without the definition in the file."""
    check(write_mcap(tmp_path / 'a.mcap', [TOPIC._replace(schema='unknown')], IMAGES))


@pytest.mark.parametrize('chunk', [0, 1, 4])
def test_messages_out_of_order(tmp_path: Path, chunk: int) -> None:
    """Messages come in the order of their receive times, or as recorded."""
    swapped = [IMAGES[n] for n in (0, 2, 1, 3, 5, 4, 9, 6, 7, 8)]
    path = write_mcap(tmp_path / 'a.mcap', [TOPIC], swapped, chunk=chunk)
    with BagReader(path) as bag:
        found = [raw.stamp_ns for raw in bag.messages([CAMERA])]
        assert found == [time for _, time, _ in IMAGES]
        assert [raw.stamp_ns for raw in bag.recorded([CAMERA])] == [time for _, time, _ in swapped]


@pytest.mark.parametrize('options', [{}, {'chunk': 0}])
def test_a_file_that_was_cut_off(tmp_path: Path, options: dict[str, Any]) -> None:
    """Whole records are read, and what is missing is said."""
    path = write_mcap(tmp_path / 'a.mcap', [TOPIC], IMAGES, **options)
    path.write_bytes(path.read_bytes()[: len(path.read_bytes()) * 2 // 3])
    with BagReader(path) as bag:
        count = len(list(bag.messages([CAMERA])))
        assert 0 < count < COUNT
        assert bag.topics[CAMERA].messages == count
        (line,) = bag.incomplete
    left = re.search(r'cut off: its last (\d+) bytes are no whole record', line)
    assert left
    assert line.endswith(f'{count} messages')
    # As while a robot still records: the file ends with a whole record.
    path.write_bytes(path.read_bytes()[: -int(left[1])])
    with BagReader(path) as bag:
        assert len(list(bag.messages([CAMERA]))) == count
        (line,) = bag.incomplete
    assert line.endswith(f'cut off: it has no end; read up to there, {count} messages')


def test_a_file_cut_off_before_its_first_message(tmp_path: Path) -> None:
    """Without a message there is nothing to read."""
    path = storage_file(write_bag(tmp_path / 'bag', images([picture(1)])))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SourceError, match='cut off before its first message'):
        BagReader(path)


def test_a_type_without_msg_and_wrapped_times(tmp_path: Path) -> None:
    """Types are named with /msg/, and receive times below zero are no time in the far future."""
    late = [*IMAGES[:3], (0, 2**64 - 5, IMAGES[3][2])]
    path = write_mcap(tmp_path / 'a.mcap', [McapTopic(CAMERA, 'sensor_msgs/Image')], late, chunk=0)
    with BagReader(path) as bag:
        assert bag.topics[CAMERA].type == IMAGE
        assert bag.start_ns() == -5


@pytest.mark.parametrize('kind', VIDEO_TYPES)
def test_a_bag_of_video_without_its_library(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line says that it is video, and what to do."""
    path = write_mcap(tmp_path / 'a.mcap', [McapTopic('/video', kind)], [(0, START, bytes(20))])
    monkeypatch.setitem(sys.modules, 'av', None)
    with pytest.raises(SourceError, match='holds video, which needs PyAV: pip install av'):
        open_traverse(str(path), BagInputConfig(), PosesConfig())


@pytest.mark.parametrize('odd', [McapTopic('/x\ny', IMAGE), McapTopic('/x', 'a\nb/msg/C')])
def test_names_that_are_no_text(tmp_path: Path, odd: McapTopic) -> None:
    """A damaged name is left out and said; it never breaks a line."""
    path = write_mcap(tmp_path / 'a.mcap', [TOPIC, odd], BOTH)
    check(path)
    with BagReader(path) as bag:
        assert list(bag.topics) == [CAMERA]
        assert bag.incomplete == ['1 topics left out whose names or types are no text']
