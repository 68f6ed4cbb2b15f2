"""A robot that is carried along a route of 500 places: metres until map -> odom is right again."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product
from typing import Callable, NamedTuple, Sequence

import cv2
import numpy as np

from vprtempo_ros.config import BackendConfig, MatchConfig, PoseConfig, TfConfig
from vprtempo_ros.frames import grey_image
from vprtempo_ros.localisation.hypothesis import Fix
from vprtempo_ros.localisation.localiser import Localiser, Located, Sighting
from vprtempo_ros.localisation.nearby import NearbyPlaces
from vprtempo_ros.localisation.planar import Planar, planar_covariance, planar_of, wrapped
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.pose import PoseEstimator
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser

from .comparison import map_of_images
from .moved.day import Day
from .moved.days import DAYS
from .moved.park import Park
from .moved.rendered import TOLERANCE
from .moved.route import REFERENCE, Traverse, render
from .moved.town import Pavement
from .moved.world import RouteWorld
from .report import table

PLACES, SEEDS = 500, (6, 7)
WORLDS: dict[str, Callable[..., RouteWorld]] = {'pavement': Pavement, 'park': Park}
# Metres between places; streets of the demo are no longer than this allows.
_SPACING = 0.74
NAMES = ('again', 'shifted', 'season')
TRIALS = 20
# Frames before and after the robot is carried, and places that it is carried at least.
_BEFORE, _AFTER, _FAR = 60, 60, 25
# Right: within this many metres.
_NEAR = 2.0
# 99 % of the squares of normalised errors in three dimensions are below this (chi squared).
_CHI = 11.345
# Odometry: error of its scale, and of its heading per square root of a metre.
_SCALE, _HEADING = 0.02, 0.01


class Step(NamedTuple):
    """Metres since the robot was carried, and what is published; None: nothing."""

    metres: float
    error: float | None
    square: float | None


def drive(
    recogniser: Recogniser,
    estimator: PoseEstimator,
    traverse: Traverse,
    legs: list[range],
    seed: int,
) -> list[list[Step]]:
    """Return what is published along each leg; between two legs the robot is carried."""
    rng = np.random.default_rng(seed)
    recogniser.reset()
    places = [place.pose for place in recogniser.map.places]
    localiser = Localiser(TfConfig(), NearbyPlaces(places, TOLERANCE))
    odometry, stamp, found = Planar(0.0, 0.0, 0.0, 1.0), 0, []
    period = float(np.median(np.diff(traverse.stamps)))
    for leg in legs:
        steps, metres, before = [], 0.0, None
        for i in leg:
            x, y, yaw = traverse.poses[i].tolist()
            true = Planar(x, y, 0.0, yaw)
            travelled = 0.0
            if before is not None:
                step = before.inverse().then(true)
                travelled = math.hypot(step.x, step.y)
                turn = step.yaw + rng.normal(0.0, _HEADING * math.sqrt(travelled))
                scale = 1.0 + _SCALE
                odometry = odometry.then(Planar(scale * step.x, scale * step.y, 0.0, turn))
                metres += travelled
            before, stamp = true, stamp + round(period * 1e9)
            match = recogniser.recognise(
                grey_image(traverse.images[i]), FrameTiming(stamp, travelled)
            )
            fix = None
            if match.place is not None and (estimate := estimator(match.belief, match.place)):
                fix = Fix(planar_of(estimate.pose), planar_covariance(estimate.covariance))
            localiser.see(Sighting(fix, match.confidence, match.similarity), odometry)
            steps.append(_step(metres, localiser.now(odometry), true))
        found.append(steps)
    return found


def _step(metres: float, located: Located | None, true: Planar) -> Step:
    if located is None:
        return Step(metres, None, None)
    robot, rows = located.robot, np.ix_([0, 1, 3], [0, 1, 3])
    error = np.array([true.x - robot.x, true.y - robot.y, wrapped(true.yaw - robot.yaw)])
    square = float(error @ np.linalg.solve(located.covariance[rows], error))
    return Step(metres, math.hypot(error[0], error[1]), square)


def map_with_poses(reference: Traverse) -> Map:
    """Build a map of all frames of a traverse, at their poses."""
    built = map_of_images(reference.images, TOLERANCE)
    places = [
        replace(place, pose=Planar(x, y, 0.0, yaw).pose('map'))
        for place, (x, y, yaw) in zip(built.places, reference.poses.tolist())
    ]
    return replace(built, places=places)


def bench(seeds: Sequence[int] = SEEDS) -> None:
    """Carry the robot to a random place of rendered routes, 20 times on each of three days."""
    cv2.setNumThreads(1)
    days = [day for day in DAYS if day.name in NAMES]
    rows = []
    for seed, (kind, make) in product(seeds, WORLDS.items()):
        world = make(seed, length=_SPACING * PLACES, spacing=_SPACING)
        reference = render(world, REFERENCE, frames=slice(PLACES))
        built = map_with_poses(reference)
        recogniser = Recogniser(built, BackendConfig(), MatchConfig())
        estimator = PoseEstimator([place.pose for place in built.places], TOLERANCE, PoseConfig())
        rows += [
            row(f'{kind} {seed}, {day.name}', recogniser, estimator, render(world, day), day)
            for day in days
        ]
        recogniser.close()
    table(
        [
            'route of 500 places, day',
            'found again',
            'metres until within 2 m, median / 90 %',
            'published while lost',
            'of these beyond 99 %',
            'frames, metres of these, most',
            'before: published',
            'error m, median / 99 %',
            'beyond 99 %',
        ],
        rows,
    )


def row(
    name: str, recogniser: Recogniser, estimator: PoseEstimator, traverse: Traverse, day: Day
) -> list[str]:
    """Return the figures of a day."""
    rng = np.random.default_rng(day.seed)
    count = len(traverse.images)
    until, lost, wrong, runs, before = [], [], 0, [], []
    for trial in range(TRIALS):
        first, second = rng.integers(0, count - _AFTER, 2).tolist()
        while abs(second - first - _BEFORE) < _FAR:
            second = int(rng.integers(0, count - _AFTER))
        legs = [range(first, first + _BEFORE), range(second, second + _AFTER)]
        before_it, carried = drive(recogniser, estimator, traverse, legs, trial)
        before += before_it[_BEFORE // 2 :]
        near = [
            n for n, step in enumerate(carried) if step.error is not None and step.error < _NEAR
        ]
        end = near[0] if near else len(carried)
        until.append(carried[end].metres if near else math.inf)
        shown = [step for step in carried[:end] if step.square is not None]
        bad = [step for step in shown if step.square is not None and step.square > _CHI]
        lost += shown
        wrong += len(bad)
        runs.append((len(bad), bad[-1].metres if bad else 0.0))
    published = [step for step in before if step.error is not None and step.square is not None]
    errors = np.array([step.error for step in published])
    squares = np.array([step.square for step in published])
    return [
        name,
        f'{np.isfinite(until).sum()} of {TRIALS}',
        f'{np.median(until):.1f} / {np.percentile(until, 90, method="higher"):.1f}',
        str(len(lost)),
        str(wrong),
        f'{max(n for n, _ in runs)}, {max(m for _, m in runs):.1f}',
        f'{len(published) / len(before):.3f}',
        f'{np.median(errors):.2f} / {np.percentile(errors, 99):.2f}',
        f'{np.mean(squares > _CHI):.4f}',
    ]
