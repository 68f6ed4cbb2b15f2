"""replay and show_matches as processes: what is in the bag reaches the node, in real time."""

from __future__ import annotations

import csv
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from support import ros
from support.helpers import CAMERA, picture
from support.ros import Client

from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, read_message, stamp_ns, typestore, write_message
from vprtempo_ros.sources.image_bag import image_message


def recorded(street) -> list[int]:
    """Return the stamps of the query's images in ns."""
    with BagReader(street.recordings.query) as bag:
        return [
            stamp_ns(read_message(raw.data, IMAGE).header)
            for raw in bag.messages(['/camera/image_raw'])
        ]


def lossless(street) -> dict[str, Any]:
    """Return parameters with which no image is lost on the way, though a busy node drops some."""
    return {
        'map': street.map,
        'input.reliability': 'reliable',
        'input.depth': 1000,
        'diagnostics.period': 0.1,
    }


def stamps(client: Client) -> list[int]:
    """Return the stamps of all matches received in ns."""
    return [stamp_ns(match.header) for match in client.matches]


def test_bag_to_matches(street, tmp_path: Path) -> None:
    """Every recorded image reaches the node; those that it does not drop are matched."""
    expected = recorded(street)
    remap = {'image': '/camera/image_raw'}
    with (
        ros.node(tmp_path, 'vpr_node', parameters=lossless(street), remap=remap),
        Client(image='/camera/image_raw') as client,
    ):
        client.await_listener()
        with ros.node(tmp_path, 'replay', str(street.recordings.query), '--rate', '2') as replay:
            client.spin_until(lambda: replay.process.poll() is not None, 'the end of the replay')
            assert replay.process.returncode == 0
            assert '80 messages published' in replay.output()
        client.await_all_matches(len(expected))
        found = stamps(client)
        assert found == sorted(set(found) & set(expected))
        assert found[-1] == expected[-1]


def test_matches_are_shown_and_recorded(street, tmp_path: Path) -> None:
    """Every recorded image is matched under its own stamp, and printed and recorded."""
    expected = recorded(street)
    record = tmp_path / 'matches.csv'
    remap = {'image': '/camera/image_raw'}
    with (
        ros.node(tmp_path, 'vpr_node', parameters=lossless(street), remap=remap),
        ros.node(tmp_path, 'show_matches', '--record', str(record)) as shown,
        Client(image='/camera/image_raw') as client,
    ):
        client.await_listener()
        shown.wait_for('READY VPRTempo')
        with BagReader(street.recordings.query) as bag:
            for count, raw in enumerate(bag.messages(['/camera/image_raw']), start=1):
                # The next image follows when this one is matched: a busy node drops none.
                client.publisher.publish(raw.data)
                client.spin_until(lambda n=count: len(client.matches) >= n, 'a match')
        assert stamps(client) == expected
        ros.until(lambda: len(record.read_text().splitlines()) > len(expected), 'the record')
        shown.wait_for(r'place +\d+  confidence 0\.\d\d   then')
        assert shown.end() == 0
    with record.open(newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row['stamp_ns']) for row in rows] == expected
    assert [row['places'].split()[:1] for row in rows] == [
        [result.class_id for result in match.results[:1]] for match in client.matches
    ]


def test_restamp_moves_all_stamps_to_now(street, tmp_path: Path) -> None:
    """--restamp moves all stamps by the same time, which it prints, to the time of replay."""
    expected = recorded(street)
    remap = {'image': '/camera/image_raw'}
    with (
        ros.node(tmp_path, 'vpr_node', parameters=lossless(street), remap=remap),
        Client(image='/camera/image_raw') as client,
    ):
        client.await_listener()
        before = time.time_ns()
        with ros.node(
            tmp_path,
            'replay',
            str(street.recordings.query),
            '--restamp',
            '--topics',
            '/camera/image_raw',
        ) as replay:
            client.spin_until(lambda: replay.process.poll() is not None, 'the end of the replay')
            client.spin_until(lambda: len(client.matches) >= 5, 'matches')
            moved = re.search(r'stamps moved by (\d+) ns', replay.output())
    assert moved
    # A busy machine drops frames, as it should.
    assert set(stamps(client)) <= {stamp + int(moved[1]) for stamp in expected}
    assert before < stamps(client)[0] < time.time_ns()


def test_loop_continues_until_interrupted(street, tmp_path: Path) -> None:
    """--loop restarts, and SIGINT ends it cleanly."""
    remap = {'image': '/camera/image_raw'}
    with (
        ros.node(tmp_path, 'vpr_node', parameters=lossless(street), remap=remap),
        Client(image='/camera/image_raw') as client,
    ):
        client.await_listener()
        with ros.node(
            tmp_path, 'replay', str(street.recordings.query), '--rate', '10', '--loop'
        ) as replay:
            client.spin_until(
                lambda: sum(b < a for a, b in zip(stamps(client), stamps(client)[1:])) > 1,
                'a third round',
            )
            assert replay.end() == 0
            assert 'Traceback' not in replay.output()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('delay', [0.0, 0.01, 0.05])
def test_signals_while_it_ends(
    street, tmp_path: Path, number: signal.Signals, delay: float
) -> None:
    """Signals that arrive as it ends neither hang it nor change its exit status."""
    with ros.node(
        tmp_path, 'replay', str(street.recordings.query), '--rate', '20', '--wait', '0'
    ) as replay:
        replay.wait_for('messages published')
        time.sleep(delay)
        deadline = time.monotonic() + ros.PATIENCE
        while replay.process.poll() is None and time.monotonic() < deadline:
            replay.process.send_signal(number)
            time.sleep(0.002)
        assert 'Traceback' not in replay.output()
        assert 'Timeout (' not in replay.output()
        # When Python removes its handlers at exit, a signal may still end the process.
        assert replay.process.returncode in (0, -number)


def test_mistakes_are_one_line(street, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A missing bag, topic or rate is one line with status 1."""
    for arguments, words in (
        ([str(street.recordings.query), '--topics', '/radar'], 'no topic /radar'),
        ([str(street.recordings.query), '--rate', '0'], '--rate: expected'),
        ([str(street.recordings.query), '--ros-args', '-r', 'nonsense'], 'nonsense'),
    ):
        ended = ros.refused(capfd, 'replay', *arguments)
        assert ended.status == 1
        assert words in ended.output
        assert len(ended.output.splitlines()) == 1
    with ros.node(tmp_path, 'replay', '/no/such/bag') as replay:
        assert replay.process.wait(ros.PATIENCE) == 1
        assert 'no such bag' in replay.output()
        assert len(replay.output().splitlines()) == 1


def test_names_that_ros_does_not_allow(tmp_path: Path) -> None:
    """Topics and types of other software are left out and named; the rest is played."""
    writer = Writer(tmp_path / 'bag', version=8, storage_plugin=StoragePlugin.MCAP)
    data = write_message(image_message(1, picture(1), 'mono8', 'camera'), IMAGE)
    with writer:
        for topic, kind in (
            (CAMERA, IMAGE),
            ('/front//image', IMAGE),
            ('/my camera', IMAGE),
            ('/relative', '.json/msg/decoder'),
            ('/none', '/msg/Image'),
            ('/module', 'sensor_msgs/msg/_image'),
        ):
            connection = (
                writer.add_connection(topic, kind, typestore=typestore())
                if kind == IMAGE
                else writer.add_connection(topic, kind, msgdef='uint8 x', rihs01='RIHS01_0')
            )
            writer.write(connection, 1, data)
    with ros.node(tmp_path, 'replay', str(tmp_path / 'bag'), '--wait', '0') as replay:
        assert replay.process.wait(ros.PATIENCE) == 0, replay.output()
        output = replay.output()
    assert 'bag: 1 messages published' in output
    assert output.count('left out') == 5
    assert 'Traceback' not in output


def test_show_matches_of_no_node(tmp_path: Path) -> None:
    """A name that no node can have is one line with status 1."""
    with ros.node(tmp_path, 'show_matches', '--node', 'my robot') as shown:
        assert shown.process.wait(ros.PATIENCE) == 1
        assert '--node my robot: expected the name of a node' in shown.output()
        assert len(shown.output().splitlines()) == 1
