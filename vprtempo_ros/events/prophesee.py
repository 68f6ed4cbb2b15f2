"""
Prophesee's formats of files: EVT 2.0, EVT 2.1 and DAT, in compiled loops.

EVT 2.0 is 32-bit words: kind in bits 28 to 31; an event has the lower 6 bits of its time in 22 to
27, x in 11 to 21 and y in 0 to 10; a word of time has the upper 28 bits of a time of 34. EVT 2.1 is
64-bit words with the same fields 32 bits higher, and a mask of 32 columns from x on. DAT is a time
of 32 bits, then x in 14 bits, y in 14 bits and the polarity. Times are in microseconds. Format:
docs.prophesee.ai, "Data encoding formats".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..support.compiled import njit
from .packet import Events, Int

# Kinds of words; triggers, counters and continuations are passed over.
_OFF, _ON, _HIGH = 0, 1, 8
_OTHERS = np.array([kind in (0xA, 0xE, 0xF) for kind in range(16)])
_HIGH_BITS = 28
# The upper time wraps if it steps back by more than this; by less, words are out of order.
_HALF = 1 << 27
# Bits of the times in DAT.
_DAT_WRAP = 1 << 32

# The number of the only bit that is set in 32, by the upper five bits of a product.
_DE_BRUIJN = 0x077CB531
_BIT = np.zeros(32, np.int64)
_BIT[[(_DE_BRUIJN << bit & 0xFFFFFFFF) >> 27 for bit in range(32)]] = np.arange(32)

# The state: upper time in us with all wraps, whether it is known; of DAT the last time.
STATE = 2

# Results: all words done, no memory left, a word of unknown kind.
DONE, FULL, UNKNOWN = range(3)
# Maximum number of events from one word.
MOST = 32

Times = NDArray[np.int64]
State = NDArray[np.int64]


@njit(inline='always')
def _upper(value: Int, state: State) -> Int:
    """Return the upper time in us, with a wrap if it stepped far back."""
    before = state[0] >> 6
    wraps = before >> _HIGH_BITS
    if state[1] and value < (before & ((1 << _HIGH_BITS) - 1)) - _HALF:
        wraps += 1
    state[1] = 1
    return ((wraps << _HIGH_BITS) | value) << 6


@njit(cache=True, nogil=True)
def decode_evt2(
    words: NDArray[np.uint32], position: int, state: State, times: Times, events: Events
) -> tuple[Int, Int, Int]:
    """Write times in us and events without time; return their number, position and result."""
    count = 0
    while position < words.shape[0]:
        word = np.int64(words[position])
        kind = word >> 28
        if kind <= _ON:
            if count >= times.shape[0]:
                return count, position, FULL
            times[count] = state[0] | ((word >> 22) & 0x3F)
            x, y = (word >> 11) & 0x7FF, word & 0x7FF
            events[count] = np.uint64((kind << 63) | (y << 48) | (x << 32))
            count += state[1]
        elif kind == _HIGH:
            state[0] = _upper(word & 0xFFFFFFF, state)
        elif not _OTHERS[kind]:
            return count, position, UNKNOWN
        position += 1
    return count, position, DONE


@njit(cache=True, nogil=True)
def decode_evt21(
    words: NDArray[np.uint64], position: int, state: State, times: Times, events: Events
) -> tuple[Int, Int, Int]:
    """Write times in us and events without time; return their number, position and result."""
    count = 0
    while position < words.shape[0]:
        upper = np.int64(words[position] >> np.uint64(32))
        kind = upper >> 28
        if kind <= _ON:
            if count > times.shape[0] - MOST:
                return count, position, FULL
            time = state[0] | ((upper >> 22) & 0x3F)
            x, y = (upper >> 11) & 0x7FF, upper & 0x7FF
            mask = np.int64(words[position] & np.uint64(0xFFFFFFFF))
            base = (kind << 63) | (y << 48) | (x << 32)
            while mask and state[1]:
                lowest = mask & -mask
                times[count] = time
                events[count] = np.uint64(
                    base + (_BIT[(lowest * _DE_BRUIJN & 0xFFFFFFFF) >> 27] << 32)
                )
                count += 1
                mask ^= lowest
        elif kind == _HIGH:
            state[0] = _upper(upper & 0xFFFFFFF, state)
        elif not _OTHERS[kind]:
            return count, position, UNKNOWN
        position += 1
    return count, position, DONE


@njit(cache=True, nogil=True)
def decode_dat(
    words: NDArray[np.uint64], position: int, state: State, times: Times, events: Events
) -> tuple[Int, Int, Int]:
    """Write times in us and events without time; return their number, position and result."""
    count = 0
    while position < words.shape[0]:
        if count >= times.shape[0]:
            return count, position, FULL
        word = words[position]
        time = np.int64(word & np.uint64(0xFFFFFFFF)) + (state[0] >> 32 << 32)
        if state[1] and time < state[0] - (_DAT_WRAP >> 1):
            time += _DAT_WRAP
        state[0], state[1] = time, 1
        where = np.int64(word >> np.uint64(32))
        x, y = where & 0x3FFF, (where >> 14) & 0x3FFF
        polarity = np.int64((where >> 28) > 0)
        times[count] = time
        events[count] = np.uint64((polarity << 63) | (y << 48) | (x << 32))
        count += 1
        position += 1
    return count, position, DONE


@njit(cache=True, nogil=True)
def steps_back(times: Times, before: int, least: int) -> Int:
    """Return how often times are more than `least` before the one ahead of them, first `before`."""
    count = np.int64(times[0] < before - least)
    for i in range(1, times.shape[0]):
        # Without a branch, so that several are compared at once.
        count += np.int64(times[i] + least < times[i - 1])
    return count


@njit(cache=True, nogil=True)
def merge(times: Times, events: Events, begin: int, base: int, span: int, out: Events) -> Int:
    """
    Write events with their times since `base`, all in us, up to the first outside of `span`.

    Returns their number. In `out` times are in ns, as in `EventBuffer`.
    """
    count = 0
    for i in range(begin, times.shape[0]):
        since = times[i] - base
        if since < 0 or since > span:
            break
        out[count] = events[i] | np.uint64(since * 1000)
        count += 1
    return count
