"""
The events of a dvs_msgs/EventArray, as they lie in the message's bytes.

Each is x and y uint16, seconds int32, nanoseconds uint32 and polarity bool. In CDR a field begins
at a multiple of its size, and so events are 16 bytes apart; x and y of the first, which has
nothing ahead of it, lie two bytes further behind than those of the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..support.compiled import njit
from .packet import JITTER_NS, EventBuffer, Packet, backwards, leap

# What is known of the bytes: an event takes so many, and the last one a byte less.
EVENT_BYTES = 16
LAST_BYTES = 13

_SPAN_NS = 4_290_000_000
_ROW_MAX = 0x7FFF


class EventArrayDecoder:
    """Decodes the arrays of one stream; each stands for itself."""

    def forget(self) -> None:
        """Do nothing: nothing is remembered."""

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
    """Return how many events lie in so many bytes."""
    return (size + EVENT_BYTES - LAST_BYTES) // EVENT_BYTES


@njit(cache=True, nogil=True)
def _decode(words: Any, polarities: Any, bigendian: bool, out: Any, count: int) -> Any:
    """Write the events; return base and last time in ns, and whether times belong together."""
    base = time = np.int64(0)
    # Which half of a number of 32 bits comes first.
    low, high = (1, 0) if bigendian else (0, 1)
    for i in range(count):
        at = 8 * i
        # The first one's x and y lie a word later than the others'.
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
        # A row that does not fit its bits must not turn into one that does.
        y = min(y, np.uint64(_ROW_MAX))
        out[i] = (
            (p << np.uint64(63))
            | (y << np.uint64(48))
            | (x << np.uint64(32))
            | np.uint64(time - base)
        )
    return base, time, True
