"""Reading the traverses of a route, each in one pass, into what a map is built from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np

from ..arrays import Indices, Spikes
from ..config import TrainerConfig
from ..encoding.encoder import Encoder, sensor_type
from ..errors import MapError, SourceError
from ..events.packet import Size
from ..frames import Frame, Image
from ..network.linear import Trials
from ..network.training import is_closed_form
from ..sources.completeness import completeness_tree
from ..sources.poses import Origin
from ..sources.traverse import Traverse, open_traverse
from ..support.progress import ProgressCallback
from .additional import by_order, by_pose
from .held_out import Collector, HeldOut
from .map import Sensor, TraverseRecord
from .places import Place, sample
from .samples import SampleEncoder, TraverseSamples, TrialEncoder

_THUMBNAIL_WIDTH = 160


@dataclass(frozen=True)
class RouteData:
    """
    The traverses of a route, without their images.

    places: from the first traverse; thumbnails: a JPEG for each of them; samples: of each traverse;
    trials: changed frames of the places, to choose settings of the fit by; held_out: encoded frames
    of an additional traverse, to refine the confidence on; records: what was read of each traverse;
    encode: the encoder.
    """

    places: list[Place]
    thumbnails: list[bytes]
    sensor: Sensor
    origin: Origin | None
    samples: list[TraverseSamples]
    trials: Trials
    held_out: HeldOut | None
    encode: Encoder
    records: list[TraverseRecord]


def read_route(config: TrainerConfig, progress: ProgressCallback) -> RouteData:
    """
    Read the traverses in `config.bags`; the first one defines the places.

    :raises SourceError: if a recording is unusable.
    :raises MapError: if the traverses do not fit each other.
    :raises ConfigError: if a setting does not fit the input.
    """
    reader = _Reader(config, progress)
    for bag in config.bags:
        reader.read(bag)
    return reader.data()


class _Reader:
    """What has been read of the traverses so far."""

    def __init__(self, config: TrainerConfig, progress: ProgressCallback) -> None:
        self._config, self._progress = config, progress
        self._encode = SampleEncoder(config)
        self._trials = TrialEncoder(self._encode.frame, config.training.seed)
        # Only the fit in closed form chooses, and only among several decays.
        choices = len(self._encode.frame.profile.decays)
        self._choosing = is_closed_form(config.training) and choices > 1
        self._places: list[Place] = []
        self._thumbnails: list[bytes] = []
        self._image_size: Size = (0, 0)
        self._sensor: Sensor | None = None
        self._origin: Origin | None = None
        self._samples: list[TraverseSamples] = []
        self._records: list[TraverseRecord] = []
        self._additional = Collector('frames of an additional traverse', 1)

    def read(self, bag: str) -> None:
        """Read the next traverse."""
        config = self._config
        traverse, origin = open_traverse(bag, config.input, config.poses, self._origin)
        frames = _watched(traverse, f'reading {Path(bag).name}', self._progress)
        try:
            if self._sensor is None:
                self._origin = origin
                read = list(self._read_places(frames, bag))
            else:
                read = list(self._read_additional(frames, bag))
        except MapError as error:
            notes = '; '.join(traverse.completeness.notes)
            raise MapError(f'{error} ({notes})' if notes else str(error)) from None
        if not read:
            raise SourceError(f'{bag}: no usable frame in it{_reason(traverse)}')
        _check_most(traverse, bag)
        self._check_sensor(traverse, bag)
        self._samples.append(_samples_of(read))
        self._records.append(
            {
                'source': str(Path(bag).resolve()),
                'frames': len(traverse),
                'used': len(read),
                'unreadable': traverse.completeness.skipped.total(),
                'missing': completeness_tree(traverse.completeness),
            }
        )

    def data(self) -> RouteData:
        """Return everything that was read."""
        if self._sensor is None:
            raise MapError('no traverse was read')
        held_out = self._additional.frames(len(self._places)) if len(self._additional) else None
        return RouteData(
            self._places,
            self._thumbnails,
            self._sensor,
            self._origin,
            self._samples,
            self._trials.trials(self._config.encoding.adapt),
            held_out,
            self._encode.frame,
            self._records,
        )

    def _read_places(self, frames: Iterator[Frame], bag: str) -> Iterator[tuple[int, Spikes]]:
        """Take places from the first traverse; yield each with the spikes of its samples."""
        for frame in sample(frames, self._config.places):
            number = len(self._places)
            if not self._places:
                self._image_size = frame.image.width, frame.image.height
            self._places.append(Place(frame.stamp_ns, frame.pose, bag, frame.name))
            self._thumbnails.append(_thumbnail(frame.image))
            if self._choosing:
                self._trials.add(frame.image, number)
            yield number, self._encode(frame.image)

    def _read_additional(self, frames: Iterator[Frame], bag: str) -> Iterator[tuple[int, Spikes]]:
        """Assign the frames of an additional traverse; yield their places and spikes."""
        assign = by_pose if all(place.pose for place in self._places) else by_order
        second = len(self._samples) == 1
        for place, stamp_ns, spikes in assign(
            frames, self._places, self._config, bag, self._encode
        ):
            if second and self._additional.wanted():
                self._additional.add(spikes[0], place, place, stamp_ns)
            yield place, spikes

    def _check_sensor(self, traverse: Traverse, bag: str) -> None:
        """Take the sensor from the first traverse; refuse events of another size in others."""
        if self._sensor is None:
            size = traverse.sensor or self._image_size
            self._sensor = Sensor(sensor_type(self._config), *size)
        elif traverse.sensor is not None and traverse.sensor != self._sensor.size:
            raise MapError(
                f'{bag}: expected events of a sensor of {self._sensor.width}x'
                f'{self._sensor.height} pixels as in {self._config.bags[0]}, found '
                f'{traverse.sensor[0]}x{traverse.sensor[1]}'
            )


def _watched(traverse: Traverse, stage: str, progress: ProgressCallback) -> Iterator[Frame]:
    total = len(traverse)
    for done, frame in enumerate(traverse):
        progress(stage, done, total)
        yield frame
    progress(stage, total, total)


def _samples_of(read: list[tuple[int, Spikes]]) -> TraverseSamples:
    places: Indices = np.array([place for place, _ in read], np.int64)
    return TraverseSamples(np.stack([spikes for _, spikes in read]), places)


def _reason(traverse: Traverse) -> str:
    """Return the most frequent reason for leaving frames out, for a message."""
    if not traverse.completeness.skipped:
        return ''
    ((reason, count),) = traverse.completeness.skipped.most_common(1)
    return f' ({count} unreadable: {reason})'


def _check_most(traverse: Traverse, bag: str) -> None:
    """
    Check that most of a recording was read.

    :raises SourceError: if most of it was left out: the map would be that of another route.
    """
    complete = traverse.completeness
    left_out = complete.skipped.total()
    if 2 * left_out > complete.messages:
        raise SourceError(
            f'{bag}: {left_out} of {complete.messages} messages had to be left out'
            f'{_reason(traverse)}: expected most of a recording to be usable'
        )


def _thumbnail(image: Image) -> bytes:
    """Return a small grey JPEG of the frame."""
    height = max(1, round(image.height * _THUMBNAIL_WIDTH / image.width))
    grey = image.shown()
    if image.width > _THUMBNAIL_WIDTH:
        grey = cv2.resize(grey, (_THUMBNAIL_WIDTH, height), interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode('.jpg', grey, [cv2.IMWRITE_JPEG_QUALITY, 85])
    if not done:
        raise MapError('OpenCV cannot write JPEG thumbnails: its build lacks the codec')
    return bytes(data)
