"""A path through a park, as a world for rendered routes."""

from __future__ import annotations

import numpy as np

from vprtempo_ros.demo import textures
from vprtempo_ros.demo.street import CentreLine

from . import indoor, outdoor
from .day import Day
from .lawn import DENSITY, Lawn
from .library import Shelf
from .lighting import on_plane, on_quads
from .scene import TURNING, TWO_SIDED, Lamp, Plane, Point, Quad, Scene
from .sky import sky
from .track import Leg, Track
from .walls import Item
from .world import Detours, Mount, Passer, detoured, spliced

_DETOURS = Detours(lead=20.0, beyond=(8.0, 25.0), length=(20.0, 35.0), skipped=6.0)

BEFORE, BEYOND = 35.0, 80.0


class Park:
    """A winding path between lawns, trees, hedges and benches, with houses far off."""

    kind = 'park'
    pace = 1.4

    def __init__(self, seed: int, length: float = 220.0, spacing: float = 1.1) -> None:
        """Plant the park."""
        rng = np.random.default_rng((seed, 61))
        self.seed, self.spacing = seed, spacing
        self._line = CentreLine(rng, length + BEFORE + BEYOND)
        self._start, self._end = 30.0 + BEFORE, 30.0 + BEFORE + length
        self._half = float(rng.uniform(0.9, 1.7))
        self._track = Track(self._line.points, self._half + 0.25)
        self.mount = Mount(
            float(rng.uniform(1.0, 1.4)),
            float(rng.uniform(0.8, 1.6)),
            float(rng.uniform(0.48, 0.56)),
        )
        self._shelf, self._items = Shelf(), list[Item]()
        self._winter: dict[int, int] = {}
        self._lamps: list[Point] = []
        self._shadows: list[tuple[Point, float, float]] = []
        self._plant(rng)
        self._wall_in(rng)
        self._furnish(rng)
        people = [indoor.person(rng) for _ in range(6)]
        self._passers = [
            Passer(self._shelf.cutout(p), p.width, p.height, 1.5, 6.0, 1.0, 0.9) for p in people
        ]
        self._lawn = Lawn(self._line, self._half, rng)
        self._library = self._shelf.packed()

    def reference(self) -> list[Leg]:
        """Return the mapped part of the path."""
        return [Leg(self._track, self._start, self._end)]

    def legs(self, day: Day, rng: np.random.Generator) -> list[Leg]:
        """Return the path; detours come from before it and go on beyond its end."""
        (whole,) = self.reference()
        legs = detoured(whole, day.detours, _DETOURS, rng)
        return spliced(legs, day.carried, rng)

    def scene(self, day: Day) -> Scene:
        """Return the park with the day's sun, leaves and snow."""
        light, changes = day.light, day.changes
        quads = [
            q
            for item in self._items
            for q in (item.changed if item.luck < changes.changed else item.initial)
        ]
        if changes.winter > 0.3:
            quads = [q._replace(texture=self._winter.get(q.texture, q.texture)) for q in quads]
        lamps = (
            [Lamp(*at, 0.7 * light.lamp_power * (1 - light.daylight), 4.0) for at in self._lamps]
            if light.lamps > 0
            else []
        )
        grey = self._lawn.pixels
        if changes.winter > 0.0:
            grey = outdoor.snowed(grey, self.seed, 0.85 * changes.winter, 0.6 * self._lawn.path)
        shade = self._lawn.sunlit(light, self._shadows, changes.winter > 0.3)
        level = light.daylight * (0.78 - 0.4 * light.sunlight + 0.65 * light.sunlight * shade)
        level = level + on_plane(grey.shape, self._lawn.corner, DENSITY, lamps)
        grey = np.clip(grey * level, 0, 255).astype(np.uint8)
        gains = np.minimum(on_quads(quads, light, lamps, 1.0), 1.3)
        return Scene(
            self._library,
            quads,
            gains,
            Plane(grey, self._lawn.corner, DENSITY),
            None,
            sky(self.seed, light),
            light.visibility,
            205.0 * light.daylight,
        )

    def passer(self, rng: np.random.Generator) -> Passer:
        """Return someone who walks in the park."""
        return self._passers[int(rng.integers(len(self._passers)))]

    def _point(self, along: float, left: float) -> Point:
        x, y = self._line.at(along, left)
        return float(x), float(y)

    def _clear(self, x: float, y: float) -> float:
        return float(np.linalg.norm(self._line.points - (x, y), axis=1).min())

    def _plant(self, rng: np.random.Generator) -> None:
        """Set trees and bushes, a few designs over and over, in clumps and alone."""
        sizes = (
            (4.6, 7.5, 2.3),
            (3.4, 6.0, 1.8),
            (6.0, 10.0, 2.6),
            (2.2, 8.5, 1.0),
            (5.0, 9.0, 3.2),
            (1.8, 1.6, 0.1),
            (2.6, 2.2, 0.1),
            (1.2, 1.1, 0.05),
        )
        kinds = []
        for number, size in enumerate(sizes):
            for _ in range(2):
                shape = textures.tree(rng, *size)
                texture = self._shelf.cutout(shape)
                kinds.append((texture, shape.width, shape.height, size[2]))
                leafless = outdoor.bare(shape, self.seed + number, 0.75)
                self._winter[texture] = self._shelf.cutout(leafless)
        start, end = self._line.span
        density = rng.uniform(0.8, 2.0)
        for _ in range(int((end - start) * 1.6 * density)):
            at = float(rng.uniform(start, end))
            side = 1 if rng.random() < 0.5 else -1
            away = self._half + 0.5 + float(rng.gamma(1.2, 4.0))
            clump = int(rng.integers(1, 4))
            kind = int(rng.integers(len(kinds)))
            for _ in range(clump):
                texture, width, height, trunk = kinds[(kind + int(rng.integers(2))) % len(kinds)]
                x, y = self._line.at(at, side * away)
                x, y = float(x + rng.normal(0, 1.2)), float(y + rng.normal(0, 1.2))
                reach = 0.35 * width if trunk < 0.5 else 0.3
                if self._clear(x, y) < self._half + 0.3 + reach:
                    continue
                grow = float(rng.uniform(0.8, 1.25))
                tree = Quad((x, y), (x + width * grow, y), 0.0, height * grow, texture, TURNING)
                small = height < 3.0
                luck = float(rng.random()) if small else 1.0
                self._items.append(Item(luck, (tree,), () if small else (tree,)))
                self._shadows.append(((x, y), width * grow, height * grow))

    def _wall_in(self, rng: np.random.Generator) -> None:
        """Grow hedges along stretches of the path and put house fronts behind the trees."""
        start, end = self._line.span
        texture = self._shelf.picture(outdoor.hedge(self.seed, 3.0, 1.5).pixels)
        wall = self._shelf.picture(indoor.plain(rng, indoor.style(rng), 3.0, 1.8).pixels)
        for side in (1, -1):
            at = start + float(rng.uniform(0, 30))
            while at < end - 30:
                length, left = float(rng.uniform(9, 27)), side * (self._half + rng.uniform(0.6, 3))
                which, high = (texture, 1.5) if rng.random() < 0.7 else (wall, 1.3)
                for piece in np.arange(at, at + length, 3.0).tolist():
                    a, b = (self._point(s, left) for s in (piece, piece + 3.0))
                    if min(self._clear(*a), self._clear(*b)) > self._half + 0.4:
                        quad = Quad(a, b, 0.0, high, which, TWO_SIDED)
                        self._items.append(Item(1.0, (quad,), (quad,)))
                at += length + float(rng.uniform(8, 40))
        fronts = [textures.house(7000 + 50 * self.seed + i, 0)[0] for i in range(8)]
        numbers = [(self._shelf.picture(f.pixels[::2, ::2]), f.width, f.height) for f in fronts]
        for side in (1, -1):
            at = start
            while at < end - 15:
                number, width, height = numbers[int(rng.integers(len(numbers)))]
                away = side * float(rng.uniform(24, 45))
                a, b = [self._point(s, away) for s in (at, at + width)][::side]
                if min(self._clear(*a), self._clear(*b)) > 18.0 and rng.random() < 0.4:
                    quad = Quad(a, b, 0.0, height, number, TWO_SIDED)
                    self._items.append(Item(1.0, (quad,), (quad,)))
                at += width + float(rng.choice([0.0, 4.0, 12.0]))

    def _furnish(self, rng: np.random.Generator) -> None:
        """Set lamps, benches, bins and signs along the path."""
        lamp = textures.post(4.0, 'lamp', (0, 0, 0))
        sign = textures.post(2.2, 'board', (36, 96, 62))
        things = [indoor.small_thing(rng) for _ in range(4)]
        start, end = self._line.span
        for at in np.arange(start, end, 22.0).tolist():
            x, y = (
                float(v) for v in self._line.at(at, float(rng.choice([-1, 1])) * (self._half + 0.5))
            )
            self._stand(lamp, x, y, 1.0)
            self._lamps.append((x, y))
        for at in rng.uniform(start, end, int((end - start) / 9)).tolist():
            left = float(rng.choice([-1, 1])) * (self._half + float(rng.uniform(0.5, 1.2)))
            x, y = (float(v) for v in self._line.at(at, left))
            shape = sign if rng.random() < 0.2 else things[int(rng.integers(4))]
            self._stand(shape, x, y, float(rng.random()) * 1.5)

    def _stand(self, shape: textures.Cutout, x: float, y: float, luck: float) -> None:
        quad = Quad(
            (x, y), (x + shape.width, y), 0.0, shape.height, self._shelf.cutout(shape), TURNING
        )
        self._items.append(Item(luck, (quad,), ()))
