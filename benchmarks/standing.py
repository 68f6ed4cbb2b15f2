"""A reference on which the robot stood or crawled: recall by spot, before and now."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Iterator, NamedTuple, Sequence
from unittest import mock

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.arrays import Indices
from vprtempo_ros.backends import create
from vprtempo_ros.config import BackendConfig, MatchConfig, TrainerConfig
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.evaluation.predictions import Predictions
from vprtempo_ros.evaluation.reliability import calibration_error, reliability
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.maps import reading
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.standing import stood_at
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.stages import FrameTiming, Route
from vprtempo_ros.options import Value, from_flat

from .comparison import CONFIDENT, map_of_images, promised
from .moved.day import Day
from .moved.days import DAYS
from .moved.rendered import TOLERANCE, WORLDS, RenderedRoute
from .moved.route import REFERENCE, render
from .pace import off_the_route, routes
from .report import table
from .routes import BenchmarkRoute, rendered
from .trial import queries_of

SEEDS = (51,)
# Stops of the reference, and the seconds between places; 1: every frame is a place.
CASES = ((0, 1), (1, 1), (3, 1), (3, 2))
SECONDS = 30.0, 60.0

_OTHER = 10
_SHIFTED, _DARK = (next(day for day in DAYS if day.name == name) for name in ('shifted', 'dark'))
_CRAWL = replace(REFERENCE, driving=replace(REFERENCE.driving, surge=0.9))
# Frames of slow drives that are looked at, of which there are many.
_SLOW = 700

_COLUMNS = ('single', 'recall', 'after stops', 'no answer', 'calibration', 'on other routes')


class Stood(NamedTuple):
    """
    A route whose reference stood.

    frames: int64 (frames, 2), the first and the last frame of the spot of each frame of the
    reference without stops; stops: those at which it stood.
    """

    route: BenchmarkRoute
    frames: Indices
    stops: list[int]


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Print recall by spot with stops of the reference, and what of slow drives is left out."""
    found: dict[str, list[list[float]]] = {}

    def measure(case: str, stood: Stood, other: list[Image], spacing: int) -> None:
        with mock.patch.object(reading, 'stood_at', lambda frames, poses: np.zeros(1, int)):
            built = _map(stood.route, spacing)
        before = _cells(stood, built, other, spacing)
        built = _map(stood.route, spacing)
        left_out = sum(place.stood for place in built.places)
        now = _cells(stood, built, other, spacing) if left_out else before
        found.setdefault(case, []).append([*before, *now])
        print(
            f'{stood.route.name}, {case}: {left_out} of {len(stood.route.reference) // spacing} '
            f'frames left out; {", ".join(_text([*before, *now]))}',
            flush=True,
        )

    for route, other in routes(seeds, (_SHIFTED, _DARK)):
        for stops, spacing in CASES:
            measure(f'{stops} stops, {spacing} s', with_stops(route, stops), other, spacing)
    for seed in seeds:
        for kind in WORLDS:
            away = rendered(RenderedRoute(kind, seed + _OTHER), _SHIFTED).query
            measure('crawling, 1 s', crawling(RenderedRoute(kind, seed)), away, 1)
    print()
    sides = [f'{column}: {side}' for side in ('before', 'now') for column in _COLUMNS]
    table(
        ['reference', *sides],
        [[case, *_text(np.nanmean(cells, axis=0).tolist())] for case, cells in found.items()],
    )
    print()
    slow = [
        [f'{kind}, {name}', str(frames), str(left)] for kind, name, frames, left in _slow(seeds)
    ]
    table(['steady drive', 'frames', 'left out'], slow)


def with_stops(route: BenchmarkRoute, stops: int, seed: int = 0) -> Stood:
    """Return a route whose reference stood; each frame of a stop is right for its spot."""
    rng = np.random.default_rng((seed, stops))
    count = len(route.reference)
    at: list[int] = []
    while len(at) < stops:
        chosen = int(rng.integers(count // 10, count - count // 10))
        if all(abs(chosen - other) > count // (3 * stops) for other in at):
            at.append(chosen)
    images: list[Image] = []
    frames = np.zeros((count, 2), np.int64)
    for number, image in enumerate(route.reference):
        frames[number] = len(images)
        images.append(image)
        if number in at:
            seconds = float(rng.uniform(*SECONDS))
            images += standing(image, round(seconds / route.steps.step_s), rng)
            frames[number, 1] = len(images) - 1
    truth = promised(route)
    changed = replace(
        route,
        reference=images,
        truth=replace(
            truth,
            first=np.where(truth.first < 0, truth.first, frames[truth.first, 0]),
            last=np.where(truth.last < 0, truth.last, frames[truth.last, 1]),
        ),
        steps=Route(len(images), route.steps.step_s),
    )
    return Stood(changed, frames, sorted(at))


def crawling(route: RenderedRoute) -> Stood:
    """Return a rendered route, on a day, whose reference drove at a tenth of its speed to twice."""
    seen = render(route.world, _CRAWL)
    query, step = route.query(_SHIFTED).traverse, _step(route.reference.line)
    apart = np.linalg.norm(query.line[:, None, :2] - seen.line[None, :, :2], axis=2)
    # As within the tolerance of places that are evenly spaced.
    near = apart <= (TOLERANCE + 0.05) * step
    count = near.shape[1]
    truth = GroundTruth(
        np.rint(query.stamps * 1e9).astype(np.int64) + 1,
        np.where(near.any(axis=1), near.argmax(axis=1), NO_PLACE),
        np.where(near.any(axis=1), count - 1 - near[:, ::-1].argmax(axis=1), NO_PLACE),
    )
    made = BenchmarkRoute(
        f'{route.kind} {route.seed}, {_SHIFTED.name}',
        [grey_image(image) for image in seen.images],
        [grey_image(image) for image in query.images],
        truth,
        Route(count, float(np.median(np.diff(seen.stamps)))),
        tolerance=TOLERANCE,
    )
    return Stood(made, np.repeat(np.arange(count)[:, None], 2, axis=1), [])


def _step(line: NDArray[np.float64]) -> float:
    """Return the distance between frames in metres."""
    return float(np.median(np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1)))


def standing(image: Image, count: int, rng: np.random.Generator) -> list[Image]:
    """Return what a camera that stands sees: noise, vibration, exposure, and pedestrians."""
    view = image.grey().astype(np.float32)
    rows, columns = view.shape
    found: list[Image] = []
    # Of a pedestrian: where, how fast, in shares of the width, and how he looks.
    where = speed = width = height = level = 0.0
    passing, exposure = False, 0.0
    for _ in range(count):
        exposure = 0.8 * exposure + float(rng.normal(0.0, 0.01))
        shake = rng.normal(0.0, 0.002 * columns, 2)
        moved = np.array([[1.0, 0.0, shake[0]], [0.0, 1.0, shake[1]]], np.float32)
        seen = cv2.warpAffine(view, moved, (columns, rows), borderMode=cv2.BORDER_REFLECT_101)
        if not passing and rng.random() < 0.06:
            passing, speed = True, float(rng.choice([-1.0, 1.0]) * rng.uniform(0.1, 0.3))
            where = -0.1 if speed > 0.0 else 1.1
            level, width, height = rng.uniform((20.0, 0.1, 0.35), (220.0, 0.2, 0.7)).tolist()
        if passing:
            first, last = (round((where + half) * columns) for half in (-width / 2, width / 2))
            seen[round(rows * (0.9 - height)) : round(0.9 * rows), max(0, first) : max(0, last)] = (
                level
            )
            where += speed
            passing = -0.2 < where < 1.2
        grey = seen * (1.0 + exposure) + rng.normal(0.0, 2.0, seen.shape)
        found.append(grey_image(np.clip(np.rint(grey), 0, 255).astype(np.uint8)))
    return found


def _slow(seeds: Sequence[int]) -> Iterator[tuple[str, str, int, int]]:
    """Yield kind and name of steady slow drives, their frames, and those left out."""
    drives: tuple[tuple[str, Day, float], ...] = (
        ('a quarter of the speed', REFERENCE, 0.25),
        ('a tenth', REFERENCE, 0.1),
        ('a tenth, at night', replace(_DARK, name=REFERENCE.name), 0.1),
        ('a thirtieth', REFERENCE, 1 / 30),
    )
    encode = encoder_for(from_flat(TrainerConfig, {}))
    for seed in seeds:
        for kind in WORLDS:
            world = RenderedRoute(kind, seed).world
            for name, day, part in drives:
                seen = render(world, day, part * world.spacing, frames=slice(0, _SLOW)).images
                spikes = np.stack([encode(grey_image(image)) for image in seen])
                left_out = int(stood_at(spikes, [None] * len(spikes)).sum())
                yield f'{kind} {seed}', name, len(seen), left_out


def _map(route: BenchmarkRoute, spacing: int) -> Map:
    others: dict[str, Value] = {}
    if spacing > 1:
        # Images of a folder count as a second apart.
        others = {'places.by': 'seconds', 'places.spacing': float(spacing)}
    return map_of_images(
        (image.grey() for image in route.reference), route.tolerance, others=others
    )


def _cells(stood: Stood, built: Map, other: list[Image], spacing: int) -> list[float]:
    """Return the figures in the order of the columns."""
    route = stood.route
    # The place of each frame of the reference.
    counts = [1 + place.stood for place in built.places]
    place = np.repeat(np.repeat(np.arange(len(counts)), counts), spacing)
    truth = GroundTruth(
        route.truth.stamps,
        *(np.where(of < 0, of, place[of]) for of in (route.truth.first, route.truth.last)),
    )
    steps = Route(len(counts), spacing * route.steps.step_s)
    alone, answers, confidences = _drive(built, steps, route)
    predicted = Predictions(answers, confidences, np.zeros(len(answers), np.intp))
    right, on = truth.are_correct(answers), truth.with_place
    after = np.zeros(len(answers), bool)
    for first, last in pairwise([*stood.stops, len(stood.frames)]):
        # Frames that show the tenth of the route behind a stop.
        limit = min(first + len(stood.frames) // 10, last - 1)
        behind = route.truth.first[:, 0] > stood.frames[first, 1]
        after |= behind & (route.truth.last[:, 0] <= stood.frames[limit, 1])
    away = _drive(built, steps, off_the_route(route, built, other))[2]
    return [
        float(truth.are_correct(alone)[on].mean()),
        float(right[on].mean()),
        float(right[after & on].mean()) if (after & on).any() else float('nan'),
        float((confidences < CONFIDENT)[on].mean()),
        calibration_error(reliability(truth, predicted)),
        float((away >= CONFIDENT).mean()),
    ]


def _drive(
    built: Map, steps: Route, route: BenchmarkRoute
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return the best place of each frame alone, the answer, and its confidence."""
    backend = create(built.network, BackendConfig())
    settings = from_flat(MatchConfig, {'min_confidence': 0.0})
    matcher = Matcher(steps, built.response_statistics, built.calibration, settings)
    alone, answers, confidences = [], [], []
    for shown, stamp in zip(
        queries_of(route.query, built.config, built.pixel_statistics), route.truth.stamps.tolist()
    ):
        timing, similarity = FrameTiming(stamp), backend.similarity(shown)
        scores = matcher.normalise(similarity, timing)
        match = matcher.decide(similarity, scores, matcher.filter(scores, timing))
        alone.append(int(scores.argmax()))
        answers.append(NO_PLACE if match.place is None else match.place)
        confidences.append(match.confidence)
    backend.close()
    return np.array(alone), np.array(answers), np.array(confidences)


def _text(cells: Sequence[float]) -> list[str]:
    return [f'{value:.3f}' for value in cells]
