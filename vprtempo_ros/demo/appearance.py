"""The conditions under which the demo street is seen: light, air, sensor, changes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Appearance:
    """
    What differs between two traverses of a world.

    Light: `gain`, `gamma` and `warmth` of the exposure (warmth 0.1: red 10 % up, blue 10 % down),
    the sun's azimuth and elevation in radians and its share of the light, 0 (overcast) to 1, and
    the visibility in metres; `weather` picks the clouds. `noise` is the sensor's standard
    deviation in grey levels. `changed` is the share of houses and parked cars that have changed;
    what has changed at 0.1 has changed at 0.2 too.
    """

    gain: float = 1.0
    gamma: float = 1.0
    warmth: float = 0.0
    sun_azimuth: float = 2.2
    sun_elevation: float = 0.9
    sunlight: float = 0.6
    visibility: float = 160.0
    weather: int = 0
    noise: float = 2.0
    changed: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError for a share outside 0 to 1 or a size that must be positive."""
        for name in ('sunlight', 'changed'):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f'{name} is a share, 0 to 1, not {getattr(self, name)}')
        for name in ('gain', 'gamma', 'visibility', 'sun_elevation'):
            if not getattr(self, name) > 0.0:
                raise ValueError(f'{name} must be positive, not {getattr(self, name)}')
        if not self.noise >= 0.0:
            raise ValueError(f'noise must not be negative, but is {self.noise}')
