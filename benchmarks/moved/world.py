"""What a rendered route needs of a world of any kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from .day import Day
from .scene import Scene
from .track import Leg


@dataclass(frozen=True)
class Mount:
    """
    How the camera looks: field of view across in radians, height above the floor in metres.

    `horizon` is where the horizon is in shares of the picture from its top, `fisheye` the
    field across of a fisheye in radians, 0 for a plain lens.
    """

    field: float = 1.2
    height: float = 1.0
    horizon: float = 0.5
    fisheye: float = 0.0


@dataclass(frozen=True)
class Passer:
    """
    Something that gets in the way: a cut-out that always faces the camera.

    `near` and `far` are how far ahead of the camera it may be, `aside` how far to either side
    of its axis, in metres; `oncoming` is where to the left those are who come the other way.
    """

    texture: int
    width: float
    height: float
    near: float
    far: float
    aside: float
    oncoming: float


class RouteWorld(Protocol):
    """A world with a route through it."""

    kind: str
    seed: int
    mount: Mount
    spacing: float
    pace: float
    """Metres between reference frames, and metres a second of the reference traverse."""

    def reference(self) -> list[Leg]:
        """Return the way of the reference traverse."""

    def legs(self, day: Day, rng: np.random.Generator) -> list[Leg]:
        """Return the way of a query traverse with the day's detours."""

    def scene(self, day: Day) -> Scene:
        """Return the world as it is lit and changed on the day."""

    def passer(self, rng: np.random.Generator) -> Passer:
        """Return one of those who occlude the view in this world."""


class Detours(NamedTuple):
    """
    Detours of a world whose track goes on beyond the route, all in metres.

    lead: how far before the route the traverse begins; beyond: distances from the route's end that
    a detour starts at; length: of a detour; skipped: of the route, where it comes back.
    """

    lead: float
    beyond: tuple[float, float]
    length: tuple[float, float]
    skipped: float


def detoured(whole: Leg, count: int, kind: Detours, rng: np.random.Generator) -> list[Leg]:
    """Return a route with detours: before its start, then to stretches beyond its end."""
    if not count:
        return [whole]
    track = whole.track
    legs = [Leg(track, whole.start - kind.lead, whole.end)]
    for _ in range(count - 1):
        leg = legs.pop()
        cut = leg.start + float(rng.uniform(0.3, 0.6)) * (leg.end - leg.start)
        off = whole.end + float(rng.uniform(*kind.beyond))
        legs += [
            Leg(track, leg.start, cut),
            Leg(track, off, off + float(rng.uniform(*kind.length))),
            Leg(track, cut + kind.skipped, leg.end),
        ]
    return legs


def spliced(legs: list[Leg], carried: int, rng: np.random.Generator) -> list[Leg]:
    """Return the legs with `carried` jumps: cut at a random place, and on from another one."""
    for _ in range(carried):
        longest = max(range(len(legs)), key=lambda i: legs[i].end - legs[i].start)
        leg = legs[longest]
        length = leg.end - leg.start
        cut = leg.start + length * float(rng.uniform(0.35, 0.65))
        back = rng.random() < 0.5
        again = (
            leg.start + length * float(rng.uniform(0.0, 0.2))
            if back
            else cut + (leg.end - cut) * float(rng.uniform(0.25, 0.5))
        )
        end = again + length * 0.45 if back else leg.end
        legs = [
            *legs[:longest],
            Leg(leg.track, leg.start, cut),
            Leg(leg.track, again, min(end, leg.end)),
            *legs[longest + 1 :],
        ]
    return legs
