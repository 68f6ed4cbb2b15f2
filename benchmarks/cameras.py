"""Two cameras in one belief: recall while one of them is covered."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.config import BackendConfig, MatchConfig
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser

from .comparison import map_of_images
from .moved.day import Day
from .moved.days import DAYS
from .moved.rendered import TOLERANCE, WORLDS, LabelledTraverse, RenderedRoute
from .moved.route import REFERENCE
from .report import table

SEEDS, NAMES = (7,), ('shifted', 'season', 'busy')
Pixels = NDArray[np.uint8]
View = Callable[[int], Mapping[str, Pixels]]


def rear(day: Day) -> Day:
    """Return the day as a camera sees it that looks backwards."""
    return replace(day, driving=replace(day.driving, yaw=day.driving.yaw + 180.0))


def covered(number: int, like: Pixels) -> Pixels:
    """Return what a covered camera sees: the noise of its sensor."""
    noise = np.random.default_rng(number).normal(0.0, 4.0, like.shape)
    return np.clip(20.0 + noise, 0, 255).astype(np.uint8)


def shown(
    images: Mapping[str, Pixels], covers: Sequence[tuple[int, int, str]], number: int
) -> dict[str, Pixels]:
    """Return the frame of each camera; covers: from frame, to frame, camera that is covered."""
    found = {camera: each[number] for camera, each in images.items()}
    for begin, end, camera in covers:
        if begin <= number < end:
            found[camera] = covered(number, found[camera])
    return found


def _only(view: View, camera: str, number: int) -> dict[str, Pixels]:
    return {camera: view(number)[camera]}


def recall(recogniser: Recogniser, view: View, seen: LabelledTraverse, frames: int) -> float:
    """Return the fraction of frames whose best place is within the tolerance."""
    recogniser.reset()
    right = 0
    for number in range(frames):
        timing = FrameTiming(10**9 + round(float(seen.traverse.stamps[number]) * 1e9))
        match = recogniser.recognise(view(number), timing)
        right += abs(int(match.scores.argmax()) - int(seen.place[number])) <= TOLERANCE
    return right / frames


def maps_of(route: RenderedRoute) -> dict[str, Map]:
    """Return maps of a front and a rear camera, with the times of the reference."""
    stamps = (1e9 + route.reference.stamps * 1e9).astype(np.int64).tolist()
    found = {}
    for name, day in (('front', REFERENCE), ('rear', rear(REFERENCE))):
        built = map_of_images(route.query(day).traverse.images, TOLERANCE)
        places = [replace(place, stamp_ns=at) for place, at in zip(built.places, stamps)]
        found[name] = replace(built, places=places)
    return found


def rows_of(route: RenderedRoute) -> list[list[str]]:
    """Return the recall on each day of a route."""
    maps, match = maps_of(route), MatchConfig(min_confidence=0.0)
    alone = {name: Recogniser({name: each}, BackendConfig(), match) for name, each in maps.items()}
    both = Recogniser(maps, BackendConfig(), match)
    rows = []
    for day in DAYS:
        if day.name not in NAMES:
            continue
        seen = route.query(day)
        images = {'front': seen.traverse.images, 'rear': route.query(rear(day)).traverse.images}
        frames = min(map(len, images.values()))
        third = frames // 3
        cases: dict[str, tuple[tuple[int, int, str], ...]] = {
            'none': (),
            'rear': ((0, frames, 'rear'),),
            'front': ((0, frames, 'front'),),
            'one after the other': ((0, third, 'front'), (2 * third, frames, 'rear')),
        }
        for name, covers in cases.items():
            view = partial(shown, images, covers)
            single = {
                camera: recall(one, partial(_only, view, camera), seen, frames)
                for camera, one in alone.items()
            }
            joint = recall(both, view, seen, frames)
            best = max(single.values())
            rows.append(
                [
                    f'{route.kind} {route.seed}, {day.name}',
                    name,
                    f'{single["front"]:.3f}',
                    f'{single["rear"]:.3f}',
                    f'{joint:.3f}',
                    f'{joint / best:.2f}' if best else '-',
                ]
            )
    for each in (*alone.values(), both):
        each.close()
    return rows


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Print recall while no camera, one or one after the other is covered."""
    table(
        ['route, day', 'covered', 'front alone', 'rear alone', 'both', 'to the better one'],
        [row for kind in WORLDS for seed in seeds for row in rows_of(RenderedRoute(kind, seed))],
    )
