"""Drives through the demo street: the conditions, and the rendered frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import pi
from typing import overload

import numpy as np
from numpy.typing import NDArray

from .appearance import Appearance
from .camera import Camera
from .textures import Pixels
from .world import World

EPOCH_NS = 1_700_000_000 * 10**9
"""Stamp of the first frame of every drive."""


@dataclass(frozen=True)
class DriveConditions:
    """
    The conditions of one drive along the street.

    `lateral` is the mean offset to the left of the centre line and `drift` the deviation of its
    slow drift, in metres; `wobble` is the deviation of the heading in radians; `surge` is the
    relative amplitude of the speed, 0 to less than 1. The seed fixes drift, wobble,
    surge and the sensor's noise. Raises ValueError for a surge outside its range.
    """

    appearance: Appearance = field(default_factory=Appearance)
    lateral: float = 0.0
    drift: float = 0.1
    wobble: float = 0.01
    surge: float = 0.3
    seed: int = 1

    def __post_init__(self) -> None:
        """Raise ValueError for a surge that would stop or reverse the drive."""
        if not 0.0 <= self.surge < 1.0:
            raise ValueError(f'surge must be at least 0 and less than 1, not {self.surge}')


REFERENCE = DriveConditions(Appearance(gain=1.12))
"""At noon, in the sun, along the middle of the lane."""

QUERY = DriveConditions(
    Appearance(
        gain=0.68,
        gamma=1.2,
        warmth=0.06,
        sun_azimuth=-0.6,
        sun_elevation=0.35,
        sunlight=0.2,
        visibility=110.0,
        weather=1,
        noise=6.0,
        changed=0.15,
    ),
    lateral=0.4,
    drift=0.25,
    wobble=0.025,
    surge=0.45,
    seed=2,
)
"""A cloudy evening, 0.4 m to the left: darker, noisier, 15 % of houses and cars changed."""


@dataclass(frozen=True)
class RouteFrame:
    """
    One image of a drive and its pose.

    `image` is RGB uint8 (height, width, 3); x and y in metres and yaw in radians are the camera's
    pose in the map frame (REP-103); `distance` is the arc length along the centre line in metres.
    """

    stamp_ns: int
    image: Pixels
    x: float
    y: float
    yaw: float
    distance: float


class RenderedDrive(Sequence[RouteFrame]):
    """
    The frames of a drive in their order, rendered on access.

    Frames have `rate` in Hz with a small jitter, on average every `frame_distance` metres; `size`
    is (height, width). Each frame can be rendered independently and is the same each time.
    Raises ValueError for a frame distance or rate that is not positive.
    """

    def __init__(
        self,
        world: World,
        conditions: DriveConditions,
        frame_distance: float = 0.5,
        rate: float = 10.0,
        size: tuple[int, int] = (480, 640),
    ) -> None:
        """Plan the drive without rendering it."""
        if not (frame_distance > 0.0 and rate > 0.0):
            raise ValueError(
                f'frame distance and rate must be positive, not {frame_distance} and {rate}'
            )
        rng = np.random.default_rng((conditions.seed, 0))
        line = world.centre_line
        count = max(2, round(line.length / frame_distance))
        speed = 1.0 + conditions.surge * np.clip(_wander(rng, count - 1, 60.0), -1.0, 1.0)
        covered = np.concatenate([[0.0], np.cumsum(speed)])
        self.distances: NDArray[np.float64] = covered * (line.length / covered[-1])
        jitter = rng.uniform(-0.05, 0.05, count)
        jitter[0] = 0.0
        seconds = (np.arange(count) + jitter) / rate
        self.stamps_ns: NDArray[np.int64] = EPOCH_NS + np.round(seconds * 1e9).astype(np.int64)
        left = conditions.lateral + conditions.drift * _wander(rng, count, 120.0)
        self.positions: NDArray[np.float64] = line.at(self.distances, left)
        drifting = np.gradient(left, self.distances)
        self.yaws: NDArray[np.float64] = (
            line.heading(self.distances)
            + np.arctan(drifting)
            + conditions.wobble * _wander(rng, count, 12.0)
        )
        self._seed = conditions.seed
        self._camera = Camera(world, conditions.appearance, size)

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.distances)

    @overload
    def __getitem__(self, index: int) -> RouteFrame: ...

    @overload
    def __getitem__(self, index: slice) -> list[RouteFrame]: ...

    def __getitem__(self, index: int | slice) -> RouteFrame | list[RouteFrame]:
        """Render one frame, or those of a slice. Raises IndexError beyond the end."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        x, y = (float(value) for value in self.positions[index])
        yaw = (float(self.yaws[index]) + pi) % (2 * pi) - pi
        image = self._camera.render(x, y, yaw, np.random.default_rng((self._seed, 1, index)))
        distance = float(self.distances[index])
        return RouteFrame(int(self.stamps_ns[index]), image, x, y, yaw, distance)


def _wander(rng: np.random.Generator, count: int, period: float) -> NDArray[np.float64]:
    """Return a smooth random signal of about unit deviation with a period of `period` samples."""
    times = np.arange(count)
    waves = [np.sin(2 * pi * (times * pace / period + rng.random())) for pace in (0.53, 1.0, 1.71)]
    return np.asarray(np.sum(waves, axis=0) * (2.0 / len(waves)) ** 0.5, np.float64)
