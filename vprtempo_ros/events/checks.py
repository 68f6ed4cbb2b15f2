"""Checks of every decoded packet: events within the sensor, times in order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import EventError
from ..support.compiled import njit
from .packet import JITTER_NS, EventBuffer, Events, Int, are_few, backwards

_TIME = np.uint64((1 << 32) - 1)


def check(buffer: EventBuffer, width: int, height: int) -> None:
    """
    Check that events are within the sensor and in the order of their times.

    Few events that are out of order by more than a sensor's jitter are left out and counted.

    :raises EventError: if one is outside, or many are out of order.
    """
    outside, first, back = _check(buffer.events, width, height)
    if outside:
        raise EventError(
            f'expected events within {width}x{height}, found {outside} outside, the '
            f'first at ({buffer.x[first]}, {buffer.y[first]})'
        )
    if back > JITTER_NS:
        stray = _stray(buffer.events)
        count = int(np.count_nonzero(stray))
        if not are_few(count + buffer.late, len(stray) + buffer.late):
            raise backwards(back)
        buffer.show(buffer.events[~stray], buffer.base_ns, buffer.late + count)


def _stray(events: Events) -> NDArray[np.bool_]:
    """Return which events are later than those before them, or ahead of those after, if fewer."""
    times = (events & _TIME).astype(np.int64)
    late = times < np.maximum.accumulate(times) - JITTER_NS
    ahead = times > np.minimum.accumulate(times[::-1])[::-1] + JITTER_NS
    return late if np.count_nonzero(late) <= np.count_nonzero(ahead) else ahead


@njit(cache=True, nogil=True)
def _check(events: Events, width: int, height: int) -> tuple[Int, Int, Int]:
    """Return the number outside, the first of them, and the largest step back in ns."""
    outside: Int = 0
    back, last = np.int64(0), np.int64(0)
    for i in range(events.shape[0]):
        event = events[i]
        x = np.int64((event >> np.uint64(32)) & np.uint64(0xFFFF))
        y = np.int64((event >> np.uint64(48)) & np.uint64(0x7FFF))
        outside += (x >= width) | (y >= height)
        time = np.int64(event & _TIME)
        back = max(back, last - time)
        last = time
    first = 0
    if outside:
        for i in range(events.shape[0]):
            x = np.int64((events[i] >> np.uint64(32)) & np.uint64(0xFFFF))
            y = np.int64((events[i] >> np.uint64(48)) & np.uint64(0x7FFF))
            if x >= width or y >= height:
                first = i
                break
    return outside, first, back
