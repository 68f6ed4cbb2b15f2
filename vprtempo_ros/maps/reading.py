"""Reading a recording in one pass into what a map is built from: its places, or known ones."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Generator, Iterator, NamedTuple

import numpy as np

from ..arrays import Spikes
from ..config import TrainerConfig
from ..encoding.encoder import sensor_type
from ..errors import MapError, SourceError
from ..events.packet import Size
from ..frames import Frame, Image, Pose, begins_anywhere
from ..network.spike_sums import BATCH, SpikeSums
from ..network.training import is_closed_form
from ..sources.completeness import completeness_tree
from ..sources.poses import Origin
from ..sources.traverse import Traverse, open_traverse
from ..support.paths import user_path
from ..support.progress import ProgressCallback
from .additional import AdditionalFrame, by_order, by_pose
from .cameras import nearest_frames
from .frame_encoding import Encoders, encoded
from .frames_read import FramesRead
from .map import Sensor, TraverseRecord
from .places import Place, sample
from .samples import REFERENCE, SampleEncoder, TraverseSamples, TrialFrames
from .standing import note_of, numbers_of, stood_at
from .training_data import is_few


@dataclass(frozen=True)
class Stretch:
    """
    A recording that defines places.

    config: with other bags too, of which only the names matter; origin: of GPS poses, None: the
    first fix. given: the places as another camera has defined them, to which this one adds what it
    sees; None: they are defined here. workers: processes that encode it.
    """

    path: str
    config: TrainerConfig
    origin: Origin | None = None
    given: list[Place] | None = None
    workers: int = 1


@dataclass(frozen=True)
class Drive:
    """A recording of places that are known, with the sensor and origin of these."""

    path: str
    config: TrainerConfig
    origin: Origin | None
    places: list[Place]
    sensor: Sensor
    role: str


@dataclass(frozen=True)
class ReadStretch:
    """What was read of a stretch; sums: of its samples, None where they are not needed (yet)."""

    places: list[Place]
    thumbnails: list[bytes]
    sensor: Sensor
    origin: Origin | None
    samples: TraverseSamples
    record: TraverseRecord
    sums: SpikeSums | None


@dataclass(frozen=True)
class ReadDrive:
    """What was read of a drive."""

    samples: TraverseSamples
    record: TraverseRecord


def read_origin(stretch: Stretch, progress: ProgressCallback) -> Origin | None:
    """
    Return the origin of the GPS poses of a recording, None without any.

    :raises SourceError: if it is unusable.
    """
    config = stretch.config
    return open_traverse(stretch.path, config.input, config.poses)[1]


def read_stretch(stretch: Stretch, progress: ProgressCallback) -> ReadStretch:
    """
    Read a recording in one pass: places, samples and their sums.

    :raises SourceError: if it is unusable.
    :raises MapError: if it has no frame that can be a place.
    :raises ConfigError: if a setting does not fit the input.
    """
    config = stretch.config
    encode = Encoders(config)
    # Only the fit in closed form chooses, and only among several decays.
    decays = encode.samples.frame.profile.decays
    choosing = is_closed_form(config.training) and len(decays) > 1
    places: list[Place] = []
    stamps: list[int] = []
    thumbnails: list[bytes] = []
    image_size: Size = (0, 0)
    trials: list[Spikes] = []

    def sampled(frames: Iterator[Frame]) -> Iterator[Image]:
        nonlocal image_size
        for frame, stamp_ns, pose in _sampled(stretch, frames):
            if not places:
                image_size = frame.image.width, frame.image.height
            places.append(Place(stamp_ns, pose, stretch.path, frame.name))
            stamps.append(frame.stamp_ns)
            yield frame.image

    def read(frames: Iterator[Frame]) -> Iterator[AdditionalFrame]:
        images = sampled(frames)
        found = encoded(images, stretch.path, config, encode, choosing, stretch.workers)
        for number, frame in enumerate(found):
            thumbnails.append(frame.thumbnail)
            if frame.trial is not None:
                trials.append(frame.trial)
            yield AdditionalFrame(number, stamps[number], frame.spikes)

    found = _read(stretch, encode.samples, read, progress)
    sensor = Sensor(sensor_type(config), *(found.traverse.sensor or image_size))
    tried = TrialFrames(np.stack(trials), np.arange(len(trials))) if trials else None
    samples = found.frames.samples(REFERENCE, tried)
    if stretch.given is None and config.places.merges_stops:
        stood = stood_at(samples.frames, [place.pose for place in places])
        if stood.any():
            numbers = numbers_of(stood)
            kept = np.flatnonzero(numbers >= 0).tolist()
            samples = samples.renumbered(numbers)
            places = [replace(places[at], stood=int(stood[at])) for at in kept]
            thumbnails = [thumbnails[at] for at in kept]
            found.traverse.completeness.add_notes(note_of(stood))
    sums = sums_of_stretch(samples, len(places), config, stretch.workers)
    record = _record(found.traverse, stretch.path, len(places))
    return ReadStretch(places, thumbnails, sensor, found.origin, samples, record, sums)


def sums_of_stretch(
    samples: TraverseSamples, places: int, config: TrainerConfig, threads: int
) -> SpikeSums | None:
    """Return the sums of a stretch, None where the fit can do without them, or adds them up."""
    # Each product has to be written: of a few samples, together with those of other stretches.
    few = is_few([samples]) if len(config.bags) == 1 else samples.count < BATCH
    if few or not is_closed_form(config.training):
        return None
    sums = SpikeSums.zero(places, samples.spikes.shape[-1])
    sums.add_all(samples.batches(config.encoding.adapt), threads=threads)
    return sums


def _sampled(stretch: Stretch, frames: Iterator[Frame]) -> Iterator[tuple[Frame, int, Pose | None]]:
    """Yield the frames that become places, with stamps and poses of these."""
    if stretch.given is None:
        for frame in sample(frames, stretch.config.places):
            yield frame, frame.stamp_ns, frame.pose
        return
    for number, frame in nearest_frames(frames, stretch.given):
        yield frame, stretch.given[number].stamp_ns, stretch.given[number].pose


def read_drive(drive: Drive, progress: ProgressCallback) -> ReadDrive:
    """
    Read another drive of places that are known.

    :raises SourceError, ConfigError: as `read_stretch`.
    :raises MapError: if it does not fit the places.
    """
    encode = SampleEncoder(drive.config)
    assign = by_pose if all(place.pose for place in drive.places) else by_order
    found = _read(
        drive,
        encode,
        lambda frames: assign(frames, drive.places, drive.config, drive.path, encode),
        progress,
    )
    sensor = found.traverse.sensor
    if sensor is not None and sensor != drive.sensor.size:
        raise MapError(
            f'{drive.path}: expected events of a sensor of {drive.sensor.width}x'
            f'{drive.sensor.height} pixels as in {drive.config.bags[0]}, found '
            f'{sensor[0]}x{sensor[1]}'
        )
    first = drive.places[0].pose
    if assign is by_pose and first is not None and begins_anywhere(first.frame_id):
        found.traverse.completeness.add_notes(
            [
                f'assigned to places by poses in frame {first.frame_id!r}, which begin where the '
                'robot is started: right only if both drives began at the same spot; else use '
                'poses of a localised robot or GPS, or poses.topic none'
            ]
        )
    record = _record(found.traverse, drive.path, len(found.frames.places))
    return ReadDrive(found.frames.samples(drive.role), record)


class _Found(NamedTuple):
    """What was read of a recording."""

    traverse: Traverse
    origin: Origin | None
    frames: FramesRead


def _read(
    source: Stretch | Drive,
    encode: SampleEncoder,
    read: Callable[[Iterator[Frame]], Iterator[AdditionalFrame]],
    progress: ProgressCallback,
) -> _Found:
    """Read the frames of a recording that `read` takes, and check that most of it was usable."""
    config, bag = source.config, source.path
    traverse, origin = open_traverse(bag, config.input, config.poses, source.origin)
    stage, colours = f'reading {Path(bag).name}', encode.frame.profile.colours
    try:
        # Closed: at places.count the reading stops, and what it has found is said.
        with closing(_watched(traverse, stage, progress, colours)) as watched:
            frames = FramesRead(read(watched), _folder_of(config))
    except MapError as error:
        notes = '; '.join(traverse.completeness.notes)
        raise MapError(f'{error} ({notes})' if notes else str(error)) from None
    if not frames.places and isinstance(source, Stretch) and source.given and len(traverse):
        raise MapError(
            f'{bag}: no frame of {config.input.topic} is of the time of a place of the first '
            'camera: do their clocks agree, and were both recorded all along?'
        )
    if not frames.places:
        raise SourceError(f'{bag}: no usable frame in it{_reason(traverse)}')
    _check_most(traverse, bag)
    return _Found(traverse, origin, frames)


def _record(traverse: Traverse, bag: str, used: int) -> TraverseRecord:
    """Return what a map keeps of a recording, once all is known of it."""
    return {
        'source': str(Path(bag).resolve()),
        'frames': len(traverse),
        'used': used,
        'unreadable': traverse.completeness.skipped.total(),
        'missing': completeness_tree(traverse.completeness),
    }


def _folder_of(config: TrainerConfig) -> Path | None:
    """Return where there is room for what is read: where the map will be, None if that is open."""
    folder = Path(os.path.realpath(user_path(config.map))).parent if config.map else None
    return folder if folder is not None and folder.is_dir() else None


def _watched(
    traverse: Traverse, stage: str, progress: ProgressCallback, colours: bool
) -> Generator[Frame, None, None]:
    total = len(traverse)
    for done, frame in enumerate(traverse):
        progress(stage, done, total)
        yield replace(frame, image=frame.image.coloured()) if colours else frame
    progress(stage, total, total)


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
