"""The plan of an office building: corridors on an uneven grid, and ways through them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Node = tuple[int, int]
Edge = tuple[Node, Node]


def edge(a: Node, b: Node) -> Edge:
    """Return the corridor between two neighbouring crossings, in both directions."""
    return (a, b) if a < b else (b, a)


@dataclass(frozen=True)
class Plan:
    """
    Corridors along the lines of a grid.

    `x` and `y` are the lines' positions in metres, float (lines,), `wide_x` and `wide_y` the
    widths of the corridors along them; `route` is the way of the reference traverse over
    crossings, none of them twice; `edges` are all corridors there are.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    wide_x: NDArray[np.float64]
    wide_y: NDArray[np.float64]
    route: tuple[Node, ...]
    edges: frozenset[Edge]

    def place(self, node: Node) -> tuple[float, float]:
        """Return the middle of a crossing in metres."""
        return float(self.x[node[0]]), float(self.y[node[1]])

    def length(self, way: tuple[Node, ...]) -> float:
        """Return how long a way over crossings is in metres."""
        places = np.array([self.place(node) for node in way])
        return float(np.abs(np.diff(places, axis=0)).sum())

    def room(self, way: tuple[Node, ...]) -> NDArray[np.float64]:
        """Return half the width of each corridor of a way."""
        return np.array(
            [
                (self.wide_x[a[0]] if a[0] == b[0] else self.wide_y[a[1]]) / 2
                for a, b in zip(way, way[1:])
            ]
        )

    def detours(self) -> list[tuple[int, int, tuple[Node, ...]]]:
        """
        Return ways off the route: where they leave it, where they come back, and the crossings.

        The numbers index `route`; all but the first and last crossing are off the route.
        """
        used = {edge(a, b) for a, b in zip(self.route, self.route[1:])}
        number = {node: i for i, node in enumerate(self.route)}
        found = []
        for i, start in enumerate(self.route[1:-2], 1):
            came: dict[Node, Node] = {start: start}
            queue = deque([start])
            while queue:
                node = queue.popleft()
                for after in neighbours(node, len(self.x)):
                    if edge(node, after) not in self.edges - used or after in came:
                        continue
                    came[after] = node
                    if after not in number:
                        queue.append(after)
                    elif number[after] > i:
                        way = [after]
                        while way[-1] != start:
                            way.append(came[way[-1]])
                        found.append((i, number[after], tuple(way[::-1])))
        return found


def neighbours(node: Node, lines: int) -> list[Node]:
    """Return the crossings next to one in a grid of `lines` lines in each direction."""
    steps = ((1, 0), (0, 1), (-1, 0), (0, -1))
    near = [(node[0] + i, node[1] + j) for i, j in steps]
    return [n for n in near if 0 <= n[0] < lines and 0 <= n[1] < lines]


def draw_plan(rng: np.random.Generator, length: float, lines: int = 6) -> Plan:
    """
    Draw a building whose route is at least `length` metres long and not much longer.

    Raises ValueError where the grid has no room for such a way.
    """
    x, y = (np.concatenate([[0.0], np.cumsum(rng.uniform(9.0, 19.0, lines - 1))]) for _ in range(2))
    wide_x, wide_y = (rng.uniform(2.2, 4.2, lines) for _ in range(2))
    bare = Plan(x, y, wide_x, wide_y, (), frozenset())
    route = _walk(bare, rng, length)
    used = {edge(a, b) for a, b in zip(route, route[1:])}
    every = {
        edge((i, j), n)
        for i in range(lines)
        for j in range(lines)
        for n in neighbours((i, j), lines)
    }
    kept = {e for e in sorted(every) if rng.random() < 0.8}
    return Plan(x, y, wide_x, wide_y, route, frozenset(kept | used))


def _walk(plan: Plan, rng: np.random.Generator, length: float) -> tuple[Node, ...]:
    for _ in range(4000):
        way = [(int(rng.integers(len(plan.x))), int(rng.integers(len(plan.x))))]
        covered = 0.0
        while covered < length:
            free = [n for n in neighbours(way[-1], len(plan.x)) if n not in way]
            if not free:
                break
            way.append(free[int(rng.integers(len(free)))])
            covered += plan.length((way[-2], way[-1]))
        if covered >= length:
            return tuple(way)
    raise ValueError(f'no way of {length} m fits into a building of {len(plan.x)} corridors')
