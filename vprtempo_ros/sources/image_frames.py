"""The images of a recorded traverse as frames."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Iterator, NamedTuple

from ..config import BagInputConfig, PosesConfig
from ..errors import ImageError, SourceError
from ..events.packet import Size
from ..frames import Frame, Image
from ..support.parallel import ahead
from .bags import BagReader, choose_topic
from .cdr import prepare, read_message
from .image_msg import DECODERS, VIDEO_TYPES, no_video
from .poses import Origin
from .scan import Ordered, in_order
from .timeline import read_timeline

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

    A message without an image, an image of another size than most, and one without contrast (the
    first frames of a camera often are black) are left out and counted in `completeness`: the
    other frames of the recording are still usable.

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
            _check_no_video(bag, config.topic)
            self.topic = choose_topic(bag.topics, tuple(DECODERS), config.topic, 'image', path)
            found = read_timeline(bag, self.topic, poses, origin)
        self.poses, self.origin = found.track, found.origin
        self.completeness = found.completeness
        self._times, self._size = found.times, found.scan.size

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
        complete.skipped.clear()
        complete.without_pose = 0
        prepare(self.topic.type)
        with BagReader(self.path) as bag:
            for found in ahead(self._decode, in_order(bag, self.topic, self._times)):
                if isinstance(found.image, str):
                    complete.skipped.count(found.image)
                    continue
                size = found.image.width, found.image.height
                # Heads hold no size in rare formats: then the first image defines it.
                self._size = self._size or size
                if size != self._size:
                    complete.skipped.count(other_size(self._size, size))
                    continue
                pose = self.poses.at(found.time_ns) if self.poses else None
                complete.without_pose += self.poses is not None and pose is None
                name = f'{self.topic.name}[{found.number}]'
                yield Frame(found.time_ns, found.image, name, pose, found.ms)

    def _decode(self, item: Ordered | None) -> _Decoded:
        if item is None:
            return _Decoded(0, 0, LATE, 0.0)
        begin = time.perf_counter()
        image: Image | str
        try:
            image = DECODERS[self.topic.type](read_message(item.raw.data, self.topic.type))
            image.check_contrast()
        except ImageError as error:
            image = str(error)
        return _Decoded(item.number, item.time_ns, image, (time.perf_counter() - begin) * 1e3)


def _check_no_video(bag: BagReader, wanted: str) -> None:
    """
    Check that the images are not packets of a video.

    :raises SourceError: if they are.
    """
    types = {topic.name: topic.type for topic in bag.topics.values() if topic.messages}
    video = [name for name, kind in types.items() if kind in VIDEO_TYPES]
    images = [name for name, kind in types.items() if kind in DECODERS]
    if video and (wanted in video or not (wanted or images)):
        raise SourceError(f'{bag.path}: {no_video(types[wanted or video[0]])}')


def other_size(expected: Size, found: Size) -> str:
    """Return why an image of another size than most is left out."""
    return (
        f'expected {expected[0]}x{expected[1]} pixels as most images have, found '
        f'{found[0]}x{found[1]}'
    )
