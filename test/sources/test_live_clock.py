"""When live messages were sent, if their stamps do not say it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.helpers import SECOND, START

from vprtempo_ros.sources.live_clock import LiveClock

TENTH = SECOND // 10


@pytest.mark.parametrize(
    'stamp, why',
    [
        (lambda ns: ns - TENTH, ''),
        (lambda ns: 0, 'has no stamps'),
        (lambda ns: 7 * SECOND, 'has the same stamp in all messages'),
        (lambda ns: ns // SECOND * SECOND, 'has stamps that go on only every 1.0 s'),
        (lambda ns: ns // 1000, 'is stamped 1000 times as slowly as received (another unit?)'),
    ],
)
def test_stamps_that_do_not_say_when(stamp: Callable[[int], int], why: str) -> None:
    """After some seconds receive times are used in their place, and stamps again once they do."""
    clock = LiveClock()
    received = range(START, START + 60 * TENTH, TENTH)
    times = [clock.time(stamp(ns), ns) for ns in received]
    assert times[:30] == [stamp(ns) for ns in received[:30]]
    assert (times[40:] == list(received[40:])) == bool(why)
    assert clock.why == why
    later = range(received[-1] + TENTH, received[-1] + 400 * TENTH, TENTH)
    assert [clock.time(ns - 1, ns) for ns in later][-1] == later[-1] - 1


def test_a_pause_starts_again() -> None:
    """A replay that begins again, or frames long apart, say nothing about stamps."""
    clock = LiveClock()
    for ns in range(START, START + 400 * SECOND, 11 * SECOND):
        assert clock.time(5, ns) == 5
    for number in range(40):
        assert clock.time(5, START - number) == 5
