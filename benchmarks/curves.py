"""A picture of curves in panels, as SVG."""

from __future__ import annotations

from typing import NamedTuple, Sequence

from vprtempo_ros.view.svg import Drawing, box, line, words

_WIDTH, _HEIGHT, _GAP = 250.0, 190.0, 26.0
_LEFT, _TOP, _FOOT, _HEAD = 46.0, 34.0, 44.0, 40.0
_INK, _SOFT, _GRID = '#1d2430', '#5b6675', '#d9dee6'
_COLOURS = ('#1f77b4', '#17a2a2', '#d62728', '#9467bd', '#7f7f7f')


class Panel(NamedTuple):
    """Curves over the same x: a title, x by point, and y, 0 to 1, by name and point."""

    title: str
    unit: str
    x: Sequence[float]
    curves: dict[str, list[float]]


def picture(title: str, rows: list[list[Panel]]) -> str:
    """Return an SVG page: a legend, and the panels in rows."""
    names = list(rows[0][0].curves)
    across = max(len(row) for row in rows)
    width = _LEFT + across * (_WIDTH + _GAP)
    height = _HEAD + len(rows) * (_HEIGHT + _TOP + _FOOT)
    parts = [box(0, 0, width, height, '#ffffff')]
    at = _LEFT
    for name, colour in zip(names, _COLOURS):
        parts += [line(at, 20, at + 22, 20, colour, 2.5), words(at + 28, 24.5, name, _INK)]
        at += 52 + 7.2 * len(name)
    for number, row in enumerate(rows):
        top = _HEAD + number * (_HEIGHT + _TOP + _FOOT) + _TOP
        for column, panel in enumerate(row):
            parts.append(_panel(panel, _LEFT + column * (_WIDTH + _GAP), top, column == 0))
    return Drawing(width, height, ''.join(parts)).page(title) + '\n'


def _panel(panel: Panel, left: float, top: float, labelled: bool) -> str:
    foot, low, high = top + _HEIGHT, panel.x[0], panel.x[-1]

    def x_of(value: float) -> float:
        return left + _WIDTH * (value - low) / (high - low)

    def y_of(value: float) -> float:
        return foot - _HEIGHT * value

    parts = [words(left, top - 10, panel.title, _INK, 13.5, weight=600)]
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(line(left, y_of(value), left + _WIDTH, y_of(value), _GRID))
        if labelled:
            parts.append(words(left - 6, y_of(value) + 4, f'{value:g}', _SOFT, 11.5, 'end'))
    for value in panel.x:
        parts += [
            line(x_of(value), foot, x_of(value), foot + 4, _SOFT),
            words(x_of(value), foot + 17, f'{value:g}', _SOFT, 11, 'middle'),
        ]
    parts.append(words(left + _WIDTH / 2, foot + 33, panel.unit, _SOFT, 11.5, 'middle'))
    for (_, values), colour in zip(panel.curves.items(), _COLOURS):
        points = [(x_of(x), y_of(y)) for x, y in zip(panel.x, values)]
        path = 'L'.join(f'{x:.1f} {y:.1f}' for x, y in points)
        parts.append(f'<path d="M{path}" stroke="{colour}" stroke-width="2.2" fill="none"/>')
    return ''.join(parts)
