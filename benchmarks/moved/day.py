"""What differs between two traverses of the same route."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi


@dataclass(frozen=True)
class Driving:
    """
    How the camera was moved.

    `shift` is the mean offset to the left of the reference's line and `drift` the deviation of a
    slow wander about it, in metres; narrow ways allow less. `yaw` is a constant turn of the
    camera to the left and `tilt` upwards, `wobble`, `bounce` and `roll` the deviations of the
    wander of its yaw, pitch and roll, in degrees; `lift` is how much higher than on the
    reference it is mounted, in metres. `speed` is in units of the reference's, `surge` the share
    by which it swells and falls; the camera stands `stops` times for `stop_frames` frames each.
    """

    shift: float = 0.0
    drift: float = 0.08
    yaw: float = 0.0
    wobble: float = 0.7
    tilt: float = 0.0
    bounce: float = 0.3
    roll: float = 0.2
    lift: float = 0.0
    speed: float = 1.0
    surge: float = 0.15
    stops: int = 0
    stop_frames: int = 12

    def __post_init__(self) -> None:
        """Raise ValueError for a speed that is not positive or a surge that reverses it."""
        if not self.speed > 0.0 or not 0.0 <= self.surge < 1.0:
            raise ValueError(
                f'speed must be positive and surge 0 to less than 1, not '
                f'{self.speed} and {self.surge}'
            )


@dataclass(frozen=True)
class Light:
    """
    The light on the day.

    `daylight` is 1 by day and near 0 at night, `sunlight` the share of it that casts shadows;
    azimuth and elevation of the sun are in radians. `lamps` is the share of lamps that are on,
    `lamp_power` their strength. `visibility` is in metres; `weather` picks the clouds.
    """

    daylight: float = 1.0
    sunlight: float = 0.45
    sun_azimuth: float = 2.2
    sun_elevation: float = 0.9
    lamps: float = 1.0
    lamp_power: float = 1.0
    visibility: float = 160.0
    weather: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a share outside 0 to 1 or a size that must be positive."""
        _shares(self, 'sunlight', 'lamps')
        if not (
            self.visibility > 0.0 and 0.0 < self.sun_elevation < pi / 2 and self.daylight >= 0.0
        ):
            raise ValueError(
                'visibility must be positive, daylight not negative, and the sun '
                f'between horizon and zenith, not {self}'
            )


@dataclass(frozen=True)
class Sensor:
    """
    What the camera makes of the light.

    `gain` and `gamma` of the exposure; `auto` is the share to which it is driven to middle grey,
    frame by frame and lagging; `contrast` scales about middle grey; `gradient` brightens the
    left and darkens the right by this share (below 0: the reverse). `noise` is the standard
    deviation in grey levels at middle grey; `blur` the deviation of a Gaussian and `motion` the
    length of a sideways smear, in shares of the picture's width; `vignette` is how much the
    corners darken.
    """

    gain: float = 1.0
    gamma: float = 1.0
    auto: float = 0.6
    contrast: float = 1.0
    gradient: float = 0.0
    noise: float = 2.0
    blur: float = 0.002
    motion: float = 0.0
    vignette: float = 0.1


@dataclass(frozen=True)
class Changes:
    """
    What has changed in the world and what is in the way.

    `changed` is the share of doors, posters, houses and parked things that differ from their
    initial state: what has changed at 0.1 has changed at 0.2 too. `winter` turns leaves and lawns,
    or a floor's polish and a wall's paint, by so much, 0 to 1. `crowd` is the share of frames with
    people or vehicles in the way.
    """

    changed: float = 0.0
    winter: float = 0.0
    crowd: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for a share outside 0 to 1."""
        _shares(self, 'changed', 'winter', 'crowd')


@dataclass(frozen=True)
class Day:
    """
    One traverse of a route; all that is random in it follows from `seed`.

    `detours` is how often the camera leaves the map for a while, `carried` how often it is put
    down at another place of the route.
    """

    name: str
    seed: int = 0
    driving: Driving = field(default_factory=Driving)
    light: Light = field(default_factory=Light)
    sensor: Sensor = field(default_factory=Sensor)
    changes: Changes = field(default_factory=Changes)
    detours: int = 0
    carried: int = 0


def _shares(owner: object, *names: str) -> None:
    for name in names:
        value = float(getattr(owner, name))
        if not 0.0 <= value <= 1.0:
            raise ValueError(f'{name} is a share, 0 to 1, not {value}')
