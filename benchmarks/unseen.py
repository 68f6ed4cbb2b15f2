"""Recall and confidence on rendered routes and drives on which nothing was chosen or fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np

from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.frames import Image
from vprtempo_ros.matching.confidence import shipped_models

from .comparison import map_of, promised
from .confidence_model import HEAD, Row, rows
from .cue_tables import CueTable
from .drives import WHOLE, Drive, cues_of, off_map_drives, scores_of
from .moved.day import Changes, Day, Driving, Light
from .moved.days import AGAIN, DAYS, LOW_SUN
from .moved.rendered import WORLDS, RenderedRoute
from .report import table
from .routes import BenchmarkRoute, gardens_point, rendered, winter_segment

SEEDS = (21,)

# Routes of this much higher a seed are those off the map.
_OTHER = 10

_DETOUR, _DARK = (next(day for day in DAYS if day.name == name) for name in ('detour', 'dark'))
_AS_BEFORE = [replace(day, seed=day.seed + 100) for day in DAYS]
_SHIFTED, _FAR, _SUNNY = (
    next(day for day in _AS_BEFORE if day.name == name) for name in ('shifted', 'far', 'sunny')
)

DRIVES: tuple[Day, ...] = (
    *_AS_BEFORE,
    replace(
        _DETOUR,
        name='detour_sunny',
        seed=131,
        detours=2,
        light=LOW_SUN,
        driving=Driving(-0.7, 0.15, yaw=-2.0, wobble=1.0),
    ),
    replace(
        _DETOUR,
        name='detour_fast',
        seed=132,
        detours=4,
        driving=Driving(0.2, 0.15, speed=1.8, wobble=1.0),
    ),
    replace(
        _DETOUR,
        name='detour_mild',
        seed=133,
        driving=Driving(0.1, 0.1),
        light=Light(weather=1),
        changes=Changes(0.05),
    ),
    replace(AGAIN, name='fast', seed=134, driving=Driving(0.5, 0.15, speed=2.2, surge=0.2)),
    replace(AGAIN, name='slow', seed=135, driving=Driving(-0.5, 0.15, speed=0.45, surge=0.3)),
    replace(
        AGAIN,
        name='standing',
        seed=136,
        driving=Driving(0.7, 0.15, wobble=1.0, stops=3, stop_frames=80),
        changes=Changes(0.15, 0.0, 0.2),
    ),
    replace(_DARK, name='dark_shifted', seed=137, driving=Driving(1.1, 0.2, yaw=-3.0, wobble=1.5)),
)
"""The days of the other benchmarks driven once more, and other detours, speeds, stops and light."""


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Print recall and confidence of the default filter by drive and by kind of route."""
    model = shipped_models()['bayes']
    drives: dict[str, list[Row]] = {}
    kinds: dict[str, list[Row]] = {}
    for seed in seeds:
        for kind in WORLDS:
            for query, row in rows(_cues(kind, seed), model).items():
                drives.setdefault(f'`{query.partition(", ")[2]}`', []).append(row)
                kinds.setdefault(kind, []).append(row)
            print(f'{kind} {seed}: {_cells(kinds[kind])[0]}', flush=True)
    every = [row for listed in kinds.values() for row in listed]
    print()
    table(
        ['', *HEAD],
        [[name, *_cells(found)] for name, found in {**drives, **kinds, 'all': every}.items()],
    )


def queries(kind: str, seed: int) -> list[BenchmarkRoute]:
    """Return the drives along a route: of all days, in reverse, and of a route it shares."""
    route = RenderedRoute(kind, seed)
    found = [rendered(route, day) for day in DRIVES]
    other = rendered(RenderedRoute(kind, seed + _OTHER), _SHIFTED)
    return [
        *found,
        reversed_drive(rendered(route, _SHIFTED)),
        partly_shared(rendered(route, _SUNNY), other.query),
    ]


def _cues(kind: str, seed: int) -> CueTable:
    """Return the cues of the default filter on all drives along a route, and on other routes."""
    listed, other = queries(kind, seed), RenderedRoute(kind, seed + _OTHER)
    built = map_of(listed[0])
    drives: list[tuple[str, Drive]] = []
    for query in listed:
        truth = promised(query)
        whole = scores_of(built, query.query)
        drives.append(
            (query.name, Drive(WHOLE, whole, truth.first[:, 0], truth.last[:, 0], truth.stamps))
        )
    off = [rendered(other, _FAR).query, rendered(other, _SUNNY).query]
    off += [gardens_point().query, winter_segment(1600, 1900)]
    away = off_map_drives(listed[0].truth.stamps, [scores_of(built, images) for images in off])
    drives += [('', drive) for drive in away]
    parts = []
    for name, drive in drives:
        cues, correct = cues_of(drive, listed[0].steps, listed[0].tolerance, 'bayes')
        labels = [np.full(len(correct), label) for label in (drive.kind, name)]
        parts.append((cues, correct, *labels))
    columns = [np.concatenate(column) for column in zip(*parts)]
    return CueTable(f'{kind} {seed}', 'oriented', kind, *columns)


def reversed_drive(route: BenchmarkRoute) -> BenchmarkRoute:
    """Return a query driven backwards, the camera facing as before."""
    truth = route.truth
    stamps = np.sort(1 + truth.stamps[-1] - truth.stamps)
    return replace(
        route,
        name=f'{_route(route)}, reverse',
        query=route.query[::-1],
        truth=GroundTruth(stamps, truth.first[::-1].copy(), truth.last[::-1].copy()),
    )


def partly_shared(route: BenchmarkRoute, other: list[Image]) -> BenchmarkRoute:
    """Return a query that comes from another route, shares half of this, and leaves again."""
    frames, half = len(route.query), len(route.query) // 2
    shared = slice(frames // 4, 3 * frames // 4)
    before, after = other[:half], other[half : 2 * half]
    first, last = (
        np.concatenate(
            [
                np.full((len(before), 1), NO_PLACE),
                places[shared],
                np.full((len(after), 1), NO_PLACE),
            ]
        )
        for places in (route.truth.first, route.truth.last)
    )
    step = int(np.median(np.diff(route.truth.stamps)))
    return replace(
        route,
        name=f'{_route(route)}, partly',
        query=[*before, *route.query[shared], *after],
        truth=GroundTruth(1 + np.arange(len(first)) * step, first, last),
    )


def _route(route: BenchmarkRoute) -> str:
    return route.name.partition(', ')[0]


def _cells(found: list[Row]) -> list[str]:
    return [f'{value:.3f}' for value in np.nanmean(found, axis=0)]
