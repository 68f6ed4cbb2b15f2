"""Checks of live frames before recording: stamps, unusable frames, places so far."""

from __future__ import annotations

import contextlib
import itertools
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.events import packets, random_events
from support.helpers import SECOND, picture, tiny_config

from vprtempo_ros.config import EventsConfig
from vprtempo_ros.errors import ImageError, SourceError
from vprtempo_ros.events.stream import EventStream
from vprtempo_ros.frames import Frame, Pose, grey_image
from vprtempo_ros.maps.counting import PlaceCounter
from vprtempo_ros.maps.places import sample
from vprtempo_ros.sources import poses as pose_source
from vprtempo_ros.sources.cdr import COMPRESSED, IMAGE, PACKET, write_message
from vprtempo_ros.sources.event_msg import packet_message
from vprtempo_ros.sources.image_bag import compressed_message, image_message
from vprtempo_ros.sources.live import FrameValidator, RateLimiter
from vprtempo_ros.sources.poses import LocalPoses, PoseTrack
from vprtempo_ros.sources.same_size import SameSize
from vprtempo_ros.support.reasons import OTHER


def image(stamp_ns: int, pixels: Any = None, encoding: str = 'mono8') -> bytes:
    """Return the bytes of an image."""
    pixels = picture(1) if pixels is None else pixels
    return write_message(image_message(stamp_ns, pixels, encoding, 'cam'), IMAGE)


def test_stamps() -> None:
    """A frame's stamp is its own, or else the time of reception."""
    watch = FrameValidator(IMAGE)
    assert watch.look(image(5 * SECOND), 7) == 5 * SECOND
    assert FrameValidator(IMAGE).look(image(0), 7) == 7
    assert (watch.bad, watch.jumped) == ({}, 0.0)


def test_bad_frames_are_counted_by_their_reason() -> None:
    """Unknown encodings, other bytes, black frames and other sizes are unusable."""
    watch = FrameValidator(IMAGE)
    black = np.zeros((24, 32), np.uint8)
    for data in (
        image(SECOND, encoding='jpeg9000'),
        b'\0\1\0\0 nonsense',
        image(SECOND, black),
        image(SECOND),
    ):
        watch.look(data, 0)
    for _ in range(3):
        watch.look(image(2 * SECOND), 0)
    for _ in range(3):
        assert watch.look(image(2 * SECOND, picture(1, 12, 16)), 0) is None
    assert sum(watch.bad.values()) == 6
    reasons = '\n'.join(watch.bad)
    assert 'unknown encoding' in reasons
    assert 'do not hold' in reasons
    assert watch.bad['expected 32x24 pixels as in most images so far, found 16x12'] == 3


def test_reasons_do_not_fill_the_memory() -> None:
    """Of many different reasons only some are kept; the others count together."""
    watch = FrameValidator(IMAGE)
    # Reasons that differ in numbers only are one.
    for first, second in itertools.product('abcdefghij', repeat=2):
        watch.look(image(SECOND, encoding=f'secret_{first}{second}'), 0)
    assert len(watch.bad) <= 21
    assert watch.bad[OTHER] == 80


def test_a_clock_that_jumps_back() -> None:
    """Slightly disordered stamps are accepted; a step back by a second is a time jump."""
    watch = FrameValidator(IMAGE)
    assert watch.look(image(100 * SECOND), 0)
    assert watch.look(image(100 * SECOND - SECOND // 2), 0)
    assert watch.jumped == 0
    assert watch.look(image(90 * SECOND), 0) is None
    assert watch.jumped == pytest.approx(10)


def test_compressed_images_are_looked_at_now_and_then() -> None:
    """Bytes that are no JPEG are noticed, without decoding all of them."""
    watch = FrameValidator(COMPRESSED)
    broken = write_message(compressed_message(SECOND, b'no jpeg', 'jpeg', 'cam'), COMPRESSED)
    assert watch.look(broken, 0) is None
    assert watch.look(broken, 0) == SECOND
    assert len(watch.bad) == 1


def test_packets_of_events() -> None:
    """Stamps of packets, unknown encodings and other sizes."""
    watch = FrameValidator(PACKET)
    first, second, third = packets(random_events(3000), 1000)
    assert watch.look(write_message(packet_message(first), PACKET), 0) == first.stamp_ns
    odd = second._replace(encoding='evt2')
    assert watch.look(write_message(packet_message(odd), PACKET), 0) is None
    other = third._replace(width=320)
    assert watch.look(write_message(packet_message(other), PACKET), 0) is None
    reasons = '\n'.join(watch.bad)
    assert 'evt2' in reasons
    assert '320x' in reasons


@pytest.mark.parametrize(('rate', 'kept'), [(0.0, 300), (10.0, 100), (15.0, 150), (100.0, 300)])
def test_thinning(rate: float, kept: int) -> None:
    """Of a camera at 30 Hz with jitter an even part goes through."""
    jitter = np.random.default_rng(0).integers(-3_000_000, 3_000_000, 300)
    thinning = RateLimiter(rate)
    wanted = [
        thinning.wanted(int(100 * SECOND + number * SECOND // 30 + jitter[number]))
        for number in range(300)
    ]
    assert sum(wanted) == pytest.approx(kept, abs=3)


def test_thinning_begins_anew_with_another_clock() -> None:
    """After stamps of a much earlier time frames pass at once."""
    thinning = RateLimiter(1.0)
    assert thinning.wanted(1000 * SECOND)
    assert thinning.wanted(10 * SECOND)


def test_one_size() -> None:
    """The size of most frames is right; of equally many, the earlier one."""
    size = SameSize()
    size.check(640, 480)
    size.check(640, 480)
    for _ in range(2):
        with pytest.raises(
            ImageError, match='expected 640x480 pixels as in most images so far, found 480x640'
        ):
            size.check(480, 640)
    size.check(480, 640)
    with pytest.raises(ImageError, match='expected 480x640 .* found 640x480'):
        size.check(640, 480)


def test_many_sizes_need_little_memory() -> None:
    """A topic of damaged frames has any number of them."""
    size = SameSize()
    for width in range(1, 1000):
        with contextlib.suppress(ImageError):
            size.check(width, 1)
    size.check(1, 1)
    with pytest.raises(ImageError, match='expected 1x1 '):
        size.check(999, 1)


@pytest.mark.parametrize('kind', ['image', 'packet'])
def test_a_first_frame_of_another_size(kind: str) -> None:
    """It is the one that does not count: cameras start with another setting."""
    if kind == 'image':
        watch = FrameValidator(IMAGE)
        first = image(SECOND, picture(1, 12, 16))
        others = [image((2 + number) * SECOND, picture(number)) for number in range(20)]
    else:
        watch = FrameValidator(PACKET)
        found = packets(random_events(21_000), 1000)
        first = write_message(packet_message(found[0]._replace(width=320)), PACKET)
        others = [write_message(packet_message(each), PACKET) for each in found[1:]]
    assert watch.look(first, 0) is not None
    usable = [watch.look(data, 0) is not None for data in others]
    # Until there are more of the others, both sizes are equally likely.
    assert usable == [False] + [True] * (len(others) - 1)
    assert sum(watch.bad.values()) == 1


def frames_of(stamps: list[int], track: PoseTrack | None) -> list[Frame]:
    """Return frames as the trainer reads them from a bag."""
    return [
        Frame(stamp, grey_image(picture(0)), '', track.at(stamp) if track else None)
        for stamp in stamps
    ]


@pytest.mark.parametrize(
    'settings',
    [
        {'places__by': 'frames', 'places__spacing': 3.0},
        {'places__by': 'seconds'},
        {'places__by': 'seconds', 'places__spacing': 0.25},
        {'places__by': 'metres'},
        {'places__by': 'metres', 'places__spacing': 0.1, 'places__count': 7},
        {'places__by': 'metres', 'input__start': 20},
    ],
)
def test_places_are_counted_as_the_trainer_cuts_them(settings: dict[str, Any]) -> None:
    """From stamps and poses as received, the poses at another rate, with a gap in them."""
    config = tiny_config(Path('x'), **settings)
    rng = np.random.default_rng(3)
    stamps = (np.arange(100) * SECOND // 10 + rng.integers(0, SECOND // 20, 100)).tolist()
    pose_stamps = [
        t for t in range(SECOND // 20, 10 * SECOND, SECOND // 7) if not 4 * SECOND < t < 6 * SECOND
    ]
    poses = [Pose((t * 1e-9 * 0.7, np.sin(t * 1e-9), 0.0)) for t in pose_stamps]
    track = PoseTrack(
        np.array(pose_stamps),
        np.array([p.position for p in poses]),
        np.array([p.orientation for p in poses]),
        'map',
        config.poses.max_gap,
    )
    counter = PlaceCounter(config)
    arriving = sorted(
        [(stamp, None) for stamp in stamps] + list(zip(pose_stamps, poses)),
        key=lambda item: item[0],
    )
    for stamp, pose in arriving:
        if pose is None:
            counter.add_frame(stamp)
        else:
            counter.add_pose(stamp, pose)
    last = pose_stamps[-1] if config.places.by == 'metres' else stamps[-1]
    frames = [
        frame for frame in frames_of(stamps, track)[config.input.start :] if frame.stamp_ns <= last
    ]
    assert counter.places == len(list(sample(frames, config.places))) > 1


def test_frames_without_poses_wait_in_little_memory() -> None:
    """Without poses there is no place, and the number of waiting frames is bounded."""
    counter = PlaceCounter(tiny_config(Path('x'), places__by='metres'))
    for number in range(10_000):
        counter.add_frame(number)
    assert counter.places == 0
    assert len(counter._waiting) <= 1000


def test_a_frame_that_comes_after_its_pose_counts_at_once() -> None:
    """It does not wait for a next pose, which may not exist where the robot stops."""
    counter = PlaceCounter(tiny_config(Path('x'), places__by='metres'))
    for second in range(5):
        counter.add_pose(second * SECOND, Pose((float(second), 0.0, 0.0)))
        counter.add_frame(second * SECOND)
        assert counter.places == second + 1


def test_windows_of_events_are_counted() -> None:
    """One place per completed time window, by the stamps of the packets."""
    config = tiny_config(Path('x'), input__type='events', input__events__period=0.01)
    every = packets(random_events(20_000), 200)
    counter, stream = PlaceCounter(config), EventStream(EventsConfig(period=0.01))
    windows = 0
    for packet in every:
        counter.add_frame(packet.stamp_ns)
        windows += sum(1 for _ in stream.feed(packet))
    assert windows > 5
    assert counter.places == pytest.approx(windows, abs=1)


def test_windows_by_number_cannot_be_counted() -> None:
    """The number of events is unknown before they are decoded."""
    config = tiny_config(Path('x'), input__type='events', input__events__window='count')
    counter = PlaceCounter(config)
    counter.add_frame(1)
    assert counter.places is None


def test_fixes_become_metres() -> None:
    """The first fix is the origin; a hundredth of a degree north is 1.1 km."""
    pytest.importorskip('pyproj')
    local = LocalPoses('sensor_msgs/msg/NavSatFix')
    assert local.local(Pose((48.0, 11.0, 500.0))).position == pytest.approx((0, 0, 0), abs=1e-6)
    x, y, _ = local.local(Pose((48.01, 11.0, 500.0))).position
    assert abs(x) < 0.1
    assert y == pytest.approx(1112, abs=2)
    pose = Pose((1.0, 2.0, 3.0))
    assert LocalPoses('nav_msgs/msg/Odometry').local(pose) is pose


def test_gps_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing pyproj is reported before the drive."""
    monkeypatch.setitem(sys.modules, 'pyproj', None)
    pose_source._transformer.cache_clear()
    with pytest.raises(SourceError, match='pip install pyproj'):
        LocalPoses('sensor_msgs/msg/NavSatFix')


def test_data_of_pyproj_from_apt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Apt's pyproj does not find its data in a virtual environment: they are where apt is."""
    datadir = pytest.importorskip('pyproj.datadir')
    data = Path(datadir.get_data_dir())

    def lost() -> str:
        raise pytest.importorskip('pyproj.exceptions').DataDirError('no data')

    monkeypatch.setattr(datadir, 'get_data_dir', lost)
    used: list[str] = []
    monkeypatch.setattr(datadir, 'set_data_dir', used.append)
    monkeypatch.setattr(pose_source, '_SYSTEM_DATA', data)
    pose_source._transformer.cache_clear()
    local = LocalPoses('sensor_msgs/msg/NavSatFix').local(Pose((48.0, 11.0, 500.0)))
    assert set(used) == {str(data)}
    assert local.position == pytest.approx((0, 0, 0), abs=1e-6)
    monkeypatch.setattr(pose_source, '_SYSTEM_DATA', tmp_path)
    pose_source._transformer.cache_clear()
    with pytest.raises(SourceError, match='apt: proj-data'):
        LocalPoses('sensor_msgs/msg/NavSatFix')
