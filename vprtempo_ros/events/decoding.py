"""A stream of packets of any encoding to checked events."""

from __future__ import annotations

from typing import Callable, Protocol

from ..errors import EventError
from .checks import check
from .clock import StampClock
from .event_array import EventArrayDecoder
from .evt3 import Evt3Decoder
from .external import ExternalDecoder, event_camera_py
from .libcaer import LibcaerDecoder
from .libcaer_cmp import LibcaerCmpDecoder
from .mono import MonoDecoder
from .packet import EVENT_ARRAY, JITTER_NS, EventBuffer, Packet, Size


class FormatDecoder(Protocol):
    """Decodes one encoding, with a state that spans packets."""

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """Fill the buffer with the events of the next packet; raises EventError."""

    def forget(self) -> None:
        """Reset the state: part of the stream is missing."""


OWN: dict[str, Callable[[], FormatDecoder]] = {
    'evt3': Evt3Decoder,
    'libcaer_cmp': LibcaerCmpDecoder,
    'libcaer': LibcaerDecoder,
    'mono': MonoDecoder,
    EVENT_ARRAY: EventArrayDecoder,
}


def new_decoder(encoding: str, prefer: str = '') -> FormatDecoder:
    """
    Return a decoder for an encoding.

    :param prefer: own or event_camera_py; empty for event_camera_py where it is installed.
    :raises EventError: if the encoding is unknown, or event_camera_py required but not installed.
    """
    if encoding not in OWN:
        known = ', '.join(name for name in OWN if name != EVENT_ARRAY)
        raise EventError(f'unknown encoding {encoding[:40]!r}; known are {known}')
    if prefer != 'own' and encoding != EVENT_ARRAY:
        external = event_camera_py()
        if external is not None:
            return ExternalDecoder(external)
        if prefer:
            raise EventError(
                'event_camera_py is not installed: apt install '
                'ros-$ROS_DISTRO-event-camera-py, or leave input.events.decoder empty'
            )
    return OWN[encoding]()


# Packets that come this many numbers late at most are out of order; others are lost, or a restart.
_LATE = 32
# The end of a packet may be before that of the packet ahead of it by this much, in ns.
_STEP_NS = 100_000


class StreamDecoder:
    """
    Decodes the packets of one sensor and checks their order.

    `lost` counts missing packets, by the sequence numbers of the received ones, `late` events that
    were left out because they are out of order, `swapped` packets that came after later ones: by
    up to `largest_step_ns` of their stamps or events. Those with a sequence number are refused.
    """

    def __init__(
        self, size: Size | None = None, prefer: str = '', sensor_clock: bool = False
    ) -> None:
        """
        Expect packets of a sensor of this (width, height); None: that of the first packet.

        :param sensor_clock: see `StampClock`.
        """
        self.size = size
        self.lost = 0
        self.late = 0
        self.swapped = 0
        self.largest_step_ns = 0
        self._prefer = prefer
        self._encoding = ''
        self._decoder: FormatDecoder | None = None
        self._clock = StampClock(sensor_clock)
        self._seq: int | None = None
        self._skipped: set[int] = set()
        self._stamp_ns: int | None = None
        self._end_ns: int | None = None
        self._jumped = False

    def decode(self, packet: Packet, out: EventBuffer) -> tuple[int, bool]:
        """
        Fill the buffer; return the offset from its times to stamps in ns, and whether time jumped.

        A packet that is refused leaves the decoder ready for the next.

        :raises EventError: if the packet has another size than those before, an unknown encoding,
            does not decode, holds events outside the sensor, goes back in time, or came after
            packets with later numbers.
        """
        self._follow(packet)
        self._check_size(packet)
        if self._decoder is None or packet.encoding != self._encoding:
            self._decoder = new_decoder(packet.encoding, self._prefer)
            self._encoding = packet.encoding
        try:
            self._decoder.decode(packet, out)
            check(out, packet.width, packet.height)
        except EventError:
            self._decoder.forget()
            raise
        self.late += out.late
        # Only now: a packet that does not decode does not define the size of the sensor.
        self.size = packet.width, packet.height
        if not len(out):
            return 0, False
        offset, jumped = self._clock.offset(
            packet.stamp_ns, out.base_ns + int(out.events[0]) % 2**32
        )
        jumped, self._jumped = self._jumped or jumped, False
        end_ns = out.base_ns + int(out.events[-1]) % 2**32
        if self._end_ns is not None and not jumped and end_ns < self._end_ns - _STEP_NS:
            self._count_swapped(self._end_ns - end_ns)
        else:
            self._end_ns = end_ns
        return offset, jumped

    def _check_size(self, packet: Packet) -> None:
        packet.check()
        if self.size is not None and (packet.width, packet.height) != self.size:
            raise EventError(
                f'expected events of a sensor of {self.size[0]}x{self.size[1]} '
                f'pixels, found {packet.width}x{packet.height}'
            )

    def _follow(self, packet: Packet) -> None:
        """Check number and stamp: are packets missing or out of order, does the stream restart?"""
        if packet.seq is not None and packet.seq in self._skipped:
            assert self._seq is not None
            self._skipped.remove(packet.seq)
            self.lost -= 1
            self._count_swapped(max((self._stamp_ns or 0) - packet.stamp_ns, 0))
            raise EventError(
                f'expected packets in the order of their numbers, found {packet.seq} after '
                f'{self._seq}'
            )
        last, self._seq = self._seq, packet.seq
        before, self._stamp_ns = self._stamp_ns, packet.stamp_ns
        if before is not None and packet.stamp_ns < before - JITTER_NS:
            self._restart()
            raise EventError(
                f'expected stamps in order, found one '
                f'{(before - packet.stamp_ns) * 1e-9:.3f} s before the last: a '
                'recording that starts again? Going on from there'
            )
        if last is None or packet.seq is None or packet.seq in (last, last + 1):
            return  # Drivers that do not count send the same number with every packet.
        if packet.seq > last:
            self.lost += packet.seq - last - 1
            nearest = range(max(last + 1, packet.seq - _LATE), packet.seq)
            self._skipped = {each for each in self._skipped if each >= packet.seq - _LATE}
            self._skipped.update(nearest)
            if self._decoder is not None:
                self._decoder.forget()
        else:
            self._restart()

    def _count_swapped(self, step_ns: int) -> None:
        self.swapped += 1
        self.largest_step_ns = max(self.largest_step_ns, step_ns)

    def _restart(self) -> None:
        self._jumped = True
        self._skipped.clear()
        self._end_ns = None
        self._clock.reset()
        if self._decoder is not None:
            self._decoder.forget()
