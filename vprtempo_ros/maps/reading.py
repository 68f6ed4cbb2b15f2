"""Reading the reference traverses: places from the first, samples and held-out frames from all."""

from __future__ import annotations

from typing import Any, Iterator

import cv2

from ..config import TrainerConfig
from ..encoding.encoders import encoder_for
from ..errors import MapError
from ..frames import Frame, Image
from ..sources.poses import Origin
from .additional import by_order, by_pose
from .augmentation import tilted
from .held_out import Collector, HeldOut, HoldoutSplitter
from .places import Place, sample
from .samples import Samples

_THUMBNAIL_WIDTH = 160


class Reading:
    """What is gathered beside the samples while the traverses are read one after another."""

    def __init__(self, config: TrainerConfig, samples: Samples) -> None:
        """Put samples into `samples`."""
        self._config, self._samples = config, samples
        self._encoder = encoder_for(config)
        self.places: list[Place] = []
        self.thumbnails: list[bytes] = []
        self.sensor: dict[str, Any] = {}
        self.origin: Origin | None = None
        self._traverse = -1
        # The best first: what confidence is fitted on if there is any of it.
        self._second = Collector('frames of the second traverse', 1)
        self._between = Collector('frames between places', 0)
        self._tilted = Collector('the places, tilted', 0)

    def read(self, frames: Iterator[Frame], bag: str, origin: Origin | None) -> None:
        """Read the next traverse; the first one has the places."""
        self._traverse += 1
        self._samples.start()
        if self._traverse == 0:
            self.origin = origin
            self._read_places(frames, bag)
            return
        assign = by_pose if all(place.pose for place in self.places) else by_order
        for place, stamp_ns, encoded in assign(
            frames, self.places, self._config, bag, self._samples.encode
        ):
            self._samples.add(place, encoded)
            if self._traverse == 1 and self._second.wanted():
                self._second.add(encoded[0], place, place, stamp_ns)

    def held_out(self) -> HeldOut:
        """Return the frames to fit confidence on."""
        for collector in (self._second, self._between, self._tilted):
            if len(collector):
                return collector.frames(len(self.places))
        raise MapError('no frame to fit confidence on')

    def _read_places(self, frames: Iterator[Frame], bag: str) -> None:
        passing = HoldoutSplitter(frames, self._leave)
        for frame in sample(passing, self._config.places):
            passing.take(frame)
            number = len(self.places)
            self._samples.add(number, self._samples.encode(frame.image))
            if self._tilted.wanted():
                self._tilted.add(
                    self._encoder(tilted(frame.image, self._config.encoding)),
                    number,
                    number,
                    frame.stamp_ns,
                )
            self.places.append(Place(frame.stamp_ns, frame.pose, bag, frame.name))
            self.thumbnails.append(_thumbnail(frame.image))
            self.sensor = self.sensor or _sensor(frame.image)

    def _leave(self, frame: Frame) -> None:
        """Hold out a frame that is no place: it lies between the last place and the next."""
        if self.places and self._between.wanted():
            number = len(self.places)
            self._between.add(self._encoder(frame.image), number - 1, number, frame.stamp_ns)


def _sensor(image: Image) -> dict[str, Any]:
    return {'type': 'camera', 'width': image.width, 'height': image.height}


def _thumbnail(image: Image) -> bytes:
    """Return a small JPEG of the frame."""
    height = max(1, round(image.height * _THUMBNAIL_WIDTH / image.width))
    grey = image.grey()
    if image.width > _THUMBNAIL_WIDTH:
        grey = cv2.resize(grey, (_THUMBNAIL_WIDTH, height), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode('.jpg', grey, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise MapError('OpenCV cannot write JPEG thumbnails: its build lacks the codec')
    return data.tobytes()
