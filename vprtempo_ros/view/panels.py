"""The state as the parts of the page: drawings, and words that the page sets as text."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from .charts import belief_chart, strip_chart
from .route_chart import RouteChart, legend
from .state import Answer, State
from .svg import Drawing
from .theme import Theme

LEVELS = ('ok', 'warn', 'error', 'stale')


class Panels:
    """Draws in one theme; what does not change with every answer is drawn once."""

    def __init__(self, theme: Theme) -> None:
        """Take the colours."""
        self.theme = theme
        self._route: RouteChart | None = None
        self._drawn: Any = None

    def route(self, state: State) -> RouteChart | None:
        """Return the route from above, once it is known."""
        if state.positions is None:
            return None
        if self._route is None or self._drawn is not state.positions:
            self._route = RouteChart(state.frame_id, state.positions, self.theme)
            self._drawn = state.positions
        return self._route

    def belief(self, state: State) -> Drawing:
        """Return the confidence along the route."""
        match = state.answer.places[0] if state.answer and state.answer.places else None
        return belief_chart(state.confidence, match, self.theme)

    def strip(self, state: State, now: float) -> Drawing:
        """Return the confidence over time."""
        return strip_chart(state.past, now, self.theme)

    def parts(self, state: State, now: float) -> dict[str, Any]:
        """Return everything that the page shows, by the names that it knows."""
        level, line = state.phase(now)
        route = self.route(state)
        return {
            'phase': {'level': LEVELS[level], 'text': line},
            'match': match_words(state.answer),
            'about': {'node': state.node, 'method': state.method, 'map': state.map},
            'pose': pose_words(state, now),
            'legend': legend(self.theme).page('Colours of confidence'),
            'route': route.base().page('Route from above') if route else '',
            'over': route.over(state, now).page('Where the robot is on it') if route else '',
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


def match_words(answer: Answer | None) -> dict[str, Any]:
    """Return an answer in words: place, confidence, the places after it, and when it was."""
    if answer is None:
        return {'place': '–', 'confidence': 0.0, 'then': '', 'stamp': ''}
    stamp = stamp_words(answer.stamp_ns)
    if not answer.places:
        return {'place': 'unknown place', 'confidence': 0.0, 'then': '', 'stamp': stamp}
    then = ', '.join(
        f'{place} ({confidence:.2f})'
        for place, confidence in zip(answer.places[1:5], answer.confidences[1:5])
    )
    return {
        'place': f'place {answer.places[0]}',
        'confidence': round(answer.confidences[0], 3),
        'then': then,
        'stamp': stamp,
    }


def pose_words(state: State, now: float) -> str:
    """Return the pose in words, empty without one."""
    pose = state.shown_pose(now)
    if pose is None:
        return ''
    # The larger half-axis of one deviation.
    spread = max(pose.covariance[0, 0], pose.covariance[1, 1], 0.0) ** 0.5
    return f'x {pose.x:.2f} m, y {pose.y:.2f} m, ±{spread:.2f} m in {pose.frame_id}'


def stamp_words(stamp_ns: int) -> str:
    """Return a stamp as a time of day, or in seconds where it is none of this age."""
    seconds = stamp_ns / 1e9
    if seconds < 1e8:
        return f'{seconds:.2f} s'
    return datetime.fromtimestamp(seconds, timezone.utc).strftime('%H:%M:%S.%f')[:-4] + ' UTC'
