"""
Encoding libcaer: events in the layout of iniVation's library, 64 bits each, little-endian.

In the first 32 bits, x is in 17 to 31, y in 2 to 16 and the polarity in 1; the second 32 are
microseconds since the packet's time_base, which wrap at 2^31. Format: polarity.h of libcaer.
"""

from __future__ import annotations

import numpy as np

from ..errors import EventError
from ..support.compiled import njit
from .packet import JITTER_NS, EventBuffer, Events, Int, Packet, Words, backwards, leap

_WRAP_US = 1 << 31
_SPAN_US = 4_290_000
_DONE, _NEGATIVE, _LEAP = range(3)


class LibcaerDecoder:
    """Decodes the packets of one stream, without a state between them."""

    def forget(self) -> None:
        """Do nothing: there is no state."""

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Fill the buffer with the events of a packet.

        :raises EventError: if the bytes are not a whole number of events, or times leap.
        """
        # Always little-endian, independent of `is_bigendian`: the library's own layout.
        words = packet._replace(bigendian=False).words(8)
        base_us, last_us, status = _decode(words, out.reserve(words.size))
        if status == _NEGATIVE:
            raise EventError('expected libcaer, found a time below zero')
        if status == _LEAP:
            back_us = base_us + JITTER_NS // 1000 - last_us
            raise backwards(back_us * 1000) if last_us < base_us else leap()
        out.fill(words.size, packet.time_base + base_us * 1000)


@njit(cache=True, nogil=True)
def _decode(words: Words, out: Events) -> tuple[Int, Int, Int]:
    """Write the events; return their base and the last one's time in us, and the result."""
    if words.shape[0] == 0:
        return 0, 0, _DONE
    first = np.int64(words[0] >> np.uint64(32))
    base: Int = max(first - JITTER_NS // 1000, 0)
    last, wraps = first, np.int64(0)
    for i in range(words.shape[0]):
        word = words[i]
        low: Int = np.int64(word >> np.uint64(32))
        if low >= _WRAP_US:
            return base, low, _NEGATIVE
        # A step back by half the range is a wrap; a smaller one is not.
        if last - low > _WRAP_US // 2:
            wraps += _WRAP_US
        last = low
        since = low + wraps - base
        if not 0 <= since <= _SPAN_US:
            return base, low + wraps, _LEAP
        x = (word >> np.uint64(17)) & np.uint64(0x7FFF)
        y = (word >> np.uint64(2)) & np.uint64(0x7FFF)
        p = (word >> np.uint64(1)) & np.uint64(1)
        out[i] = (
            (p << np.uint64(63))
            | (y << np.uint64(48))
            | (x << np.uint64(32))
            | np.uint64(since * 1000)
        )
    return base, last + wraps, _DONE
