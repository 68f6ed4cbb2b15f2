"""Query frames several places apart: of a slow camera, a busy computer, or on a fast robot."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Sequence
from unittest import mock

import cv2
import numpy as np

from vprtempo_ros.evaluation.truth import NO_PLACE
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.sequence import evidence

from .comparison import Comparison, Figures, map_of
from .moved.days import DAYS
from .moved.rendered import WORLDS, RenderedRoute
from .report import table
from .routes import BenchmarkRoute, gardens_point, lens, nordland, rendered, winter_segment

SEEDS = (31,)
EVERY = (1, 2, 4, 8, 15)

# Routes of this much higher a seed are those off the map.
_OTHER = 10
_AGAIN, _SHIFTED = (next(day for day in DAYS if day.name == name) for name in ('again', 'shifted'))
# Frames start at this many of the first ones.
_STARTS = 3
# With it frames are worth the same, however far apart they are.
_ALL_ALIKE = float('inf')


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Print matches of every n-th frame, with the evidence of distant frames weighed up or not."""
    found: dict[int, list[list[float]]] = {every: [] for every in EVERY}
    rows = []
    for route, off in routes(seeds):
        comparison = Comparison(route, built := map_of(route))
        away = off_the_route(route, built, off)
        for every in EVERY:
            cells = [
                value
                for persistence in (_ALL_ALIKE, evidence.PERSISTENCE)
                for value in _measured(comparison, route, away, every, persistence)
            ]
            found[every].append(cells)
            rows.append([route.name, str(every), *_text(cells)])
        print(f'{route.name} done', flush=True)
    mean = [['all', str(every), *_text(np.mean(cells, axis=0))] for every, cells in found.items()]
    table(
        [
            *('route', 'every'),
            *(f'{side}: {name}' for side in ('before', 'now') for name in _COLUMNS),
        ],
        rows + mean,
    )


_COLUMNS = ('right', 'of answers', 'off the route')


def routes(seeds: Sequence[int]) -> Iterator[tuple[BenchmarkRoute, list[Image]]]:
    """Yield routes, each with a drive along another one."""
    segment = winter_segment(1600, 1900)
    yield nordland(500), segment
    yield nordland(500, 1500), winter_segment(0, 300)
    for exchanged in (False, True):
        yield gardens_point(exchanged), segment
    yield lens(), segment
    for seed in seeds:
        for kind in WORLDS:
            route, other = RenderedRoute(kind, seed), RenderedRoute(kind, seed + _OTHER)
            away = rendered(other, _SHIFTED).query
            for day in (_AGAIN, _SHIFTED):
                yield rendered(route, day), away


def off_the_route(route: BenchmarkRoute, built: Map, images: list[Image]) -> BenchmarkRoute:
    """Return a query of images that show no place of the route, in the size of its map."""
    size, count = built.image_size(), min(len(images), len(route.query))
    sized = [
        grey_image(cv2.resize(image.grey(), size, interpolation=cv2.INTER_AREA))
        for image in images[:count]
    ]
    none = np.full((count, 1), NO_PLACE)
    truth = replace(route.truth, stamps=route.truth.stamps[:count], first=none, last=none)
    return replace(route, query=sized, truth=truth)


def every_nth(route: BenchmarkRoute, every: int, start: int) -> BenchmarkRoute:
    """Return a query of some frames only, at the times when they were taken."""
    chosen = slice(start, None, every)
    truth = route.truth
    return replace(
        route,
        query=route.query[chosen],
        truth=replace(
            truth, stamps=truth.stamps[chosen], first=truth.first[chosen], last=truth.last[chosen]
        ),
    )


def _measured(
    comparison: Comparison,
    route: BenchmarkRoute,
    away: BenchmarkRoute,
    every: int,
    persistence: float,
) -> list[float]:
    """Return the right answers of all frames and of those with one, and the answers off route."""
    on, off = [], []
    with mock.patch.object(evidence, 'PERSISTENCE', persistence):
        for start in range(min(every, _STARTS)):
            on.append(_figures(comparison, every_nth(route, every, start)))
            off.append(_figures(comparison, every_nth(away, every, start)).answered)
    right = float(np.mean([each.answered * np.nan_to_num(each.correct) for each in on]))
    answered = float(np.mean([each.answered for each in on]))
    return [right, right / max(answered, 1e-9), float(np.mean(off))]


def _figures(comparison: Comparison, route: BenchmarkRoute) -> Figures:
    return comparison.network_figures(route, few=True)['network + bayes']


def _text(cells: Sequence[float]) -> list[str]:
    return [f'{value:.3f}' for value in cells]
