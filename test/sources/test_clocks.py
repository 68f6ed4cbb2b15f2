"""Which clock is trusted: order of recording, stamps, receive times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.clocks import TENTH, stamps, steady
from support.helpers import (
    CAMERA,
    ODOM,
    SECOND,
    START,
    STORAGES,
    Record,
    images,
    odometry,
    picture,
    write_bag,
)

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import SourceError
from vprtempo_ros.sources.cdr import IMAGE
from vprtempo_ros.sources.clocks import common_clock
from vprtempo_ros.sources.disorder import by_numbers
from vprtempo_ros.sources.image_bag import ODOMETRY, image_message
from vprtempo_ros.sources.image_frames import BagFrames
from vprtempo_ros.sources.stamps import Stamps


def test_stamps_in_order_stay() -> None:
    """Ordinary recordings keep their stamps, and nothing is said."""
    received, stamped = steady(50), steady(50, START - 1234567)
    found = common_clock(stamps('a', received, stamped), stamps('b', received, stamped))
    assert found.frames.tolist() == stamped
    assert found.notes == []


def test_messages_that_were_recorded_out_of_order() -> None:
    """They are counted with the largest step; those of poses are said too."""
    received = steady(50)
    changed = [*received[:10], received[12], received[10], received[11], *received[13:]]
    found = common_clock(stamps('/image', received, changed), stamps('/odom', received, changed))
    assert found.frames.tolist() == changed
    assert found.disorder == (2, pytest.approx(0.2))
    assert found.notes == [
        '/odom: 2 of 50 poses were recorded after later ones, by up to 0.200 s: sorted'
    ]


@pytest.mark.parametrize(
    ('numbers', 'order', 'found'),
    [
        ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], (0, 0)),
        ([0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5], (0, 0)),
        ([1, 0, 3, 2, 5, 4], [1, 0, 3, 2, 5, 4], (3, 1)),
        ([7, 9, 10, 11, 8, 12], [0, 4, 1, 2, 3, 5], (1, 3)),
        ([107, 108, 109, 112, 111, 0], [0, 1, 2, 4, 3, 5], (1, 1)),
        ([105, 106, 107, 0, 1, 2], [0, 1, 2, 3, 4, 5], (0, 0)),
        ([0, 1, 2, 0, 1, 2], [0, 1, 2, 3, 4, 5], (0, 0)),
    ],
)
def test_numbers_of_packets(numbers: list[int], order: list[int], found: tuple[int, int]) -> None:
    """Neighbours are exchanged; numbers that begin again are those of another stream."""
    times = np.array(steady(6))
    changed, late, furthest = by_numbers(times, np.array(numbers))
    assert np.argsort(changed).tolist() == order
    assert (late, furthest) == found
    assert sorted(changed.tolist()) == times.tolist()


def test_a_simulation_that_is_reset() -> None:
    """Frames and poses jump together: by the same amount, that of the faster topic."""
    frames = steady(60, 5 * SECOND + 4_000_000) * 2
    poses = steady(300, 5 * SECOND, SECOND // 50) * 2
    found = common_clock(
        stamps('/image', steady(120, START + 5_000_000), frames),
        stamps('/odom', steady(600, START, SECOND // 50), poses),
    )
    assert found.poses is not None
    assert found.frames[60] - found.frames[0] == found.poses[300] - found.poses[0] == 6 * SECOND
    assert found.breaks == (int(found.poses[300]),)
    assert len(found.notes) == 2


def test_two_clocks() -> None:
    """A camera that counts from its start is aligned by receive times; both spans are said."""
    received = steady(100)
    found = common_clock(
        stamps('/image', received, steady(100, 1000 * SECOND)), stamps('/odom', received, received)
    )
    assert found.frames.tolist() == received
    (note,) = found.notes
    assert '/image is stamped 1000.000 to 1009.900 s, /odom 100.000 to 109.900 s' in note
    assert note.endswith('aligned by the receive times')


def test_unset_stamps_next_to_simulated_time() -> None:
    """Receive times are used for both."""
    received = steady(100)
    found = common_clock(
        stamps('/image', received, [0] * 100), stamps('/odom', received, steady(100, 0))
    )
    assert found.poses is not None
    assert found.frames.tolist() == found.poses.tolist() == received
    assert 'another clock' in found.notes[0]


def test_an_unsure_offset_is_said() -> None:
    """Latency, or clocks that are not synchronised: stamps are used."""
    received, late = steady(100), steady(100, START - 2 * SECOND)
    found = common_clock(stamps('a', received, late), stamps('b', received, received))
    assert found.frames.tolist() == late
    assert 'stamped 2.0 s apart' in found.notes[0]


def test_what_cannot_be_decided_is_refused() -> None:
    """Stamps that begin again in a recording without receive times."""
    twice = [*steady(50), *steady(50)]
    with pytest.raises(SourceError, match='stamps begin again after message 50'):
        common_clock(stamps('a', [0] * 100, twice), stamps('b', [0] * 100, twice))


@pytest.mark.parametrize('storage', STORAGES)
def test_poses_of_the_second_drive(tmp_path: Path, storage: str) -> None:
    """After a reset each frame has the pose of its own drive, 40 m away."""
    records = []
    for drive, x in enumerate((0.0, 40.0)):
        begin = START + drive * 6 * SECOND
        seen = images([picture(n) for n in range(60)], start_ns=5 * SECOND, period_ns=TENTH)
        moved = odometry(
            [(x + n / 50, 0, 0) for n in range(300)], start_ns=5 * SECOND, period_ns=SECOND // 50
        )
        records += [
            each._replace(stamp_ns=begin + each.stamp_ns - 5 * SECOND) for each in (*seen, *moved)
        ]
    path = write_bag(tmp_path / 'bag', sorted(records, key=lambda each: each.stamp_ns), storage)
    frames = list(BagFrames(path, BagInputConfig(), PosesConfig()))
    assert len(frames) == 120
    for number, frame in enumerate(frames):
        assert frame.pose
        expected = 40.0 * (number >= 60) + (number % 60) / 10
        assert frame.pose.position[0] == pytest.approx(expected, abs=0.03)
    assert [frame.stamp_ns for frame in frames] == steady(120, 5 * SECOND)


def test_images_out_of_order_are_sorted(tmp_path: Path) -> None:
    """Frames come by their stamps; one that is later than 32 others is left out."""
    order = [0, 2, 1, 3, *range(5, 45), 4, 45]
    records = [
        Record(
            CAMERA,
            IMAGE,
            START + number,
            image_message(START + which * TENTH, picture(which), 'mono8', 'cam'),
        )
        for number, which in enumerate(order)
    ]
    frames = BagFrames(write_bag(tmp_path / 'bag', records), BagInputConfig(), PosesConfig())
    found = [(frame.stamp_ns - START) // TENTH for frame in frames]
    assert found == [0, 1, 2, 3, *range(5, 46)]
    assert list(frames.completeness.skipped.values()) == [1]


def test_gaps_and_frames_without_a_pose(tmp_path: Path) -> None:
    """Holes in images and in poses are counted; an even recording has none."""
    seen = list(images([picture(n) for n in range(40)], period_ns=TENTH))
    moved = list(odometry([(n, 0, 0) for n in range(40)], period_ns=TENTH))
    del seen[10:30], moved[32:]
    path = write_bag(tmp_path / 'bag', [*seen, *moved])
    frames = BagFrames(path, BagInputConfig(), PosesConfig(max_gap=0.2))
    assert len(list(frames)) == 20
    complete = frames.completeness
    assert (complete.gaps, complete.largest_gap) == (1, pytest.approx(2.1))
    assert complete.without_pose == 6
    assert list(complete.lines()) == ['1 gap, the largest of 2.1 s', '6 frames without a pose']
    assert {ODOM, CAMERA} == {record.topic for record in (*seen, *moved)}
    assert {record.type for record in moved} == {ODOMETRY}


def test_stamps_of_another_rate() -> None:
    """Of two topics that run at different rates, one is not of the clock it seems to be."""
    received = steady(100)
    slow = [START + number * TENTH // 2 for number in range(100)]
    found = common_clock(stamps('/image', received, slow), stamps('/odom', received, received))
    assert found.poses is not None
    assert found.frames.tolist() == found.poses.tolist() == received
    assert found.notes == [
        'stamps of /image run at 0.5 times the rate of the receive times, those of /odom at 1: '
        'receive times are used for both'
    ]
    # Both of a simulation that is as slow.
    found = common_clock(stamps('/image', received, slow), stamps('/odom', received, slow))
    assert found.frames.tolist() == slow


def test_a_simulation_that_becomes_slow() -> None:
    """Its stamps are used, also where a camera sends less while the simulation is fast."""
    passed = np.concatenate([np.full(600, 0.1), np.full(600, 0.03)]).cumsum()

    def of(name: str, seconds: NDArray[np.float64]) -> Stamps:
        received = np.interp(seconds, passed, np.arange(1200) * 0.1) * SECOND
        return Stamps(name, received.astype(np.int64), (seconds * SECOND).astype(np.int64))

    shown = np.arange(1.0, 77.0, 0.1)
    images = of('/image', shown[(shown > 60.0) | (np.arange(len(shown)) % 6 == 0)])
    found = common_clock(images, of('/odom', np.arange(1.0, 77.0, 0.02)))
    assert not found.notes
    assert np.array_equal(found.frames, images.stamped)


@pytest.mark.parametrize('amount', [0.6, 2.0, 4.0, -0.7])
@pytest.mark.parametrize('of_poses', [False, True])
def test_a_clock_that_is_set_while_it_is_recorded(amount: float, of_poses: bool) -> None:
    """Stamps that step, of one topic and not as messages were received, are brought back."""
    received = steady(200)
    step = [ns + round(amount * SECOND) * (number >= 80) for number, ns in enumerate(received)]
    images = stamps('/image', received, received if of_poses else step)
    poses = stamps('/odom', received, step if of_poses else received)
    found = common_clock(images, poses)
    assert found.poses is not None
    assert np.abs(found.frames - found.poses)[:78].max() == 0
    assert np.abs(found.frames - found.poses)[82:].max() == 0
    (note,) = (note for note in found.notes if 'sorted' not in note)
    assert 'step against each other once, by up to' in note


def test_messages_that_are_late_are_no_clock_that_was_set() -> None:
    """Stamps are right where only receive times step, or both topics step together."""
    sent = steady(200)
    late = [ns + 2 * SECOND * (number >= 80) for number, ns in enumerate(sent)]
    found = common_clock(stamps('/image', late, sent), stamps('/odom', sent, sent))
    assert found.frames.tolist() == sent
    found = common_clock(stamps('/image', sent, late), stamps('/odom', sent, late))
    assert found.frames.tolist() == late and not found.notes
