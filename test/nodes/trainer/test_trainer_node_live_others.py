"""Live teaching with event cameras, JPEG, simulated time, satellite fixes and other nodes."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from support import ros
from support.events import HEIGHT, WIDTH, event_drive
from support.events import TOPIC as EVENTS
from support.helpers import CAMERA, ODOM, START, Record, drive, picture, write_bag
from support.launching import described
from support.launching import running as launched
from support.teaching import TINY, Teacher, recorded, taught

from vprtempo_ros.demo.recordings import IMAGE_TOPIC
from vprtempo_ros.maps.store import load
from vprtempo_ros.sources.cdr import COMPRESSED, IMAGE, PACKET
from vprtempo_ros.sources.image_bag import ODOMETRY, compressed_message
from vprtempo_ros.sources.storage import RawMessage


def test_events(tmp_path: Path) -> None:
    """Packets of an event camera and odometry become a map of events."""
    pytest.importorskip('event_camera_msgs', reason='needs event_camera_msgs: make setup')
    route = recorded(event_drive(tmp_path / 'bag', range(8)))
    with taught(tmp_path, image='image', input__type='events', places__by='metres') as (
        process,
        teacher,
    ):
        teacher.publish_on('/events', PACKET)
        teacher.publish_on(ODOM, ODOMETRY)
        assert 'recording /events and /odom' in teacher.start()
        teacher.await_listeners()
        teacher.play(
            [
                message._replace(topic='/events') if message.topic == EVENTS else message
                for message in route
            ],
            0.01,
        )
        packets = sum(message.topic == EVENTS for message in route)
        teacher.await_value('frames recorded', str(packets).__eq__)
        teacher.await_value('places so far', '8'.__eq__)
        done, said = teacher.call('finish')
        assert done, said
        teacher.await_state('idle')
        assert 'Traceback' not in process.output()
    built = load(tmp_path / 'map')
    assert built.sensor == ('events', WIDTH, HEIGHT)
    assert len(built.places) == 8
    assert all(place.pose for place in built.places)


def test_compressed_images_at_a_lower_rate(tmp_path: Path) -> None:
    """With live.max_rate half of the frames of one of two cameras that send JPEGs are recorded."""
    encoded = [cv2.imencode('.jpg', picture(number))[1].tobytes() for number in range(20)]
    route = recorded(
        write_bag(
            tmp_path / 'bag',
            [
                Record(
                    CAMERA,
                    COMPRESSED,
                    START + number * 100_000_000,
                    compressed_message(START + number * 100_000_000, data, 'jpeg', name),
                )
                for number, data in enumerate(encoded)
                for name in ('camera', 'rear')
            ],
        )
    )
    settings = {'input__frame_id': 'camera'}
    with taught(tmp_path, live__max_rate=5.0, **settings) as (process, teacher):
        teacher.publish_on(CAMERA, COMPRESSED)
        assert f'recording {CAMERA}, no poses' in teacher.start()
        teacher.await_listeners()
        teacher.play(route)
        teacher.await_value('frames recorded', '10'.__eq__)
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        process.wait_for('; 20 of other coordinate frames were left out')
        assert process.output().count("than 'camera' (input.frame_id) are left out") == 1
        assert 'Traceback' not in process.output()
    # DDS fills up to four bytes.
    assert [message.data.rstrip(b'\0') for message in recorded(tmp_path / 'map.recording')] == [
        message.data.rstrip(b'\0') for message in route[::4]
    ]
    assert len(load(tmp_path / 'map').places) == 10


def test_in_the_time_of_a_bag(street, tmp_path: Path) -> None:
    """Under a replay with --clock the recording has the replayed times; its end is no jump."""
    source = street.recordings.reference
    with taught(tmp_path, use_sim_time='true') as (process, teacher):
        # No faster: what a busy machine is late is twice as late in the time of the bag.
        given = str(source), '--clock', '--rate', '2', '--wait', '60'
        with ros.node(tmp_path, 'replay', *given) as player:
            # It waits for a subscriber, which exists after the start.
            teacher.start()
            teacher.spin_until(lambda: player.process.poll() is not None, 'the end of the replay')
            assert player.process.returncode == 0, player.output()
        teacher.await_value('frames recorded', lambda value: int(value) > 1)
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
        assert 'Traceback' not in process.output()
    played = {m.data: m.stamp_ns for m in recorded(source)}
    for message in recorded(tmp_path / 'map.recording'):
        assert abs(message.stamp_ns - played[message.data]) < 2e9
    # A busy machine may miss some.
    frames = sum(m.topic == IMAGE_TOPIC for m in recorded(tmp_path / 'map.recording'))
    assert 1 < frames <= 80
    assert len(load(tmp_path / 'map').places) == frames


@pytest.fixture
def old_map(tmp_path: Path) -> Path:
    """Train a map of another drive, from its bag."""
    bag = drive(tmp_path / 'before', range(5), range(40, 45))
    with ros.node(
        tmp_path, 'trainer_node', parameters={**TINY, 'bags': bag, 'map': tmp_path / 'old'}
    ) as process:
        assert process.process.wait(ros.PATIENCE) == 0, process.output()
    return tmp_path / 'old'


def teach(teacher: Teacher, route: list[RawMessage]) -> None:
    """Drive along a route of six frames, and have a map made of it."""
    teacher.publish_on(CAMERA, IMAGE)
    teacher.start()
    teacher.await_listeners()
    teacher.play([message for message in route if message.topic == CAMERA])
    teacher.await_value('frames recorded', '6'.__eq__)
    done, said = teacher.call('finish')
    assert done, said


def test_a_running_node_loads_the_map(tmp_path: Path, old_map: Path) -> None:
    """It continues with the new map; its own poses are not taken for odometry."""
    route = recorded(drive(tmp_path / 'bag', range(12), range(12)))
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': old_map, **ros.SINGLE}, remap={'image': CAMERA}
        ) as localiser,
        taught(tmp_path, live__load_into='vpr_node', places__by='metres') as (process, teacher),
    ):
        localiser.wait_for('listening on')
        teacher.publish_on(CAMERA, IMAGE)
        teacher.publish_on(ODOM, ODOMETRY)
        assert f'recording {CAMERA} and {ODOM}' in teacher.start()
        teacher.await_listeners()
        teacher.play(route)
        teacher.await_value('poses recorded', '12'.__eq__)
        assert teacher.call('finish')[0]
        teacher.spin_until(
            lambda: '/vpr_node loaded' in process.output(),
            lambda: f'a loaded map; the trainer said {process.output()}',
        )
        assert f'/vpr_node loaded {tmp_path / "map"}' in process.output()
        with ros.Client() as client:
            assert client.parameter('map') == str(tmp_path / 'map')
        assert localiser.process.poll() is None


def test_a_node_that_had_no_map_yet(tmp_path: Path) -> None:
    """It was started before a map was taught, and starts with the first one."""
    route = recorded(drive(tmp_path / 'bag', range(6), range(6)))
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={'map': tmp_path / 'map', **ros.SINGLE},
            remap={'image': CAMERA},
        ) as localiser,
        taught(tmp_path, live__load_into='vpr_node', poses__topic='none') as (process, teacher),
    ):
        localiser.wait_for('no such map')
        teach(teacher, route)
        process.wait_for(f'/vpr_node loaded {tmp_path / "map"}')
        localiser.wait_for('listening on')


def test_a_node_that_does_not_load_the_map(tmp_path: Path) -> None:
    """Its reason is reported: a camera's map is refused by a node with event input."""
    route = recorded(drive(tmp_path / 'bag', range(6), range(6)))
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': tmp_path / 'none', 'input.type': 'events'}
        ) as localiser,
        taught(tmp_path, live__load_into='vpr_node', poses__topic='none') as (process, teacher),
    ):
        localiser.wait_for('no such map')
        teach(teacher, route)
        process.wait_for('/vpr_node did not load .*map: .*made from images .* input.type is events')
        teacher.await_status(DiagnosticStatus.WARN, 'input.type is events')
        with ros.Client() as client:
            assert client.parameter('map') == str(tmp_path / 'none')
            assert client.state() == ros.UNCONFIGURED


def test_a_node_that_is_not_there(tmp_path: Path) -> None:
    """That there is no node of that name is reported, and how to load the map later."""
    route = recorded(drive(tmp_path / 'bag', range(6), range(6)))
    with taught(tmp_path, live__load_into='absent', poses__topic='none') as (process, teacher):
        teach(teacher, route)
        process.wait_for(
            '/absent did not load .*map: no such node is running; later: ros2 param '
            'set /absent map '
        )
        teacher.await_status(DiagnosticStatus.WARN, '/absent: no such node is running')
        assert load(tmp_path / 'map').places


def test_gps(tmp_path: Path) -> None:
    """Fixes are recorded as any other poses, and counted in metres."""
    pytest.importorskip('pyproj')
    route = recorded(drive(tmp_path / 'bag', range(10), range(10), poses=False))
    with taught(tmp_path, places__by='metres', places__spacing=10.0) as (_, teacher):
        from sensor_msgs.msg import NavSatFix, NavSatStatus

        teacher.publish_on(CAMERA, IMAGE)
        fixes = teacher.node.create_publisher(NavSatFix, '/fix', 100)
        assert 'and /fix' in teacher.start()
        teacher.await_listeners()
        teacher.spin_until(lambda: fixes.get_subscription_count() > 0, 'a subscriber to fixes')
        teacher.await_discovery()
        for number, message in enumerate(route):
            fix = NavSatFix(latitude=48.0 + number * 1e-4, longitude=11.0, altitude=500.0)
            fix.header.stamp.sec = START // 10**9 + number
            fix.header.frame_id = 'gps'
            # Unknown by default, from Jazzy on.
            fix.status.status = NavSatStatus.STATUS_FIX
            fixes.publish(fix)
            teacher.play([message])
        teacher.await_value('poses recorded', '10'.__eq__)
        # A ten thousandth of a degree is 11.1 m.
        teacher.await_value('places so far', '10'.__eq__)
        assert teacher.call('finish')[0]
        teacher.await_state('idle')
    built = load(tmp_path / 'map')
    assert built.origin == pytest.approx((48.0, 11.0, 500.0))
    assert len(built.places) == 10


def test_as_the_launch_file_starts_it(tmp_path: Path) -> None:
    """With the launch file's parameters and remaps a drive becomes a map."""
    route = recorded(drive(tmp_path / 'bag', range(6), range(6)))
    started, _ = described('teach.launch.py', map=str(tmp_path / 'map'), by='metres', image=CAMERA)
    teacher = Teacher()
    try:
        with launched(started, tmp_path) as ((process, log),):
            teacher.publish_on(CAMERA, IMAGE)
            teacher.publish_on(ODOM, ODOMETRY)
            teacher.start()
            teacher.await_listeners()
            teacher.play(route, 0.1)
            teacher.await_value('poses recorded', '6'.__eq__)
            done, said = teacher.call('finish')
            assert done, said
            teacher.await_state('idle')
            assert process.poll() is None, log.read_text()
    finally:
        teacher.close()
    assert len(load(tmp_path / 'map').places) == 6
