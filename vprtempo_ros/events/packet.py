"""Packets as received, and their events as numbers."""

from __future__ import annotations

from typing import Any, Iterable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import EventError

# The "encoding" of a dvs_msgs/EventArray, which is a message type of its own.
EVENT_ARRAY = 'dvs_msgs'
# Bytes of an event in it.
EVENT_BYTES = 16

# Maximum number of events in a packet; those of drivers have some thousands.
EVENTS_MAX = 1 << 24
# No sensor is larger; larger claims would only waste memory.
_SIDE_MAX, _PIXELS_MAX = 1 << 14, 1 << 24
# Bits of the times in a packet, in nanoseconds: up to 4.29 s.
TIME_BITS = 32
# A sensor's times may step back by this much, in nanoseconds.
JITTER_NS = 50_000_000
# Events further out of order are left out if they are at most this part of a packet.
_FEW = 0.25

Size = tuple[int, int]
"""Width and height in pixels."""

Events = NDArray[np.uint64]
"""uint64 (events,): the layout of `EventBuffer`."""

Words = NDArray[np.unsignedinteger]
"""Unsigned integers (words,) of 16 or 64 bits: the data of a packet."""

Int = Any  # In compiled loops, integers of Python and of NumPy are one type.

# First bit of the parts of an event.
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
        Check that sensor size and time are possible.

        :raises EventError: if the size is zero or larger than any sensor, or time_base more than
            146 years.
        """
        if not (
            0 < self.width <= _SIDE_MAX
            and 0 < self.height <= _SIDE_MAX
            and self.width * self.height <= _PIXELS_MAX
        ):
            raise EventError(f'expected the size of a sensor, found {self.width}x{self.height}')
        if self.time_base >= 1 << 62:
            raise EventError(f'expected a time_base in nanoseconds, found {self.time_base}')

    def words(self, size: int) -> Words:
        """
        Return the data as unsigned integers of `size` bytes in the byte order of this machine.

        :raises EventError: if the data is not a whole number of them.
        """
        if self.data.size % size:
            raise EventError(
                f'expected {self.encoding} in words of {size} bytes, found {self.data.size} bytes'
            )
        found = self.data.view(np.dtype(f'{">" if self.bigendian else "<"}u{size}'))
        # Compiled loops need native, aligned words. They are compiled for read-only arrays, as
        # views of messages are.
        if not (found.dtype.isnative and found.flags.aligned):
            found = found.astype(found.dtype.newbyteorder('='))
        found.flags.writeable = False
        return found


class EventBuffer:
    """
    The events of one packet, in memory that is reused for the next.

    `events`: uint64, one per event: polarity (1 is ON, brighter) in bit 63, y in 48 to 62, x in
    32 to 47, time in 0 to 31, in nanoseconds since `base_ns` of the sensor's clock. This is the
    encoding mono, which therefore needs no decoding; one number per event is read and written
    fastest. `late`: events of the packet that were left out, as they are out of order.
    """

    def __init__(self) -> None:
        """Start empty; the first packet allocates memory."""
        self._own: Events = np.empty(0, np.uint64)
        self.events: Events = self._own
        self.base_ns = 0
        self.late = 0

    def reserve(self, events: int) -> Events:
        """
        Return memory for at least `events` events, to be filled and then shown by `fill`.

        Its content is kept when it grows.

        :raises EventError: if there are more than EVENTS_MAX.
        """
        if events > EVENTS_MAX:
            raise EventError(f'expected at most {EVENTS_MAX} events in a packet, found more')
        if events > len(self._own):
            larger = np.zeros(1 << (int(events) - 1).bit_length(), np.uint64)
            larger[: len(self._own)] = self._own
            self._own = larger
        return self._own

    def fill(self, count: int, base_ns: int, late: int = 0) -> None:
        """Show the first `count` events of the reserved memory."""
        self.show(self._own[:count], base_ns, late)

    def show(self, events: Events, base_ns: int, late: int = 0) -> None:
        """Show events in memory of the caller, without a copy."""
        self.events, self.base_ns, self.late = events, base_ns, late

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
        """Polarities, uint8: 1 is ON (brighter), 0 OFF (darker)."""
        return (self.events >> np.uint64(POLARITY_SHIFT)).astype(np.uint8)

    @property
    def t(self) -> NDArray[np.int64]:
        """Times, int64, in nanoseconds of the sensor's clock."""
        return (self.events & np.uint64((1 << TIME_BITS) - 1)).astype(np.int64) + self.base_ns


def are_few(late: int, events: int) -> bool:
    """Return whether a packet is usable without its events that are out of order."""
    return late <= events * _FEW


def fill_most(out: EventBuffer, events: int, attempts: Iterable[tuple[Int, Int, Int]]) -> None:
    """
    Show what the first attempt kept that lacks few of a packet's events.

    :param events: of the packet; attempts: each decodes into the reserved memory and gives the
        number of events that it kept, their base in ns, and by how many ns the first one that it
        did not keep is before the first event.
    :raises EventError: if no attempt kept enough.
    """
    back_ns: Int = 0
    for kept, base_ns, first_back_ns in attempts:
        if are_few(events - kept, events):
            out.fill(kept, base_ns, events - kept)
            return
        back_ns = first_back_ns
    raise backwards(back_ns) if back_ns > 0 else leap()


def leap() -> EventError:
    """Return the error for times too far apart for one packet."""
    return EventError('expected the times of a packet within 4 s, found ones that leap')


def backwards(nanoseconds: int) -> EventError:
    """Return the error for a time that steps back by `nanoseconds`."""
    return EventError(
        f'expected times in order, found one {nanoseconds * 1e-6:.1f} ms before those ahead of it'
    )
