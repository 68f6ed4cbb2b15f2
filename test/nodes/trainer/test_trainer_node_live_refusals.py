"""Live teaching: what is refused, and failures during a drive that lose no recording."""

from __future__ import annotations

import re
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rosbags.rosbag2 import Reader
from support import ros
from support.disks import small_disk
from support.helpers import CAMERA, ODOM, SECOND, START, drive, images, odometry, picture, write_bag
from support.teaching import TINY, Teacher, recorded, taught

from vprtempo_ros.maps.store import load
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.image_bag import ODOMETRY
from vprtempo_ros.sources.storage import RawMessage

# A long training that reports progress soon.
LASTING = {
    'encoding.encoder': 'pixels',
    'encoding.width': 28,
    'encoding.height': 28,
    'training.outputs': 'stdp',
    'training.epochs': 500,
    'training.feature_multiplier': 2.0,
}


@pytest.fixture(scope='module')
def route(tmp_path_factory: pytest.TempPathFactory) -> list[RawMessage]:
    """Give 30 small frames of a drive with odometry, a metre from one to the next."""
    return recorded(drive(tmp_path_factory.mktemp('route') / 'bag', range(30), range(30)))


def publish(teacher: Teacher, poses: bool = True) -> None:
    """Begin to publish what the drive has."""
    teacher.publish_on(CAMERA, IMAGE)
    if poses:
        teacher.publish_on(ODOM, ODOMETRY)


def frames(tmp_path: Path, name: str, **kind: Any) -> list[RawMessage]:
    """Return five frames of another kind."""
    size = kind.pop('size', (24, 32))
    return recorded(
        write_bag(tmp_path / name, images((picture(number, *size) for number in range(5)), **kind))
    )


def test_every_service_in_every_state(route, tmp_path: Path) -> None:
    """A service that does not fit the state is refused with a hint, and changes nothing."""
    with taught(tmp_path, LASTING) as (process, teacher):
        assert teacher.call('finish') == (False, 'nothing is being recorded: call ~/start first')
        assert teacher.call('cancel') == (False, 'nothing is being recorded: call ~/start first')
        publish(teacher)
        teacher.start()
        assert teacher.call('start') == (
            False,
            'a recording is under way: call ~/finish or ~/cancel first',
        )
        teacher.await_listeners()
        teacher.play(route)
        refused = teacher.set_parameter('places.spacing', 3.0)
        assert not refused.successful
        assert 'in use while recording; set it before ~/start' in refused.reason
        assert teacher.set_parameter('encoding.width', 28).successful
        assert teacher.set_parameter('map', str(tmp_path / 'other')).successful
        assert not teacher.set_parameter('map', 5).successful
        done, said = teacher.call('finish')
        assert done, said
        for name in ('start', 'finish'):
            assert teacher.call(name) == (
                False,
                'training is under way: wait for it, or call ~/cancel',
            )
        process.wait_for('reading map.recording')
        done, said = teacher.call('cancel')
        assert done
        recording = tmp_path / 'map.recording'
        assert said == f'training ends without a map; the recording is kept: {recording}'
        teacher.await_state('idle')
        process.wait_for(f'training cancelled, no map was written; {recording} has 30 frames')
        assert len(recorded(recording)) == 60
        assert not (tmp_path / 'other').exists()
        assert 'Traceback' not in process.output()


def test_impossible_training_is_refused_before_the_drive(tmp_path: Path) -> None:
    """Settings that cannot be trained are refused at ~/start, not after the drive."""
    with taught(tmp_path, {'training.keep_fp32': False}) as (_, teacher):
        publish(teacher)
        done, said = teacher.call('start')
        assert not done
        assert 'training.keep_fp32: false leaves nothing in the map' in said
        assert not (tmp_path / 'map.recording').exists()
        assert teacher.set_parameter('training.keep_fp32', True).successful
        teacher.start()


def test_a_taught_drive_is_of_one_camera(tmp_path: Path) -> None:
    """Several are refused at ~/start, since only one would be recorded."""
    with taught(tmp_path, {'cameras.names': '[front, rear]'}) as (_, teacher):
        publish(teacher)
        done, said = teacher.call('start')
        assert not done and 'a taught drive is of one camera' in said


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_training(route, tmp_path: Path, number: signal.Signals) -> None:
    """No partial map is left, and the path of the recording is printed."""
    with taught(tmp_path, LASTING) as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(route)
        assert teacher.call('finish')[0]
        process.wait_for('reading map.recording')
        assert process.end(number) == 130
        said = process.output()
    recording = tmp_path / 'map.recording'
    assert f'interrupted; no map was written; {recording} has 30 frames and 30 poses' in said
    assert 'Traceback' not in said
    assert len(recorded(recording)) == 60
    assert not (tmp_path / 'map').exists()


def test_missing_topics(route, tmp_path: Path) -> None:
    """No publisher, another type, and poses that are missing or ambiguous."""
    with taught(tmp_path, places__by='metres') as (process, teacher):
        done, said = teacher.call('start')
        assert not done
        assert f'nothing is published on {CAMERA}: is the driver running?' in said
        publish(teacher, poses=False)
        teacher.spin_until(
            lambda: 'no poses are published' in teacher.call('start')[1],
            'a refusal for missing poses',
        )
        assert teacher.set_parameter('poses.topic', '/nowhere').successful
        assert 'nothing is published on /nowhere' in teacher.call('start')[1]
        assert teacher.set_parameter('poses.topic', CAMERA).successful
        assert f'{CAMERA}: expected one of {ODOMETRY}' in teacher.call('start')[1]
        assert teacher.set_parameter('poses.topic', '').successful
        assert teacher.set_parameter('poses.file', 'a.txt').successful
        assert 'poses.file is for recordings' in teacher.call('start')[1]
        assert teacher.set_parameter('poses.file', '').successful
        assert teacher.set_parameter('poses.robot_frame', 'base_link').successful
        assert 'poses.robot_frame are for transforms of rec' in teacher.call('start')[1]
        assert teacher.set_parameter('poses.robot_frame', '').successful
        for topic in (ODOM, '/wheels'):
            teacher.publish_on(topic, ODOMETRY)
        teacher.spin_until(
            lambda: (
                f'several pose topics are published, set poses.topic to one of them: {ODOM} '
                f'({ODOMETRY}), /wheels ({ODOMETRY})' in teacher.call('start')[1]
            ),
            'a refusal for two topics of poses',
        )
        assert teacher.set_parameter('input.type', 'events').successful
        assert 'nothing is published on /events' in teacher.call('start')[1]
        assert teacher.states == ['idle']
        assert 'Traceback' not in process.output()
    assert not (tmp_path / 'map.recording').exists()


def test_invalid_names(route, tmp_path: Path) -> None:
    """Names that no node or topic can have are refused before the drive; the node keeps running."""
    with taught(tmp_path, places__by='frames') as (process, teacher):
        publish(teacher)
        assert teacher.set_parameter('live.load_into', 'my robot').successful
        teacher.spin_until(
            lambda: (
                'live.load_into my robot: expected the name of a node' in teacher.call('start')[1]
            ),
            'a refusal for the name',
        )
        assert teacher.set_parameter('live.load_into', '').successful
        assert teacher.set_parameter('poses.topic', 'my//odometry').successful
        teacher.spin_until(
            lambda: 'poses.topic my//odometry: expected the name' in teacher.call('start')[1],
            'a refusal for the topic',
        )
        assert teacher.states == ['idle']
        assert 'Traceback' not in process.output()
        assert process.end() == 0
    assert not (tmp_path / 'map.recording').exists()


def test_a_disk_that_fails_at_the_end(route, tmp_path: Path) -> None:
    """Messages that are not written at ~/finish are reported; the map is made of the others."""
    with taught(tmp_path) as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(route[:40])
        teacher.await_value('frames recorded', '20'.__eq__)
        # Another program that holds the database is a disk that does not answer.
        blocker = sqlite3.connect(
            tmp_path / 'map.recording' / 'map.recording_0.db3', isolation_level=None
        )
        blocker.execute('BEGIN IMMEDIATE')
        teacher.play(route[40:])
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        blocker.close()
        said = process.output()
        assert (
            'map.recording: cannot be written (database is locked); 20 messages were not '
            'recorded' in said
        )
        assert 'taught; ' in said
        teacher.await_status(DiagnosticStatus.WARN, 'cannot be written (database is locked)')
        assert 'Traceback' not in said
    assert len(load(tmp_path / 'map').places) == 20


def test_too_few_places(route, tmp_path: Path) -> None:
    """`~/finish` reports the counts, and the recording continues without a loss."""
    with taught(tmp_path, places__by='metres', places__spacing=5.0) as (process, teacher):
        publish(teacher)
        teacher.start()
        done, said = teacher.call('finish')
        assert not done
        assert said == f'no frame received on {CAMERA} yet; recording continues'
        teacher.await_listeners()
        teacher.play(route[:8])
        teacher.await_value('poses recorded', '4'.__eq__)
        done, said = teacher.call('finish')
        assert not done
        assert said == (
            'expected at least 2 places, found 1 place(s) so far, a place every 5 '
            f'metres, from 4 frames and 4 poses on {ODOM}; recording continues'
        )
        teacher.play(route[8:])
        teacher.await_value('poses recorded', '30'.__eq__)
        done, said = teacher.call('finish')
        assert done, said
        teacher.await_state('idle')
        assert 'Traceback' not in process.output()
    assert len(load(tmp_path / 'map').places) == 6
    assert len(recorded(tmp_path / 'map.recording')) == 60


def test_poses_that_are_not_published(route, tmp_path: Path) -> None:
    """With places.by: metres, missing poses are reported during the drive."""
    with taught(tmp_path, places__by='metres') as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        for _ in range(3):
            teacher.play([message for message in route if message.topic == CAMERA][:1], 0.1)
        teacher.await_status(DiagnosticStatus.ERROR, f's on {ODOM}, needed for places.by: metres')
        teacher.await_status(DiagnosticStatus.ERROR, f's on {CAMERA}')
        done, said = teacher.call('finish')
        assert not done
        assert (
            f'found 0 place(s) so far, a place every 1 metres, from 3 frames and 0 poses on '
            f'{ODOM}; recording continues' in said
        )
        done, said = teacher.call('cancel')
        assert done
        assert f'cancelled; {tmp_path / "map.recording"} has 3 frames and 0 poses' in said
        assert f'train.launch.py bags:={tmp_path / "map.recording"}' in said
    assert len(recorded(tmp_path / 'map.recording')) == 3


def test_poses_of_two_publishers(route, tmp_path: Path) -> None:
    """Different coordinate frames are reported during the drive, before training fails."""
    others = recorded(
        drive(
            tmp_path / 'bag', range(5), range(30, 35), frame_id='map', start_ns=START + 40 * SECOND
        )
    )
    with taught(tmp_path, places__by='metres') as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(route)
        teacher.await_value('poses recorded', '30'.__eq__)
        # Of another publisher nothing is said, though on a busy machine of silence.
        assert 'several coordinate frames' not in teacher.statuses[-1].message
        teacher.play(others)
        teacher.await_status(
            DiagnosticStatus.ERROR,
            f'poses on {ODOM} are in several coordinate frames (odom and map)',
        )
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        process.wait_for(f"all poses of {ODOM} in one frame, found 'map' and 'odom'.*train.launch")
    assert len(recorded(tmp_path / 'map.recording')) == 70


def test_wrong_frames_in_the_middle(route, tmp_path: Path) -> None:
    """Frames of another size or encoding are reported, recorded, and left out of the map."""
    others = frames(tmp_path, 'large', start_ns=START + 10 * SECOND, size=(48, 64)) + frames(
        tmp_path, 'odd', start_ns=START + 15 * SECOND, encoding='jpeg9000'
    )
    with taught(tmp_path) as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(route[:20])
        teacher.statuses.clear()
        teacher.play(others)
        # Only the diagnostics of the period in which they came warn of them.
        teacher.await_status(
            DiagnosticStatus.WARN, 'frames unusable for a map: ', earlier=True, worse=True
        )
        teacher.await_value(
            'bad: expected 32x24 pixels as in most images so far, found 64x48', '5'.__eq__
        )
        teacher.play(route[40:])
        teacher.await_value('frames recorded', '30'.__eq__)
        teacher.await_value('places so far', '20'.__eq__)
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        assert re.findall(r'(\d+) of 30 messages left out', process.output()) == ['5', '5']
    built = load(tmp_path / 'map')
    assert len(built.places) == 20
    assert built.sensor == ('camera', 32, 24)


def test_a_clock_that_jumps_back(route, tmp_path: Path) -> None:
    """A replay that restarts ends the recording; the map is made of its first round."""
    with taught(tmp_path) as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(route)
        teacher.play(route[:10])
        teacher.await_state('stopped')
        teacher.await_status(DiagnosticStatus.ERROR, 'jumped back by 29.0 s')
        assert teacher.call('start') == (
            False,
            'a recording that stopped waits for ~/finish or ~/cancel',
        )
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        assert 'a replay that restarted, or a clock that was set' in process.output()
    assert len(load(tmp_path / 'map').places) == 30
    assert sum(raw.topic == CAMERA for raw in recorded(tmp_path / 'map.recording')) == 30


def test_a_full_disk(route, tmp_path: Path) -> None:
    """Recording stops with one line, and what is there becomes a map on another disk."""
    large = frames(tmp_path, 'large', size=(480, 640))
    with (
        small_disk(tmp_path / 'disk', 8) as disk,
        taught(tmp_path, map=disk / 'map', live__min_free=2.0) as (process, teacher),
    ):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        for number in range(10):
            if teacher.states[-1] == 'stopped':
                break
            later = frames(
                tmp_path, f'later{number}', size=(480, 640), start_ns=START + 5 * number * SECOND
            )
            teacher.play(later, 0.05)
        teacher.await_state('stopped')
        teacher.await_status(DiagnosticStatus.ERROR, 'the disk is full but for the 2 MB')
        errors = [line for line in process.output().splitlines() if '[ERROR]' in line]
        assert len(errors) == 1
        assert f'{disk / "map.recording"}' in errors[0]
        assert '~/finish makes a map of it' in errors[0]
        count = sum(raw.topic == CAMERA for raw in recorded(disk / 'map.recording'))
        assert 10 <= count <= 22
        assert teacher.set_parameter('map', str(tmp_path / 'map')).successful
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        assert 'Traceback' not in process.output()
        assert len(load(tmp_path / 'map').places) == count
        assert count * len(large[0].data) < (8 << 20) - 2e6


def test_killed_during_the_drive(route, tmp_path: Path) -> None:
    """After SIGKILL the bag has all but the last second; the next process logs its path."""
    recording = tmp_path / 'map.recording'
    with taught(tmp_path, live__sync=0.2) as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(route[:40], 0.05)
        teacher.await_value('frames recorded', '20'.__eq__)
        teacher.play(route[40:44], 0.0)
        process.end(signal.SIGKILL)
    left = sum(raw.topic == CAMERA for raw in recorded(recording))
    poses = len(recorded(recording)) - left
    assert 20 <= left <= 22
    with taught(tmp_path) as (process, teacher):
        process.wait_for(f'{recording}: a recording that was cut off, by a crash or a loss of')
        assert f'recovered with {left + poses} messages' in process.output()
        assert f'train.launch.py bags:={recording}' in process.output()
        # What `ros2 bag` needs.
        with Reader(recording) as other:
            assert other.message_count == left + poses
        publish(teacher)
        assert f'{recording}_2;' in teacher.start()
        teacher.await_listeners()
        teacher.play(route[:6])
        teacher.await_value('frames recorded', '3'.__eq__)
        assert teacher.call('cancel')[0]
    with ros.node(
        tmp_path, 'trainer_node', parameters={**TINY, 'bags': recording, 'map': tmp_path / 'map'}
    ) as process:
        assert process.process.wait(ros.PATIENCE) == 0, process.output()
    assert len(load(tmp_path / 'map').places) == left
    assert len(recorded(tmp_path / 'map.recording_2')) == 6


def test_a_map_that_cannot_be_made(tmp_path: Path) -> None:
    """If training fails, reason and recording are logged, and the node keeps running."""
    black = recorded(
        write_bag(
            tmp_path / 'bag',
            [*images(picture(number) for number in range(3)), *odometry([(0, 0, 0)] * 3)],
        )
    )
    large = {'encoding__width': 512, 'encoding__height': 512, 'training__outputs': 'stdp'}
    with taught(tmp_path, **large) as (process, teacher):
        publish(teacher)
        teacher.start()
        teacher.await_listeners()
        teacher.play(black)
        teacher.await_value('frames recorded', '3'.__eq__)
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        teacher.await_status(DiagnosticStatus.WARN, 'GiB')
        said = process.output()
        assert 'GiB' in said
        assert f'{tmp_path / "map.recording"} has 3 frames' in said
        assert f'train.launch.py bags:={tmp_path / "map.recording"}' in said
        assert 'Traceback' not in said
        assert process.end() == 0
