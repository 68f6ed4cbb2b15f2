"""Packets in, event-count images out: what bags and live topics share."""

from __future__ import annotations

from typing import Iterator

import numpy as np

from ..config import EventsConfig
from ..frames import GREY, Image
from .accumulator import Accumulator
from .decoding import OWN, StreamDecoder, new_decoder
from .packet import EventBuffer, Packet, Size


class EventStream:
    """
    Turns the packets of one sensor into images.

    `events` counts the decoded events, `lost` the packets that never came.
    """

    def __init__(self, config: EventsConfig, size: Size | None = None, decoder: str = '') -> None:
        """
        Begin; with a size (width, height) only packets of such a sensor are taken.

        :raises ConfigError: if the settings do not fit one another or the sensor.
        :raises EventError: if event_camera_py is asked for and not installed.
        """
        # Asked for now rather than on the first packet.
        new_decoder('mono', decoder)
        self.events = 0
        self._config = config
        self._decoder = StreamDecoder(size, decoder)
        self._buffer = EventBuffer()
        self._accumulator = Accumulator(config, *size) if size else None

    @property
    def lost(self) -> int:
        """Packets that are missing in what came, by their numbers."""
        return self._decoder.lost

    @property
    def size(self) -> Size | None:
        """Width and height of the sensor, once they are known."""
        return self._decoder.size

    def feed(self, packet: Packet) -> Iterator[tuple[int, Image]]:
        """
        Yield stamp and image of each window that the packet completes.

        Pixels are float32 counts, valid until the next image is asked for. A packet that is
        refused leaves the stream ready for the next one.

        :raises EventError: if the packet cannot be used; see `StreamDecoder.decode`.
        """
        offset_ns, anew = self._decoder.decode(packet, self._buffer)
        self.events += len(self._buffer)
        if self._accumulator is None:
            self._accumulator = Accumulator(self._config, packet.width, packet.height)
        for stamp_ns, pixels in self._accumulator.add(self._buffer, offset_ns, anew):
            yield stamp_ns, Image(pixels[..., None], GREY)


def prepare() -> None:
    """Compile or load the loops now, rather than on the first packet."""
    buffer = EventBuffer()
    # Memory that cannot be written to, as views of messages are, is another type to the loops.
    nothing = np.frombuffer(b'', np.uint8)
    for encoding in OWN:
        StreamDecoder(prefer='own').decode(Packet(encoding, 4, 4, 0, '', nothing), buffer)
    for events in (np.zeros(2, np.uint64), np.frombuffer(bytes(16), np.uint64)):
        buffer.show(events, 0)
        for window in ('time', 'count', 'leaky'):
            list(Accumulator(EventsConfig(window=window), 4, 4).add(buffer, 0, False))
