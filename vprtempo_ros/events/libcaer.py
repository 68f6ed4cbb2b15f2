"""
Encoding libcaer: events in the layout of iniVation's library, 64 bits each, little-endian.

In the first 32 bits, x is in 17 to 31, y in 2 to 16 and the polarity in 1; the second 32 are
microseconds since the packet's time_base, which wrap at 2^31. Format: polarity.h of libcaer.
"""

from __future__ import annotations

import numpy as np

from ..errors import EventError
from ..support.compiled import njit
from .packet import JITTER_NS, EventBuffer, Events, Int, Packet, Words, fill_most

_WRAP_US = 1 << 31
_SPAN_US = 4_290_000


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
        memory = out.reserve(words.size)
        first_us, middle_us = (
            int(words[index] >> np.uint64(32)) if words.size else 0
            for index in (0, words.size // 2)
        )
        # The first event may be the one that is out of order: then relative to the middle one.
        begins = (first_us - JITTER_NS // 1000, middle_us - _SPAN_US // 2)
        attempts = (_attempt(packet, words, memory, max(begin, 0)) for begin in begins)
        fill_most(out, words.size, attempts)


def _attempt(packet: Packet, words: Words, out: Events, base_us: int) -> tuple[Int, Int, Int]:
    """Decode relative to a base; return what `fill_most` needs."""
    count, back_us, negative = _decode(words, out, base_us)
    if negative:
        raise EventError('expected libcaer, found a time below zero')
    return count, packet.time_base + base_us * 1000, back_us * 1000


@njit(cache=True, nogil=True)
def _decode(words: Words, out: Events, base: int) -> tuple[Int, Int, bool]:
    """
    Write the events within a packet's time from `base` on, in us.

    Returns their number, by how much the first event outside is before the first event, and
    whether a time is below zero, which ends it.
    """
    count, back = 0, np.int64(0)
    first = np.int64(words[0] >> np.uint64(32)) if words.shape[0] else np.int64(0)
    last, wraps = first, np.int64(0)
    for i in range(words.shape[0]):
        word = words[i]
        low: Int = np.int64(word >> np.uint64(32))
        if low >= _WRAP_US:
            return count, back, True
        # A step back by half the range is a wrap; a smaller one is not.
        if last - low > _WRAP_US // 2:
            wraps += _WRAP_US
        last = low
        since = low + wraps - base
        if not 0 <= since <= _SPAN_US:
            back = back if count < i else first - low - wraps
            continue
        x = (word >> np.uint64(17)) & np.uint64(0x7FFF)
        y = (word >> np.uint64(2)) & np.uint64(0x7FFF)
        p = (word >> np.uint64(1)) & np.uint64(1)
        out[count] = (
            (p << np.uint64(63))
            | (y << np.uint64(48))
            | (x << np.uint64(32))
            | np.uint64(since * 1000)
        )
        count += 1
    return count, back, False
