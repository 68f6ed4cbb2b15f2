"""A recorded traverse as frames with poses, from a bag or a folder."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Iterator, Protocol

from ..config import BagInputConfig, PosesConfig
from ..errors import SourceError
from ..events.packet import Size
from ..frames import Frame, counts_of
from ..support.paths import user_path
from .bags import is_bag
from .completeness import Completeness
from .file_frames import FileFrames
from .folder import FolderFrames
from .image_frames import BagFrames
from .kinds import is_event_file
from .poses import Origin


class Traverse(Protocol):
    """
    Frames in the order of their times.

    `sensor` is width and height of the sensor if that is not the size of the images;
    `completeness` what is missing, which is known when all frames have been read.
    """

    @property
    def completeness(self) -> Completeness:
        """What is missing, was left out, or was decided."""

    @property
    def sensor(self) -> Size | None:
        """Width and height in pixels, or None."""

    def __len__(self) -> int:
        """Return the number of frames, including unreadable ones."""

    def __iter__(self) -> Iterator[Frame]:
        """Read the frames; nothing is kept."""


class _WithoutStart:
    """A traverse without its first frames."""

    def __init__(self, traverse: Traverse, start: int) -> None:
        self._traverse, self._start = traverse, start

    @property
    def completeness(self) -> Completeness:
        return self._traverse.completeness

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

    @property
    def completeness(self) -> Completeness:
        return self._traverse.completeness

    @property
    def sensor(self) -> Size | None:
        return self._traverse.sensor

    def __len__(self) -> int:
        return len(self._traverse)

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._traverse:
            yield replace(frame, image=counts_of(frame.image, self._signed))


def existing(path: str) -> Path:
    """
    Return the path of a bag or a folder of images.

    :raises SourceError: if there is nothing, or the path is empty, which is not the present folder.
    """
    if not path:
        raise SourceError('expected the name of a bag or folder, found an empty one')
    where = user_path(path)
    if not where.exists():
        raise SourceError(f'{path}: no such bag or folder')
    return where


def open_traverse(
    path: str, config: BagInputConfig, poses: PosesConfig, origin: Origin | None = None
) -> tuple[Traverse, Origin | None]:
    """
    Open a bag or a folder of images; return it with the origin of its GPS poses, if any.

    :raises SourceError: if it is neither, or its topics do not fit the configuration.
    """
    try:
        return _open(path, config, poses, origin)
    except OSError as error:
        raise SourceError(f'{path}: cannot be read ({error.strerror or error})') from None


def _open(
    path: str, config: BagInputConfig, poses: PosesConfig, origin: Origin | None
) -> tuple[Traverse, Origin | None]:
    where = existing(path)
    traverse: Traverse
    if where.is_dir() and not is_bag(where):
        if next(where.iterdir(), None) is None:
            raise SourceError(f'{path}: expected a bag or a folder of images, found nothing in it')
        if poses.file:
            raise SourceError(
                f'{path}: poses.file goes with recordings with stamps, and a folder of images has '
                'none: make a bag of it with images_to_bag --stamps'
            )
        traverse = FolderFrames(where, config.names)
        if config.type == 'events':
            traverse = _Counts(traverse, config.events.polarity == 'signed')
    elif is_event_file(where) and config.type != 'events':
        images: BagFrames | FileFrames = FileFrames(where, config, poses, origin)
        traverse, origin = images, images.origin
    elif config.type == 'events':
        # Imports compiled loops, which traverses of images do not need.
        from .event_bag import EventFrames

        events = EventFrames(where, config, poses, origin)
        traverse, origin = events, events.origin
    else:
        images = BagFrames(where, config, poses, origin)
        traverse, origin = images, images.origin
    return (_WithoutStart(traverse, config.start) if config.start else traverse), origin
