"""
Encoding libcaer_cmp: iniVation's events, packed by the ROS driver into 16-bit words like evt3.

A word sets the column; words with a row make the events. Times are in microseconds since the
packet's time_base. Format: libcaer_cmp_types.h of event_camera_codecs.
"""

from __future__ import annotations

import numpy as np

from ..errors import EventError
from ..support.compiled import njit
from .packet import EventBuffer, Events, Int, Packet, Words, leap

TIME_HIGH, TIME_LOW, COLUMN, EVENT, BASE, VECTOR_8 = range(6)

# The state: column, base row and polarity, shifted as in an event; whether the column is known.
_COLUMN, _BASE, _POLARITY, _KNOWN = range(4)

_DONE, _FULL, _UNKNOWN, _LEAP = range(4)
_MOST = 8
_LAST_ROW = 0x7FFF

_ELEVEN, _TWELVE = np.uint64(0x7FF), np.uint64(0xFFF)
_TO_X, _TO_Y, _TO_POLARITY = np.uint64(32), np.uint64(48), np.uint64(63)
_KIND, _SIGN, _ONE = np.uint64(12), np.uint64(11), np.uint64(1)
_SPAN_US = 4_290_000


class LibcaerCmpDecoder:
    """Decodes the packets of one stream."""

    def __init__(self) -> None:
        """Start with an unknown column."""
        self._state = np.zeros(4, np.uint64)

    def forget(self) -> None:
        """Reset the state to unknown: part of the stream is missing."""
        self._state[_KNOWN] = 0

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Fill the buffer with the events of the next packet.

        :raises EventError: if there are words of unknown kinds, or times leap.
        """
        words = packet.words(2)
        # Unlike in evt3 the state has no time, so a packet can be decoded twice.
        state = self._state.copy()
        memory = out.reserve(words.size + _MOST)
        count, position, status = _decode(words, state, memory)
        while status == _FULL:
            memory = out.reserve(2 * len(memory))
            state = self._state.copy()
            count, position, status = _decode(words, state, memory)
        self._state = state
        if status == _UNKNOWN:
            kind = int(words[position]) >> 12
            raise EventError(
                f'expected libcaer_cmp, found a word of unknown kind {kind} at byte {2 * position}'
            )
        if status == _LEAP:
            raise leap()
        out.fill(count, packet.time_base)


@njit(cache=True, nogil=True)
def _decode(words: Words, state: Events, out: Events) -> tuple[Int, Int, Int]:
    """Decode the words with the state; return number of events, position, result."""
    column, row, polarity, known = state[_COLUMN], state[_BASE], state[_POLARITY], state[_KNOWN]
    capacity = out.shape[0] - _MOST
    count: Int = 0
    position, status = 0, _DONE
    high, low = np.int64(0), np.int64(0)
    stamp = np.uint64(0)
    while position < words.shape[0]:
        word = np.uint64(words[position])
        kind = word >> _KIND
        if kind == EVENT:
            if count > capacity:
                status = _FULL
                break
            out[count] = (
                stamp
                | column
                | ((word & _ELEVEN) << _TO_Y)
                | (((word >> _SIGN) & _ONE) << _TO_POLARITY)
            )
            count += np.int64(known)
        elif kind == COLUMN:
            column, known = (word & _ELEVEN) << _TO_X, _ONE
        elif kind == TIME_LOW:
            low = np.int64(word & _TWELVE)
            stamp = np.uint64((high | low) * 1000)
        elif kind == VECTOR_8:
            if count > capacity:
                status = _FULL
                break
            for i in range(8):
                out[count] = stamp | column | polarity | (row << _TO_Y)
                count += np.int64(((word >> np.uint64(i)) & _ONE) * known)
                row = min(row + _ONE, np.uint64(_LAST_ROW))
        elif kind == BASE:
            row = word & _ELEVEN
            polarity = ((word >> _SIGN) & _ONE) << _TO_POLARITY
        elif kind == TIME_HIGH:
            high = np.int64(word & _TWELVE) << 12
            if high > _SPAN_US:
                status = _LEAP
                break
            stamp = np.uint64((high | low) * 1000)
        else:
            status = _UNKNOWN
            break
        position += 1
    state[_COLUMN], state[_BASE], state[_POLARITY], state[_KNOWN] = column, row, polarity, known
    return count, position, status
