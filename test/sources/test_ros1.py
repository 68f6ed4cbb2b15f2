"""Bags of ROS 1, written by rosbags, are read like those of ROS 2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag1 import Writer
from support.events import HEIGHT, WIDTH, random_events
from support.helpers import START, picture
from support.ros1 import TYPES, event_array, header, write

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.events.decoding import StreamDecoder
from vprtempo_ros.events.packet import EventBuffer
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import ARRAYS, PACKET
from vprtempo_ros.sources.event_bag import BagPackets
from vprtempo_ros.sources.traverse import open_traverse
from vprtempo_ros.tools.bag_info import describe

ODOM = 'nav_msgs/msg/Odometry'


def odometry(stamp: int, x: float) -> Any:
    """Return odometry at x metres."""

    def make(name: str, *values: Any) -> Any:
        return TYPES[f'geometry_msgs/msg/{name}'](*values)

    zero = make('Vector3', 0.0, 0.0, 0.0)
    pose = make('Pose', make('Point', x, 0.0, 0.0), make('Quaternion', 0.0, 0.0, 0.0, 1.0))
    twist = make('TwistWithCovariance', make('Twist', zero, zero), np.zeros(36))
    return TYPES[ODOM](
        header(stamp, 7), 'base', make('PoseWithCovariance', pose, np.zeros(36)), twist
    )


@pytest.mark.parametrize(
    'compression', [None, Writer.CompressionFormat.BZ2, Writer.CompressionFormat.LZ4]
)
def test_images_and_poses(tmp_path: Path, compression: Any) -> None:
    """Images with odometry, in every compression."""
    rows = []
    for number in range(6):
        stamp = START + number * 200_000_000
        image = TYPES['sensor_msgs/msg/Image'](
            header(stamp, number), 24, 32, 'mono8', 0, 32, picture(number).reshape(-1)
        )
        rows.append(('/image', 'sensor_msgs/msg/Image', stamp, image))
        rows.append(('/odom', ODOM, stamp, odometry(stamp, float(number))))
        rows.append(('/rosout', 'std_msgs/msg/String', stamp, TYPES['std_msgs/msg/String']('hi')))
    path = write(tmp_path / 'old.bag', rows, compression)
    frames = list(open_traverse(str(path), BagInputConfig(), PosesConfig())[0])
    assert [frame.stamp_ns for frame in frames] == [START + n * 200_000_000 for n in range(6)]
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.image.grey(), picture(number))
        assert frame.pose
        assert frame.pose.position[0] == number
    assert ('topics', '/image  sensor_msgs/msg/Image  6') in list(describe(path))
    with BagReader(path) as bag, pytest.raises(SourceError, match='String of ROS 1 is not conv'):
        list(bag.messages(['/rosout']))


@pytest.mark.parametrize('count', [0, 1, 2, 500])
@pytest.mark.parametrize('frame_id', ['', 'cam', 'davis'])
@pytest.mark.parametrize('kind', ARRAYS)
def test_event_arrays(tmp_path: Path, kind: str, count: int, frame_id: str) -> None:
    """Events of dvs_msgs, and of prophesee_event_msgs, are those that were written."""
    events = random_events(count)
    message = event_array(START, events, frame_id, kind)
    path = write(tmp_path / 'events.bag', [('/dvs/events', kind, START, message)])
    (one,) = BagPackets(path).read()
    assert (one.width, one.height, one.frame_id) == (WIDTH, HEIGHT, frame_id)
    buffer = EventBuffer()
    StreamDecoder(prefer='own').decode(one, buffer)
    np.testing.assert_array_equal(buffer.x, events.x)
    np.testing.assert_array_equal(buffer.y, events.y)
    np.testing.assert_array_equal(buffer.p, events.p)
    np.testing.assert_array_equal(buffer.t, events.t_us * 1000)


def test_event_packets(tmp_path: Path) -> None:
    """Packets of event_camera_msgs in a bag of ROS 1."""
    from support.events import encode

    events = random_events(4000, first_us=1000)
    rows = []
    for number in range(20):
        part = events.part(slice(number * 200, number * 200 + 200))
        stamp = START + int(part.t_us[0]) * 1000
        message = TYPES[PACKET](
            header(stamp), HEIGHT, WIDTH, number, 0, 'evt3', False, encode('evt3', part)
        )
        rows.append(('/events', PACKET, stamp, message))
    path = write(tmp_path / 'events.bag', rows)
    config = BagInputConfig(type='events', events=EventsConfig(period=0.1, hot_pixels=0.0))
    frames = list(open_traverse(str(path), config, PosesConfig())[0])
    assert len(frames) == 9


def test_parts_of_one_recording(tmp_path: Path) -> None:
    """Numbered parts are one traverse; other bags of a folder are not joined."""
    text = TYPES['std_msgs/msg/String']('hi')
    for number in range(2):
        stamp = START + number
        write(tmp_path / f'a_{number}.bag', [('/x', 'std_msgs/msg/String', stamp, text)])
    with BagReader(tmp_path) as bag:
        assert bag.topics['/x'].messages == 2
    (tmp_path / 'a_1.bag').rename(tmp_path / 'other.bag')
    with pytest.raises(SourceError, match='found 2 .bag files that are not numbered'):
        BagReader(tmp_path)


@pytest.mark.parametrize('part', [0.05, 0.5, 0.95])
def test_a_truncated_bag(tmp_path: Path, part: float) -> None:
    """A bag whose index is missing is refused in one line that names the remedy."""
    text = TYPES['std_msgs/msg/String']('hi')
    path = write(tmp_path / 'a.bag', [('/x', 'std_msgs/msg/String', START, text)] * 500)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(SourceError, match='rosbag reindex') as caught, BagReader(path) as bag:
        list(bag.messages(['/x']))
    assert '\n' not in str(caught.value)
