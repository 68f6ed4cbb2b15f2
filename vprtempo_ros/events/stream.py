"""Packets in, event-count images out: shared by bags and live topics."""

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

    `events` counts the decoded events, `lost` the missing packets.
    """

    def __init__(
        self,
        config: EventsConfig,
        size: Size | None = None,
        decoder: str = '',
        sensor_clock: bool = False,
        expected: Size | None = None,
    ) -> None:
        """
        Start; with a size (width, height), packets of other sensors are refused.

        :param sensor_clock: stamps do not run as the sensor's clock does: use them only for the
            first packet.
        :param expected: as size, but the images are allocated with the first packet.
        :raises ConfigError: if the settings do not fit each other or the sensor.
        :raises EventError: if event_camera_py is required but not installed.
        """
        # Fails now if event_camera_py is missing, not with the first packet.
        new_decoder('mono', decoder)
        self.events = 0
        self._config = config
        self._decoder = StreamDecoder(size or expected, decoder, sensor_clock)
        self._buffer = EventBuffer()
        self._accumulator = Accumulator(config, *size) if size else None

    @property
    def lost(self) -> int:
        """Missing packets, by the sequence numbers of the received ones."""
        return self._decoder.lost

    @property
    def late(self) -> int:
        """Number of events that were left out because they are out of order."""
        return self._decoder.late

    @property
    def swapped(self) -> int:
        """Number of packets that came after later ones."""
        return self._decoder.swapped

    @property
    def largest_step(self) -> float:
        """How much later those were that came before, at most, in seconds."""
        return self._decoder.largest_step_ns * 1e-9

    @property
    def size(self) -> Size | None:
        """Width and height of the sensor, None until they are known."""
        return self._decoder.size

    def feed(self, packet: Packet) -> Iterator[tuple[int, Image]]:
        """
        Yield stamp and image of each window that the packet completes.

        Pixels are float32 counts, valid until the next image is requested. A packet that is
        refused leaves the stream ready for the next one.

        :raises EventError: if the packet is unusable; see `StreamDecoder.decode`.
        """
        offset_ns, jumped = self._decoder.decode(packet, self._buffer)
        self.events += len(self._buffer)
        if self._accumulator is None:
            self._accumulator = Accumulator(self._config, packet.width, packet.height)
        for stamp_ns, pixels in self._accumulator.add(self._buffer, offset_ns, jumped):
            yield stamp_ns, Image(pixels[..., None], GREY)


def prepare() -> None:
    """Compile or load the loops now, instead of with the first packet."""
    buffer = EventBuffer()
    # numba compiles read-only memory, such as views of messages, as another type.
    nothing = np.frombuffer(b'', np.uint8)
    for encoding in OWN:
        StreamDecoder(prefer='own').decode(Packet(encoding, 4, 4, 0, '', nothing), buffer)
    for events in (np.zeros(2, np.uint64), np.frombuffer(bytes(16), np.uint64)):
        buffer.show(events, 0)
        for window in ('time', 'count', 'leaky'):
            list(Accumulator(EventsConfig(window=window), 4, 4).add(buffer, 0, False))
