"""From recorded traverses to a map."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..config import TrainerConfig
from ..encoding import Encoder
from ..errors import MapError, SourceError
from ..frames import Frame, Image, Pose
from ..network.training import train
from ..progress import Progress, silent
from ..sources.poses import Origin
from ..sources.traverse import Traverse, open_traverse
from .map import Map
from .places import ByPose, Place, sample

_THUMBNAIL_WIDTH = 160


class _Samples:
    """What training needs of all traverses: spikes by sample, and the place of each."""

    def __init__(self) -> None:
        self.spikes: list[NDArray[np.uint8]] = []
        self.places: list[int] = []

    def add(self, place: int, spikes: NDArray[np.uint8]) -> None:
        self.spikes.append(spikes)
        self.places.append(place)


def build_map(config: TrainerConfig, progress: Progress = silent) -> Map:
    """
    Read the reference traverses, cut them into places, train the network.

    Recordings are streamed: of a frame that becomes a place, its spikes and a thumbnail are kept.

    :raises SourceError: if a recording cannot be used.
    :raises MapError: if there are fewer than two places, or traverses do not fit one another.
    """
    if not any(config.bags):
        raise MapError('no bags given: name the recordings of the route in the parameter bags')
    encoder = Encoder(config.encoding)
    samples = _Samples()
    places: list[Place] = []
    thumbnails: list[bytes] = []
    sensor: dict[str, Any] = {}
    origin: Origin | None = None
    traverses: list[dict[str, Any]] = []

    for number, bag in enumerate(config.bags):
        traverse, found = open_traverse(bag, config.input, config.poses, origin)
        origin = found if number == 0 else origin
        frames = _watched(traverse, f'reading {Path(bag).name}', progress)
        before = len(samples.places)
        if number == 0:
            for frame in sample(frames, config.places):
                samples.add(len(places), encoder(frame.image))
                places.append(Place(frame.stamp_ns, frame.pose, bag, frame.name))
                thumbnails.append(_thumbnail(frame.image))
                sensor = sensor or _sensor(frame.image)
        elif all(place.pose for place in places):
            _add_by_pose(frames, places, config, encoder, samples, bag)
        else:
            _add_by_order(frames, places, config, encoder, samples, bag)
        traverses.append({'source': str(Path(bag).resolve()), 'frames': len(traverse),
                          'used': len(samples.places) - before,
                          'unreadable': sum(traverse.skipped.values())})
        if len(samples.places) == before:
            raise SourceError(f'{bag}: no usable frame in it{_why(traverse)}')

    network = train(np.stack(samples.spikes), np.array(samples.places, np.int64),
                    config.training, progress)
    provenance = {
        'software': f'vprtempo_ros {__version__}',
        'created': datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds'),
        'traverses': traverses,
    }
    return Map(config, places, network, thumbnails, sensor, provenance, origin)


def _add_by_pose(
    frames: Iterator[Frame], places: list[Place], config: TrainerConfig, encoder: Encoder,
    samples: _Samples, bag: str,
) -> None:
    """Give each place the nearest frame of a further traverse, where one passes near enough."""
    assign = ByPose(places, config.places.radius)
    best: dict[int, NDArray[np.uint8]] = {}
    posed = False
    for frame in frames:
        posed = posed or frame.pose is not None
        _check_frame_id(frame.pose, places[0].pose, bag, config.bags[0])
        place = assign.improves(frame)
        if place is not None:
            best[place] = encoder(frame.image)
    if not posed:
        raise MapError(f'{bag}: expected poses as in {config.bags[0]}, found none: record them '
                       'too, or set poses.topic to none to align traverses by their order')
    if not best:
        raise MapError(f'{bag}: no frame lies within reach of a place of {config.bags[0]}: are '
                       'the poses in the same frame? Else set poses.topic to none')
    for place in sorted(best):
        samples.add(place, best[place])


def _check_frame_id(pose: Pose | None, first: Pose | None, bag: str, other: str) -> None:
    if pose and first and pose.frame_id != first.frame_id:
        raise MapError(f'{bag}: expected poses in frame {first.frame_id!r} as in {other}, found '
                       f'{pose.frame_id!r}; set poses.topic to none to align traverses by order')


def _add_by_order(
    frames: Iterator[Frame], places: list[Place], config: TrainerConfig, encoder: Encoder,
    samples: _Samples, bag: str,
) -> None:
    """Give the n-th place the n-th sampled frame of a further traverse."""
    found = 0
    for frame in sample(frames, config.places):
        if found < len(places):
            samples.add(found, encoder(frame.image))
        found += 1
    if found != len(places):
        raise MapError(f'traverses of different length: {bag} gives {found} places, '
                       f'{config.bags[0]} gives {len(places)}; without poses they must agree')


def _watched(traverse: Traverse, stage: str, progress: Progress) -> Iterator[Frame]:
    total = len(traverse)
    for done, frame in enumerate(traverse):
        progress(stage, done, total)
        yield frame
    progress(stage, total, total)


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


def _why(traverse: Traverse) -> str:
    if not traverse.skipped:
        return ''
    reason, count = max(traverse.skipped.items(), key=lambda item: item[1])
    return f' ({count} unreadable: {reason})'
