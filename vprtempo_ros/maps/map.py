"""What a map is: places, the network that knows them, and how both came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config import EVENTS, TrainerConfig
from ..encoding.adaptation import standardise
from ..events.image_size import event_image_size
from ..events.packet import Size
from ..matching.confidence import Calibration
from ..matching.stages import Route
from ..network.network import Network
from ..statistics import Statistics
from .places import Place

FORMAT_VERSION = 2


@dataclass
class Map:
    """
    A trained map in memory.

    sensor: what the reference frames came from: type, width, height. provenance: software,
    creation time, and for each traverse its source and frames used; plain values throughout.
    thumbnails: one JPEG for each place. spikes: uint8 (places, inputs), the encoded reference
    frames. pixel_statistics: of these, by input. response_statistics: of the similarities to
    frames of other places, by place. calibration: what makes a confidence of a score. origin:
    latitude, longitude and altitude of (0, 0, 0) where poses come from GPS.
    """

    config: TrainerConfig
    places: list[Place]
    network: Network
    thumbnails: list[bytes]
    sensor: dict[str, Any]
    spikes: NDArray[np.uint8]
    pixel_statistics: Statistics
    response_statistics: Statistics
    calibration: Calibration
    provenance: dict[str, Any] = field(default_factory=dict)
    origin: tuple[float, float, float] | None = None

    def shown(self) -> NDArray[np.uint8]:
        """Return the spikes of the places as the network takes them, uint8 (places, inputs)."""
        return (
            standardise(self.spikes, self.pixel_statistics)
            if self.config.encoding.adapt
            else self.spikes
        )

    def image_size(self) -> Size:
        """Return width and height of the images that the map was made from."""
        size = (self.sensor['width'], self.sensor['height'])
        return (
            event_image_size(self.config.input.events, *size)
            if (self.sensor['type'] == EVENTS)
            else size
        )

    def route(self) -> Route:
        """Return how the places follow one another."""
        return route_of(self.places)


def route_of(places: list[Place]) -> Route:
    """Return how places follow one another: the medians of time and way between them."""
    stamps = np.array([place.stamp_ns for place in places], np.int64)
    poses = [place.pose for place in places if place.pose]
    steps = [pose.distance(before) for before, pose in zip(poses, poses[1:])]
    return Route(
        len(stamps),
        float(np.median(np.diff(stamps))) * 1e-9,
        float(np.median(steps)) if steps else None,
    )
