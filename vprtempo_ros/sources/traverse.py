"""A recorded traverse as frames with poses, from a bag or a folder."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Protocol

from ..config import BagInputConfig, PosesConfig
from ..errors import ImageError, SourceError
from ..events.packet import Size
from ..frames import Frame, counts_of
from ..support.paths import user_path
from .bags import BagReader, choose_topic, is_bag
from .cdr import read_message, stamp_ns
from .folder import FolderFrames
from .image_msg import DECODERS
from .poses import POSE_TYPES, Origin, PoseTrack, read_poses
from .same_size import SameSize


class Traverse(Protocol):
    """
    Frames in recorded order. `skipped` counts frames that were left out, by reason.

    `sensor` is width and height of the sensor if that is not the size of the images.
    """

    skipped: dict[str, int]

    @property
    def sensor(self) -> Size | None:
        """Width and height in pixels, or None."""

    def __len__(self) -> int:
        """Return the number of frames, including unreadable ones."""

    def __iter__(self) -> Iterator[Frame]:
        """Read the frames; nothing is kept."""


class BagFrames:
    """
    The frames of an image topic of a bag.

    A message without an image, an image of another size than the first, and one without contrast
    (the first frames of a camera often are black) are left out and counted in `skipped`: the
    other frames of the recording are still usable.
    """

    def __init__(
        self, path: Path, config: BagInputConfig, poses: PosesConfig, origin: Origin | None = None
    ) -> None:
        """Open the bag, choose its topics, read all poses into memory."""
        self.path = path
        self.skipped: dict[str, int] = Counter()
        self.sensor = None
        with BagReader(path) as bag:
            self.topic = choose_topic(bag.topics, tuple(DECODERS), config.topic, 'image', path)
            self.poses, self.origin = _poses(bag, poses, origin)

    def __len__(self) -> int:
        """Return the number of image messages."""
        return self.topic.messages

    def __iter__(self) -> Iterator[Frame]:
        """Read and decode the messages one by one."""
        decode, size = DECODERS[self.topic.type], SameSize()
        with BagReader(self.path) as bag:
            for number, raw in enumerate(bag.messages([self.topic.name])):
                try:
                    message = read_message(raw.data, self.topic.type)
                    image = decode(message)
                    image.check_contrast()
                    size.check(image.width, image.height)
                except ImageError as error:
                    self.skipped[str(error)] += 1
                    continue
                stamp = stamp_ns(message.header) or raw.stamp_ns
                pose = self.poses.at(stamp) if self.poses else None
                yield Frame(stamp, image, f'{self.topic.name}[{number}]', pose)


class _WithoutStart:
    """A traverse without its first frames."""

    def __init__(self, traverse: Traverse, start: int) -> None:
        self._traverse, self._start = traverse, start
        self.skipped = traverse.skipped

    @property
    def sensor(self) -> Size | None:
        return self._traverse.sensor

    def __len__(self) -> int:
        return max(len(self._traverse) - self._start, 0)

    def __iter__(self) -> Iterator[Frame]:
        return itertools.islice(self._traverse, self._start, None)


class _Counts:
    """A traverse whose image files hold event counts as integers."""

    def __init__(self, traverse: Traverse, signed: bool) -> None:
        self._traverse, self._signed = traverse, signed
        self.skipped = traverse.skipped

    @property
    def sensor(self) -> Size | None:
        return self._traverse.sensor

    def __len__(self) -> int:
        return len(self._traverse)

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._traverse:
            yield replace(frame, image=counts_of(frame.image, self._signed))


def open_traverse(
    path: str, config: BagInputConfig, poses: PosesConfig, origin: Origin | None = None
) -> tuple[Traverse, Origin | None]:
    """
    Open a bag or a folder of images; return it with the origin of its GPS poses, if any.

    :raises SourceError: if it is neither, or its topics do not fit the configuration.
    """
    if not path:
        raise SourceError('expected the name of a bag or folder, found an empty one')
    try:
        return _open(path, config, poses, origin)
    except OSError as error:
        raise SourceError(f'{path}: cannot be read ({error.strerror or error})') from None


def _open(
    path: str, config: BagInputConfig, poses: PosesConfig, origin: Origin | None
) -> tuple[Traverse, Origin | None]:
    where = user_path(path)
    if not where.exists():
        raise SourceError(f'{path}: no such bag or folder')
    traverse: Traverse
    if where.is_dir() and not is_bag(where):
        if next(where.iterdir(), None) is None:
            raise SourceError(f'{path}: expected a bag or a folder of images, found nothing in it')
        traverse = FolderFrames(where, config.names)
        if config.type == 'events':
            traverse = _Counts(traverse, config.events.polarity == 'signed')
    elif config.type == 'events':
        # Imports compiled loops, which traverses of images do not need.
        from .event_bag import EventFrames

        with BagReader(where) as reader:
            track, origin = _poses(reader, poses, origin)
        traverse = EventFrames(where, config, track)
    else:
        bag = BagFrames(where, config, poses, origin)
        traverse, origin = bag, bag.origin
    return (_WithoutStart(traverse, config.start) if config.start else traverse), origin


def _poses(
    bag: BagReader, config: PosesConfig, origin: Origin | None
) -> tuple[PoseTrack | None, Origin | None]:
    if config.topic == 'none':
        return None, None
    present = any(topic.type in POSE_TYPES and topic.messages for topic in bag.topics.values())
    if not config.topic and not present:
        return None, None
    topic = choose_topic(bag.topics, POSE_TYPES, config.topic, 'pose', bag.path)
    try:
        return read_poses(bag, topic, config.max_gap, origin)
    except ImageError as error:
        raise SourceError(f'{bag.path}: {topic.name}: {error}') from None
