"""Checks of every decoded packet: events within the sensor, times in order."""

from __future__ import annotations

import numpy as np

from ..errors import EventError
from ..support.compiled import njit
from .packet import JITTER_NS, EventBuffer, Events, Int, backwards

_TIME = np.uint64((1 << 32) - 1)


def check(buffer: EventBuffer, width: int, height: int) -> None:
    """
    Check that events are within the sensor and in the order of their times.

    :raises EventError: if one is outside, or time steps back by more than a sensor's jitter.
    """
    outside, first, back = _check(buffer.events, width, height)
    if outside:
        raise EventError(
            f'expected events within {width}x{height}, found {outside} outside, the '
            f'first at ({buffer.x[first]}, {buffer.y[first]})'
        )
    if back > JITTER_NS:
        raise backwards(back)


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
