"""The input stage for event cameras: event packets to event-count images."""

from __future__ import annotations

import time
from typing import Iterator

from ...config import LiveInputConfig
from ...errors import ConfigError, EventError
from ...events.packet import Size
from ...events.stream import EventStream, prepare
from ...frames import Image
from ...health.status import Values
from ...maps.map import Map
from ...sources.bag_writer import header
from ...sources.cdr import ARRAY, PACKET, Header
from ...sources.cdr import prepare as prepare_message
from ...sources.event_msg import read_packet


def event_message(config: LiveInputConfig) -> tuple[type, str]:
    """
    Return the message class to subscribe to, and the name of its type.

    :raises ConfigError: if the package of the message is not installed.
    """
    name, package = (
        (PACKET, 'event-camera-msgs') if config.message == 'packet' else (ARRAY, 'dvs-msgs')
    )
    try:
        if config.message == 'packet':
            from event_camera_msgs.msg import EventPacket as Message
        else:
            from dvs_msgs.msg import EventArray as Message
    except ImportError:
        raise ConfigError(
            f'input.message: {name} is not installed: apt install '
            f'ros-$ROS_DISTRO-{package}, or build it from source'
        ) from None
    return Message, name


class EventInput:
    """Makes images from the messages of an event camera."""

    def __init__(self, config: LiveInputConfig, loaded: Map) -> None:
        """
        Prepare for the sensor and the windows of a map.

        :raises ConfigError: if the selected decoder is not installed.
        """
        self.seen: Size | None = None
        self.message, self.type_name = event_message(config)
        prepare_message(self.type_name)
        prepare()
        self._size = None if config.any_size else loaded.sensor.size
        self._windows, self._decoder = loaded.config.input.events, config.decoder
        self.reset()

    def reset(self) -> None:
        """Forget all events: after activation the stream is a new one."""
        try:
            self._stream = EventStream(self._windows, self._size, self._decoder)
        except EventError as error:
            raise ConfigError(f'input.decoder: {error}') from None
        self._reported = time.monotonic()
        self._events_reported = 0

    def images(self, data: bytes) -> Iterator[tuple[Header, Image]]:
        """
        Yield header and image of each window that a message completes.

        :raises EventError: if the message is unusable.
        """
        packet = read_packet(data, self.type_name)
        self.seen = (packet.width, packet.height)
        for stamp_ns, image in self._stream.feed(packet):
            yield header(stamp_ns, packet.frame_id), image

    def _out_of_order(self) -> str:
        count, largest = self._stream.swapped, self._stream.largest_step
        return f'{count}, by up to {largest:.3g} s' if count else '0'

    def missing(self, dropped: int) -> int:
        """
        Return the number of packets that were not received, by the numbers of the others.

        :param dropped: received packets that were dropped, which the stream counts as lost too.
        """
        return max(self._stream.lost - dropped, 0)

    def values(self) -> Values:
        """Return the values of diagnostics since the last call."""
        now, events = time.monotonic(), self._stream.events
        rate = (events - self._events_reported) / max(now - self._reported, 1e-6)
        self._reported, self._events_reported = now, events
        return [
            ('events received', str(events)),
            ('event rate (Mev/s)', f'{rate * 1e-6:.3f}'),
            ('packets out of order', self._out_of_order()),
            ('events out of order', str(self._stream.late)),
        ]
