"""The route from above: places, belief, match and pose."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .state import PageState, PlanePose
from .svg import Drawing, box, disc, dots, line, words
from .theme import CLASSES, Theme

_WIDTH, _LOWEST, _HIGHEST, _MARGIN = 800.0, 200.0, 560.0, 34.0
# An ellipse of this many standard deviations holds 95 % of a normal distribution in the plane.
_DEVIATIONS = math.sqrt(-2.0 * math.log(1.0 - 0.95))
_ARROW = 26.0
# Positions beyond this, in metres, are invalid.
_FARTHEST = 1e8


class RouteChart:
    """Draws one route from above; its places are projected once."""

    def __init__(self, frame_id: str, positions: NDArray[np.float64], theme: Theme) -> None:
        """Fit the places, float64 (places, 3) in metres, into a drawing with their aspect ratio."""
        self._theme, self._frame_id = theme, frame_id
        # NaN compares false.
        known = np.logical_and.reduce(np.abs(positions[:, :2]) < _FARTHEST, axis=1)
        seen = positions[known, :2] if known.any() else np.zeros((1, 2))
        low, high = seen.min(axis=0), seen.max(axis=0)
        extent = np.maximum(high - low, 1e-6)
        inner = _WIDTH - 2 * _MARGIN
        self.height = float(np.clip(inner * extent[1] / extent[0] + 2 * _MARGIN, _LOWEST, _HIGHEST))
        self._scale = float(min(inner / extent[0], (self.height - 2 * _MARGIN) / extent[1]))
        self._middle = (low + high) / 2
        self._points = [
            self._project(x, y) if good else None
            for (x, y), good in zip(positions[:, :2].tolist(), known.tolist())
        ]
        self._base = self._draw_base()

    def base(self) -> Drawing:
        """Return the route itself, which does not change."""
        return Drawing(_WIDTH, self.height, self._base)

    def over(self, state: PageState, now: float) -> Drawing:
        """Return belief, pose and match, to be laid over the route."""
        parts = [self.coloured(state.confidence)]
        pose = state.shown_pose(now)
        if pose is not None and pose.frame_id == self._frame_id:
            parts.append(self._pose(pose))
        if state.match is not None and state.match.places:
            parts.append(self._match(state.match.places[0]))
        return Drawing(_WIDTH, self.height, ''.join(parts))

    def _project(self, x: float, y: float) -> tuple[float, float]:
        """Return the drawing coordinates of a point in metres; x points right and y up."""
        return (
            _WIDTH / 2 + (x - float(self._middle[0])) * self._scale,
            self.height / 2 - (y - float(self._middle[1])) * self._scale,
        )

    def _draw_base(self) -> str:
        path, pen = [], 'M'
        for point in self._points:
            if point is None:
                pen = 'M'
                continue
            path.append(f'{pen}{point[0]:.1f} {point[1]:.1f}')
            pen = 'L'
        theme = self._theme
        return (
            f'<path d="{"".join(path)}" stroke="{theme["line"]}" stroke-width="5" fill="none" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
            + dots(filter(None, self._points), theme['c0'], 4)
            + words(12, self.height - 12, f'frame {self._frame_id}', theme['muted'])
            + self._ruler()
        )

    def _ruler(self) -> str:
        """Return a scale bar: a round number of metres, at most a fifth of the width."""
        wanted = _WIDTH / 5 / self._scale
        power = 10.0 ** math.floor(math.log10(wanted))
        metres = max(step * power for step in (1, 2, 5) if step * power <= wanted)
        length, y, right = metres * self._scale, self.height - 16, _WIDTH - 14
        colour = self._theme['muted']
        return (
            line(right - length, y, right, y, colour, 2)
            + line(right - length, y - 4, right - length, y + 4, colour, 2)
            + line(right, y - 4, right, y + 4, colour, 2)
            + words(right - length / 2, y - 8, f'{metres:g} m', colour, anchor='middle')
        )

    def coloured(self, confidence: NDArray[np.float32] | None) -> str:
        """Return the places as dots coloured by confidence, float32 (places,); none if unknown."""
        if confidence is None or len(confidence) != len(self._points):
            return ''
        classes = np.minimum((confidence * CLASSES).astype(int), CLASSES - 1)
        parts = []
        for number in range(1, CLASSES):
            chosen = (self._points[place] for place in np.flatnonzero(classes == number).tolist())
            parts.append(dots(filter(None, chosen), self._theme[f'c{number}'], 6 + number * 0.9))
        return ''.join(parts)

    def _match(self, place: int) -> str:
        point = self._points[place] if 0 <= place < len(self._points) else None
        if point is None:
            return ''
        x, y = point
        above, colour = y > 46, self._theme['match']
        # Text at the edge must stay inside the drawing.
        anchor = 'start' if x < 60 else 'end' if x > _WIDTH - 60 else 'middle'
        return disc(x, y, 11, 'none', colour, 3) + words(
            x, y - 19 if above else y + 31, f'place {place}', colour, 15, anchor, 700
        )

    def _pose(self, pose: PlanePose) -> str:
        x, y = self._project(pose.x, pose.y)
        if not all(map(math.isfinite, (x, y, pose.yaw))) or max(abs(x), abs(y)) > 10 * _WIDTH:
            return ''
        colour = self._theme['pose']
        tip = (x + _ARROW * math.cos(pose.yaw), y - _ARROW * math.sin(pose.yaw))
        # The arrow head: two strokes back from the tip.
        head = ''.join(
            line(
                *tip,
                tip[0] - 9 * math.cos(pose.yaw + turn),
                tip[1] + 9 * math.sin(pose.yaw + turn),
                colour,
                3,
            )
            for turn in (0.5, -0.5)
        )
        return (
            self._ellipse(x, y, pose.covariance, colour)
            + line(x, y, *tip, colour, 3)
            + head
            + disc(x, y, 4, colour)
        )

    def _ellipse(self, x: float, y: float, covariance: NDArray[np.float64], colour: str) -> str:
        if not np.isfinite(covariance).all():
            return ''
        values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
        radii = np.minimum(_DEVIATIONS * np.sqrt(np.maximum(values, 0.0)) * self._scale, 4000.0)
        angle = math.degrees(math.atan2(-axes[1, 1], axes[0, 1]))
        return (
            f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{max(radii[1], 2.0):.1f}" '
            f'ry="{max(radii[0], 2.0):.1f}" transform="rotate({angle:.1f} {x:.1f} {y:.1f})" '
            f'fill="{colour}" fill-opacity="0.16" stroke="{colour}" stroke-width="1.5"/>'
        )


def legend(theme: Theme) -> Drawing:
    """Return the colour scale of confidence."""
    cells = ''.join(
        box(86 + 16 * number, 3, 16, 10, theme[f'c{number}']) for number in range(CLASSES)
    )
    return Drawing(
        264,
        16,
        words(0, 13, 'confidence', theme['muted'], 12)
        + words(82, 13, '0', theme['muted'], 12, 'end')
        + cells
        + words(90 + 16 * CLASSES, 13, '1', theme['muted'], 12),
    )
