"""The stage in front of an image's way when the input is events."""

from __future__ import annotations

import time
from typing import Any, Iterator

from ...config import LiveInputConfig
from ...errors import ConfigError, EventError
from ...events.packet import Size
from ...events.stream import EventStream, prepare
from ...frames import Image
from ...health.status import Values
from ...maps.map import Map
from ...sources.bag_writer import header
from ...sources.cdr import ARRAY, PACKET
from ...sources.cdr import prepare as prepare_message
from ...sources.event_msg import read_packet


def event_message(config: LiveInputConfig) -> tuple[type, str]:
    """
    Return the message type to subscribe to and its name; imported only when asked for.

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
    """Makes images of the messages of a live topic of events."""

    def __init__(self, config: LiveInputConfig, loaded: Map) -> None:
        """
        Prepare for the sensor that the map was made from, windows and all.

        :raises ConfigError: if the decoder that is asked for is not installed.
        """
        self.seen: Size | None = None
        self.message, self.type_name = event_message(config)
        prepare_message(self.type_name)
        prepare()
        self._size = None if config.any_size else loaded.sensor.size
        self._windows, self._prefer = loaded.config.input.events, config.decoder
        self.begin()

    def begin(self) -> None:
        """Forget all events; whoever activates the node listens to a stream that is new."""
        try:
            self._stream = EventStream(self._windows, self._size, self._prefer)
        except EventError as error:
            raise ConfigError(f'input.decoder: {error}') from None
        self._since = time.monotonic()
        self._events_then = 0

    def images(self, data: bytes) -> Iterator[tuple[Any, Image]]:
        """
        Yield header and image of each window that a message completes.

        :raises EventError: if the message cannot be used.
        """
        packet = read_packet(data, self.type_name)
        self.seen = (packet.width, packet.height)
        for stamp_ns, image in self._stream.feed(packet):
            yield header(stamp_ns, packet.frame_id), image

    def values(self, dropped: int) -> Values:
        """
        Return what the diagnostics tell of the events since the last time.

        :param dropped: packets that came but had to be dropped, whose numbers are missing too.
        """
        now, events = time.monotonic(), self._stream.events
        rate = (events - self._events_then) / max(now - self._since, 1e-6)
        self._since, self._events_then = now, events
        return [
            ('events received', str(events)),
            ('event rate (Mev/s)', f'{rate * 1e-6:.3f}'),
            ('packets lost', str(max(self._stream.lost - dropped, 0))),
        ]
