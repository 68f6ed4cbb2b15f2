"""The events of a recorded traverse as frames."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import numpy as np

from ..config import BagInputConfig, PosesConfig
from ..errors import EventError
from ..events.clock_ratio import clock_ratio, ratio_note
from ..events.packet import Packet
from ..events.stream import EventStream
from ..frames import Frame, Image
from .bags import BagReader, choose_topic
from .event_msg import EVENT_TYPES, read_packet
from .image_frames import LATE
from .poses import Origin
from .scan import in_order
from .storage import Topic
from .timeline import read_timeline

_NO_POSES = PosesConfig(topic='none')


def event_topic(bag: BagReader, wanted: str) -> Topic:
    """
    Return the topic of events to read: the wanted one, or the only one.

    :raises SourceError: with the candidates, if there is not exactly one.
    """
    return choose_topic(bag.topics, EVENT_TYPES, wanted, 'event', bag.path)


class EventPackets:
    """
    The packets of an event topic in the order of their times.

    What is missing or left out is in `completeness`. ratio: how many times as fast as the stamps
    the clock of the sensor runs, 1.0 for alike.

    :raises SourceError: if there is not exactly one topic of events, most packets are not of one
        sensor, or it cannot be decided when they were sent.
    """

    def __init__(
        self,
        bag: BagReader,
        topic: Topic,
        poses: PosesConfig = _NO_POSES,
        origin: Origin | None = None,
        decoder: str = '',
    ) -> None:
        """Look at all stamps of a topic, measure the clock of the sensor, read all poses."""
        self.topic = topic
        found = read_timeline(bag, topic, poses, origin)
        self.track, self.origin = found.track, found.origin
        self.completeness, self.size = found.completeness, found.scan.size
        self.sizes = found.scan.sizes
        self._times = found.times
        self.ratio = clock_ratio(self.read(bag), decoder)
        self.completeness.skipped.clear()
        if self.ratio != 1.0:
            self.completeness.notes.append(ratio_note(topic.name, self.ratio))

    def read(self, bag: BagReader) -> Iterator[Packet]:
        """Yield the packets."""
        skipped = self.completeness.skipped
        for item in in_order(bag, self.topic, self._times):
            if item is None:
                skipped.count(LATE)
                continue
            try:
                packet = read_packet(item.raw.data, self.topic.type)
            except EventError as error:
                skipped.count(str(error))
                continue
            yield packet._replace(stamp_ns=item.time_ns)


class EventFrames:
    """
    The event-count images of an event topic in a bag.

    Unusable packets are left out and counted in `completeness`. The number of images is 0 until
    all have been read. `sensor` is the size of the sensor.
    """

    def __init__(
        self,
        path: Path,
        config: BagInputConfig,
        poses: PosesConfig = _NO_POSES,
        origin: Origin | None = None,
    ) -> None:
        """Open the bag and choose its topic."""
        self.path = path
        self._config = config
        self._count = 0
        with BagReader(path) as bag:
            self.topic = event_topic(bag, config.topic)
            self._packets = EventPackets(bag, self.topic, poses, origin, config.decoder)
        self.sensor = self._packets.size
        self.origin = self._packets.origin
        self.completeness = self._packets.completeness

    @property
    def skipped(self) -> dict[str, int]:
        """Number of packets left out, by reason."""
        return self.completeness.skipped

    @property
    def lost(self) -> int:
        """Number of packets that are missing in the recording."""
        return self.completeness.lost

    def __len__(self) -> int:
        """Return the number of images of the last reading."""
        return self._count

    def __iter__(self) -> Iterator[Frame]:
        """Read, decode and accumulate; each frame has pixels of its own."""
        complete, track = self.completeness, self._packets.track
        own_clock = self._packets.ratio != 1.0
        complete.skipped.clear()
        complete.without_pose = 0
        self._count = 0
        stream = EventStream(
            self._config.events,
            decoder=self._config.decoder,
            sensor_clock=own_clock,
            expected=self._packets.size,
        )
        with BagReader(self.path) as bag:
            for packet in self._packets.read(bag):
                try:
                    for stamp, image in stream.feed(packet):
                        number, self._count = self._count, self._count + 1
                        # Poses are recorded with the clock of the stamps.
                        posed = packet.stamp_ns if own_clock else stamp
                        pose = track.at(posed) if track else None
                        complete.without_pose += track is not None and pose is None
                        kept = Image(np.array(image.pixels), image.weights)
                        yield Frame(stamp, kept, f'{self.topic.name}[{number}]', pose)
                except EventError as error:
                    complete.skipped.count(str(error))
                complete.lost = stream.lost
                self.sensor = stream.size or self.sensor
