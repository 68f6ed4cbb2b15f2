"""Poses between recorded ones, from every type of message, GPS in metres."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.helpers import ODOM, SECOND, START, Record, images, odometry, picture, write_bag
from support.transforms import sent, transform

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.frames import Pose
from vprtempo_ros.sources.bag_writer import header
from vprtempo_ros.sources.cdr import typestore
from vprtempo_ros.sources.image_bag import odometry_message
from vprtempo_ros.sources.image_frames import BagFrames
from vprtempo_ros.tools.bag_info import describe

STILL = (0.0, 0.0, 0.0, 1.0)

FIX = 'sensor_msgs/msg/NavSatFix'
TRACKED = 'geometry_msgs/msg/TransformStamped'


def make(name: str, *values: Any) -> Any:
    """Return a geometry message of the typestore."""
    return typestore().types[f'geometry_msgs/msg/{name}'](*values)


def pose_message(position: Sequence[float], orientation: Sequence[float] = STILL) -> Any:
    """Return a geometry_msgs/Pose."""
    return make('Pose', make('Point', *map(float, position)), make('Quaternion', *orientation))


def stamped(kind: str, stamp: int, pose: Any) -> Record:
    """Return a recorded pose of the given type."""
    head = header(stamp, 'world')
    if kind == 'nav_msgs/msg/Odometry':
        message = odometry_message(stamp, Pose((0.0, 0.0, 0.0), frame_id='world'), 'base')
        message.pose.pose = pose
    elif kind == 'geometry_msgs/msg/PoseStamped':
        message = make('PoseStamped', head, pose)
    else:
        message = make(
            'PoseWithCovarianceStamped', head, make('PoseWithCovariance', pose, np.zeros(36))
        )
    return Record('/pose', kind, stamp, message)


def fix(
    number: float,
    latitude: float,
    longitude: float,
    altitude: float,
    status: int = 0,
    antenna: str = 'gps',
) -> Record:
    """Return a recorded GPS fix; number: seconds since the start."""
    types = typestore().types
    stamp = START + round(number * SECOND)
    message = types[FIX](
        header(stamp, antenna),
        types['sensor_msgs/msg/NavSatStatus'](status, 1),
        latitude,
        longitude,
        altitude,
        np.zeros(9),
        0,
    )
    return Record('/fix', FIX, stamp, message)


def open_bag(path: Path, records: list[Record], topic: str = '', origin: Any = None) -> BagFrames:
    """Write pictures and these records, and open them as the trainer does."""
    bag = write_bag(path / 'bag', [*images([picture(n) for n in range(4)]), *records])
    return BagFrames(bag, BagInputConfig(), PosesConfig(topic=topic, max_gap=5.0), origin)


@pytest.mark.parametrize(
    'kind',
    [
        'nav_msgs/msg/Odometry',
        'geometry_msgs/msg/PoseStamped',
        'geometry_msgs/msg/PoseWithCovarianceStamped',
    ],
)
def test_every_type_of_pose(tmp_path: Path, kind: str) -> None:
    """Frames get the poses that were recorded, in the frame that the messages name."""
    turned = (0.0, 0.0, 0.6, 0.8)
    frames = open_bag(
        tmp_path,
        [
            stamped(kind, START, pose_message((1, 2, 3))),
            stamped(kind, START + 3 * SECOND, pose_message((4, 2, 0), turned)),
        ],
    )
    poses = [frame.pose for frame in frames]
    assert [pose.position for pose in poses] == [
        pytest.approx(p) for p in [(1, 2, 3), (2, 2, 2), (3, 2, 1), (4, 2, 0)]
    ]
    assert poses[0].orientation == STILL
    assert poses[3].orientation == pytest.approx(turned)
    assert {pose.frame_id for pose in poses} == {'world'}
    assert frames.origin is None


def test_gps_becomes_metres_east_north_up(tmp_path: Path) -> None:
    """The first fix is the origin; distances are those of the ellipsoid at 45 degrees north."""
    frames = open_bag(
        tmp_path,
        [
            fix(0, 45.0, 7.0, 100.0),
            fix(1, 45.00001, 7.0, 100.0),
            fix(2, 45.0, 7.00001, 100.0),
            fix(3, 45.0, 7.0, 103.5),
        ],
    )
    positions = [frame.pose.position for frame in frames]
    # A degree at 45 N is 111131.7 m of latitude and 78846.8 m of longitude (WGS 84).
    expected = [(0, 0, 0), (0, 1.111317, 0), (0.788468, 0, 0), (0, 0, 3.5)]
    np.testing.assert_allclose(positions, expected, atol=2e-3 * 1.2)
    assert frames.origin == (45.0, 7.0, 100.0)
    assert frames.poses is not None and frames.poses.frame_id == 'map'
    assert all(frame.pose.on_ground for frame in frames)


def test_a_further_traverse_shares_the_origin(tmp_path: Path) -> None:
    """With an origin given, the same place has the same coordinates in every traverse."""
    frames = open_bag(
        tmp_path, [fix(n, 45.0, 7.00001, 100.0) for n in range(4)], origin=(45.0, 7.0, 100.0)
    )
    assert next(iter(frames)).pose.position == pytest.approx((0.788, 0, 0), abs=2e-3)
    assert frames.origin == (45.0, 7.0, 100.0)


def test_odometry_that_is_reset_or_of_two_nodes(tmp_path: Path) -> None:
    """It is said, and nothing is interpolated from one coordinate frame to the other."""
    reset = [(n * 0.5, 0.0, 0.0) for n in range(20)] * 2
    path = write_bag(
        tmp_path / 'reset',
        [
            *images([picture(n) for n in range(40)], period_ns=SECOND // 20),
            *odometry(reset, start_ns=START + SECOND // 80, period_ns=SECOND // 20),
        ],
    )
    frames = BagFrames(path, BagInputConfig(), PosesConfig())
    found = [frame.pose.position[0] for frame in frames if frame.pose]
    assert found[:4] == pytest.approx([0.0, 0.375, 0.875, 1.375])
    # At the reset the nearer pose.
    assert found[19:22] == pytest.approx([9.375, 0.0, 0.375])
    assert [note.partition(' (')[0] for note in frames.completeness.notes] == [
        f'{ODOM}: steps between poses that are faster than any vehicle: 1, the largest of 9.5 m, '
        '1 to the origin'
    ]


@pytest.mark.parametrize('lost', [range(12, 20), range(4), range(34, 40)])
def test_the_origin_that_is_sent_while_odometry_is_lost(tmp_path: Path, lost: range) -> None:
    """Such poses are left out and said, however near the robot is; frames there have none."""
    drive = [(0.0, 0.0, 0.0) if n in lost else (3.0 + n * 0.05, 0.0, 0.0) for n in range(40)]
    path = write_bag(
        tmp_path / 'lost',
        [
            *images([picture(n) for n in range(40)], period_ns=SECOND // 10),
            *odometry(drive, period_ns=SECOND // 10),
        ],
    )
    frames = BagFrames(path, BagInputConfig(), PosesConfig(max_gap=0.2))
    found = [frame.pose.position[0] if frame.pose else None for frame in frames]
    near = {lost[0] - 2, lost[0] - 1, *lost, lost[-1] + 1, lost[-1] + 2}
    for number, (x, y) in enumerate(zip(found, drive)):
        assert x != 0.0
        assert number in near or x == pytest.approx(y[0])
    assert found.count(None) == frames.completeness.without_pose > 0
    assert frames.completeness.notes == [
        f'{ODOM}: {len(lost)} of 40 poses are at the origin, a leap away from those around them '
        '(it was lost?): left out'
    ]


@pytest.mark.parametrize('period_ns', [SECOND // 10, SECOND])
def test_a_drive_that_begins_passes_and_ends_at_the_origin(tmp_path: Path, period_ns: int) -> None:
    """Its poses there are positions as all others, also where it stands there."""
    away = [0.0, 0.0, *(n * 1.5 for n in range(8))]
    drive = [(x, 0.0, 0.0) for x in [*away, *reversed(away), *(-each for each in away)]]
    path = write_bag(
        tmp_path / 'bag',
        [
            *images([picture(n) for n in range(len(drive))], period_ns=period_ns),
            *odometry(drive, period_ns=period_ns),
        ],
    )
    frames = BagFrames(path, BagInputConfig(), PosesConfig(max_gap=0.2))
    assert [frame.pose.position[0] if frame.pose else None for frame in frames] == [
        x for x, _, _ in drive
    ]


def test_fixes_that_are_none(tmp_path: Path) -> None:
    """No fix, NaN and impossible positions are left out; without a height it is taken as zero."""
    nan = float('nan')
    frames = open_bag(
        tmp_path,
        [
            fix(0, 10.0, 10.0, 0.0, status=-1),
            fix(0, nan, 7.0, 0.0),
            fix(0, 45.0, float('inf'), 0.0),
            fix(0, 95.0, 7.0, 0.0),
            fix(0, 45.0, 400.0, 0.0),
            fix(1, 45.0, 7.0, nan),
            fix(2, 45.00001, 7.0, nan),
        ],
    )
    assert frames.poses is not None and len(frames.poses) == 2
    assert frames.origin == (45.0, 7.0, 0.0)
    positions = [frame.pose.position for frame in frames]
    assert np.isfinite(positions).all()
    assert positions[2] == pytest.approx((0, 1.111, 0), abs=2e-3)


@pytest.mark.parametrize('kind', ['gps', 'odometry'])
def test_a_topic_without_a_usable_pose(tmp_path: Path, kind: str) -> None:
    """A pose topic that never holds a pose is named, with what can be done."""
    zero = pose_message((0, 0, 0), (0.0, 0.0, 0.0, 0.0))
    records = [
        fix(0, 45.0, 7.0, 0.0, status=-1)
        if kind == 'gps'
        else stamped('nav_msgs/msg/Odometry', START, zero)
    ]
    topic = records[0].topic
    with pytest.raises(SourceError, match='no usable pose .*; name another topic in poses.topic'):
        open_bag(tmp_path, records, topic)
    # Places by frames or seconds need none.
    frames = BagFrames(tmp_path / 'bag', BagInputConfig(), PosesConfig())
    assert [frame.pose for frame in frames] == [None] * 4
    (note,) = frames.completeness.notes
    assert note.startswith(f'without poses: {topic} holds no usable pose')
    assert ('status -1, no fix' in note) == (kind == 'gps')


def test_poses_in_several_frames(tmp_path: Path) -> None:
    """Poses in two coordinate frames are refused."""
    records = [
        *odometry([(1, 0, 0)] * 2, frame_id='odom'),
        *odometry([(9, 9, 0)] * 2, frame_id='map', start_ns=START + 2 * SECOND),
    ]
    with pytest.raises(SourceError, match="poses of /odom in one frame, found 'map' and 'odom'"):
        open_bag(tmp_path, records)
    frames = BagFrames(tmp_path / 'bag', BagInputConfig(), PosesConfig(topic='none'))
    assert [frame.pose for frame in frames] == [None] * 4


def test_a_slash_before_the_name_of_a_frame_is_left_out(tmp_path: Path) -> None:
    """As of ROS 1: the frames of a map are published, and tf2 refuses such names."""
    records = list(odometry([(n, 0, 0) for n in range(2)], frame_id='/odom'))
    records += odometry([(n, 0, 0) for n in (2, 3)], start_ns=START + 2 * SECOND)
    assert {frame.pose.frame_id for frame in open_bag(tmp_path, records)} == {'odom'}


@pytest.mark.parametrize('noise', [0.0, 20e-5])
def test_positions_that_go_to_and_fro(tmp_path: Path, noise: float) -> None:
    """As of a receiver that stands and is noisy."""
    rng = np.random.default_rng(4)
    fixes = [fix(n, 45 + n * 2e-5 + noise * rng.normal(), 7.0, 100.0) for n in range(20)]
    notes = open_bag(tmp_path, fixes).completeness.notes
    assert ['of 18 steps of more than a metre turn back' in note for note in notes] == (
        [True] if noise else []
    )


def by_turns(
    apart: float, rear: str = 'gps', rate: float = 8.0, repeated: bool = False
) -> list[Record]:
    """Return 40 fixes of a car of 5 m/s in a bend, every second of an antenna `apart` m aside."""
    records = []
    for number in range(40):
        shown = number - number % 2 if repeated else number
        angle = 5.0 * shown / rate / 50.0
        radius = 50.0 + apart * (number % 2)
        north, east = radius * math.cos(angle), radius * math.sin(angle)
        antenna = rear if number % 2 else 'gps'
        records.append(
            fix(number / rate, 45 + north / 111_131.7, 7 + east / 78_846.8, 100.0, 0, antenna)
        )
    return records


@pytest.mark.parametrize('apart', [0.0, 0.3, 0.8, 20.0])
def test_two_receivers_by_turns(tmp_path: Path, apart: float) -> None:
    """Less than a metre apart no step turns back; one that drives the same bend is none."""
    notes = open_bag(tmp_path, by_turns(apart)).completeness.notes
    assert [note.partition(': positions')[0] for note in notes] == (
        [
            '/fix: every second position is off the line between its neighbours, by '
            f'{apart:.2f} m in the median'
        ]
        if apart
        else []
    )


def test_fixes_that_are_sent_twice_are_of_one_receiver(tmp_path: Path) -> None:
    """Each second one is halfway to its neighbours, of which one is the same."""
    notes = open_bag(tmp_path, by_turns(0.0, repeated=True)).completeness.notes
    assert notes == []


def test_two_receivers_by_their_coordinate_frames(tmp_path: Path) -> None:
    """Those of the one with most fixes are used, whichever it is."""
    fixes = by_turns(0.8, 'rear')
    for name, records, used, counts in (
        ('first', fixes, 'gps', "20 in 'gps', 20 in 'rear'"),
        ('second', fixes[1:], 'rear', "20 in 'rear', 19 in 'gps'"),
    ):
        frames = open_bag(tmp_path / name, records)
        assert frames.completeness.notes == [
            f'/fix: fixes are of several receivers by turns ({counts}): those in {used!r} are '
            'used, the others left out'
        ]
        assert frames.poses is not None and len(frames.poses) == 20


def test_a_receiver_that_follows_another(tmp_path: Path) -> None:
    """Both are used, as of a driver that was started again with another coordinate frame."""
    fixes = [fix(n, 45 + n * 2e-5, 7.0, 100.0, 0, 'a' if n < 5 else 'b') for n in range(20)]
    frames = open_bag(tmp_path, fixes)
    assert frames.poses is not None and len(frames.poses) == 20
    assert frames.completeness.notes == [
        "/fix: fixes are in several coordinate frames (15 in 'b', 5 in 'a'): if these are two "
        'antennas, positions are as far apart'
    ]


@pytest.mark.parametrize(
    ('latitude', 'longitude', 'grid'),
    [(47.3769, 8.5417, '0.42 m by 0.07 m'), (-27.4698, 153.0251, '0.21 m by 1.51 m'), (0.1, 1, '')],
)
def test_fixes_that_had_single_precision(
    tmp_path: Path, latitude: float, longitude: float, grid: str
) -> None:
    """They are on a grid, which is said where it is coarse; the same in double precision is not."""
    for name, kind in (('single', np.float32), ('double', np.float64)):
        angles = [(latitude + n * 1e-5, longitude + n * 1e-5) for n in range(8)]
        records = [
            fix(n, float(kind(north)), float(kind(east)), 0.0)
            for n, (north, east) in enumerate(angles)
        ]
        notes = open_bag(tmp_path / name, records).completeness.notes
        said = [note for note in notes if 'single precision (float32)' in note]
        assert len(said) == (name == 'single' and bool(grid))
        assert all(f'on a grid of {grid}: ' in note for note in said)


def test_a_receiver_that_stands_has_no_grid(tmp_path: Path) -> None:
    """One position at a round number is of any precision."""
    records = [fix(n, 47.5, 8.25, 0.0) for n in range(8)]
    assert open_bag(tmp_path, records).completeness.notes == []


def speeds(*parts: tuple[int, float]) -> list[float]:
    """Return distances along a route, 1 Hz, of N seconds at each speed in m/s."""
    return [0.0, *np.cumsum([speed for count, speed in parts for _ in range(count)]).tolist()]


@pytest.mark.parametrize(
    ('along', 'said'),
    [
        # A robot that is started again, at once and after it has driven on.
        (speeds((40, 0.5)) * 2, '1, the largest of 20.0 m, 1 to the origin (was'),
        (speeds((40, 0.5)) + [x + 0.5 for x in speeds((40, 0.5))], '1 to the origin (was'),
        (speeds((4, 0.5), (30, 0.0)) + speeds((40, 0.5)), 'of 2.0 m, 1 to the origin (was'),
        # Set to another position.
        (speeds((40, 0.5)) + [x + 50 for x in speeds((40, 0.5))], 'the largest of 30.0 m (was'),
        # A car, also one that starts from a light, and with messages that are missing.
        (speeds((40, 20.0)) * 2, '1, the largest of 800.0 m'),
        (speeds((30, 0.0), *((1, v) for v in range(0, 36, 6)), (30, 36.0)), ''),
        (speeds((30, 36.0), *((1, v) for v in range(30, 0, -8)), (30, 0.0)), ''),
        # Back over the origin, and to and fro over it.
        ([x - 600 for x in speeds((60, 30.0))], ''),
        ([abs(x - 20) for x in speeds((80, 0.5))], ''),
        # Positions that are sent three times each.
        (np.repeat(speeds((20, 15.0)), 3).tolist(), ''),
    ],
)
def test_odometry_of_1_hz_that_is_set_again(tmp_path: Path, along: list[float], said: str) -> None:
    """Slower than some vehicle, but not than this one; a fast car is none."""
    notes = open_bag(tmp_path, [*odometry([(x, 0, 0) for x in along])]).completeness.notes
    assert [said in note for note in notes] == ([True] if said else [])


def test_poses_that_are_missing_are_no_reset(tmp_path: Path) -> None:
    """The robot drove on in the meantime; it was set again if it comes back to zero."""
    along = speeds((120, 8.0))
    poses = [*odometry([(x, 0, 0) for x in along])]
    left = [*poses[:40], *poses[43:70], *poses[90:]]
    assert open_bag(tmp_path / 'gap', left).completeness.notes == []
    again = [*odometry([(x, 0, 0) for x in along[:40]], start_ns=START + 130 * SECOND)]
    (note,) = open_bag(tmp_path / 'again', [*poses, *again]).completeness.notes
    assert note.startswith(
        f'{ODOM}: steps between poses that are faster by far than the others: 1, the largest of '
        '960.0 m, 1 to the origin (was it reset'
    )


def test_which_topic_holds_the_poses(tmp_path: Path) -> None:
    """Of several pose topics one must be named; `none` needs none of them."""
    records = [*odometry([(1, 0, 0)] * 4), fix(0, 45.0, 7.0, 0.0)]
    with pytest.raises(SourceError, match='several pose topics'):
        open_bag(tmp_path, records)
    bag = tmp_path / 'bag'
    for topic, expected in (('/odom', (1, 0, 0)), ('/fix', (0, 0, 0))):
        frames = BagFrames(bag, BagInputConfig(), PosesConfig(topic=topic))
        assert next(iter(frames)).pose.position == pytest.approx(expected)
    assert BagFrames(bag, BagInputConfig(), PosesConfig(topic='none')).poses is None
    with pytest.raises(SourceError, match='no topic /amcl'):
        BagFrames(bag, BagInputConfig(), PosesConfig(topic='/amcl'))


def test_poses_by_which_a_robot_is_sent_or_set_are_not_where_it_is(tmp_path: Path) -> None:
    """The only pose of RViz's goal hid /tf, and made a second pose topic next to odometry."""
    goal = stamped('geometry_msgs/msg/PoseStamped', START, pose_message((50, 3, 0)))
    placed = stamped('geometry_msgs/msg/PoseWithCovarianceStamped', START, pose_message((0, 0, 0)))
    commands = [
        goal._replace(topic='/robot1/goal_pose'),
        goal._replace(topic='/mavros/setpoint_position/local'),
        placed._replace(topic='/initialpose'),
    ]
    links = [sent(START + n * SECOND, 'odom', 'base_link', (n, 0, 0)) for n in range(4)]
    along = [(n, 0, 0) for n in range(4)]
    for number, records in enumerate((links, list(odometry(along)))):
        frames = open_bag(tmp_path / str(number), [*commands, *records])
        assert [frame.pose.position for frame in frames] == [pytest.approx(each) for each in along]
    alone = open_bag(tmp_path, commands[:1])
    assert [frame.pose for frame in alone] == [None] * 4
    for folder, expected in (
        (
            '0',
            [
                ('/tf', "4 poses, in frame 'odom'"),
                ('poses', "/tf: poses are those of 'base_link' "),
            ],
        ),
        ('1', [('/odom', "4 poses, in frame 'odom'")]),
        ('', [('poses', 'without poses: those of /robot1/goal_pose')]),
    ):
        lines = [*describe(tmp_path / folder / 'bag')][-len(expected) :]
        for (name, text), (wanted, start) in zip(lines, expected, strict=True):
            assert (name, text[: len(start)]) == (wanted, start)
    assert alone.completeness.notes == [
        'without poses: those of /robot1/goal_pose (geometry_msgs/msg/PoseStamped) are where a '
        'robot is sent or set, not where it is'
    ]
    named = BagFrames(tmp_path / 'bag', BagInputConfig(), PosesConfig(topic='/robot1/goal_pose'))
    assert next(iter(named)).pose.position == (50, 3, 0)


def test_positions_that_are_read_only_where_they_are_named(tmp_path: Path) -> None:
    """Trackers send transforms and points, which may as well be of anything."""
    point = make('PointStamped', header(START, 'world'), make('Point', 7.0, 8.0, 9.0))
    other = make('Pose2D', 1.0, 2.0, 3.0)
    records = [
        Record('/vicon/robot', TRACKED, START, transform(START, 'world', 'robot', (1, 2, 3))),
        Record('/leica', 'geometry_msgs/msg/PointStamped', START, point),
        Record('/pose2d', 'geometry_msgs/msg/Pose2D', START, other),
    ]
    found = open_bag(tmp_path, records)
    assert found.poses is None
    assert found.completeness.notes == [
        f'without poses: name /vicon/robot ({TRACKED}) or /leica (geometry_msgs/msg/PointStamped) '
        'in poses.topic if that is the robot',
        'without poses: /pose2d (geometry_msgs/msg/Pose2D) is not read; write its positions to a '
        'file (poses.file), or record a type that is read',
    ]
    for topic, expected in (('/vicon/robot', (1, 2, 3)), ('/leica', (7, 8, 9))):
        named = BagFrames(tmp_path / 'bag', BagInputConfig(), PosesConfig(topic=topic))
        pose = next(iter(named)).pose
        assert (pose.position, pose.orientation, pose.frame_id) == (expected, STILL, 'world')


def test_no_pose_topic_is_no_error(tmp_path: Path) -> None:
    """A bag with pictures only gives frames without poses."""
    assert [frame.pose for frame in open_bag(tmp_path, [])] == [None] * 4


@pytest.mark.parametrize('zeros', [(0, 1, 2), (5,), (5, 9)])
def test_fixes_at_zero_are_none(tmp_path: Path, zeros: Sequence[int]) -> None:
    """Latitude and longitude 0 is what receivers send without a fix; the origin is another."""
    records = [
        fix(n, 0.0, 0.0, 0.0) if n in zeros else fix(n, 45.0 + n * 1e-5, 7.0, 0.0)
        for n in range(12)
    ]
    frames = open_bag(tmp_path, records)
    first = next(n for n in range(12) if n not in zeros)
    assert frames.origin == (45.0 + first * 1e-5, 7.0, 0.0)
    assert frames.poses is not None and len(frames.poses) == 12 - len(zeros)
    (note,) = (each for each in frames.completeness.notes if 'longitude 0' in each)
    assert f'{len(zeros)} of 12 fixes' in note


def test_a_route_at_latitude_and_longitude_zero(tmp_path: Path) -> None:
    """Simulators begin there."""
    frames = open_bag(tmp_path, [fix(n, n * 1e-5, 0.0, 0.0) for n in range(4)])
    assert frames.poses is not None and len(frames.poses) == 4
    assert frames.completeness.notes == []


@pytest.mark.parametrize(('latitude', 'longitude'), [(47.0, 8.0), (0.3, 32.5), (-33.9, 151.2)])
def test_fixes_in_radians(tmp_path: Path, latitude: float, longitude: float) -> None:
    """They would be at sea, where no robot drives; the same in degrees is not said."""
    for name, unit in (('degrees', 1.0), ('radians', math.pi / 180)):
        records = [fix(n, latitude * unit, (longitude + n * 1e-5) * unit, 0.0) for n in range(4)]
        frames = open_bag(tmp_path / name, records)
        said = [note for note in frames.completeness.notes if 'in radians' in note]
        assert len(said) == (name == 'radians')


def test_fixes_far_from_all_others(tmp_path: Path) -> None:
    """A step of kilometres and back is an outlier, also as the first fix."""
    far = (0, 20)
    records = [fix(n, 45.0 + n * 1e-5 + (n in far) * 0.1, 7.0, 0.0) for n in range(30)]
    frames = open_bag(tmp_path, records)
    assert frames.poses is not None and len(frames.poses) == 28
    assert frames.origin == (45.0 + 1e-5, 7.0, 0.0)
    (note,) = (each for each in frames.completeness.notes if 'km from' in each)
    assert '2 of 30 fixes are up to 11.1 km from' in note


def test_a_step_that_stays_is_said(tmp_path: Path) -> None:
    """Two halves of a route kilometres apart are both kept."""
    records = [fix(n, 45.0 + n * 1e-5 + (n > 15) * 0.1, 7.0, 0.0) for n in range(30)]
    frames = open_bag(tmp_path, records)
    assert frames.poses is not None and len(frames.poses) == 30
    assert any('the largest of 11.1 km' in note for note in frames.completeness.notes)


def test_a_few_poses_in_another_frame(tmp_path: Path) -> None:
    """A start-up message with another frame does not refuse the recording."""
    records = [
        *odometry([(9, 9, 0)], frame_id='map', start_ns=START - SECOND),
        *odometry([(1, 0, 0)] * 20, frame_id='odom'),
    ]
    frames = open_bag(tmp_path, records)
    assert frames.poses is not None and frames.poses.frame_id == 'odom'
    assert any("1 poses are not in frame 'odom'" in note for note in frames.completeness.notes)


def test_fixes_without_a_height(tmp_path: Path) -> None:
    """A height that is unknown, NaN or 0, is no step of as much as the route is above the sea."""
    nan = float('nan')
    heights = [nan, 300.0, 0.0, 304.0]
    frames = open_bag(
        tmp_path, [fix(n, 45.0 + n * 1e-5, 7.0, height) for n, height in enumerate(heights)]
    )
    assert [frame.pose.position[2] for frame in frames] == pytest.approx([0, 0, 0, 4], abs=1e-3)
    assert frames.completeness.notes == [
        '/fix: 2 of 4 fixes have no height: that of the nearest is taken'
    ]


@pytest.mark.parametrize('leap', [0, 25])
def test_a_position_that_is_sent_again_while_the_robot_drives(tmp_path: Path, leap: int) -> None:
    """Then it is left out; a robot that stands, and goes on from there, is none of these."""
    along = [*range(8), *[7] * 6, *range(8 + leap, 16 + leap)]
    frames = open_bag(tmp_path, [fix(n, 45.0 + x * 1e-5, 7.0, 0.0) for n, x in enumerate(along)])
    assert frames.poses is not None and len(frames.poses) == len(along) - (6 if leap else 0)
    assert [note.partition(',')[0] for note in frames.completeness.notes] == (
        ['/fix: 6 of 22 fixes repeat one position'] if leap else []
    )


def test_fixes_of_several_qualities_are_said(tmp_path: Path) -> None:
    """Fixes of RTK and others may be metres apart."""
    frames = open_bag(
        tmp_path, [fix(n, 45.0 + n * 1e-5, 7.0, 0.0, 2 if n < 6 else 0) for n in range(8)]
    )
    (note,) = frames.completeness.notes
    assert note.startswith('/fix: 2 of 8 fixes have a status below 2 (RTK lost?)')


@pytest.mark.parametrize('period, found', [(1.03, 4), (2.0, 2)])
def test_poses_that_are_as_far_apart_as_the_longest_gap(
    tmp_path: Path, period: float, found: int
) -> None:
    """A receiver of 1 Hz has jitter; poses further apart are not interpolated, which is said."""
    records = odometry([(n, 0, 0) for n in range(8)], period_ns=int(period * SECOND))
    bag = write_bag(tmp_path / 'bag', [*images([picture(n) for n in range(4)]), *records])
    frames = BagFrames(bag, BagInputConfig(), PosesConfig(max_gap=1.0))
    assert [frame.pose is not None for frame in frames].count(True) == found
    assert [note.partition(',')[0] for note in frames.completeness.notes] == (
        [] if found == 4 else [f'{ODOM}: poses are 2.0 s apart']
    )


def about_z(angle: float) -> tuple[float, float, float, float]:
    """Return a rotation about z."""
    return 0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2)


@pytest.mark.parametrize(
    'orientation, direction, expected',
    [
        (lambda n: STILL, (1, 0, 0), ''),
        (lambda n: about_z(math.pi), (1, 0, 0), ''),
        (lambda n: (-0.5, 0.5, -0.5, 0.5), (1, 0, 0), '100% are along z (an optical frame'),
        (lambda n: STILL, (0, 1, 0), 'all orientations are the same (not set?)'),
        (lambda n: about_z(math.pi / 2 + n % 2 * 0.1), (1, 0, 0), '100% are along y'),
        (lambda n: about_z(n * 0.7), (1, 0, 0), 'does it turn on the robot?'),
        (lambda n: STILL, (0, 0, 0), 'the position is the same for all of 29 s'),
    ],
)
def test_poses_that_do_not_face_where_they_move(
    tmp_path: Path,
    orientation: Callable[[int], Sequence[float]],
    direction: Sequence[float],
    expected: str,
) -> None:
    """Poses of an optical frame, of a head that turns, or without orientations are said."""
    records = [
        stamped(
            'nav_msgs/msg/Odometry',
            START + n * SECOND,
            pose_message([n * part for part in direction], orientation(n)),
        )
        for n in range(30)
    ]
    notes = open_bag(tmp_path, records).completeness.notes
    assert [expected in note for note in notes] == ([True] if expected else [])


def test_why_poses_are_unusable(tmp_path: Path) -> None:
    """A driver that does not set the orientation is found by the reason."""
    kind = 'geometry_msgs/msg/PoseStamped'
    unset = stamped(kind, START, pose_message((1, 2, 0), (0.0, 0.0, 0.0, 0.0)))
    frames = open_bag(tmp_path, [unset, stamped(kind, START + SECOND, pose_message((1, 2, 0)))])
    assert frames.completeness.notes == [
        '/pose: 1 of 2 poses are unusable (1 have a quaternion of length 0, no orientation)'
    ]
