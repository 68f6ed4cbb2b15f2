"""
The events of a dvs_msgs/EventArray, read from the bytes of the message.

Each is x and y uint16, seconds int32, nanoseconds uint32 and polarity bool. In CDR a field begins
at a multiple of its size, so events are 16 bytes apart; x and y of the first, which has no padding
before it, are two bytes later than those of the others.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..support.compiled import njit
from .packet import EVENT_BYTES, JITTER_NS, EventBuffer, Events, Int, Packet, Words, fill_most

# Bytes of the last event, which has no padding.
LAST_BYTES = 13

_SPAN_NS = 4_290_000_000
_ROW_MAX = 0x7FFF


class EventArrayDecoder:
    """Decodes the arrays of one stream, without a state between them."""

    def forget(self) -> None:
        """Do nothing: there is no state."""

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Fill the buffer with the events of a message.

        :raises EventError: if their times leap.
        """
        count = events_in(packet.data.size)
        words = packet._replace(data=packet.data[: packet.data.size // 2 * 2]).words(2)
        memory = out.reserve(count)
        # The first event may be the one that is out of order: then relative to the middle one.
        anchors = ((0, JITTER_NS), (count // 2, _SPAN_NS // 2))
        polarities = packet.data[12:]
        attempts = (
            _decode(words, polarities, packet.bigendian, memory, count, anchor, before_ns)
            for anchor, before_ns in anchors
        )
        fill_most(out, count, attempts)


def events_in(size: int) -> int:
    """Return the number of events in `size` bytes."""
    return (size + EVENT_BYTES - LAST_BYTES) // EVENT_BYTES


@njit(inline='always')
def _time(words: Words, index: Int, bigendian: bool) -> Int:
    """Return the time of an event in ns."""
    low, high = (1, 0) if bigendian else (0, 1)
    at = 8 * index
    seconds = np.int64(
        np.int32(np.uint32(words[at + 2 + low]) | (np.uint32(words[at + 2 + high]) << 16))
    )
    nanoseconds = np.int64(words[at + 4 + low]) | (np.int64(words[at + 4 + high]) << 16)
    return seconds * 1_000_000_000 + nanoseconds


@njit(cache=True, nogil=True)
def _decode(
    words: Words,
    polarities: NDArray[np.uint8],
    bigendian: bool,
    out: Events,
    count: int,
    anchor: int,
    before: int,
) -> tuple[Int, Int, Int]:
    """
    Write the events within a packet's time from `before` ns before the event `anchor` on.

    Returns their number, the begin of that time in ns, and by how much the first event outside of
    it is before the first event.
    """
    kept, back = 0, np.int64(0)
    first, base = np.int64(0), np.int64(0)
    if count:
        first, base = _time(words, 0, bigendian), _time(words, anchor, bigendian) - before
    for i in range(count):
        at = 8 * i
        # x and y of the first event are one word later than those of the others.
        shift = 1 if i else 0
        x, y = np.uint64(words[at - shift]), np.uint64(words[at + 1 - shift])
        time = _time(words, i, bigendian)
        if not 0 <= time - base <= _SPAN_NS:
            back = back if kept < i else first - time
            continue
        p = np.uint64(1 if polarities[16 * i] else 0)
        # A row with too many bits must not become a valid one.
        y = min(y, np.uint64(_ROW_MAX))
        out[kept] = (
            (p << np.uint64(63))
            | (y << np.uint64(48))
            | (x << np.uint64(32))
            | np.uint64(time - base)
        )
        kept += 1
    return kept, base, back
