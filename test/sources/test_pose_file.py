"""Poses in a file next to bags and files of event cameras."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.event_files import aedat4_frame, aedat4_header
from support.event_kinds import write
from support.events import joined, scene
from support.helpers import START, images, odometry, picture, tiny_config, write_bag, write_pictures
from support.transforms import sent

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.sources.named_poses import pose_file_of
from vprtempo_ros.sources.pose_file import read_pose_file
from vprtempo_ros.sources.traverse import open_traverse

EVENTS = BagInputConfig(type='events', events=EventsConfig(period=0.1, hot_pixels=0.0))
TUM = '# timestamp tx ty tz qx qy qz qw\n' + ''.join(
    f'{100 + n}.{n}00000001 {n} {-n} 0.5 0 0 0.6 0.8\n' for n in range(4)
)
NS = 1_000_000_000


def poses_of(tmp_path: Path, text: str, offset: float = 0.0) -> list[tuple[int, float, float]]:
    """Return stamps, x and y of a file with this text."""
    path = tmp_path / 'poses.txt'
    path.write_text(text)
    found = read_pose_file(path, offset)
    places = [pose.position[:2] for pose in found.poses]
    return [(stamp, x, y) for stamp, (x, y) in zip(found.stamps.stamped.tolist(), places)]


def test_a_tum_trajectory(tmp_path: Path) -> None:
    """Digits of stamps are exact; comments and empty lines are passed over."""
    expected = [((100 + n) * NS + n * 100_000_000 + 1, n, -n) for n in range(4)]
    assert poses_of(tmp_path, TUM) == expected
    assert poses_of(tmp_path, '\n' + TUM.replace(' ', '  ') + '\n# end') == expected
    assert poses_of(tmp_path, TUM.replace('\n', '\r\n'), -99.5)[0][0] == 500_000_001
    found = read_pose_file(tmp_path / 'poses.txt', 0.0)
    assert found.poses[0].position[2] == 0.5
    assert found.poses[0].orientation == (0.0, 0.0, 0.6, 0.8)
    assert poses_of(tmp_path, '1.7e9 1 2 0 0 0 0 1\n') == [(1_700_000_000 * NS, 1, 2)]


@pytest.mark.parametrize(
    'text',
    [
        'stamp,x,y\n1.5,3,4\n',
        'x, y, z, time\n3, 4, 5, 1.5\n',
        'Timestamp_ns,tx,ty,tz,qx,qy,qz,qw\n1500000000,3,4,5,0,0,0,1\n',
        'name,t [us],x,y\na,1500000,3,4\n',
        '#timestamp [ns],p_RS_R_x [m],p_RS_R_y [m],p_RS_R_z [m],q_RS_w [],q_RS_x [],q_RS_y [],'
        'q_RS_z [],v_x\n1500000000,3,4,5,1,0,0,0,7\n',
        '\ufeff# a list, of poses\nstamp,x,y\n\n1.5,3,4\n',
        'timestamp_ms;x;y\n1500;3;4\n',
        'time (ns)\tx [m]\ty [m]\n1500000000\t3\t4\n',
        '"t [ms]","x","y"\n"1500","3","4"\n',
    ],
    ids=[
        *('seconds', 'order', 'nanoseconds', 'microseconds', 'EuRoC', 'comments'),
        *('semicolons', 'tabs', 'quotes'),
    ],
)
def test_columns_by_their_names(tmp_path: Path, text: str) -> None:
    """The same pose in any notation."""
    assert poses_of(tmp_path, text) == [(1_500_000_000, 3, 4)]


@pytest.mark.parametrize(
    'text',
    [
        'stamp,x,y,theta\n1.5,3,4,1.5707963267948966\n',
        'stamp,x,y,yaw [deg]\n1.5,3,4,90\n',
        # Of both the quaternion counts.
        'stamp,x,y,yaw_deg,qx,qy,qz,qw\n1.5,3,4,17,0,0,0.7071067811865476,0.7071067811865476\n',
        '# time x y z qw qx qy qz\n1.5 3 4 0 0.7071067811865476 0 0 0.7071067811865476\n',
        '# made by hand, of 2 lines\n1.5 3 4 0 0 0 0.7071067811865476 0.7071067811865476\n',
    ],
    ids=['radians', 'degrees', 'quaternion', 'order of TUM', 'comment'],
)
def test_orientations(tmp_path: Path, text: str) -> None:
    """A yaw turns about z; a comment that names the columns of a trajectory says their order."""
    assert poses_of(tmp_path, text) == [(1_500_000_000, 3, 4)]
    (pose,) = read_pose_file(tmp_path / 'poses.txt', 0.0).poses
    assert pose.orientation == pytest.approx((0.0, 0.0, 0.5**0.5, 0.5**0.5))


def test_a_yaw_of_a_compass_is_none(tmp_path: Path) -> None:
    """Next to latitude and longitude, a yaw counts from north, in any unit."""
    poses_of(tmp_path, 'stamp,latitude,longitude,yaw\n1,50,10,270\n')
    (pose,) = read_pose_file(tmp_path / 'poses.txt', 0.0).poses
    assert pose.orientation == (0.0, 0.0, 0.0, 1.0)


def test_what_is_left_out(tmp_path: Path) -> None:
    """Poses that are not finite are counted; stamps out of order are said."""
    path = tmp_path / 'p.csv'
    path.write_text('stamp,x,y\n3,0,0\n1,1,1\n2,nan,0\n')
    assert read_pose_file(path, 0.0).notes == [
        'p.csv: 1 of 3 poses are unusable',
        'p.csv: stamps step back 1 times; poses are sorted by them',
    ]


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (b'', 'expected poses, found none'),
        (b'# nothing\n', 'expected poses, found none'),
        (b'stamp,x,y\n', 'expected poses, found none'),
        (b'1 2 3\n', r'line 1: expected stamp x y z qx qy qz qw \(TUM\), or CSV'),
        (b'1,2,3\n', 'expected a line of column names'),
        (b'stamp,x\n1,2\n', 'expected a line of column names'),
        (TUM.encode() + b'1 2 3\n', 'line 6: expected numbers in 8 columns'),
        (b'stamp,x,y\n1,two,3\n', 'line 2: expected numbers in 3 columns'),
        (b'1700000000000000000 1 2 0 0 0 0 1\n', 'nanoseconds are in a CSV column stamp_ns'),
        (b'stamp,x,y,yaw\n1,2,3,90\n', 'yaw in radians, found .* a column yaw_deg'),
        (b'stamp,x,y,x\n1,2,3,4\n', 'expected each column once, found several of x'),
        (b'nan 1 2 0 0 0 0 1\n', 'expected a time in seconds'),
        (b'stamp,x,y\n1,\xff\xfe,3\n', 'line 2: expected poses as text'),
        (b'x' * 100_000, 'line 1: expected poses as text'),
    ],
)
def test_what_is_no_file_of_poses(tmp_path: Path, content: bytes, words: str) -> None:
    """One line says what was expected and found."""
    path = tmp_path / 'poses.txt'
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words) as raised:
        read_pose_file(path, 0.0)
    assert '\n' not in str(raised.value)


def test_the_name_of_the_recording(tmp_path: Path) -> None:
    """Names are relative to the folder of the recording; {name} has no suffix."""
    (tmp_path / 'monday.1').mkdir()
    assert pose_file_of(tmp_path / 'a.raw', '{name}.txt') == tmp_path / 'a.txt'
    assert pose_file_of(tmp_path / 'a.db3.zstd', '../{name}') == tmp_path / '../a'
    assert pose_file_of(tmp_path / 'monday.1', 'p/{name}.csv') == tmp_path / 'p' / 'monday.1.csv'
    assert pose_file_of(tmp_path / 'a.raw', '/poses/{name}{x}') == Path('/poses/a{x}')


def trajectory(path: Path, seconds: float, first: float, count: int = 12) -> Path:
    """Write a pose each `seconds`, one metre further along x."""
    path.write_text(''.join(f'{first + n * seconds:.6f} {n} 0 0 0 0 0 1\n' for n in range(count)))
    return path


def test_poses_next_to_a_bag(tmp_path: Path) -> None:
    """Poses of the file are joined by the stamps of the images, and places are in metres."""
    bag = write_bag(tmp_path / 'bag', images((picture(n) for n in range(10)), period_ns=NS // 10))
    trajectory(tmp_path / 'bag.txt', 0.1, START / NS - 500)
    config = PosesConfig(file='{name}.txt', offset=500.0)
    traverse, origin = open_traverse(str(bag), BagInputConfig(), config)
    assert origin is None
    assert [frame.pose.position[0] for frame in traverse if frame.pose] == pytest.approx(range(10))
    built = build_map(
        tiny_config(
            bag,
            poses__file='{name}.txt',
            poses__offset=500.0,
            places__by='metres',
            places__spacing=2.0,
        )
    )
    assert [place.pose.position[0] for place in built.places if place.pose] == pytest.approx(
        [0, 2, 4, 6, 8]
    )
    with pytest.raises(SourceError, match='other clocks or units.*poses.offset') as raised:
        open_traverse(str(bag), BagInputConfig(), PosesConfig(file='bag.txt'))
    assert f'{START / NS:.3f} to' in str(raised.value)
    assert f'{START / NS - 500:.3f} to' in str(raised.value)
    with pytest.raises(SourceError, match='cannot be read'):
        open_traverse(str(bag), BagInputConfig(), PosesConfig(file='none.txt'))
    with pytest.raises(SourceError, match="found poses.topic '/odom' and poses.file"):
        open_traverse(str(bag), BagInputConfig(), PosesConfig(topic='/odom', file='bag.txt'))


@pytest.mark.parametrize('kind', ['topic', 'transforms'])
def test_poses_of_another_bag(tmp_path: Path, kind: str) -> None:
    """Where images and poses were recorded by two programs, poses are joined by their stamps."""
    period, later = NS // 10, START + 500 * NS
    bag = write_bag(tmp_path / 'bag', images((picture(n) for n in range(10)), period_ns=period))
    if kind == 'topic':
        records = odometry(((n, 0, 0) for n in range(10)), start_ns=later, period_ns=period)
    else:
        records = (sent(later + n * period, 'odom', 'base_link', (n, 0, 0)) for n in range(10))
    write_bag(tmp_path / 'bag_poses', records)
    config = PosesConfig(file='{name}_poses', offset=-500.0)
    traverse, _ = open_traverse(str(bag), BagInputConfig(), config)
    frames = list(traverse)
    assert [frame.pose.position[0] for frame in frames if frame.pose] == pytest.approx(range(10))
    assert {frame.pose.frame_id for frame in frames if frame.pose} == {'odom'}
    said = any('of the transforms' in line for line in traverse.completeness.lines())
    assert said == (kind == 'transforms')
    with pytest.raises(
        SourceError, match=r'in bag_poses are of .*: other clocks\? poses.offset is'
    ):
        open_traverse(str(bag), BagInputConfig(), PosesConfig(file='bag_poses'))
    with pytest.raises(SourceError, match='bag_poses: no topic /pose; pose topics in it'):
        open_traverse(str(bag), BagInputConfig(), PosesConfig(topic='/pose', file='bag_poses'))
    with pytest.raises(SourceError, match='bag: expected poses, found none'):
        open_traverse(str(bag), BagInputConfig(), PosesConfig(file='bag'))
    with pytest.raises(SourceError, match='bag_none'):
        open_traverse(str(bag), BagInputConfig(), PosesConfig(file='bag_none.mcap'))


def test_poses_of_another_bag_for_a_file_of_events(tmp_path: Path) -> None:
    """As the recorder of an event camera writes a file of its own."""
    places = [scene(place, 1_000_000 + place * 100_000) for place in range(8)]
    path = write(tmp_path / 'a', 'AEDAT4', joined(places))
    records = odometry(
        ((n, 0, 0) for n in range(10)), start_ns=START + NS, period_ns=NS // 10, frame_id='map'
    )
    write_bag(tmp_path / 'poses', records)
    config = PosesConfig(file='poses', offset=-START / NS)
    traverse, _ = open_traverse(str(path), EVENTS, config)
    found = [frame.pose.position[0] for frame in traverse if frame.pose]
    assert found == pytest.approx(range(1, 1 + len(found)), abs=0.01)
    assert len(found) >= 6


def test_what_is_of_poses_in_a_bag(tmp_path: Path) -> None:
    """With a file of text, nothing else is set that would have no effect."""
    bag = write_bag(tmp_path / 'bag', images((picture(n) for n in range(3)), period_ns=NS // 10))
    trajectory(tmp_path / 'bag.txt', 0.1, START / NS)
    for name in ('fixed_frame', 'robot_frame'):
        config = PosesConfig(file='bag.txt', **{name: 'map'})
        with pytest.raises(SourceError, match='poses.fixed_frame and poses.robot_frame are of tr'):
            open_traverse(str(bag), BagInputConfig(), config)


def test_fixes_next_to_a_bag(tmp_path: Path) -> None:
    """Latitude and longitude become metres as those of NavSatFix do."""
    bag = write_bag(tmp_path / 'bag', images((picture(n) for n in range(10)), period_ns=NS // 10))
    rows = [f'{START + n * NS // 10},{52 + n * 1e-5},{13.0}\n' for n in range(10)]
    rows.append(f'{START + NS},95,13\n')
    (tmp_path / 'gps.csv').write_text('stamp_ns,lat,lon\n' + ''.join(rows))
    traverse, origin = open_traverse(str(bag), BagInputConfig(), PosesConfig(file='gps.csv'))
    assert origin == (52.0, 13.0, 0.0)
    north = [frame.pose.position[1] for frame in traverse if frame.pose]
    assert north == pytest.approx([n * 1.1126 for n in range(10)], abs=0.01)
    assert 'gps.csv: 1 of 11 poses are unusable' in list(traverse.completeness.lines())


@pytest.mark.parametrize('kind', ['EVT3', 'AEDAT4', 'HDF5'])
def test_poses_next_to_files_of_events(tmp_path: Path, kind: str) -> None:
    """Windows of events have poses; those outside of the poses are counted."""
    if kind == 'HDF5':
        pytest.importorskip('h5py')
    places = [scene(place, 1_000_000 + place * 100_000) for place in range(8)]
    path = write(tmp_path / 'a', kind, joined([*places, scene(0, 1_800_000, count=1)]))
    trajectory(tmp_path / 'a.txt', 0.1, 1.0, 6)
    config = PosesConfig(file='{name}.txt', max_gap=0.15)
    traverse, _ = open_traverse(str(path), EVENTS, config)
    found = [frame.pose.position[0] if frame.pose else None for frame in traverse]
    # A window has the pose of its end.
    assert found[:5] == pytest.approx([1, 2, 3, 4, 5])
    assert found[5:] == [5, None, None]
    assert '2 frames without a pose' in list(traverse.completeness.lines())
    with pytest.raises(SourceError, match='is of 1.000 to 1.800 s, and the poses in a.txt are of'):
        open_traverse(str(path), EVENTS, PosesConfig(file='a.txt', offset=3600.0))


def test_poses_next_to_images_of_a_file(tmp_path: Path) -> None:
    """Frames of an .aedat4 file have the poses too."""
    rng = np.random.default_rng(0)
    data = aedat4_header([(1, 'FRME', 'frames')])
    for number in range(5):
        pixels = rng.integers(0, 256, (20, 30), np.uint8)
        data += aedat4_frame(1, 1_700_000_000_000_000 + 100_000 * number, pixels)
    (tmp_path / 'a.aedat4').write_bytes(data)
    trajectory(tmp_path / 'a.txt', 0.1, 1_700_000_000)
    traverse, _ = open_traverse(
        str(tmp_path / 'a.aedat4'), BagInputConfig(), PosesConfig(file='a.txt')
    )
    assert [frame.pose.position[0] for frame in traverse if frame.pose] == pytest.approx(range(5))


def test_a_folder_has_no_stamps(tmp_path: Path) -> None:
    """Poses cannot be joined with it."""
    folder = write_pictures(tmp_path / 'a', ['1.png', '2.png'])
    with pytest.raises(SourceError, match='poses.file goes with recordings with stamps'):
        open_traverse(str(folder), BagInputConfig(), PosesConfig(file='a.txt'))
