"""
Encoding mono: 64 bits an event: polarity, y, x, and nanoseconds since the packet's time_base.

This is the layout of `EventBuffer`, so there is nothing to decode. Format: event_camera_msgs.
"""

from __future__ import annotations

from .packet import EventBuffer, Packet


class MonoDecoder:
    """Decodes the packets of one stream, without a state between them."""

    def forget(self) -> None:
        """Do nothing: there is no state."""

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Let the buffer show the events of a packet.

        :raises EventError: if the bytes are not a whole number of events.
        """
        out.show(packet.words(8), packet.time_base)
