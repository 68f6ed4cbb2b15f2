"""
The compiled loops that add events to pictures.

A picture is float32 and flat: planes of height x width, so that the encoder takes it as it is and
all polarities and weights go through the same loops. `gains` is what an event adds, by polarity,
and `planes` where in the picture its polarity's plane begins.
"""

from __future__ import annotations

from math import exp
from typing import Any

import numpy as np

from ..support.compiled import njit

_TIME = np.uint64((1 << 32) - 1)
_X, _Y, _P = np.uint64(32), np.uint64(48), np.uint64(63)
_COLUMN, _ROW = np.uint64(0xFFFF), np.uint64(0x7FFF)


@njit(inline='always')
def _place(event: Any, width: Any, plane: Any) -> Any:
    """Return where in the picture an event belongs."""
    return np.int64((event >> _Y) & _ROW) * width + np.int64((event >> _X) & _COLUMN) + plane


@njit(cache=True, nogil=True)
def add_until(
    events: Any, start: int, limit: int, picture: Any, width: int, planes: Any, gains: Any
) -> Any:
    """Add events from `start` up to the first whose time is at least `limit`; return its index."""
    if planes[0] == planes[1] and gains[0] == gains[1]:
        # What polarity it has makes no difference, and not to look is faster by a third.
        gain = gains[0]
        for i in range(start, events.shape[0]):
            event = events[i]
            if np.int64(event & _TIME) >= limit:
                return i
            picture[_place(event, width, planes[0])] += gain
        return events.shape[0]
    for i in range(start, events.shape[0]):
        event = events[i]
        if np.int64(event & _TIME) >= limit:
            return i
        p = np.int64(event >> _P)
        picture[_place(event, width, planes[p])] += gains[p]
    return events.shape[0]


@njit(cache=True, nogil=True)
def add_number(
    events: Any,
    start: int,
    left: int,
    picture: Any,
    width: int,
    planes: Any,
    gains: Any,
    counted: Any,
) -> Any:
    """
    Add events from `start` on until `left` of them lay where `counted` is 1.

    counted: uint8 (height * width,). Returns the index behind the last event, and what is left.
    """
    for i in range(start, events.shape[0]):
        event = events[i]
        p = np.int64(event >> _P)
        place = _place(event, width, 0)
        picture[place + planes[p]] += gains[p]
        left -= counted[place]
        if left == 0:
            return i + 1, left
    return events.shape[0], left


@njit(cache=True, nogil=True)
def leak_until(
    events: Any,
    start: int,
    limit: int,
    picture: Any,
    width: int,
    planes: Any,
    gains: Any,
    origin: int,
    rate: float,
) -> Any:
    """
    As `add_until`, each event weighing exp(rate * (time - origin)).

    Old events fade by what new ones weigh more; the picture is scaled down as a whole when it is
    looked at, rather than each pixel whenever something happens there.
    """
    last, weight = np.int64(-1), 1.0
    for i in range(start, events.shape[0]):
        event = events[i]
        time = np.int64(event & _TIME)
        if time >= limit:
            return i
        if time != last:
            last, weight = time, exp(rate * (time - origin))
        p = np.int64(event >> _P)
        picture[_place(event, width, planes[p])] += np.float32(gains[p] * weight)
    return events.shape[0]


@njit(cache=True, nogil=True)
def bin_until(
    events: Any,
    start: int,
    limit: int,
    counts: Any,
    origin: int,
    period: int,
    rows: Any,
    columns: Any,
) -> Any:
    """
    Count events from `start` up to the first at or after `limit`; return its index.

    counts: float32 (bins, height, width), of which the first begins at `origin`. rows, columns:
    where each of the sensor's goes.
    """
    last = counts.shape[0] - 1
    for i in range(start, events.shape[0]):
        event = events[i]
        time = np.int64(event & _TIME)
        if time >= limit:
            return i
        # One that comes a little late belongs to the first.
        which = min(max((time - origin) // period, 0), last)
        y, x = np.int64((event >> _Y) & _ROW), np.int64((event >> _X) & _COLUMN)
        counts[which, rows[y], columns[x]] += np.float32(1.0)
    return events.shape[0]
