"""The events of a recorded traverse as frames."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Iterator

import numpy as np

from ..config import BagInputConfig
from ..errors import EventError
from ..events.packet import Packet, Size
from ..events.stream import EventStream
from ..frames import Frame, Image
from .bags import BagReader, choose_topic
from .event_msg import EVENT_TYPES, read_packet
from .poses import PoseTrack
from .storage import Topic


def event_topic(bag: BagReader, wanted: str) -> Topic:
    """
    Return the topic of events to read: the wanted one, or the only one.

    :raises SourceError: with the candidates, if there is not exactly one.
    """
    return choose_topic(bag.topics, EVENT_TYPES, wanted, 'event', bag.path)


def packets(bag: BagReader, topic: Topic, skipped: dict[str, int]) -> Iterator[Packet]:
    """Yield the packets of a topic; count unusable messages in `skipped`, by reason."""
    for raw in bag.messages([topic.name]):
        try:
            packet = read_packet(raw.data, topic.type)
        except EventError as error:
            skipped[str(error)] += 1
            continue
        yield packet if packet.stamp_ns else packet._replace(stamp_ns=raw.stamp_ns)


class EventFrames:
    """
    The event-count images of an event topic in a bag.

    Unusable packets are left out and counted in `skipped`. The number of images is 0 until all
    have been read. `lost` counts packets that are missing in the recording; `sensor` is the size
    of the sensor.
    """

    def __init__(self, path: Path, config: BagInputConfig, poses: PoseTrack | None) -> None:
        """Open the bag and choose its topic."""
        self.path = path
        self.skipped: dict[str, int] = Counter()
        self.lost = 0
        self.sensor: Size | None = None
        self._config, self._poses = config, poses
        self._count = 0
        with BagReader(path) as bag:
            self.topic = event_topic(bag, config.topic)

    def __len__(self) -> int:
        """Return the number of images of the last reading."""
        return self._count

    def __iter__(self) -> Iterator[Frame]:
        """Read, decode and accumulate; each frame has pixels of its own."""
        self.skipped.clear()
        self._count = 0
        stream = EventStream(self._config.events, decoder=self._config.decoder)
        with BagReader(self.path) as bag:
            for packet in packets(bag, self.topic, self.skipped):
                try:
                    for stamp, image in stream.feed(packet):
                        number, self._count = self._count, self._count + 1
                        pose = self._poses.at(stamp) if self._poses else None
                        kept = Image(np.array(image.pixels), image.weights)
                        yield Frame(stamp, kept, f'{self.topic.name}[{number}]', pose)
                except EventError as error:
                    self.skipped[str(error)] += 1
                self.lost, self.sensor = stream.lost, stream.size
