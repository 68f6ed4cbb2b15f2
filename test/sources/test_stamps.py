"""Stamps that say when messages were sent, and what is used where they do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.clocks import TENTH, stamps, steady
from support.helpers import CAMERA, SECOND, START, images, odometry, picture, write_bag

from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.sources.clocks import common_clock
from vprtempo_ros.sources.image_frames import BagFrames


@pytest.mark.parametrize('period', [TENTH, SECOND])
def test_a_clock_that_wraps(period: int) -> None:
    """Time goes on by the receive times where stamps begin again."""
    received = steady(100, period=period)
    wrapped = [t - 4295 * SECOND if n >= 50 else t for n, t in enumerate(received)]
    found = common_clock(stamps('/image', received, wrapped))
    assert found.frames.tolist() == received
    (note,) = found.notes
    assert note.startswith('/image: stamps jump once, after message 50, back by 4295.000 s')


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
