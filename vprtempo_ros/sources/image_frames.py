"""The images of a recorded traverse as frames."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Iterable, Iterator, NamedTuple

from ..config import BagInputConfig, PosesConfig
from ..errors import ImageError
from ..events.packet import Size
from ..frames import Frame, Image
from ..support.parallel import ahead
from .bags import BagReader, choose_topic
from .cdr import COMPRESSED, prepare, read_message
from .image_checks import ImageChecks
from .image_msg import DECODERS
from .poses import Origin
from .scan import Ordered, in_order, messages_of
from .storage import Topic
from .timeline import read_timeline
from .video import VIDEO_TYPES, VideoDecoder, check_library, is_video, read_packet

# Messages whose formats are looked at.
_LOOK = 32

LATE = 'later than 32 messages that were sent after it'


class _Decoded(NamedTuple):
    """An image, or why there is none; number and time of its message, and how long it took."""

    number: int
    time_ns: int
    image: Image | str
    ms: float


class BagFrames:
    """
    The frames of an image topic of a bag, in the order of their times.

    A message without an image, an image of another size than most, one without contrast (the
    first frames of a camera often are black), and one that was sent again while the robot moved are
    left out, which `completeness` says: the other frames of the recording are still usable.

    :raises SourceError: if the topics do not fit the configuration, most images are not of one
        size, or it cannot be decided when they were taken.
    """

    def __init__(
        self, path: Path, config: BagInputConfig, poses: PosesConfig, origin: Origin | None = None
    ) -> None:
        """Open the bag, choose its topics, look at all stamps, read all poses into memory."""
        self.path = path
        self.sensor = None
        with BagReader(path) as bag:
            self.topic = image_topic(bag, config.topic)
            self._frame_id = config.frame_id
            self.video = holds_video(bag, self.topic, config.frame_id)
            if self.video:
                check_library(bag.path)
            found = read_timeline(bag, self.topic, poses, origin, config.frame_id)
        self.poses, self.origin = found.track, found.origin
        self.completeness = found.completeness
        if self.video:
            self.completeness.order_of_video()
        self._times = found.times
        # What packets of video say is the size before they were encoded.
        self._size = None if self.video else found.scan.size

    @property
    def skipped(self) -> dict[str, int]:
        """Number of messages left out, by reason."""
        return self.completeness.skipped

    def __len__(self) -> int:
        """Return the number of image messages."""
        return len(self._times)

    def __iter__(self) -> Iterator[Frame]:
        """Read and decode the messages one by one."""
        complete = self.completeness
        complete.begin()
        checks = ImageChecks()
        prepare(self.topic.type)
        try:
            with BagReader(self.path) as bag:
                for found in self._decoded(bag):
                    if isinstance(found.image, str):
                        complete.skipped.count(found.image)
                        continue
                    size = found.image.width, found.image.height
                    # Heads hold no size in rare formats: then the first image defines it.
                    self._size = self._size or size
                    if size != self._size:
                        complete.skipped.count(other_size(self._size, size))
                        continue
                    pose = complete.pose_at(self.poses, found.time_ns)
                    if not checks.look(found.image, found.time_ns, pose):
                        continue
                    name = f'{self.topic.name}[{found.number}]'
                    yield Frame(found.time_ns, found.image, name, pose, found.ms)
        finally:
            # Also where the reader stops before the end, as at places.count.
            complete.add_notes(checks.notes())

    def _decoded(self, bag: BagReader) -> Iterator[_Decoded]:
        if self.video:
            return self._of_video(bag)
        found = in_order(bag, self.topic, self._times, self._frame_id)
        return ahead(self._decode, found, _bytes_of)

    def _of_video(self, bag: BagReader) -> Iterator[_Decoded]:
        """Decode packets in the order of recording; encoders keep that of the images."""
        decoder = VideoDecoder()
        begin = time.perf_counter()
        for number, raw in enumerate(messages_of(bag, self.topic, self._frame_id)):
            found: Iterable[tuple[int, Image | str]]
            try:
                message = read_message(raw.data, self.topic.type)
                found = decoder.decode(number, read_packet(message, self.topic.type))
            except ImageError as error:
                found = [(number, str(error))]
            for each in found:
                yield self._checked(*each, begin)
                begin = time.perf_counter()
        for each in decoder.end():
            yield self._checked(*each, begin)
            begin = time.perf_counter()
        self.completeness.add_notes(decoder.gaps(self._times))

    def _checked(self, number: int, image: Image | str, begin: float) -> _Decoded:
        if not isinstance(image, str):
            try:
                image.check_contrast()
            except ImageError as error:
                image = str(error)
        took = (time.perf_counter() - begin) * 1e3
        return _Decoded(number, int(self._times[number]), image, took)

    def _decode(self, item: Ordered | None) -> _Decoded:
        if item is None:
            return _Decoded(0, 0, LATE, 0.0)
        begin = time.perf_counter()
        image: Image | str
        try:
            image = DECODERS[self.topic.type](read_message(item.raw.data, self.topic.type))
        except ImageError as error:
            image = str(error)
        return self._checked(item.number, image, begin)


def _bytes_of(item: Ordered | None) -> int:
    return len(item.raw.data) if item else 0


def image_topic(bag: BagReader, wanted: str) -> Topic:
    """
    Return the topic of images to read: the wanted one, or the only one; else the only video.

    :raises SourceError: with the candidates, if there is not exactly one.
    """
    images = any(topic.type in DECODERS and topic.messages for topic in bag.topics.values())
    types = tuple(DECODERS) if images and not wanted else (*DECODERS, *VIDEO_TYPES)
    return choose_topic(bag.topics, types, wanted, 'image', bag.path)


def holds_video(bag: BagReader, topic: Topic, frame_id: str = '') -> bool:
    """Return whether a topic holds video, by the formats of most of its first messages."""
    video = topic.type in VIDEO_TYPES
    if topic.type == COMPRESSED:
        formats = []
        for raw in islice(messages_of(bag, topic, frame_id), _LOOK):
            with suppress(ImageError):
                formats.append(is_video(read_message(raw.data, topic.type).format))
        video = 2 * sum(formats) > len(formats)
    return video


def other_size(expected: Size, found: Size) -> str:
    """Return why an image of another size than most is left out."""
    return (
        f'expected {expected[0]}x{expected[1]} pixels as most images have, found '
        f'{found[0]}x{found[1]}'
    )
