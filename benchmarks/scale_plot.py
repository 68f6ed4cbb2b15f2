"""Memory and time of a search as places grow, on logarithmic axes, as SVG."""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

from vprtempo_ros.view.svg import Drawing, box, line, words

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 300.0, 220.0, 60.0, 44.0, 80.0
_INK, _SOFT, _GRID = '#1d2430', '#5b6675', '#d9dee6'
_COLOURS = ('#1f77b4', '#d62728')


class Point(NamedTuple):
    """Places, bytes of weights and outline, seconds of a search, and with matching."""

    places: int
    held: float
    search: float
    whole: float


def draw(points: Sequence[Point]) -> str:
    """Return a page with two panels: megabytes, and milliseconds a frame."""
    places = [float(each.places) for each in points]
    panels = [
        ('memory, MB', {'weights and outline': [each.held / 1e6 for each in points]}),
        (
            'a frame, ms of one core',
            {
                'search': [each.search * 1e3 for each in points],
                'search and matching': [each.whole * 1e3 for each in points],
            },
        ),
    ]
    width = len(panels) * (_WIDTH + _GAP) + 10
    parts = [box(0, 0, width, _TOP + _HEIGHT + 50, '#ffffff')]
    for number, (title, curves) in enumerate(panels):
        parts += _panel(title, places, curves, _LEFT + number * (_WIDTH + _GAP))
    return Drawing(width, _TOP + _HEIGHT + 50, ''.join(parts)).page('Scale') + '\n'


def _panel(title: str, x: list[float], curves: dict[str, list[float]], left: float) -> list[str]:
    values = [value for curve in curves.values() for value in curve]
    low, high = (math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))))
    first, last = math.floor(math.log10(x[0])), math.ceil(math.log10(x[-1]))
    high, last, foot = max(high, low + 1), max(last, first + 1), _TOP + _HEIGHT

    def at(place: float, value: float) -> tuple[float, float]:
        across = (math.log10(place) - first) / (last - first)
        up = (math.log10(value) - low) / (high - low)
        return left + _WIDTH * across, foot - _HEIGHT * up

    parts = [words(left, 18, title, _INK, 13.5, weight=600)]
    for power in range(low, high + 1):
        y = at(10.0**first, 10.0**power)[1]
        parts.append(line(left, y, left + _WIDTH, y, _GRID))
        parts.append(words(left - 6, y + 4, f'{10.0**power:g}', _SOFT, 11, 'end'))
    for power in range(first, last + 1):
        across = at(10.0**power, 10.0**low)[0]
        parts.append(line(across, foot, across, foot + 4, _SOFT))
        parts.append(words(across, foot + 17, f'{10**power:,}', _SOFT, 11, 'middle'))
    parts.append(words(left + _WIDTH / 2, foot + 36, 'places', _SOFT, 11.5, 'middle'))
    for number, (name, curve) in enumerate(curves.items()):
        colour = _COLOURS[number]
        parts.append(words(left + 8, _TOP + 14 + 16 * number, name, colour, 12))
        ends = [at(*each) for each in zip(x, curve)]
        parts += [line(*one, *other, colour, 2.0) for one, other in zip(ends, ends[1:])]
    return parts
