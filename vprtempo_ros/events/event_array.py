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
from .packet import JITTER_NS, EventBuffer, Events, Int, Packet, Words, backwards, leap

# Bytes of an event; the last one has no padding.
EVENT_BYTES = 16
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
        base_ns, last_ns, done = _decode(words, packet.data[12:], packet.bigendian, memory, count)
        if not done:
            back_ns = base_ns + JITTER_NS - last_ns
            raise backwards(back_ns) if last_ns < base_ns else leap()
        out.fill(count, base_ns)


def events_in(size: int) -> int:
    """Return the number of events in `size` bytes."""
    return (size + EVENT_BYTES - LAST_BYTES) // EVENT_BYTES


@njit(cache=True, nogil=True)
def _decode(
    words: Words, polarities: NDArray[np.uint8], bigendian: bool, out: Events, count: int
) -> tuple[Int, Int, bool]:
    """Write the events; return base and last time in ns, and whether all fit into the packet."""
    base = time = np.int64(0)
    # Offsets of the halves of 32-bit numbers.
    low, high = (1, 0) if bigendian else (0, 1)
    for i in range(count):
        at = 8 * i
        # x and y of the first event are one word later than those of the others.
        shift = 1 if i else 0
        x, y = np.uint64(words[at - shift]), np.uint64(words[at + 1 - shift])
        seconds = np.int64(
            np.int32(np.uint32(words[at + 2 + low]) | (np.uint32(words[at + 2 + high]) << 16))
        )
        nanoseconds = np.int64(words[at + 4 + low]) | (np.int64(words[at + 4 + high]) << 16)
        time = seconds * 1_000_000_000 + nanoseconds
        if i == 0:
            base = time - JITTER_NS
        if not 0 <= time - base <= _SPAN_NS:
            return base, time, False
        p = np.uint64(1 if polarities[16 * i] else 0)
        # A row with too many bits must not become a valid one.
        y = min(y, np.uint64(_ROW_MAX))
        out[i] = (
            (p << np.uint64(63))
            | (y << np.uint64(48))
            | (x << np.uint64(32))
            | np.uint64(time - base)
        )
    return base, time, True
