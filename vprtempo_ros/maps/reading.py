"""Reading the traverses of a route, each in one pass, into what a map is built from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np

from ..config import TrainerConfig
from ..encoding.encoder import sensor_type
from ..errors import MapError, SourceError
from ..events.packet import Size
from ..frames import Frame, Image
from ..network.segments import Segments
from ..network.spike_sums import SpikeSums
from ..network.training import is_closed_form
from ..sources.completeness import completeness_tree
from ..sources.poses import Origin
from ..sources.traverse import Traverse, open_traverse
from ..support.progress import ProgressCallback
from .additional import AdditionalFrame, by_order, by_pose
from .content import MapContent
from .map import Sensor, TraverseRecord
from .places import Place, sample
from .samples import (
    ADDITIONAL,
    HELD_OUT,
    REFERENCE,
    SampleEncoder,
    TraverseSamples,
    TrialEncoder,
    TrialFrames,
)
from .training_data import TrainingData, training_data

_THUMBNAIL_WIDTH = 160


def read_route(
    config: TrainerConfig, progress: ProgressCallback, origin: Origin | None = None
) -> MapContent:
    """
    Read the traverses in `config.bags`; the first one defines the places.

    :param origin: of GPS poses; None: the first fix.
    :raises SourceError: if a recording is unusable.
    :raises MapError: if the traverses do not fit each other.
    :raises ConfigError: if a setting does not fit the input.
    """
    reader = _Reader(config, progress, origin)
    for bag in config.bags:
        reader.read(bag)
    return reader.content()


def read_additional(
    content: MapContent, bag: str, progress: ProgressCallback
) -> tuple[TraverseSamples, TraverseRecord]:
    """
    Read another traverse of the places of a map.

    :raises SourceError, MapError, ConfigError: as `read_route`.
    """
    reader = _Reader(content.config, progress, content.origin)
    reader.continue_with(content)
    reader.read(bag)
    return reader.samples[-1], reader.records[-1]


class _Reader:
    """What has been read of the traverses so far."""

    def __init__(
        self, config: TrainerConfig, progress: ProgressCallback, origin: Origin | None
    ) -> None:
        self._config, self._progress = config, progress
        self._encode = SampleEncoder(config)
        # Only the fit in closed form chooses, and only among several decays.
        choices = len(self._encode.frame.profile.decays)
        self._choosing = is_closed_form(config.training) and choices > 1
        self._places: list[Place] = []
        self._thumbnails: list[bytes] = []
        self._image_size: Size = (0, 0)
        self._sensor: Sensor | None = None
        self._origin = origin
        self.samples: list[TraverseSamples] = []
        self.records: list[TraverseRecord] = []

    def continue_with(self, content: MapContent) -> None:
        """Read additional traverses of the places of a map."""
        self._places, self._sensor = content.places, content.sensor
        self.samples += content.traverses

    def read(self, bag: str) -> None:
        """Read the next traverse."""
        config = self._config
        traverse, origin = open_traverse(bag, config.input, config.poses, self._origin)
        frames = _watched(traverse, f'reading {Path(bag).name}', self._progress)
        if self._encode.frame.profile.colours:
            frames = (replace(frame, image=frame.image.coloured()) for frame in frames)
        try:
            if self._sensor is None:
                self._origin = origin
                samples = self._read_places(frames, bag)
            else:
                samples = self._read_additional(frames, bag)
        except MapError as error:
            notes = '; '.join(traverse.completeness.notes)
            raise MapError(f'{error} ({notes})' if notes else str(error)) from None
        if samples is None:
            raise SourceError(f'{bag}: no usable frame in it{_reason(traverse)}')
        _check_most(traverse, bag)
        self._check_sensor(traverse, bag)
        self.samples.append(samples)
        self.records.append(
            {
                'source': str(Path(bag).resolve()),
                'frames': len(traverse),
                'used': len(samples.places),
                'unreadable': traverse.completeness.skipped.total(),
                'missing': completeness_tree(traverse.completeness),
            }
        )

    def content(self) -> MapContent:
        """Return everything that was read."""
        if self._sensor is None:
            raise MapError('no traverse was read')
        places, config = len(self._places), self._config
        data = (
            training_data(self.samples, places, config.encoding.adapt)
            if is_closed_form(config.training)
            else TrainingData(self.samples, SpikeSums.zero(places, self._encode.frame.length))
        )
        return MapContent(
            config,
            self._encode.frame,
            self._places,
            Segments.of([places]),
            self._thumbnails,
            self._sensor,
            self._origin,
            self.records,
            data,
        )

    def _read_places(self, frames: Iterator[Frame], bag: str) -> TraverseSamples | None:
        """Take places from the first traverse; return their samples."""
        trials = TrialEncoder(self._encode.frame, self._config.training.seed)
        read: list[AdditionalFrame] = []
        for frame in sample(frames, self._config.places):
            number = len(self._places)
            if not self._places:
                self._image_size = frame.image.width, frame.image.height
            self._places.append(Place(frame.stamp_ns, frame.pose, bag, frame.name))
            self._thumbnails.append(_thumbnail(frame.image))
            if self._choosing:
                trials.add(frame.image, number)
            read.append(AdditionalFrame(number, frame.stamp_ns, self._encode(frame.image)))
        return _samples_of(read, REFERENCE, trials.frames())

    def _read_additional(self, frames: Iterator[Frame], bag: str) -> TraverseSamples | None:
        """Assign the frames of an additional traverse to the places; return their samples."""
        assign = by_pose if all(place.pose for place in self._places) else by_order
        read = list(assign(frames, self._places, self._config, bag, self._encode))
        # Confidence is refined on the second traverse.
        first = all(each.role == REFERENCE for each in self.samples)
        return _samples_of(read, HELD_OUT if first else ADDITIONAL)

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


def _samples_of(
    read: list[AdditionalFrame], role: str, trials: TrialFrames | None = None
) -> TraverseSamples | None:
    if not read:
        return None
    places, stamps, spikes = zip(*read)
    return TraverseSamples(
        np.stack(spikes),
        np.array(places, np.int64),
        np.array(stamps, np.int64),
        trials or TrialFrames.none(spikes[0].shape[-1]),
        role,
    )


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
