"""What travels through this room: packets as they came, and their events as numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import EventError

# The name for the events of a dvs_msgs/EventArray, which is no encoding of a packet.
EVENT_ARRAY = 'dvs_msgs'

# What a packet may hold at the most; a driver's hold some thousands.
EVENTS_MAX = 1 << 24
# Sizes beyond these are of no sensor: they would only take memory.
_SIDE_MAX, _PIXELS_MAX = 1 << 14, 1 << 24
# Times of a packet are kept in so many bits of nanoseconds: 4.29 s.
TIME_BITS = 32
# Sensors' times may step back by this much, in nanoseconds, without going backwards.
JITTER_NS = 50_000_000

# Width and height in pixels.
Size = tuple[int, int]

# Where in an event its parts begin.
X_SHIFT, Y_SHIFT, POLARITY_SHIFT = 32, 48, 63


class Packet(NamedTuple):
    """
    A message of events, still encoded.

    width, height: of the sensor, in pixels. stamp_ns: of the message's header. data: uint8, a
    view of the message's bytes. time_base: in nanoseconds. seq: None where messages have none.
    """

    encoding: str
    width: int
    height: int
    stamp_ns: int
    frame_id: str
    data: NDArray[np.uint8]
    time_base: int = 0
    seq: int | None = None
    bigendian: bool = False

    def check(self) -> None:
        """
        Make sure that sensor and time are such as there are.

        :raises EventError: if the size is zero or beyond any sensor's, or time_base beyond 146
            years.
        """
        if not (
            0 < self.width <= _SIDE_MAX
            and 0 < self.height <= _SIDE_MAX
            and self.width * self.height <= _PIXELS_MAX
        ):
            raise EventError(f'expected the size of a sensor, found {self.width}x{self.height}')
        if self.time_base >= 1 << 62:
            raise EventError(f'expected a time_base in nanoseconds, found {self.time_base}')

    def words(self, size: int) -> NDArray[Any]:
        """
        Return the data as unsigned integers of `size` bytes in this machine's order.

        :raises EventError: if the data is not a whole number of them.
        """
        if self.data.size % size:
            raise EventError(
                f'expected {self.encoding} in words of {size} bytes, found {self.data.size} bytes'
            )
        found = self.data.view(np.dtype(f'{">" if self.bigendian else "<"}u{size}'))
        # Compiled loops take neither foreign order nor words that begin anywhere, and know two
        # kinds of arrays: those that cannot be written to, as views of messages, and others.
        if not (found.dtype.isnative and found.flags.aligned):
            found = found.astype(found.dtype.newbyteorder('='))
        found.flags.writeable = False
        return found


class EventBuffer:
    """
    The events of one packet, in memory that is used again for the next.

    `events`: uint64, one each: polarity (1 is brighter) in bit 63, y in 48 to 62, x in 32 to 47,
    time in 0 to 31, in nanoseconds since `base_ns` of the sensor's clock. That is the encoding
    mono, which therefore needs no decoding; one number an event is written and read fastest.
    """

    def __init__(self) -> None:
        """Begin empty; memory comes with the first packet."""
        self._own: NDArray[np.uint64] = np.empty(0, np.uint64)
        self.events: NDArray[np.uint64] = self._own
        self.base_ns = 0

    def reserve(self, events: int) -> NDArray[np.uint64]:
        """
        Return memory for at least so many events, to be filled and then shown by `fill`.

        What was filled into smaller memory before is kept.

        :raises EventError: if they are more than a packet may hold.
        """
        if events > EVENTS_MAX:
            raise EventError(f'expected at most {EVENTS_MAX} events in a packet, found more')
        if events > len(self._own):
            larger = np.zeros(1 << (int(events) - 1).bit_length(), np.uint64)
            larger[: len(self._own)] = self._own
            self._own = larger
        return self._own

    def fill(self, count: int, base_ns: int) -> None:
        """Show the first `count` events of the reserved memory."""
        self.events, self.base_ns = self._own[:count], base_ns

    def show(self, events: NDArray[np.uint64], base_ns: int) -> None:
        """Show events that lie elsewhere."""
        self.events, self.base_ns = events, base_ns

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.events)

    @property
    def x(self) -> NDArray[np.uint16]:
        """Columns, uint16."""
        return (self.events >> np.uint64(X_SHIFT)).astype(np.uint16)

    @property
    def y(self) -> NDArray[np.uint16]:
        """Rows, uint16."""
        return (self.events >> np.uint64(Y_SHIFT)).astype(np.uint16) & np.uint16(0x7FFF)

    @property
    def p(self) -> NDArray[np.uint8]:
        """Polarities, uint8: 1 is brighter, 0 darker."""
        return (self.events >> np.uint64(POLARITY_SHIFT)).astype(np.uint8)

    @property
    def t(self) -> NDArray[np.int64]:
        """Times, int64, in nanoseconds of the sensor's clock."""
        return (self.events & np.uint64((1 << TIME_BITS) - 1)).astype(np.int64) + self.base_ns


def leap() -> EventError:
    """Return the error for times that do not belong into one packet."""
    return EventError('expected the times of a packet within 4 s, found ones that leap')


def backwards(nanoseconds: int) -> EventError:
    """Return the error for a time that goes back by so much."""
    return EventError(
        f'expected times in order, found one {nanoseconds * 1e-6:.1f} ms before those ahead of it'
    )
