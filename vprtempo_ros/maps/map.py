"""A map: places, the network that recognises them, and how they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypedDict

import numpy as np

from ..arrays import Spikes
from ..config import EVENTS, TrainerConfig
from ..encoding.adaptation import standardise
from ..encoding.encoder import Encoder, encoder_for
from ..events.image_size import event_image_size
from ..events.packet import Size
from ..matching.confidence import Calibration
from ..matching.stages import Route
from ..network.network import Network
from ..network.segments import Segments
from ..sources.completeness import completeness_from
from ..sources.poses import Origin
from ..statistics import Statistics
from .places import Place
from .training_data import TrainingData

FORMAT_VERSION = 4
# Format 2 had no choice of encoders and no linear networks, format 3 a file for each thumbnail.
READABLE_VERSIONS = (2, 3, 4)


class Sensor(NamedTuple):
    """The sensor of the reference frames: `camera` or `events`, width and height in pixels."""

    type: str
    width: int
    height: int

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.width, self.height


class _Frames(TypedDict):
    """Path and numbers of frames of a traverse."""

    source: str
    frames: int
    used: int
    unreadable: int


class TraverseRecord(_Frames, total=False):
    """
    A traverse that a map was made from: path, numbers of frames.

    missing: what the recording lacks, see `completeness_tree`; not in maps of earlier versions.
    """

    missing: dict[str, object]


class EditRecord(TypedDict):
    """An edit of a map: number of the revision it made, what it was, software, time (ISO 8601)."""

    revision: int
    edit: str
    software: str
    created: str


class Provenance(TypedDict, total=False):
    """
    How a map was made: software with version, time of creation (ISO 8601), traverses, edits.

    network: where it is from, if it was not trained here. Every edit makes a revision; a map as it
    was trained is revision 1.
    """

    software: str
    created: str
    traverses: list[TraverseRecord]
    network: str
    edits: list[EditRecord]


@dataclass
class Map:
    """
    A trained map in memory.

    sensor: of the reference frames. thumbnails: a JPEG for each place. spikes: uint8 (places,
    inputs), the encoded reference frames. pixel_statistics: of these, by input.
    response_statistics: of the similarities to frames of other places, by place. calibration:
    from scores to confidences. origin: latitude, longitude and altitude of (0, 0, 0) where poses
    are from GPS. segments: which places follow each other, and of each segment the statistics of
    the pixels on its drive; None: one segment, with the statistics of all. labels: names of places.
    training: what the network is computed from, to edit the map; None where it has none, and in a
    map that was loaded to be used (`revisions.load_content`). camera, views: of a map of several
    cameras the name of this one, and the maps of the others by name, of the same places.
    """

    config: TrainerConfig
    places: list[Place]
    network: Network
    thumbnails: Sequence[bytes]
    sensor: Sensor
    spikes: Spikes
    pixel_statistics: Statistics
    response_statistics: Statistics
    calibration: Calibration
    provenance: Provenance = field(default_factory=Provenance)
    origin: Origin | None = None
    segments: Segments | None = None
    segment_statistics: list[Statistics] | None = None
    labels: dict[int, str] = field(default_factory=dict)
    training: TrainingData | None = None
    camera: str = ''
    views: dict[str, Map] = field(default_factory=dict)

    @cached_property
    def encoder(self) -> Encoder:
        """
        The encoder of the map: made once, since that of a descriptor loads its neural network.

        :raises ConfigError: if it is not available.
        """
        return encoder_for(self.config)

    def shown(self) -> Spikes:
        """Return the spikes of the places as the network takes them, uint8 (places, inputs)."""
        if not self.config.encoding.adapt:
            return self.spikes
        statistics = self.segment_statistics or [self.pixel_statistics]
        parts = zip(self.parts().slices, statistics)
        return np.concatenate([standardise(self.spikes[part], each) for part, each in parts])

    def parts(self) -> Segments:
        """Return the segments."""
        return self.segments or Segments.of([len(self.places)])

    @property
    def revision(self) -> int:
        """Number of the revision: 1 as trained, and one more with every edit."""
        edits = self.provenance.get('edits', [])
        return edits[-1]['revision'] if edits else 1

    @property
    def cameras(self) -> dict[str, Map]:
        """The maps of all cameras by name, this one first; of a single camera it may be empty."""
        return {self.camera: self, **self.views}

    def image_size(self) -> Size:
        """Return width and height of the images that the map was made from."""
        if self.sensor.type == EVENTS:
            return event_image_size(self.config.input.events, *self.sensor.size)
        return self.sensor.size

    def route(self) -> Route:
        """Return the spacing of the places, and their segments."""
        return route_of(self.places, self.parts(), self.provenance.get('traverses', []))


def route_of(places: list[Place], segments: Segments, traverses: list[TraverseRecord]) -> Route:
    """
    Return the medians of time and distance between successive places, and the segments.

    The time is 0, unknown, where the frames of a traverse have no stamps: a camera that sees a
    place a second, as those would say, is hardly ever the one that drives.
    """
    unstamped = any(record.get('missing', {}).get('unstamped') for record in traverses)
    times, steps = [], []
    for part in segments.slices:
        stamps = np.array([place.stamp_ns for place in places[part]], np.int64)
        positions = [place.pose.position for place in places[part] if place.pose]
        times.append(np.diff(stamps))
        steps.append(np.linalg.norm(np.diff(np.reshape(positions, (-1, 3)), axis=0), axis=1))
    time, step = np.concatenate(times), np.concatenate(steps)
    return Route(
        len(places),
        float(np.median(time)) * 1e-9 if len(time) and not unstamped else 0.0,
        float(np.median(step)) if len(step) else None,
        tuple(segments.bounds[:-1].tolist()),
    )


def missing_lines(record: TraverseRecord) -> list[str]:
    """Return one line for each thing that a traverse of a map lacks or that was decided."""
    if 'missing' not in record:
        return []
    return list(completeness_from(record['missing']).lines())
