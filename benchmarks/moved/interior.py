"""What stands and hangs in a building: doors, windows, notice boards, cupboards, beams."""

from __future__ import annotations

import numpy as np

from . import indoor
from .library import Shelf
from .plan import Plan
from .scene import TURNING, TWO_SIDED, Floats, Point, Quad
from .walls import Item, Side, walls

STYLES = 4
"""Looks of wings; corridors along the same line of the plan share one."""


class Interior:
    """
    Everything upright in a building.

    `items` are its parts, `windows` panes with their wall and how far along it they are, `mats`
    where mats lie with half their width. Textures go to the shelf.
    """

    def __init__(
        self, plan: Plan, height: float, rich: float, shelf: Shelf, rng: np.random.Generator
    ) -> None:
        """
        Draw the textures, a few designs used over and over, and furnish all corridors.

        `rich` is how many of the things there are by which places can be distinguished, 1 for some.
        """
        self._plan, self._height, self._shelf = plan, height, shelf
        self._rich = rich
        self.styles = [indoor.style(rng) for _ in range(STYLES)]
        self._wings = rng.integers(0, STYLES, (2, len(plan.x)))
        self.items: list[Item] = []
        self.windows: list[tuple[Quad, Side, float]] = []
        self.mats: list[tuple[Point, float]] = []
        self._draw(rng)
        for side, vertical, line in walls(plan):
            self._furnish(rng, side, self.wing(vertical, line))
        self._across(rng)

    def wing(self, vertical: bool, line: int) -> int:
        """Return the number of the style of the corridors along a line of the plan."""
        return int(self._wings[int(vertical), line])

    def _draw(self, rng: np.random.Generator) -> None:
        shelf, high = self._shelf, self._height
        self._plain = [
            [shelf.picture(indoor.plain(rng, look, 1.8, high).pixels) for _ in range(3)]
            for look in self.styles
        ]
        self._doors = [
            [
                [shelf.picture(indoor.door(rng, look, high, ajar).pixels) for _ in range(2)]
                for ajar in (False, True)
            ]
            for look in self.styles
        ]
        self._panes = [shelf.picture(indoor.window(rng).pixels) for _ in range(4)]
        self._decals = {}
        for name, draw, count in (
            ('poster', indoor.poster, 24),
            ('board', indoor.board, 7),
            ('fitting', indoor.fitting, 6),
            ('front', indoor.furniture, 6),
        ):
            sheets = [draw(rng) for _ in range(count)]
            self._decals[name] = [(shelf.picture(s.pixels), s.width, s.height) for s in sheets]
        things = [indoor.plant(rng) for _ in range(2)] + [indoor.small_thing(rng) for _ in range(5)]
        self._things = [(shelf.cutout(t), t.width, t.height) for t in things]

    def _furnish(self, rng: np.random.Generator, side: Side, number: int) -> None:
        """Hang doors into a wall and fill what is between them."""
        look = self.styles[number]
        outer = bool(rng.random() < 0.3)  # windows in place of doors
        at, next_door = 0.0, float(rng.uniform(0.3, look.bay))
        while at < side.length - 0.01:
            if not outer and at >= next_door - 0.01 and at + 1.3 <= side.length:
                self._door(rng, side, at, number)
                at, next_door = at + 1.3, at + look.bay
                continue
            to = min(side.length, at + 1.8)
            if not outer and next_door > at + 0.01:
                to = min(to, next_door)
            texture = self._plain[number][int(rng.integers(3))]
            wall = Quad(side.at(at), side.at(to), 0.0, self._height, texture)
            self.items.append(Item(1.0, (wall,), (wall,)))
            if outer and to - at > 1.75 and rng.random() < 0.7:
                pane = Quad(
                    side.at(at + 0.05, 0.02),
                    side.at(to - 0.05, 0.02),
                    0.9,
                    2.3,
                    self._panes[int(rng.integers(4))],
                    takes=0.25,
                )
                self.windows.append((pane, side, (at + to) / 2))
            elif to - at > 0.7:
                self._hang(rng, side, at, to)
            if look.pilasters and to - at > 0.5 and rng.random() < 0.5:
                self._box(
                    side, at, at + 0.35, 0.18, 0.0, self._height, self._plain[number][0], 1.0, True
                )
            at = to

    def _door(self, rng: np.random.Generator, side: Side, at: float, number: int) -> None:
        shut, ajar = (self._doors[number][state][int(rng.integers(2))] for state in (0, 1))
        if rng.random() < 0.2:
            shut, ajar = ajar, shut
        initial, changed = (
            Quad(side.at(at), side.at(at + 1.3), 0.0, self._height, t) for t in (shut, ajar)
        )
        self.items.append(Item(float(rng.random()), (initial,), (changed,)))
        if rng.random() < 0.4:  # a mat
            self.mats.append((side.at(at + 0.65, 0.4), 0.45))

    def _hang(self, rng: np.random.Generator, side: Side, at: float, to: float) -> None:
        """Put something on a piece of wall or before it, or nothing."""
        draw = float(rng.random()) / self._rich
        middle = (at + to) / 2
        if draw < 0.34:
            name = 'poster' if draw < 0.16 else 'board' if draw < 0.22 else 'fitting'
            both = [
                self._decals[name][int(rng.integers(len(self._decals[name])))] for _ in range(2)
            ]
            low = 1.05 if name != 'fitting' else 0.7
            luck = float(rng.random()) if name != 'fitting' else 1.0
            quads = []
            for texture, width, height in both:
                half = min(width, to - at) / 2
                quads.append(
                    Quad(
                        side.at(middle - half, 0.02),
                        side.at(middle + half, 0.02),
                        low,
                        low + height,
                        texture,
                    )
                )
            self.items.append(Item(luck, (quads[0],), (quads[1],)))
        elif draw < 0.42:
            texture, width, height = self._decals['front'][int(rng.integers(6))]
            half = min(width, to - at) / 2
            self._box(
                side,
                middle - half,
                middle + half,
                0.42,
                0.0,
                height,
                texture,
                float(rng.random()) * 1.4,
                bool(rng.random() < 0.75),
            )
        elif draw < 0.54:
            texture, width, height = self._things[int(rng.integers(len(self._things)))]
            x, y = side.at(middle, 0.4)
            thing = Quad((x, y), (x + width, y), 0.0, height, texture, TURNING)
            there, luck = bool(rng.random() < 0.6), float(rng.random())
            self.items.append(Item(luck, (thing,) if there else (), () if there else (thing,)))

    def _box(
        self,
        side: Side,
        start: float,
        end: float,
        deep: float,
        low: float,
        high: float,
        texture: int,
        luck: float,
        usually: bool,
    ) -> None:
        corners = [side.at(start), side.at(start, deep), side.at(end, deep), side.at(end)]
        quads = tuple(Quad(a, b, low, high, texture) for a, b in zip(corners, corners[1:]))
        self.items.append(Item(luck, quads if usually else (), () if usually else quads))

    def _across(self, rng: np.random.Generator) -> None:
        """Build door frames and beams across the corridors, and hang signs."""
        plan, high = self._plan, self._height
        sign = [self._shelf.picture(indoor.fitting(rng).pixels) for _ in range(3)]
        for a, b in sorted(plan.edges):
            vertical = a[0] == b[0]
            line = a[0] if vertical else a[1]
            number = self.wing(vertical, line)
            look, texture = self.styles[number], self._plain[number][0]
            start, end = np.array(plan.place(a)), np.array(plan.place(b))
            half = (plan.wide_x[line] if vertical else plan.wide_y[line]) / 2
            way = (end - start) / np.linalg.norm(end - start)
            left = np.array([-way[1], way[0]])
            length = float(np.linalg.norm(end - start))

            def crossing(
                at: float,
                right: float,
                to: float,
                low: float,
                top: float,
                which: int,
                frame: tuple[Floats, Floats, Floats] = (start, way, left),
            ) -> None:
                one, two = (frame[0] + at * frame[1] + s * frame[2] for s in (to, right))
                quad = Quad(
                    (float(one[0]), float(one[1])),
                    (float(two[0]), float(two[1])),
                    low,
                    top,
                    which,
                    TWO_SIDED,
                )
                self.items.append(Item(1.0, (quad,), (quad,)))

            if look.beams:
                for at in np.arange(2.5, length - 2.0, 3.6).tolist():
                    crossing(at, -half, half, high - 0.32, high, texture)
            if rng.random() < 0.5:
                at, jamb = float(rng.uniform(2.2, length - 2.2)), float(rng.uniform(0.15, 0.4))
                crossing(at, -half, half, 2.15, high, texture)
                crossing(at, half - jamb, half, 0.0, 2.15, texture)
                crossing(at, -half, -half + jamb, 0.0, 2.15, texture)
            if rng.random() < 0.6:
                at, to = float(rng.uniform(2.0, length - 2.0)), float(rng.uniform(-0.5, 0.5))
                crossing(
                    at, to - 0.3, to + 0.3, high - 0.5, high - 0.25, sign[int(rng.integers(3))]
                )
