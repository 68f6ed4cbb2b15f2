"""The images in a file of an event camera as frames."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

from ..config import BagInputConfig, PosesConfig
from ..errors import ImageError, SourceError
from ..frames import Frame
from ..support.reasons import Reasons
from .aedat4 import EVENTS, FRAMES, Aedat4File, frame_head, frame_image
from .flatbuffer import Table
from .image_frames import LATE, other_size
from .kinds import AEDAT4
from .poses import Origin
from .scan import scan_of, sort_items
from .timeline import join


class FileFrames:
    """
    The images of an .aedat4 file, in the order of their times; see `BagFrames`.

    :raises SourceError: if the file holds no images, or most are not of one size.
    """

    sensor = None

    def __init__(
        self, path: Path, config: BagInputConfig, poses: PosesConfig, origin: Origin | None = None
    ) -> None:
        """Look at the heads of all images."""
        if path.suffix.lower() != AEDAT4:
            raise SourceError(f'{path}: is a file of an event camera: set input.type to events')
        self._file = Aedat4File(path)
        types = {stream.type for stream in self._file.streams}
        if FRAMES not in types and EVENTS in types:
            raise SourceError(f'{path}: holds events and no images: set input.type to events')
        self._stream = self._file.stream(FRAMES, config.topic, 'images')
        heads = list(self._file.packets(self._stream, Reasons(), frame_head))
        stamps = [time_us * 1000 for time_us, _ in heads if abs(time_us) < 1 << 53]
        if len(stamps) < len(heads):
            raise SourceError(f'{path}: damaged: {len(heads) - len(stamps)} images without a time')
        # There is one clock only.
        found = scan_of(self._stream.name, stamps, stamps, [size for _, size in heads])
        timeline = join(path, found, None, poses, origin, [*self._file.notes])
        self._track, self.origin = timeline.track, timeline.origin
        self.completeness = timeline.completeness
        self._times, self._size = timeline.times, found.size

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self._times)

    def __iter__(self) -> Iterator[Frame]:
        """Read and decode the images one by one."""
        complete = self.completeness
        complete.begin()
        packets = self._file.packets(self._stream, complete.skipped, _checked)
        for found in sort_items(packets, self._times):
            if found is None:
                complete.skipped.count(LATE)
                continue
            number, packet = found
            stamp = int(self._times[number])
            try:
                image = frame_image(packet)
                image.check_contrast()
            except (ImageError, ValueError) as error:
                complete.skipped.count(str(error))
                continue
            size = image.width, image.height
            if self._size is not None and size != self._size:
                complete.skipped.count(other_size(self._size, size))
                continue
            pose = complete.pose_at(self._track, stamp)
            yield Frame(stamp, image, f'{self._stream.name}[{number}]', pose)


def _checked(packet: Table) -> Table:
    """Return a packet whose head can be read: those that were counted."""
    frame_head(packet)
    return packet
