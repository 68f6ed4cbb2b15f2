"""The demo's street, as a world for rendered routes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.demo.appearance import Appearance
from vprtempo_ros.demo.street import LANE, Wall
from vprtempo_ros.demo.textures import Cutout, Pixels
from vprtempo_ros.demo.world import World

from . import indoor, outdoor
from .day import Day
from .library import Shelf
from .lighting import on_plane, on_quads
from .scene import ONE_SIDED, TURNING, TWO_SIDED, Lamp, Plane, Quad, Scene
from .sky import sky
from .track import Leg, Track
from .world import Detours, Mount, Passer, detoured, spliced

_DETOURS = Detours(lead=25.0, beyond=(8.0, 30.0), length=(25.0, 40.0), skipped=8.0)

BEFORE, BEYOND = 40.0, 90.0
"""Metres of street before the map begins and after it ends."""


class Rows(World):
    """A street of few house designs, whose rows repeat."""

    DESIGNS = 6


class Town:
    """
    A street whose middle `length` metres are the route.

    The rest of it, with the same houses in another order, is where queries are off the map.
    The way is `aside` metres left of the street's middle and `room` metres to either side free.
    """

    kind = 'street'
    pace = 6.0

    def __init__(
        self,
        seed: int,
        length: float = 260.0,
        spacing: float = 1.3,
        aside: float = 0.0,
        room: float = 2.4,
    ) -> None:
        """Lay out the street, which takes some seconds."""
        rng = np.random.default_rng((seed, 51))
        self.seed, self.spacing = seed, spacing
        self._world = Rows(1000 + seed, length + BEFORE + BEYOND)
        line = self._world.centre_line
        self._track = Track(line.at(np.arange(*line.span, 0.25), aside), room)
        # The line begins 30 m before the start of the demo's drive.
        self._start = 30.0 + BEFORE
        self._end = self._start + length
        self.mount = Mount(
            float(rng.uniform(1.1, 1.5)),
            float(rng.uniform(1.2, 1.7)),
            float(rng.uniform(0.5, 0.58)),
        )
        self._shelf = Shelf()
        atlas = self._world.atlas
        self._facades = []
        for left, top, columns, rows in atlas.patches.astype(int):
            piece = np.ascontiguousarray(atlas.pixels[top : top + rows, left : left + columns])
            half = cv2.resize(piece, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
            self._facades.append(self._shelf.picture(np.asarray(half, np.uint8)))
        self._pane = self._shelf.picture(np.full((4, 4), 220, np.uint8))
        self._bare: dict[int, Cutout] = {}
        for changed in (0.0, 0.999):
            for panel in self._world.panels(changed):
                self._shelf.cutout(panel.cutout)
                if _is_tree(panel.cutout) and id(panel.cutout) not in self._bare:
                    self._bare[id(panel.cutout)] = outdoor.bare(panel.cutout, seed, 0.75)
                    self._shelf.cutout(self._bare[id(panel.cutout)])
        self._passers = []
        for draw, aside, near, far, count in (
            (indoor.person, 1.8, 2.0, 7.0, 4),
            (outdoor.van, 0.6, 5.0, 12.0, 4),
        ):
            for _ in range(count):
                shape = draw(rng)
                self._passers.append(
                    Passer(
                        self._shelf.cutout(shape), shape.width, shape.height, near, far, aside, 2.6
                    )
                )
        self._library = self._shelf.packed()

    def reference(self) -> list[Leg]:
        """Return the mapped part of the street."""
        return [Leg(self._track, self._start, self._end)]

    def legs(self, day: Day, rng: np.random.Generator) -> list[Leg]:
        """Return the street, coming from before it, with detours through its unmapped end."""
        (whole,) = self.reference()
        legs = detoured(whole, day.detours, _DETOURS, rng)
        return spliced(legs, day.carried, rng)

    def scene(self, day: Day) -> Scene:
        """Return the street with the day's sun, leaves, houses and parked cars."""
        light, changes, world = day.light, day.changes, self._world
        walls, panels = world.walls(changes.changed), world.panels(changes.changed)
        quads = [Quad(w.start, w.end, 0.0, w.height, self._facades[w.patch]) for w in walls]
        lamps = []
        for panel in panels:
            shape, turning = panel.cutout, panel.start == panel.end
            if turning and shape.height == 5.2 and light.lamps > 0:
                lamps.append(
                    Lamp(*panel.start, 0.75 * light.lamp_power * (1 - light.daylight), 5.0)
                )
            if changes.winter > 0.3 and id(shape) in self._bare:
                shape = self._bare[id(shape)]
            end = (panel.start[0] + shape.width, panel.start[1]) if turning else panel.end
            quads.append(
                Quad(
                    panel.start,
                    end,
                    0.0,
                    shape.height,
                    self._shelf.cutout(shape),
                    TURNING if turning else TWO_SIDED if panel.back else ONE_SIDED,
                )
            )
        if light.daylight < 0.3:
            quads += self._lit_windows(walls, light.weather)
        look = Appearance(
            sun_azimuth=light.sun_azimuth,
            sun_elevation=light.sun_elevation,
            sunlight=light.sunlight,
        )
        lit = world.ground.lit(look, walls, panels)
        grey = np.asarray(cv2.cvtColor(lit, cv2.COLOR_RGB2GRAY), np.uint8)
        del lit
        if changes.winter > 0.0:
            grey = outdoor.snowed(grey, self.seed, 0.8 * changes.winter, self._lanes(grey))
        corner, density = world.ground.corner, world.ground.DENSITY
        if light.daylight < 1.0 or lamps:
            level = on_plane(grey.shape, corner, density, lamps) + np.float32(light.daylight)
            grey = np.clip(grey * level, 0, 255).astype(np.uint8)
        gains = np.minimum(on_quads(quads, light, lamps, 1.0), 1.3)
        return Scene(
            self._library,
            quads,
            gains,
            Plane(grey, corner, density),
            None,
            sky(self.seed, light),
            light.visibility,
            214.0 * light.daylight,
        )

    def passer(self, rng: np.random.Generator) -> Passer:
        """Return someone on foot or a van."""
        return self._passers[int(rng.integers(len(self._passers)))]

    def _lit_windows(self, walls: list[Wall], evening: int) -> list[Quad]:
        """Return the windows behind which someone is at home this evening."""
        rng = np.random.default_rng((self.seed, 52, evening))
        quads = []
        for wall in walls:
            if wall.patch % 2:
                continue  # a side wall
            start, end = np.array(wall.start), np.array(wall.end)
            length = float(np.linalg.norm(end - start))
            way = (end - start) / length
            out = start + 0.04 * np.array([way[1], -way[0]])
            for floor in np.arange(3.4, wall.height - 2.5, 2.9).tolist():
                for at in np.arange(0.8, length - 1.6, 2.6).tolist():
                    if rng.random() < 0.12:
                        a, b = (tuple((out + (at + w) * way).tolist()) for w in (0.0, 1.1))
                        quads.append(
                            Quad(
                                a,
                                b,
                                floor + 0.75,
                                floor + 2.2,
                                self._pane,
                                takes=0.0,
                                glow=float(rng.uniform(0.3, 0.9)),
                            )
                        )
        return quads

    def _lanes(self, grey: Pixels) -> NDArray[np.float32]:
        """Return where wheels have cleared the lanes of most snow."""
        mask = np.zeros(grey.shape, np.uint8)
        line = self._world.centre_line
        along = np.arange(*line.span, 1.0)
        for left in (-LANE / 2, LANE / 2):
            edge = [line.at(along, left + s) for s in (-0.7, 0.7)]
            outline = self._world.ground.outline(np.concatenate([edge[0], edge[1][::-1]]))
            cv2.fillPoly(mask, [outline], 200, cv2.LINE_AA, 4)
        return np.asarray(mask / np.float32(255), np.float32)


class Pavement(Town):
    """The pavement of a street, between house fronts and parked cars."""

    kind = 'pavement'
    pace = 1.4

    def __init__(self, seed: int, length: float = 190.0, spacing: float = 0.95) -> None:
        """Lay out the street and take the pavement on its left."""
        super().__init__(300 + seed, length, spacing, 5.7, 1.3)
        self.seed = seed


def _is_tree(shape: Cutout) -> bool:
    return shape.height > 5.3
