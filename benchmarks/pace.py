"""Query frames several places apart, and drives many times as fast as the reference."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Mapping, Sequence
from unittest import mock

import cv2
import numpy as np

from vprtempo_ros.evaluation.truth import NO_PLACE
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.sequence import evidence
from vprtempo_ros.options import Value

from .comparison import Comparison, Figures, map_of
from .moved.day import Day
from .moved.days import DAYS
from .moved.rendered import WORLDS, RenderedRoute
from .report import table
from .routes import BenchmarkRoute, gardens_point, lens, nordland, rendered, winter_segment

SEEDS = (31,)
EVERY = (1, 2, 4, 8, 15)
FASTER = (1, 2, 3, 4, 6, 10)

# Routes of this much higher a seed are those off the map.
_OTHER = 10
_AGAIN, _SHIFTED = (next(day for day in DAYS if day.name == name) for name in ('again', 'shifted'))
# Frames start at this many of the first ones.
_STARTS = 3
# Before: frames were worth the same, however far apart, and speeds above 3 were not considered.
_ALL_ALIKE = float('inf')
_NOT_FASTER = {'sequence.fastest': 3.0}

_COLUMNS = ('right', 'of answers', 'on other routes')

# Right answers of all frames, right ones of the answers, and answers on other routes.
Cells = list[float]


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Print matches of every n-th frame, and of drives n times as fast, before and now."""
    sparse: dict[int, list[Cells]] = {every: [] for every in EVERY}
    fast: dict[int, list[Cells]] = {faster: [] for faster in FASTER}
    for route, other in routes(seeds):
        comparison = Comparison(route, built := map_of(route))
        away = off_the_route(route, built, other)
        for every in EVERY:
            parts = [
                (every_nth(route, every, start), every_nth(away, every, start))
                for start in range(min(every, _STARTS))
            ]
            with mock.patch.object(evidence, 'PERSISTENCE', _ALL_ALIKE):
                before = _cells(comparison, parts, {})
            sparse[every].append(before + _cells(comparison, parts, {}))
        for faster in FASTER:
            parts = [(sped_up(route, faster), sped_up(away, faster))]
            fast[faster].append(
                _cells(comparison, parts, _NOT_FASTER) + _cells(comparison, parts, {})
            )
        print(f'{route.name}: {_text([sparse[8][-1], fast[4][-1]])}', flush=True)
    for name, found in (('every', sparse), ('times as fast', fast)):
        print()
        table(
            [name, *(f'{side}: {column}' for side in ('before', 'now') for column in _COLUMNS)],
            [[str(key), *_text([np.mean(cells, axis=0).tolist()])] for key, cells in found.items()],
        )


def routes(
    seeds: Sequence[int], days: Sequence[Day] = (_AGAIN, _SHIFTED)
) -> Iterator[tuple[BenchmarkRoute, list[Image]]]:
    """Yield routes, rendered ones on these days, each with a drive along another one."""
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
            for day in days:
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


def sped_up(route: BenchmarkRoute, faster: int) -> BenchmarkRoute:
    """Return a query of all frames, driven this many times as fast."""
    stamps = route.truth.stamps
    return replace(
        route, truth=replace(route.truth, stamps=stamps[0] + (stamps - stamps[0]) // faster)
    )


def _cells(
    comparison: Comparison,
    parts: Sequence[tuple[BenchmarkRoute, BenchmarkRoute]],
    match: Mapping[str, Value],
) -> Cells:
    def figures(query: BenchmarkRoute) -> Figures:
        return comparison.network_figures(query, True, match)['network + bayes']

    on = [figures(query) for query, _ in parts]
    right = float(np.mean([each.answered * np.nan_to_num(each.correct) for each in on]))
    answered = float(np.mean([each.answered for each in on]))
    off = float(np.mean([figures(query).answered for _, query in parts]))
    return [right, right / max(answered, 1e-9), off]


def _text(cells: Sequence[Cells]) -> list[str]:
    return [f'{value:.3f}' for each in cells for value in each]
