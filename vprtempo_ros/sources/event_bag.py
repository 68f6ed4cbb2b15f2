"""The events of a recorded traverse, as packets and as frames."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, Protocol

import numpy as np

from ..config import BagInputConfig, PosesConfig
from ..errors import EventError
from ..events.clock_ratio import clock_ratio, ratio_note
from ..events.packet import Packet, Size
from ..events.stream import EventStream
from ..frames import Frame, Image
from .bags import BagReader, choose_topic
from .completeness import Completeness
from .event_files import open_event_file, read_packets, smallest_sensor, time_span
from .event_msg import EVENT_TYPES, read_packet
from .event_order import FileOrder
from .image_frames import LATE
from .kinds import is_event_file
from .named_poses import track_of_file
from .poses import Origin, PoseTrack
from .scan import in_order
from .storage import Topic
from .timeline import read_timeline

NO_POSES = PosesConfig(topic='none')


def event_topic(bag: BagReader, wanted: str) -> Topic:
    """
    Return the topic of events to read: the wanted one, or the only one.

    :raises SourceError: with the candidates, if there is not exactly one.
    """
    return choose_topic(bag.topics, EVENT_TYPES, wanted, 'event', bag.path)


class EventPackets(Protocol):
    """
    The packets of a recording in the order of their times; they can be read several times.

    size: most packets' width and height; track, origin: poses; ratio: how many times as fast as
    the stamps the clock of the sensor runs, 1.0 for alike. What is missing or left out is in
    `completeness`.
    """

    name: str
    size: Size | None
    track: PoseTrack | None
    origin: Origin | None
    ratio: float
    completeness: Completeness

    def read(self) -> Iterator[Packet]:
        """Yield the packets."""


class BagPackets:
    """
    The packets of an event topic of a bag; see `EventPackets`.

    :raises SourceError: if there is not exactly one topic of events, most packets are not of one
        sensor, or it cannot be decided when they were sent.
    """

    def __init__(
        self,
        path: Path,
        topic: str = '',
        poses: PosesConfig = NO_POSES,
        origin: Origin | None = None,
        decoder: str = '',
        frame_id: str = '',
    ) -> None:
        """Look at all stamps of a topic, measure the clock of the sensor, read all poses."""
        self._path, self._frame_id = path, frame_id
        with BagReader(path) as bag:
            self.topic = event_topic(bag, topic)
            found = read_timeline(bag, self.topic, poses, origin, frame_id)
        self.name, self.size = self.topic.name, found.scan.size
        self.track, self.origin = found.track, found.origin
        self.completeness = found.completeness
        self._times = found.times
        self.ratio = clock_ratio(self.read(), decoder)
        self.completeness.skipped.clear()
        if self.ratio != 1.0:
            self.completeness.notes.append(ratio_note(self.name, self.ratio))

    def read(self) -> Iterator[Packet]:
        """Yield the packets."""
        skipped = self.completeness.skipped
        with BagReader(self._path) as bag:
            for item in in_order(bag, self.topic, self._times, self._frame_id):
                if item is None:
                    skipped.count(LATE)
                    continue
                try:
                    packet = read_packet(item.raw.data, self.topic.type)
                except EventError as error:
                    skipped.count(str(error))
                    continue
                yield packet._replace(stamp_ns=item.time_ns)


class FilePackets:
    """
    The packets of a file of an event camera; see `EventPackets`. Poses are in a file next to it.

    :raises SourceError: if the file is damaged or of an unknown format, or poses are not of its
        times.
    """

    ratio = 1.0

    def __init__(
        self,
        path: Path,
        topic: str = '',
        poses: PosesConfig = NO_POSES,
        origin: Origin | None = None,
    ) -> None:
        """Read the header, and all poses; topic: name of the stream or group with the events."""
        self._file = open_event_file(path, topic)
        self.format = self._file.format
        self.name = path.name
        self._notes: list[str] = []
        self._size = size = self._file.size or smallest_sensor(path, self._file)
        if self._file.size is None:
            self._notes = [
                f'the file has no size of a sensor: {size[0]}x{size[1]} pixels hold all events'
            ]
        self.track: PoseTrack | None = None
        self.origin: Origin | None = None
        if poses.file:
            span = time_span(self._file)
            self.track, self.origin = track_of_file(path, span, poses, origin, self._notes)
        self.size: Size | None = size
        self.completeness = Completeness(1, notes=[*self._notes])

    def read(self) -> Iterator[Packet]:
        """Yield the packets."""
        messages = 0
        complete, order = self.completeness, FileOrder()
        for packet in read_packets(self._file, self._size, complete.skipped, order):
            messages += 1
            yield packet
        complete.messages = messages + complete.skipped.total()
        complete.notes = [*self._notes, *self._file.notes]
        if order.steps:
            left_out = f', {order.late} that were too late left out' if order.late else ''
            complete.notes.append(
                f'events are out of order {order.steps} times, by up to {order.largest:.3g} s: '
                f'sorted{left_out}'
            )


def open_events(
    path: Path,
    topic: str = '',
    poses: PosesConfig = NO_POSES,
    origin: Origin | None = None,
    decoder: str = '',
    frame_id: str = '',
) -> EventPackets:
    """
    Open a bag or a file of an event camera.

    :raises SourceError: if it holds no events that can be read.
    """
    if is_event_file(path):
        return FilePackets(path, topic, poses, origin)
    return BagPackets(path, topic, poses, origin, decoder, frame_id)


class EventFrames:
    """
    The event-count images of a bag or a file of an event camera.

    Unusable packets are left out and counted in `completeness`. The number of images is 0 until
    all have been read. `sensor` is the size of the sensor.
    """

    def __init__(
        self,
        path: Path,
        config: BagInputConfig,
        poses: PosesConfig = NO_POSES,
        origin: Origin | None = None,
    ) -> None:
        """Open the recording."""
        self.path = path
        self._config = config
        self._count = 0
        self._packets = open_events(
            path, config.topic, poses, origin, config.decoder, config.frame_id
        )
        self.name = self._packets.name
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
        complete.begin()
        self._count = 0
        stream = EventStream(
            self._config.events,
            decoder=self._config.decoder,
            sensor_clock=own_clock,
            expected=self._packets.size,
        )
        for packet in self._packets.read():
            try:
                for stamp, image in stream.feed(packet):
                    number, self._count = self._count, self._count + 1
                    # Poses are recorded with the clock of the stamps.
                    pose = complete.pose_at(track, packet.stamp_ns if own_clock else stamp)
                    kept = Image(np.array(image.pixels), image.weights)
                    yield Frame(stamp, kept, f'{self.name}[{number}]', pose)
            except EventError as error:
                complete.skipped.count(str(error))
            complete.lost, complete.late = stream.lost, stream.late
            complete.swapped = stream.swapped
            self.sensor = stream.size or self.sensor
