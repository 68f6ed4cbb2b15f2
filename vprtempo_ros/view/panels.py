"""The state as the parts of the page: drawings as SVG, and words that the page sets as text."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from .charts import belief_chart, strip_chart
from .route_chart import RouteChart, legend
from .state import PageState, ShownMatch
from .svg import Drawing
from .theme import Theme

LEVELS = ('ok', 'warn', 'error', 'stale')

PageParts = dict[str, object]
"""What the page shows, by the names that page.js knows; serialisable as JSON."""


class MatchWords(TypedDict):
    """A match in words, for the page."""

    place: str
    confidence: float
    then: str
    stamp: str


class Panels:
    """Draws in one theme; the route, which rarely changes, is drawn once."""

    def __init__(self, theme: Theme) -> None:
        """Set the colours."""
        self.theme = theme
        self._route: RouteChart | None = None
        self._drawn: NDArray[np.float64] | None = None

    def route(self, state: PageState) -> RouteChart | None:
        """Return the route from above, or None while it is unknown."""
        if state.positions is None:
            return None
        if self._route is None or self._drawn is not state.positions:
            self._route = RouteChart(state.frame_id, state.positions, self.theme)
            self._drawn = state.positions
        return self._route

    def belief(self, state: PageState) -> Drawing:
        """Return the confidence along the route."""
        place = state.match.places[0] if state.match and state.match.places else None
        return belief_chart(state.confidence, place, self.theme)

    def strip(self, state: PageState, now: float) -> Drawing:
        """Return the confidence over time."""
        return strip_chart(state.history, now, self.theme)

    def parts(self, state: PageState, now: float) -> PageParts:
        """Return all parts of the page."""
        level, line = state.phase(now)
        route = self.route(state)
        return {
            'phase': {'level': LEVELS[level], 'text': line},
            'match': match_words(state.match),
            'about': {'node': state.node, 'method': state.method, 'map': state.map},
            'pose': pose_words(state, now),
            'legend': legend(self.theme).page('Colours of confidence'),
            'route': route.base().page('Route from above') if route else '',
            'over': route.over(state, now).page('Estimated pose on the route') if route else '',
            'belief': self.belief(state).page('Confidence of every place'),
            'strip': self.strip(state, now).page('Confidence over time'),
            'picture': state.picture.number if state.picture else 0,
            'statuses': [
                {
                    'name': status.name,
                    'level': LEVELS[status.level],
                    'message': status.message,
                    'values': list(status.values),
                }
                for status in state.statuses.values()
            ],
        }


def match_words(match: ShownMatch | None) -> MatchWords:
    """Return a match in words: place, confidence, the next places, and its time."""
    if match is None:
        return {'place': '–', 'confidence': 0.0, 'then': '', 'stamp': ''}
    stamp = stamp_words(match.stamp_ns)
    if not match.places:
        return {'place': 'unknown place', 'confidence': 0.0, 'then': '', 'stamp': stamp}
    then = ', '.join(
        f'{place} ({confidence:.2f})'
        for place, confidence in zip(match.places[1:5], match.confidences[1:5])
    )
    return {
        'place': f'place {match.places[0]}',
        'confidence': round(match.confidences[0], 3),
        'then': then,
        'stamp': stamp,
    }


def pose_words(state: PageState, now: float) -> str:
    """Return the pose in words, empty without one."""
    pose = state.shown_pose(now)
    if pose is None:
        return ''
    # The larger standard deviation of x and y.
    spread = max(pose.covariance[0, 0], pose.covariance[1, 1], 0.0) ** 0.5
    return f'x {pose.x:.2f} m, y {pose.y:.2f} m, ±{spread:.2f} m in {pose.frame_id}'


def stamp_words(stamp_ns: int) -> str:
    """Return a stamp as time of day, or in seconds if it is not a date of this age."""
    seconds = stamp_ns / 1e9
    if seconds < 1e8:
        return f'{seconds:.2f} s'
    return datetime.fromtimestamp(seconds, timezone.utc).strftime('%H:%M:%S.%f')[:-4] + ' UTC'
