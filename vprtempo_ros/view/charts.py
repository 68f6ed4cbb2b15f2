"""Belief along the route, and confidence over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .state import SPAN, ConfidenceSample
from .svg import Drawing, columns, dots, line, words
from .theme import CLASSES, Theme, class_of

_WIDTH, _HEIGHT = 800.0, 172.0
_LEFT, _RIGHT, _TOP, _FOOT = 34.0, 792.0, 14.0, 144.0
T = TypeVar('T', float, NDArray[np.float32])
# Maximum number of bars; on a longer route several places share one.
_BARS = 380


def belief_chart(
    confidence: NDArray[np.float32] | None, match: int | None, theme: Theme
) -> Drawing:
    """Return the confidence of every place, float32 (places,), as bars; a mark at the match."""
    parts = [_axes(theme)]
    if confidence is not None and len(confidence):
        count = len(confidence)
        bars = min(count, _BARS)
        starts = np.arange(bars) * count // bars
        # The maximum of the places that share a bar keeps a peak one place wide visible.
        heights = np.clip(np.maximum.reduceat(confidence, starts), 0.0, 1.0)
        step = (_RIGHT - _LEFT) / bars
        xs = _LEFT + (np.arange(bars) + 0.5) * step
        classes = np.minimum((heights * CLASSES).astype(int), CLASSES - 1)
        for number in range(CLASSES):
            chosen = classes == number
            tops = zip(xs[chosen].tolist(), np.minimum(_y(heights[chosen]), _FOOT - 1).tolist())
            parts.append(columns(tops, _FOOT, theme[f'c{number}'], max(step - 0.6, step * 0.7)))
        parts += [
            words(_LEFT, _FOOT + 23, 'place 0', theme['muted']),
            words(_RIGHT, _FOOT + 23, str(count - 1), theme['muted'], anchor='end'),
        ]
        if match is not None and 0 <= match < count:
            x = _LEFT + (match + 0.5) * (_RIGHT - _LEFT) / count
            parts.append(f'<path d="M{x:.1f} {_FOOT + 2:.1f}l-5 8h10z" fill="{theme["match"]}"/>')
    return Drawing(_WIDTH, _HEIGHT, ''.join(parts))


def strip_chart(history: Sequence[ConfidenceSample], now: float, theme: Theme) -> Drawing:
    """Return the confidences of the last minute as bars; unknown places as dots."""
    parts = [_axes(theme)]
    groups: dict[int, list[tuple[float, float]]] = {}
    unknown = []
    for entry in history:
        age = now - entry.received
        if age > SPAN:
            continue
        x = _RIGHT - (_RIGHT - _LEFT) * age / SPAN
        if entry.confidence > 0.0:
            groups.setdefault(class_of(entry.confidence), []).append(
                (x, _y(min(entry.confidence, 1.0)))
            )
        else:
            unknown.append((x, _FOOT - 3))
    parts += [columns(tops, _FOOT, theme[f'c{number}'], 2.2) for number, tops in groups.items()]
    parts += [
        dots(unknown, theme['error'], 3),
        words(_LEFT, _FOOT + 23, f'{SPAN:g} s ago', theme['muted']),
        words(_RIGHT, _FOOT + 23, 'now', theme['muted'], anchor='end'),
    ]
    if unknown:
        parts.append(
            words(
                (_LEFT + _RIGHT) / 2,
                _FOOT + 23,
                'dots: unknown place',
                theme['error'],
                anchor='middle',
            )
        )
    return Drawing(_WIDTH, _HEIGHT, ''.join(parts))


def _y(confidence: T) -> T:
    """Return the y coordinate of a confidence, or of an array of them."""
    return _FOOT - (_FOOT - _TOP) * confidence


def _axes(theme: Theme) -> str:
    return ''.join(
        line(_LEFT, _y(value), _RIGHT, _y(value), theme['line'])
        + words(_LEFT - 6, _y(value) + 4, f'{value:g}', theme['muted'], 12, 'end')
        for value in (0.0, 0.5, 1.0)
    )
