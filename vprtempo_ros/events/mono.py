"""
Encoding mono: 64 bits an event: polarity, y, x, and nanoseconds since the packet's time_base.

This is the layout of `EventBuffer`, so nothing is decoded. Format: event_camera_msgs.
"""

from __future__ import annotations

from .packet import EventBuffer, Packet


class MonoDecoder:
    """Decodes the packets of one stream; each stands for itself."""

    def forget(self) -> None:
        """Do nothing: nothing is remembered."""

    def decode(self, packet: Packet, out: EventBuffer) -> None:
        """
        Let the buffer show the events of a packet.

        :raises EventError: if the bytes are no whole events.
        """
        out.show(packet.words(8), packet.time_base)
