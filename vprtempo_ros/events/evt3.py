"""
Encoding evt3: Prophesee's stream of 16-bit words, 4 bits of kind and 12 of content.

Words change a state (row, time, base of a vector) from which later words make events, so the
state spans packets. Time is in microseconds and wraps every 2^24. Format: Prophesee's description
of EVT 3.0; the rule for times that step back is that of event_camera_codecs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import EventError
from ..support.compiled import njit
from .packet import JITTER_NS, TIME_BITS, EventBuffer, Events, Int, Packet, Words, leap
from .prophesee import DONE, FULL, UNKNOWN

# Kinds of words about pixels.
ROW, EVENT, BASE, VECTOR_12, VECTOR_8, TIME_LOW, TIME_HIGH = 0, 2, 3, 4, 5, 6, 8
# Kinds that are skipped: continuations, padding, triggers, status of the sensor.
_OTHERS = np.array([kind in (7, 9, 10, 14, 15) for kind in range(16)])

# The high time may step back by this much (in 4096 us) without a wrap: of packets, some of which
# may be missing, and of files, where words may be out of order.
_GLITCH, _HALF = 10, 1 << 11

# The state: time in us with all wraps; its upper part; row, base and polarity, each shifted to
# its bits in an event; flags of the known parts.
_TIME, _HIGH, _ROW, _BASE, _POLARITY, _KNOWN = range(6)
_KNOWS_HIGH, _KNOWS_LOW, _KNOWS_ROW = 1, 2, 4
_KNOWS_ALL = _KNOWS_HIGH | _KNOWS_LOW | _KNOWS_ROW

# Results of a run over the words.
_DONE, _FULL, _UNKNOWN, _LEAP = range(4)
# Maximum number of events from one word.
_MOST = 12
_LAST_COLUMN = 0xFFFF

_ELEVEN, _TWELVE = np.uint64(0x7FF), np.uint64(0xFFF)
_TO_X, _TO_Y, _TO_POLARITY = np.uint64(32), np.uint64(48), np.uint64(63)
_KIND, _SIGN, _ONE, _ZERO = np.uint64(12), np.uint64(11), np.uint64(1), np.uint64(0)
# The time in an event.
_LOWER = np.uint64((1 << TIME_BITS) - 1)
# Longest time in a packet, in us after its base: less than 2^32 ns.
_SPAN_US = 4_290_000


class Evt3Decoder:
    """Decodes the packets of one stream."""

    def __init__(self) -> None:
        """Start with unknown row and time."""
        self._state = np.zeros(6, np.uint64)

    def forget(self) -> None:
        """Reset the state to unknown: part of the stream is missing."""
        self._state[_KNOWN] = 0

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Fill the buffer with the events of the next packet.

        Events are left out until row and time are known.

        :raises EventError: if there are words of unknown kinds, or times leap.
        """
        words = packet.words(2)
        count, position, base_us, status = 0, 0, -1, _FULL
        memory = out.reserve(words.size + _MOST)
        while status == _FULL:
            # Vector words make several events each: the buffer grows to what was needed.
            memory = out.reserve(count + _MOST + (words.size - position) // 2)
            count, position, base_us, status = _decode(
                words, position, self._state, memory, count, base_us, _GLITCH
            )
        if status == _UNKNOWN:
            kind = int(words[position]) >> 12
            raise EventError(
                f'expected evt3, found a word of unknown kind {kind} at byte {2 * position}'
            )
        if status == _LEAP:
            raise leap()
        out.fill(count, base_us * 1000)


@njit(cache=True, nogil=True)
def _decode(
    words: Words, position: int, state: Events, out: Events, count: Int, base_us: Int, glitch: int
) -> tuple[Int, Int, Int, Int]:
    """Decode from word `position`; return number of events, position, base in us, result."""
    time, high = np.int64(state[_TIME]), np.int64(state[_HIGH])
    row, column, polarity = state[_ROW], state[_BASE], state[_POLARITY]
    known = np.int64(state[_KNOWN])
    capacity = out.shape[0] - _MOST
    status = _DONE
    if known & _KNOWS_HIGH and base_us < 0:
        base_us = max(time - JITTER_NS // 1000, 0)
    stamp = row | np.uint64((time - base_us) * 1000)
    while position < words.shape[0]:
        word = np.uint64(words[position])
        kind = word >> _KIND
        if kind == EVENT:
            if count > capacity:
                status = _FULL
                break
            out[count] = (
                stamp | ((word & _ELEVEN) << _TO_X) | (((word >> _SIGN) & _ONE) << _TO_POLARITY)
            )
            count += known == _KNOWS_ALL
        elif kind == ROW:
            row = (word & _ELEVEN) << _TO_Y
            known |= _KNOWS_ROW
            stamp = row | np.uint64((time - base_us) * 1000)
        elif kind == TIME_LOW:
            time = high | np.int64(word & _TWELVE)
            known |= (known & _KNOWS_HIGH) << 1
            stamp = row | np.uint64((time - base_us) * 1000)
        elif kind in (VECTOR_12, VECTOR_8):
            if count > capacity:
                status = _FULL
                break
            width = 12 if kind == VECTOR_12 else 8
            for i in range(width):
                # Write for each bit and advance only if it is set: no branch to mispredict.
                out[count] = stamp | polarity | (column << _TO_X)
                count += np.int64((word >> np.uint64(i)) & _ONE) * (known == _KNOWS_ALL)
                column = min(column + _ONE, np.uint64(_LAST_COLUMN))
        elif kind == BASE:
            column = word & _ELEVEN
            polarity = ((word >> _SIGN) & _ONE) << _TO_POLARITY
        elif kind == TIME_HIGH:
            value = np.int64(word & _TWELVE)
            wrapped = value < ((high >> 12) & 0xFFF) - glitch
            high = (((high >> 24) + wrapped) << 24) | (value << 12)
            time = high | (time & 0xFFF)
            if base_us < 0 or count == 0:
                base_us = max(high - JITTER_NS // 1000, 0)
            if not 0 <= high - base_us <= _SPAN_US:
                status = _LEAP
                break
            known |= _KNOWS_HIGH
            stamp = row | np.uint64((time - base_us) * 1000)
        elif not _OTHERS[kind]:
            status = _UNKNOWN
            break
        position += 1
    state[_TIME], state[_HIGH] = np.uint64(time), np.uint64(high)
    state[_ROW], state[_BASE], state[_POLARITY] = row, column, polarity
    state[_KNOWN] = np.uint64(known)
    return count, position, base_us, status


@njit(cache=True, nogil=True)
def _split(events: Events, count: Int, base_us: Int, times: NDArray[np.int64]) -> None:
    """Move the times out of events; in NumPy it takes longer than decoding."""
    for i in range(count):
        times[i] = base_us + np.int64(events[i] & _LOWER) // 1000
        events[i] &= ~_LOWER


def new_state() -> Events:
    """Return the state of `decode_words` at the begin of a stream."""
    return np.zeros(6, np.uint64)


def decode_words(
    words: Words, position: int, state: Events, times: NDArray[np.int64], events: Events
) -> tuple[int, int, int]:
    """
    Write times in us and events without time, as the loops of `prophesee` do.

    Returns number of events, position, and DONE, FULL or UNKNOWN. Times may be any distance apart.
    """
    count, position, base_us, status = _decode(words, position, state, events, 0, -1, _HALF)
    _split(events, count, base_us, times)
    # After a leap the same word begins a new base.
    result = {_DONE: DONE, _UNKNOWN: UNKNOWN}.get(status, FULL)
    return count, position, result
