"""Recall and confidence where views have moved: rendered routes and data sets, with baselines."""

from __future__ import annotations

import math
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Callable, Iterable, Sequence

import cv2
import numpy as np

from vprtempo_ros.errors import VprError

from .comparison import Comparison, Figures, map_of
from .curves import Panel, picture
from .moved.day import Day
from .moved.days import DAYS, SHIFTS, YAWS, shifted, turned
from .moved.rendered import WORLDS, RenderedRoute
from .report import table
from .routes import BenchmarkRoute, gardens_point, lens, nordland, rendered, sped, street

# No setting and no model was chosen on routes of this seed.
SEEDS = (6,)

NETWORK, DEFAULT = 'network', 'network + bayes'
CURVES = (DEFAULT, NETWORK, 'HOG', 'SAD', 'NCC')
_SHIFTED, _TURNED = [shifted(metres) for metres in SHIFTS], [turned(angle) for angle in YAWS]
PICTURE = Path(__file__).resolve().parent.parent / 'docs' / 'images' / 'moved_views.svg'

DATA_SETS: tuple[Callable[[], BenchmarkRoute], ...] = (
    lambda: nordland(500),
    lens,
    gardens_point,
    lambda: gardens_point(exchanged=True),
    sped,
    street,
)


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Print the tables by route and by day; draw recall over shift and yaw."""
    columns: dict[str, dict[str, Figures]] = {}
    by_day: dict[str, list[dict[str, Figures]]] = {}
    curves: dict[str, dict[str, dict[str, float]]] = {}
    spawn = get_context('spawn')
    with ProcessPoolExecutor(
        os.cpu_count(), spawn, initializer=cv2.setNumThreads, initargs=(1,)
    ) as pool:
        routes = {kind: pool.submit(_rendered, kind, seeds) for kind in WORLDS}
        for found in [pool.submit(_data_set, number) for number in range(len(DATA_SETS))]:
            name, figures = found.result()
            print(name if figures is None else f'{name}: {figures[NETWORK].recall:.3f}', flush=True)
            if figures is not None:
                columns[name] = figures
        for kind, work in routes.items():
            days, curves[kind] = work.result()
            every = [figures for listed in days.values() for figures in listed]
            columns[f'{kind} (mean of {len(every)} days)'] = _mean(every)
            for day, listed in days.items():
                by_day.setdefault(day, []).extend(listed)
            print(f'{kind}: {_mean(every)[NETWORK].recall:.3f}', flush=True)
    print()
    _print_by_route(columns)
    print()
    _print_by_day(by_day)
    text = picture(
        'Recall at 1 over the shift and the yaw of the camera, on four kinds of rendered routes',
        [
            [
                _panel(kind, 'metres to the side', SHIFTS, _SHIFTED, curves[kind]),
                _panel(kind, 'degrees turned', YAWS, _TURNED, curves[kind]),
            ]
            for kind in WORLDS
        ],
    )
    target = PICTURE if tuple(seeds) == SEEDS else Path('build') / PICTURE.name
    target.write_text(text, encoding='utf-8')
    print(f'\npicture: {target}')


def _rendered(
    kind: str, seeds: Sequence[int]
) -> tuple[dict[str, list[dict[str, Figures]]], dict[str, dict[str, float]]]:
    """Return the figures by day, and the mean recall by name of a day and method for the curves."""
    days: dict[str, list[dict[str, Figures]]] = {}
    curves: dict[str, list[dict[str, Figures]]] = {}
    for seed in seeds:
        compared = _Compared(RenderedRoute(kind, seed))
        for day in DAYS:
            days.setdefault(day.name, []).append(compared.figures(day))
        for day in {day.name: day for day in (*_SHIFTED, *_TURNED)}.values():
            curves.setdefault(day.name, []).append(compared.figures(day, few=True))
    recall = {
        name: {method: figures.recall for method, figures in _mean(found).items()}
        for name, found in curves.items()
    }
    return days, recall


def _data_set(number: int) -> tuple[str, dict[str, Figures] | None]:
    """Return name and figures of a data set; None, and what is missing, if it is not there."""
    try:
        route = DATA_SETS[number]()
    except VprError as error:
        return f'left out: {error}', None
    return route.name, Comparison(route, map_of(route)).figures(route)


class _Compared:
    """The map of a rendered route next to templates, on any day."""

    def __init__(self, route: RenderedRoute) -> None:
        self._route = route
        first = rendered(route, DAYS[0])
        self._comparison = Comparison(first, map_of(first))

    def figures(self, day: Day, few: bool = False) -> dict[str, Figures]:
        return self._comparison.figures(rendered(self._route, day), few)


def _print_by_route(columns: dict[str, dict[str, Figures]]) -> None:
    """Print a column for each route: recall of all methods, and what their confidence is worth."""
    methods = dict.fromkeys(name for found in columns.values() for name in found)
    cells = [
        [f'recall@1: {name}', *(_cell(found, name, 'recall') for found in columns.values())]
        for name in methods
    ]
    own = [name for name in methods if name.startswith(NETWORK)]
    for label, figure in _CONFIDENCE.items():
        cells += [
            [f'{label}: {name}', *(_cell(found, name, figure) for found in columns.values())]
            for name in own
        ]
    table(['', *columns], cells)


_CONFIDENCE = {
    'recall at 99 % precision': 'precise',
    'answered at >= 0.5': 'answered',
    'correct at >= 0.5': 'correct',
    'calibration error': 'calibration',
}


def _print_by_day(by_day: dict[str, list[dict[str, Figures]]]) -> None:
    """Print a row for each day: mean over the rendered routes."""
    rows = []
    for day, found in by_day.items():
        mean = _mean(found)
        best = max(
            figures.recall
            for name, figures in mean.items()
            if name.startswith(('SAD', 'NCC', 'HOG'))
        )
        rows.append(
            [
                day,
                f'{best:.3f}',
                f'{mean[NETWORK].recall:.3f}',
                *(f'{getattr(mean[DEFAULT], name):.3f}' for name in Figures._fields),
            ]
        )
    head = ['rendered day', 'best baseline', NETWORK, f'{DEFAULT}: recall@1', *_CONFIDENCE]
    table(head, rows)


def _cell(found: dict[str, Figures], name: str, figure: str) -> str:
    return f'{getattr(found[name], figure):.3f}' if name in found else '-'


def _mean(found: Iterable[dict[str, Figures]]) -> dict[str, Figures]:
    listed = list(found)
    return {
        name: Figures(*map(_mean_of, zip(*(entry[name] for entry in listed)))) for name in listed[0]
    }


def _mean_of(values: Iterable[float]) -> float:
    """Return the mean of the values that are known, NaN if none is."""
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _panel(
    kind: str, unit: str, x: Sequence[float], days: list[Day], recall: dict[str, dict[str, float]]
) -> Panel:
    lines = {name: [recall[day.name][name] for day in days] for name in CURVES}
    return Panel(kind, unit, x, lines)
