"""Poses of recordings that have them in /tf only: composed, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp
from support import ros1
from support.helpers import SECOND, START, Record, images, odometry, picture, write_bag
from support.transforms import TF, sent

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.image_frames import BagFrames

PERIOD = SECOND // 20
MOUNT = (0.0, 0.0, 0.1)


def yaw(angle: float) -> tuple[float, ...]:
    """Return the quaternion of a rotation about z."""
    return (0.0, 0.0, float(np.sin(angle / 2)), float(np.cos(angle / 2)))


def base(seconds: float) -> tuple[float, ...]:
    """Return the robot in the odometry's frame: a circle of 8 m at 2 m/s."""
    angle = seconds * 0.25
    return (8 * float(np.sin(angle)), 8 - 8 * float(np.cos(angle)), 0.0, *yaw(angle))


def correction(seconds: float) -> tuple[float, ...]:
    """Return what a localiser makes of it: another origin, and a slow drift."""
    return (20 + 0.1 * seconds, -5 + 0.05 * seconds, 0.0, *yaw(2.0 + 0.01 * seconds))


def moving(begin: float = -1.0, end: float = 4.0, **names: Any) -> Iterator[Record]:
    """Yield odom -> base_footprint, 20 a second; `frames` and `at` are others."""
    parent, child = names.pop('frames', ('odom', 'base_footprint'))
    for number in range(int((end - begin) * 20)):
        seconds = begin + number / 20
        received = START + int(seconds * SECOND)
        yield sent(received, parent, child, base(seconds), **names)


def localised(
    begin: float = -1.0, end: float = 4.0, period: float = 0.5, **names: Any
) -> Iterator[Record]:
    """Yield map -> odom, two a second."""
    for seconds in np.arange(begin, end, period):
        received = START + int(seconds * SECOND)
        yield sent(received, *names.get('frames', ('map', 'odom')), correction(float(seconds)))


def mounted(topic: str = '/tf_static') -> Iterator[Record]:
    """Yield what is sent once, at the start, without a stamp."""
    yield sent(START - 2 * SECOND, 'base_footprint', 'base_link', MOUNT, 0, topic)
    camera = (0.3, 0.0, 0.5, -0.5, 0.5, -0.5, 0.5)
    yield sent(START - 2 * SECOND, 'base_link', 'camera', camera, 0, topic)


def open_bag(path: Path, *parts: Any, **settings: Any) -> BagFrames:
    """Write pictures at 0.02, 1.02, 2.02 and 3.02 s and these records, and open them."""
    pictures = images([picture(n) for n in range(4)], start_ns=START + SECOND // 50)
    records = [*pictures, *(record for part in parts for record in part)]
    records.sort(key=lambda record: record.stamp_ns)
    return BagFrames(write_bag(path / 'bag', records), BagInputConfig(), PosesConfig(**settings))


def placed(frames: BagFrames) -> list[Any]:
    """Return the poses of the frames."""
    return [frame.pose for frame in frames]


def test_chain_as_scipy_composes_it(tmp_path: Path) -> None:
    """At the times of the images, map -> odom -> base_footprint -> base_link is interpolated."""
    frames = open_bag(tmp_path, localised(), moving(), mounted())
    assert frames.completeness.notes == [
        "/tf: poses are those of 'base_link' in 'map', of the transforms map -> odom -> "
        'base_footprint -> base_link'
    ]
    found = placed(frames)
    assert len(found) == 4
    for number, pose in enumerate(found):
        seconds = number + 0.02
        local = seconds // 0.05 * 0.05
        both = [base(local), base(local + 0.05)]
        part = (seconds - local) / 0.05

        def at(when: float) -> tuple[Any, Any]:
            begin = when // 0.5 * 0.5
            two = np.array([correction(begin), correction(begin + 0.5)])
            turned = Slerp([0, 0.5], Rotation.from_quat(two[:, 3:]))(when - begin)
            return two[0, :3] + (two[1, :3] - two[0, :3]) * (when - begin) / 0.5, turned

        ends = []
        for when, own in zip((local, local + 0.05), both):
            origin, turned = at(when + 1e-9)
            ends.append(origin + turned.apply(np.add(own[:3], MOUNT)))
        assert np.allclose(pose.position, ends[0] + (ends[1] - ends[0]) * part, atol=1e-5)
        heading = 2.0 + 0.01 * seconds + 0.25 * seconds
        assert pose.yaw == pytest.approx((heading + np.pi) % (2 * np.pi) - np.pi, abs=1e-4)
        assert pose.frame_id == 'map'


def test_other_frames_are_given(tmp_path: Path) -> None:
    """By settings; then transforms precede other poses."""
    records = [*localised(), *moving(), *mounted(), *odometry([(0, 0, 0)] * 5)]
    settings = {'fixed_frame': '/odom', 'robot_frame': 'base_footprint'}
    frames = open_bag(tmp_path, records, **settings)
    assert np.allclose(placed(frames)[2].position, base(2.02)[:3], atol=1e-3)
    assert frames.completeness.notes[0].startswith("/tf: poses are those of 'base_footprint' in 'o")
    bag = tmp_path / 'bag'
    plain = BagFrames(bag, BagInputConfig(), PosesConfig())
    assert placed(plain)[2].position == (0, 0, 0)
    named = BagFrames(bag, BagInputConfig(), PosesConfig(topic='/tf'))
    assert placed(named)[2].frame_id == 'map'
    twice = [*records, *odometry([(0, 0, 0)] * 5, topic='/amcl')]
    with pytest.raises(SourceError, match=r'name one of them: /tf \(tf2.*/odom \(.*/amcl \([^,]*$'):
        open_bag(tmp_path / 'twice', twice)
    with pytest.raises(SourceError, match='are of transforms, and /odom is of type nav_msgs'):
        BagFrames(bag, BagInputConfig(), PosesConfig(topic='/odom', **settings))


@pytest.mark.parametrize(
    ('settings', 'expected'),
    [
        ({'topic': '/tf', 'fixed_frame': 'earth'}, "there is no frame 'earth' (odom -> base_"),
        ({'fixed_frame': 'camera', 'robot_frame': 'odom'}, "no transforms lead from camera to 'od"),
        ({'topic': '/tf_static'}, '/tf_static is of type tf2_msgs'),
    ],
)
def test_frames_that_are_not_there(tmp_path: Path, settings: Any, expected: str) -> None:
    """What is named and missing is an error of one line, with what there is."""
    apart = [sent(START, 'base_link', 'camera', MOUNT, topic='/tf_static')]
    with pytest.raises(SourceError) as caught:
        open_bag(tmp_path, moving(), apart, **settings)
    assert expected in str(caught.value)
    assert '\n' not in str(caught.value)


def test_localisation_that_jumps(tmp_path: Path) -> None:
    """At a jump of map -> odom poses are those before or after it, and it is counted."""
    jumped = [
        *localised(-1.0, 2.0),
        *(
            sent(START + int(s * SECOND), 'map', 'odom', (50.0, 0.0, 0.0))
            for s in (2.04, 2.5, 3.0, 3.5)
        ),
    ]
    frames = open_bag(tmp_path, jumped, moving(), mounted())
    note = frames.completeness.notes[1]
    assert note.startswith('/tf: map -> odom jumps once, by up to ')
    assert len(frames.completeness.notes) == 2
    before, after = placed(frames)[2:]
    # Of 2.0 s, where the pose of 2.05 s is of another position of the map.
    assert np.hypot(before.position[0] - 20, before.position[1] + 5) < 12
    assert np.allclose(after.position, np.add(base(3.02)[:3], (50, 0, 0.1)), atol=1e-2)


def test_localised_later(tmp_path: Path) -> None:
    """More than ten seconds before the first map -> odom, as tf2 keeps them, there are no poses."""
    late = localised(12.1, 14.0)
    frames = open_bag(tmp_path, late, moving(-1.0, 14.0), mounted())
    assert [pose is None for pose in placed(frames)] == [True, True, False, False]
    assert frames.completeness.notes[1] == (
        '/tf: 62 of 300 transforms odom -> base_footprint are left out: map -> odom is more than '
        '10 s away'
    )
    assert frames.completeness.without_pose == 2


def test_dated_ahead(tmp_path: Path) -> None:
    """AMCL dates map -> odom ahead by its transform_tolerance: it is right for when it was sent."""
    ahead = [
        sent(START + int(s * SECOND), 'map', 'odom', correction(s), START + int((s + 1.2) * SECOND))
        for s in np.arange(-2.0, 4.0, 0.1).tolist()
    ]
    frames = open_bag(tmp_path, ahead, moving(), mounted())
    assert frames.completeness.notes[1:] == [
        '/tf: map -> odom is dated 1.20 s ahead of when it was sent: that is undone'
    ]
    assert placed(frames)[2].yaw == pytest.approx(2.0 + 0.01 * 2.02 + 0.25 * 2.02, abs=1e-4)


def test_without_stamps(tmp_path: Path) -> None:
    """Then receive times are used, and it is said once for each."""
    zero = [
        record._replace(message=sent(record.stamp_ns, *frames, values(at), 0).message)
        for frames, values, found in (
            (('map', 'odom'), correction, [*localised(period=0.25)]),
            (('odom', 'base_footprint'), base, [*moving()]),
        )
        for record in found
        for at in [(record.stamp_ns - START) / SECOND]
    ]
    frames = open_bag(tmp_path, zero, mounted())
    assert len(set(frames.completeness.notes)) == len(frames.completeness.notes)
    text = '\n'.join(frames.completeness.notes)
    assert text.count('/tf (map -> odom) has no stamps') == 1
    assert text.count('/tf (odom -> base_footprint) has no stamps: receive times are used') == 1
    assert np.hypot(*np.subtract(placed(frames)[0].position[:2], (20, -5))) < 0.1


def test_only_odometry_and_a_part(tmp_path: Path) -> None:
    """Without map -> odom poses are in odom, and it is said where a map is not connected."""
    apart = [sent(START, 'map', 'charger', (1, 1, 0), topic='/tf_static')]
    frames = open_bag(tmp_path, moving(), mounted(), apart)
    assert placed(frames)[1].frame_id == 'odom'
    assert frames.completeness.notes[1] == "/tf: no transforms lead from 'map' to 'base_link'"


def test_static_transforms_are_missing(tmp_path: Path) -> None:
    """Recordings that began after /tf_static was sent end at base_footprint."""
    frames = open_bag(tmp_path, localised(), moving())
    assert frames.completeness.notes == [
        "/tf: poses are those of 'base_footprint' in 'map', of the transforms map -> odom -> "
        'base_footprint'
    ]


def test_static_transforms_in_tf(tmp_path: Path) -> None:
    """What does not change is valid at all times, on /tf too (static_transform_publisher)."""
    again = [record for n in range(3) for record in mounted('/tf')]
    once = [sent(START - SECOND, 'map', 'odom', correction(0.0))]
    frames = open_bag(tmp_path, once, moving(), again)
    assert None not in placed(frames)
    assert len(frames.completeness.notes) == 1


@pytest.mark.parametrize(
    ('robots', 'camera', 'expected'),
    [
        (('r1', 'r2'), '', 'without poses: /tf: there are several robots (r1/base_link, r2/base_'),
        (('r1', 'r2'), 'r2/base_link', "/tf: poses are those of 'r2/base_link' in 'r2/odom'"),
        (('r1',), '', "/tf: poses are those of 'r1/base_link' in 'r1/odom'"),
        ((), '', '/tf: poses are those of'),
    ],
)
def test_prefixes(tmp_path: Path, robots: Any, camera: str, expected: str) -> None:
    """tf_prefix precedes names; of several robots it is the one with the camera."""
    parts = [moving(frames=(f'/{each}/odom', f'/{each}/base_link')) for each in robots]
    if not robots:
        parts = [moving(frames=('vicon', 'drone')), [sent(START, 'drone', 'imu', MOUNT)]]
        expected += " 'drone' in 'vicon', of the transforms vicon -> drone"
    if camera:
        parts.append(iter([sent(START, camera, 'camera', MOUNT, topic='/tf_static')]))
    frames = open_bag(tmp_path, *parts)
    assert frames.completeness.notes[0].startswith(expected)


def test_inverted_link(tmp_path: Path) -> None:
    """The robot may be the root of the tree: its frames are found in both directions."""
    turned = [
        sent(record.stamp_ns, 'base_link', 'odom', (-x, 0.0, 0.0))
        for record in moving()
        for x in [(record.stamp_ns - START) / SECOND]
    ]
    frames = open_bag(tmp_path, turned)
    assert [pose.position[0] for pose in placed(frames)] == pytest.approx([0.02, 1.02, 2.02, 3.02])


def test_two_parents(tmp_path: Path) -> None:
    """A frame of two parents is on the shorter way, and it is said."""
    both = localised(frames=('map', 'base_footprint'))
    frames = open_bag(tmp_path, localised(), moving(), both, mounted())
    assert frames.completeness.notes[1] == (
        "/tf: 'base_footprint' has several parents (100 of 'odom', 10 of 'map'): that of 'map' is "
        'used'
    )


def test_unusable_transforms(tmp_path: Path) -> None:
    """They are counted by reason."""
    bad = [
        sent(START, 'odom', 'base_footprint', (np.nan, 0.0, 0.0)),
        sent(START + 1, 'odom', 'base_footprint', (1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        sent(START + 2, 'odom', 'base_footprint', (1e30, 0.0, 0.0)),
    ]
    frames = open_bag(tmp_path, moving(), bad)
    assert frames.completeness.notes[1] == (
        '/tf: 3 transforms are unusable (1 have a value that is not finite; 1 have a quaternion of '
        'length 0, no orientation; 1 have a position beyond a million km)'
    )
    assert None not in placed(frames)


@pytest.mark.parametrize(
    ('parts', 'expected'),
    [
        ([[sent(START, 'a', 'b', (1, 2, 3))]], 'no frame is a base_link, and none moves (a -> b)'),
        (
            [list(moving(topic='/a/tf')), list(moving(topic='/b/tf'))],
            'several topics of transforms (/a/tf, /b',
        ),
        (
            [
                [sent(START, 'arm', 'hand', (1, 2, 3))],
                [sent(START, 'odom', 'base_link', (1, 2, 3), topic='/tf_static')],
            ],
            'all transforms odom -> base_link are static',
        ),
    ],
)
def test_no_poses(tmp_path: Path, parts: Any, expected: str) -> None:
    """Places by frames need none: why there are none is said in one line."""
    frames = open_bag(tmp_path, *parts)
    assert frames.completeness.notes[-1].startswith('without poses: ')
    assert placed(frames)[0] is None
    assert expected in frames.completeness.notes[-1]


def test_namespaced_topic(tmp_path: Path) -> None:
    """Nav2 of several robots remaps /tf to a topic for each: its static ones go with it."""
    one = [record._replace(topic='/r1/tf') for record in moving()]
    frames = open_bag(tmp_path, one, mounted('/r1/tf_static'), mounted('/r2/tf_static'))
    assert placed(frames)[0].position[2] == pytest.approx(0.1)


def test_damaged_message(tmp_path: Path) -> None:
    """It is one line, as of other topics."""
    records = [*moving(), *mounted()]
    frames = open_bag(tmp_path, records)
    file = next(each for each in (tmp_path / 'bag').iterdir() if each.suffix == '.mcap')
    data = file.read_bytes()
    at = data.rindex(b'base_footprint')
    # The length of that name.
    file.write_bytes(data[: at - 4] + b'\xff\xff\xff\x7f' + data[at:])
    with pytest.raises(SourceError, match=r'/tf: bytes do not hold a tf2_msgs'):
        BagFrames(frames.path, BagInputConfig(), PosesConfig())


@pytest.mark.parametrize('kind', [TF, 'tf/msg/tfMessage'])
def test_ros1(tmp_path: Path, kind: str) -> None:
    """With the sequence numbers of its headers, slashes before names, and both of its types."""
    types = ros1.TYPES
    if kind not in types:
        text = 'geometry_msgs/TransformStamped[] transforms'
        ros1.register(kind, text)
    rows: list[tuple[str, str, int, Any]] = []
    for number in range(8):
        stamp = START + number * SECOND
        turned = types['geometry_msgs/msg/Quaternion'](0.0, 0.0, 0.0, 1.0)
        parts = types['geometry_msgs/msg/Transform'](
            types['geometry_msgs/msg/Vector3'](float(number), 0.0, 0.0), turned
        )
        each = types['geometry_msgs/msg/TransformStamped'](
            ros1.header(stamp, number, '/odom'), '/base_link', parts
        )
        rows.append(('/tf', kind, stamp, types[kind]([each])))
        pixels = picture(number)
        image = types['sensor_msgs/msg/Image'](
            ros1.header(stamp, number), *pixels.shape, 'mono8', 0, 32, pixels.reshape(-1)
        )
        rows.append(('/image', 'sensor_msgs/msg/Image', stamp, image))
    bag = ros1.write(tmp_path / 'bag.bag', rows)
    frames = BagFrames(bag, BagInputConfig(), PosesConfig())
    assert [pose.position[0] for pose in placed(frames)] == list(range(8))
