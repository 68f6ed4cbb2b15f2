"""The walls of a building's plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .plan import Plan, edge, neighbours
from .scene import Floats, Point, Quad


@dataclass(frozen=True)
class Item:
    """A part of the building in its initial and its changed state."""

    luck: float
    initial: tuple[Quad, ...]
    changed: tuple[Quad, ...]


@dataclass(frozen=True)
class Side:
    """One wall along a corridor: from `start` to `end`, free ground on its right."""

    start: Floats
    end: Floats

    @property
    def length(self) -> float:
        """Metres from end to end."""
        return float(np.linalg.norm(self.end - self.start))

    def at(self, along: float, out: float = 0.0) -> Point:
        """Return the point `along` metres from the start and `out` metres off the wall."""
        way = (self.end - self.start) / self.length
        x, y = self.start + along * way + out * np.array([way[1], -way[0]])
        return float(x), float(y)


def walls(plan: Plan) -> list[tuple[Side, bool, int]]:
    """
    Return all walls, along corridors and where crossings are closed.

    Each with whether it belongs to a corridor along y, and to which line of the grid.
    """
    sides: list[tuple[Side, bool, int]] = []
    lines = len(plan.x)
    for i in range(lines):
        for j in range(lines):
            x, y, half_x, half_y = plan.x[i], plan.y[j], plan.wide_x[i] / 2, plan.wide_y[j] / 2
            corners = np.array(
                [
                    (x - half_x, y - half_y),
                    (x + half_x, y - half_y),
                    (x + half_x, y + half_y),
                    (x - half_x, y + half_y),
                ]
            )
            open_ways = [n for n in neighbours((i, j), lines) if edge((i, j), n) in plan.edges]
            if not open_ways:
                continue
            for k, step in enumerate(((0, -1), (1, 0), (0, 1), (-1, 0))):
                if (i + step[0], j + step[1]) not in open_ways:
                    vertical = step[1] == 0
                    sides.append(
                        (Side(corners[(k + 1) % 4], corners[k]), vertical, i if vertical else j)
                    )
    for (i, j), (k, m) in sorted(plan.edges):
        if i == k:  # along y
            half = plan.wide_x[i] / 2
            low, high = plan.y[j] + plan.wide_y[j] / 2, plan.y[m] - plan.wide_y[m] / 2
            ends = [
                ((plan.x[i] + half, high), (plan.x[i] + half, low)),
                ((plan.x[i] - half, low), (plan.x[i] - half, high)),
            ]
        else:
            half = plan.wide_y[j] / 2
            low, high = plan.x[i] + plan.wide_x[i] / 2, plan.x[k] - plan.wide_x[k] / 2
            ends = [
                ((low, plan.y[j] + half), (high, plan.y[j] + half)),
                ((high, plan.y[j] - half), (low, plan.y[j] - half)),
            ]
        sides += [(Side(np.array(a), np.array(b)), i == k, i if i == k else j) for a, b in ends]
    return sides
