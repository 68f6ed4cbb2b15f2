"""The days on which rendered routes are evaluated, from easy to hard."""

from __future__ import annotations

from dataclasses import replace

from .day import Changes, Day, Driving, Light, Sensor

AGAIN = Day(
    'again', 2, Driving(0.15, 0.1), Light(weather=1), Sensor(noise=3.0), Changes(changed=0.05)
)
"""A second drive on about the same day."""

NIGHT = Light(0.04, 0.0, lamps=0.45, lamp_power=0.85, visibility=90.0, weather=2)
LOW_SUN = Light(0.95, 0.9, sun_azimuth=-0.5, sun_elevation=0.35, lamps=0.2, weather=3)
OVERCAST = Light(0.8, 0.05, lamps=0.8, visibility=110.0, weather=4)

DAYS: tuple[Day, ...] = (
    AGAIN,
    Day(
        'shifted',
        3,
        Driving(0.9, 0.15, wobble=1.0, tilt=0.7, bounce=0.6, roll=0.6),
        Light(weather=1),
        Sensor(noise=3.0),
        Changes(changed=0.1),
    ),
    Day(
        'far',
        4,
        Driving(-1.8, 0.2, yaw=3.0, wobble=1.5, tilt=-1.5, bounce=1.0, roll=1.2, lift=0.15),
        OVERCAST,
        Sensor(gain=1.1, noise=4.0),
        Changes(changed=0.15),
    ),
    Day(
        'turned',
        5,
        Driving(0.3, 0.1, yaw=6.0, wobble=2.0, roll=0.5),
        Light(weather=1),
        Sensor(noise=3.0),
        Changes(changed=0.1),
    ),
    Day(
        'dark',
        6,
        Driving(0.4, 0.15, wobble=1.0),
        NIGHT,
        Sensor(gain=0.8, noise=5.0, motion=0.02, auto=0.5),
        Changes(changed=0.1),
    ),
    Day(
        'sunny',
        7,
        Driving(-0.4, 0.15, wobble=1.0),
        LOW_SUN,
        Sensor(gain=1.15, contrast=1.25, gradient=0.3, noise=2.0),
        Changes(changed=0.15),
    ),
    Day(
        'season',
        8,
        Driving(0.4, 0.15, wobble=1.0),
        OVERCAST,
        Sensor(gain=0.9, contrast=0.8, noise=3.0, blur=0.006),
        Changes(0.45, 1.0),
    ),
    Day(
        'busy',
        9,
        Driving(0.5, 0.2, bounce=1.2, roll=1.0, speed=0.9),
        Light(weather=5),
        Sensor(gradient=-0.2, noise=4.0),
        Changes(0.25, 0.0, 0.45),
    ),
    Day(
        'stopgo',
        10,
        Driving(-0.6, 0.2, yaw=-3.0, wobble=1.5, speed=1.5, surge=0.6, stops=4, stop_frames=12),
        OVERCAST,
        Sensor(noise=4.0, motion=0.015),
        Changes(0.2, 0.0, 0.15),
    ),
    Day(
        'detour',
        11,
        Driving(0.5, 0.15, yaw=2.0, wobble=1.0),
        OVERCAST,
        Sensor(noise=3.0),
        Changes(0.15, 0.0, 0.1),
        detours=3,
    ),
    Day(
        'carried',
        12,
        Driving(-0.5, 0.15, wobble=1.0, bounce=0.6, roll=0.5),
        LOW_SUN,
        Sensor(noise=3.0),
        Changes(0.15, 0.0, 0.1),
        carried=2,
    ),
)

SHIFTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Metres to the side, one at a time."""
YAWS = (0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.5, 15.0)
"""Degrees to the left, one at a time."""


def shifted(metres: float) -> Day:
    """Return another day that is driven `metres` to the side, and nothing else hard."""
    return replace(
        AGAIN, name=f'shift_{round(100 * metres):03d}', driving=replace(AGAIN.driving, shift=metres)
    )


def turned(degrees: float) -> Day:
    """Return another day with the camera turned by `degrees`, and nothing else hard."""
    return replace(
        AGAIN, name=f'yaw_{round(10 * degrees):03d}', driving=replace(AGAIN.driving, yaw=degrees)
    )
