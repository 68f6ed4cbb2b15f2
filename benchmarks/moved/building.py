"""An office building of corridors with similar doors, as a world for rendered routes."""

from __future__ import annotations

import numpy as np

from . import indoor
from .day import Day
from .interior import Interior
from .library import Library, Shelf
from .lighting import lit, on_plane, on_quads
from .plan import Node, Plan, draw_plan
from .scene import Lamp, Scene
from .surfaces import Surfaces, rect
from .track import Leg, Track
from .world import Mount, Passer, spliced

ROUNDING = 1.6


class Building:
    """
    A storey with a route of about `length` metres through its corridors.

    The same seed gives the same building. Doors, posters and cupboards are few designs used over
    and over, so that many places are similar.
    """

    kind = 'corridor'
    pace = 1.0

    def __init__(self, seed: int, length: float = 200.0, spacing: float = 0.8) -> None:
        """Draw the plan, the textures and everything that stands about."""
        rng = np.random.default_rng((seed, 11))
        self.seed, self.spacing = seed, spacing
        self.plan: Plan = draw_plan(rng, length)
        height = float(rng.uniform(2.5, 3.1))
        rich = float(rng.uniform(0.8, 1.7))
        fisheye = float(rng.choice([0.0, 0.0, 2.1]))
        self.mount = Mount(
            2.05 if fisheye else float(rng.uniform(1.1, 1.5)),
            float(rng.uniform(0.5, 1.3)),
            float(rng.uniform(0.45, 0.55)),
            fisheye,
        )
        self._shelf = Shelf()
        self._inside = Interior(self.plan, height, rich, self._shelf, rng)
        people = [indoor.person(rng) for _ in range(6)]
        self._people = [(self._shelf.cutout(p), p.width, p.height) for p in people]
        self._surfaces = Surfaces(self.plan, height, self._inside, rng)
        self._library: Library = self._shelf.packed()

    def reference(self) -> list[Leg]:
        """Return the route, its ends a little inside the first and last corridor."""
        return [Leg(track := self._track(self.plan.route), 0.0, track.length)]

    def legs(self, day: Day, rng: np.random.Generator) -> list[Leg]:
        """Return the route with detours through corridors that are not on the map."""
        way: list[Node] = list(self.plan.route)
        ways = self.plan.detours()
        begun, taken = 0, []
        for _ in range(day.detours):
            # As far apart as there is room: a short stretch off the map, then back on.
            fitting = [
                w
                for w in ways
                if w[0] >= begun and w[1] - w[0] <= 6 and self.plan.length(w[2]) > 14.0
            ]
            if not fitting:
                break
            first = min(w[0] for w in fitting)
            near = [w for w in fitting if w[0] <= first + 3]
            chosen = near[int(rng.integers(len(near)))]
            taken.append(chosen)
            begun = chosen[1] + 1
        for leave, back, over in reversed(taken):
            way[leave : back + 1] = list(over)
        track = self._track(tuple(way))
        return spliced([Leg(track, 0.0, track.length)], day.carried, rng)

    def scene(self, day: Day) -> Scene:
        """Return the storey with the day's lamps, daylight and changes."""
        light, changes = day.light, day.changes
        quads = [
            q
            for item in self._inside.items
            for q in (item.changed if item.luck < changes.changed else item.initial)
        ]
        lamps = [
            Lamp(x, y, 0.62 * light.lamp_power, 1.5)
            for x, y, luck in self._surfaces.lamps
            if luck < light.lamps
        ]
        glow = light.daylight * (0.75 + 0.35 * light.sunlight)
        panes = [q._replace(glow=glow) for q, _, _ in self._inside.windows]
        lamps += [
            Lamp(*side.at(along, 0.5), 0.45 * light.daylight, 1.6)
            for _, side, along in self._inside.windows
        ]
        quads += panes
        floor = self._surfaces.floor
        dull = 0.25 * changes.winter  # a floor that is wet and dirty, repainted walls
        below = on_plane(floor.pixels.shape, floor.corner, floor.density, lamps)
        below = (1.0 - dull) * (below + 0.05 * light.daylight + 0.02)
        below += self._surfaces.sun(light, self._inside.windows)
        above = on_plane(self._surfaces.ceiling.pixels.shape, floor.corner, floor.density, lamps)
        ceiling = lit(self._surfaces.ceiling, 0.75 * above + 0.05 * light.daylight + 0.02)
        for x, y, luck in self._surfaces.lamps:
            on = luck < light.lamps
            level = 255 * min(1.0, light.lamp_power) if on else 200 * light.daylight * 0.5
            rect(ceiling, (x - 0.55, y - 0.16), (x + 0.55, y + 0.16), level)
        gains = on_quads(quads, light, lamps, 0.06) + 0.02
        takes = np.array([q.takes for q in quads])
        if changes.winter > 0.0:
            tint = np.random.default_rng((self.seed, 12)).uniform(-1, 1, len(quads))
            gains = gains * (1.0 + 0.3 * changes.winter * tint)
        gains = np.minimum(gains, 1.25) * np.where(takes > 0, 1.0, 0.0)
        return Scene(
            self._library,
            quads,
            gains,
            lit(floor, np.minimum(below, 1.6)),
            ceiling,
            visibility=120.0,
            haze=60.0,
            shine=self._surfaces.shine * (1 - 2 * dull),
        )

    def passer(self, rng: np.random.Generator) -> Passer:
        """Return one of the people who work here."""
        texture, width, height = self._people[int(rng.integers(len(self._people)))]
        return Passer(texture, width, height, 0.8, 4.0, 0.5, 0.4)

    def _track(self, way: tuple[Node, ...]) -> Track:
        corners = np.array([self.plan.place(node) for node in way])
        return Track(corners, np.maximum(self.plan.room(way) - 0.45, 0.1), ROUNDING)
