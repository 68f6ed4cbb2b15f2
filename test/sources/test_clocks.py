"""Which clock is trusted: order of recording, stamps, receive times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
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
from vprtempo_ros.sources.clocks import Stamps, common_clock
from vprtempo_ros.sources.disorder import by_numbers
from vprtempo_ros.sources.image_bag import ODOMETRY, image_message
from vprtempo_ros.sources.image_frames import BagFrames

TENTH = SECOND // 10


def stamps(name: str, received: list[int], stamped: list[int]) -> Stamps:
    """Return the clocks of a topic."""
    return Stamps(name, np.array(received, np.int64), np.array(stamped, np.int64))


def steady(count: int, begin: int = START, period: int = TENTH) -> list[int]:
    """Return times at a steady rate."""
    return [begin + number * period for number in range(count)]


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


@pytest.mark.parametrize('period', [TENTH, SECOND])
def test_a_clock_that_wraps(period: int) -> None:
    """Time goes on by the receive times where stamps begin again."""
    received = steady(100, period=period)
    wrapped = [t - 4295 * SECOND if n >= 50 else t for n, t in enumerate(received)]
    found = common_clock(stamps('/image', received, wrapped))
    assert found.frames.tolist() == received
    (note,) = found.notes
    assert note.startswith('/image: stamps jump once, after message 50, back by 4295.000 s')


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


def test_several_resets() -> None:
    """Each is counted."""
    found = common_clock(stamps('a', steady(90), steady(30) * 3))
    assert found.frames.tolist() == steady(90)
    assert 'stamps jump 2 times, first after message 30' in found.notes[0]


def test_a_recorder_whose_clock_is_set_back() -> None:
    """Receive times and stamps step back together: time goes on at the common rate."""
    times = [*steady(50), *steady(50, START + 2 * SECOND)]
    found = common_clock(stamps('a', times, times))
    assert found.frames.tolist() == steady(100)


def test_one_wrong_stamp() -> None:
    """A stamp far ahead does not move those after it."""
    stamped = steady(50)
    stamped[20] += 1000 * SECOND
    found = common_clock(stamps('a', steady(50), stamped))
    assert found.frames.tolist() == steady(50)


def test_messages_out_of_order_keep_their_stamps() -> None:
    """Late messages are no new beginning."""
    stamped = steady(50, period=2 * SECOND)
    stamped[10], stamped[11] = stamped[11], stamped[10]
    found = common_clock(stamps('a', steady(50, period=2 * SECOND), stamped))
    assert found.frames.tolist() == stamped
    assert found.notes == []


def test_fast_simulations_and_gaps_are_no_jumps() -> None:
    """Twenty times as fast as real time, or a pause of a minute."""
    fast = steady(50, 0, 2 * SECOND)
    assert common_clock(stamps('a', steady(50), fast)).frames.tolist() == fast
    paused = [*steady(50), *steady(50, START + 60 * SECOND)]
    found = common_clock(stamps('a', paused, paused))
    assert found.frames.tolist() == paused
    assert found.notes == []


def test_missing_stamps() -> None:
    """Zero is a time in simulations, and else estimated; without any, receive times are used."""
    simulated = steady(50, 0)
    assert common_clock(stamps('a', steady(50), simulated)).frames.tolist() == simulated
    some = steady(50)
    some[7] = some[30] = 0
    found = common_clock(stamps('a', steady(50, START + 5), some))
    assert found.frames.tolist() == steady(50)
    assert '2 of 50 messages have no stamp' in found.notes[0]
    found = common_clock(stamps('a', steady(50), [0] * 50))
    assert found.frames.tolist() == steady(50)
    assert found.notes == ['a has no stamps: receive times are used']


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


def after_the_second(unit: int) -> list[int]:
    """Return stamps at 10 Hz, begun in a second, with their fractions in a unit of ns."""
    whole = steady(100, START + 3 * TENTH)
    return [time - time % SECOND + time % SECOND // unit for time in whole]


@pytest.mark.parametrize(
    ('stamped', 'why'),
    [
        (after_the_second(SECOND), 'has stamps that go on only every 1.0 s'),
        (after_the_second(1000), 'has stamps that go on only every 1.0 s'),
        (after_the_second(1_000_000), 'has stamps that go on only every 1.0 s'),
        ([START] * 100, 'has the same stamp in all messages'),
        (
            [time // 1000 for time in steady(100, START)],
            'is stamped 1000 times as slowly as received (another unit?)',
        ),
        ([0] * 70 + steady(30, START), 'has no valid stamp in 70 of 100 messages'),
    ],
)
def test_stamps_that_do_not_say_when(stamped: list[int], why: str) -> None:
    """Drivers leave out nanoseconds, or write others into them: receive times are used instead."""
    received = steady(100, START + 3 * TENTH)
    for number, names in enumerate((('/image', '/odom'), ('/odom', '/image'))):
        first = stamps(names[0], received, stamped)
        second = stamps(names[1], received, received)
        found = common_clock(*(first, second)[:: 1 - 2 * number])
        assert found.poses is not None
        assert found.frames.tolist() == found.poses.tolist() == received
        assert found.notes == [f'{names[0]} {why}: receive times are used']


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


def test_poses_that_are_sent_again() -> None:
    """The fix of a second, sent ten times with its stamp, is not one without nanoseconds."""
    received = steady(100)
    stamped = [time - (time - START) % SECOND for time in received]
    sent = stamps('/fix', received, stamped)
    repeated = np.arange(100) % 10 != 0
    found = common_clock(stamps('/image', received, received), sent._replace(repeated=repeated))
    assert found.poses is not None and found.poses.tolist() == stamped
    assert found.notes == []


def test_nanoseconds_of_more_than_a_second(tmp_path: Path) -> None:
    """A driver that cuts the time off to 32 bits of ns, and adds its seconds, gives no stamps."""
    seen = list(images([picture(n) for n in range(100)], period_ns=TENTH))
    moved = list(odometry([(n, 0, 0) for n in range(100)], period_ns=TENTH))
    for record in seen:
        record.message.header.stamp.nanosec = record.stamp_ns % (1 << 32)
    path = write_bag(tmp_path / 'bag', [*seen, *moved])
    frames = BagFrames(path, BagInputConfig(), PosesConfig())
    assert [frame.stamp_ns for frame in frames] == steady(100)
    assert [frame.pose.position[0] for frame in frames if frame.pose] == list(range(100))
    unset = sum(record.message.header.stamp.nanosec >= SECOND for record in seen)
    assert frames.completeness.notes == [
        f'{CAMERA} has no valid stamp in {unset} of 100 messages: receive times are used'
    ]


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
