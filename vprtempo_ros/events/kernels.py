"""
The compiled loops that add events to images.

An image is float32 and flat: planes of height x width. `gains` is what an event adds, by polarity,
and `planes` the index at which the plane of its polarity begins, so that all polarities and weights
use the same loops.
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats, Integers
from ..support.compiled import njit
from .packet import Events, Int

_TIME = np.uint64((1 << 32) - 1)
_X, _Y, _P = np.uint64(32), np.uint64(48), np.uint64(63)
_COLUMN, _ROW = np.uint64(0xFFFF), np.uint64(0x7FFF)


@njit(inline='always')
def _index(event: np.uint64, width: int, plane: int) -> Int:
    """Return the index of an event's pixel."""
    return np.int64((event >> _Y) & _ROW) * width + np.int64((event >> _X) & _COLUMN) + plane


@njit(cache=True, nogil=True)
def add_until(
    events: Events,
    start: int,
    limit: int,
    image: Floats,
    width: int,
    planes: Integers,
    gains: Floats,
) -> int:
    """Add events from `start` up to the first whose time is at least `limit`; return its index."""
    if planes[0] == planes[1] and gains[0] == gains[1]:
        # The polarity makes no difference; not reading it is faster by a third.
        gain = gains[0]
        for i in range(start, events.shape[0]):
            event = events[i]
            if np.int64(event & _TIME) >= limit:
                return i
            image[_index(event, width, planes[0])] += gain
        return events.shape[0]
    for i in range(start, events.shape[0]):
        event = events[i]
        if np.int64(event & _TIME) >= limit:
            return i
        p = np.int64(event >> _P)
        image[_index(event, width, planes[p])] += gains[p]
    return events.shape[0]


@njit(cache=True, nogil=True)
def add_number(
    events: Events,
    start: int,
    left: Int,
    image: Floats,
    width: int,
    planes: Integers,
    gains: Floats,
    counted: NDArray[np.uint8],
) -> tuple[int, int]:
    """
    Add events from `start` until `left` of them were at pixels where `counted` is 1.

    counted: uint8 (height * width,). Returns the index after the last event, and what is left.
    """
    for i in range(start, events.shape[0]):
        event = events[i]
        p = np.int64(event >> _P)
        index = _index(event, width, 0)
        image[index + planes[p]] += gains[p]
        left -= counted[index]
        if left == 0:
            return i + 1, left
    return events.shape[0], left


@njit(cache=True, nogil=True)
def leak_until(
    events: Events,
    start: int,
    limit: int,
    image: Floats,
    width: int,
    planes: Integers,
    gains: Floats,
    origin: int,
    rate: float,
) -> int:
    """
    Add events as `add_until`, each with the weight exp(rate * (time - origin)).

    Instead of old events fading, new ones get larger weights; the caller scales the image down as
    a whole when a window ends.
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
        image[_index(event, width, planes[p])] += np.float32(gains[p] * weight)
    return events.shape[0]


@njit(cache=True, nogil=True)
def bin_until(
    events: Events,
    start: int,
    limit: int,
    counts: Floats,
    origin: int,
    period: int,
    rows: Integers,
    columns: Integers,
) -> int:
    """
    Count events from `start` up to the first at or after `limit`; return its index.

    counts: float32 (bins, height, width), of which the first begins at `origin`. rows, columns:
    the row and column in `counts` for those of the sensor.
    """
    last = counts.shape[0] - 1
    for i in range(start, events.shape[0]):
        event = events[i]
        time = np.int64(event & _TIME)
        if time >= limit:
            return i
        # An event that is slightly out of order counts in the first bin.
        which: Int = min(max((time - origin) // period, 0), last)
        y, x = np.int64((event >> _Y) & _ROW), np.int64((event >> _X) & _COLUMN)
        counts[which, rows[y], columns[x]] += np.float32(1.0)
    return events.shape[0]
