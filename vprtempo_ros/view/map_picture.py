"""A map as one picture: its route coloured by what to expect, and the same along the route."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .charts import belief_chart
from .route_chart import RouteChart
from .svg import Drawing, box, words
from .theme import CLASSES, LIGHT

_WIDTH, _PAD, _HEAD, _LINE = 840.0, 20.0, 56.0, 20.0


def draw_map(
    title: str,
    frame_id: str,
    positions: NDArray[np.float64],
    expected: NDArray[np.float32] | None,
    notes: Sequence[str],
) -> str:
    """
    Return a self-contained SVG in the light theme.

    :param positions: of the places in metres, float64 (places, 3), NaN where unknown.
    :param expected: fraction of single frames that are recognised, float32 (places,), if known.
    :param notes: lines below the charts.
    """
    theme = LIGHT
    chart = RouteChart(frame_id, positions, theme)
    base = chart.base()
    drawings = [
        base._replace(body=base.body + chart.coloured(expected)),
        belief_chart(expected, None, theme),
    ]
    parts = [words(_PAD, 34, title, theme['ink'], 18, weight=700), _legend()]
    y = _HEAD
    for drawing in drawings:
        parts.append(drawing.at(_PAD, y, _WIDTH - 2 * _PAD))
        y += drawing.height * (_WIDTH - 2 * _PAD) / drawing.width + _PAD
    for note in notes:
        parts.append(words(_PAD, y + 4, note, theme['ink'], 13))
        y += _LINE
    return Drawing(_WIDTH, y, box(0, 0, _WIDTH, y, theme['panel']) + ''.join(parts)).page(title)


def _legend() -> str:
    cells = ''.join(
        box(_WIDTH - _PAD - 16 * (CLASSES - number), 24, 16, 10, LIGHT[f'c{number}'])
        for number in range(CLASSES)
    )
    left = _WIDTH - _PAD - 16 * CLASSES - 8
    return words(left, 34, 'single frames recognised', LIGHT['muted'], 12, 'end') + cells
