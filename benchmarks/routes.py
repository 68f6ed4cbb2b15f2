"""The data sets: reference and query images with ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vprtempo_ros.demo.route import QUERY, REFERENCE, RenderedDrive
from vprtempo_ros.demo.world import World
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth, from_positions
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.matching.stages import Route
from vprtempo_ros.sources.folder import FolderFrames

from .moved.day import Day
from .moved.rendered import TOLERANCE, RenderedRoute
from .report import data_set

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class BenchmarkRoute:
    """
    Reference and query images, ground truth, and time and distance between places.

    tolerance: places.tolerance of the route's map; ordered: whether the query is a drive.
    """

    name: str
    reference: list[Image]
    query: list[Image]
    truth: GroundTruth
    steps: Route
    tolerance: int = 1
    ordered: bool = True


def nordland(places: int, begin: int = 0) -> BenchmarkRoute:
    """Return places of Nordland filtered, from `begin`, summer and winter, exact places correct."""
    summer, winter = (images[begin : begin + places] for images in _seasons())
    number = np.arange(len(summer))
    return BenchmarkRoute(
        f'Nordland {begin} to {begin + len(number)}' if begin else f'Nordland {len(number)}',
        summer,
        winter,
        GroundTruth(number * _SECOND + 1, number, number),
        Route(len(number), 1.0),
    )


def winter_segment(begin: int, end: int) -> list[Image]:
    """Return a segment of Nordland in winter, for maps that end before it."""
    return _seasons()[1][begin:end]


def lens() -> BenchmarkRoute:
    """Return the LENS example, correct within 3 frames as its authors evaluate it."""
    folder = data_set('lens_example')
    reference, query = (
        [frame.image for frame in FolderFrames(folder / side)] for side in ('reference', 'query')
    )
    correct = np.load(folder / 'ground_truth.npy', allow_pickle=False)
    first = np.array([np.flatnonzero(column)[0] - 3 for column in correct.T])
    last = np.array([np.flatnonzero(column)[-1] + 3 for column in correct.T])
    return BenchmarkRoute(
        'LENS +-3',
        reference,
        query,
        GroundTruth(
            np.arange(len(first)) * _SECOND + 1,
            np.maximum(first, 0),
            np.minimum(last, len(reference) - 1),
        ),
        Route(len(reference), 1.0),
        tolerance=3,
    )


def gardens_point(exchanged: bool = False) -> BenchmarkRoute:
    """Return Gardens Point by day, left and right side of the path, correct within 2 frames."""
    name = f'Gardens Point{", exchanged" if exchanged else ""}'
    return _pairs(name, 'gardens_point', 2, True, exchanged)


def sped() -> BenchmarkRoute:
    """Return 300 pairs of webcam images of SPED, which are no route, exact places correct."""
    return _pairs('SPED 300', 'sped_300', 0, False)


def rendered(route: RenderedRoute, day: Day) -> BenchmarkRoute:
    """Return a rendered route on a day, correct within 2 places; off the map none is."""
    seen, step_s = route.query(day), float(np.median(np.diff(route.reference.stamps)))
    place, last = seen.place, len(route.reference.images) - 1
    on_map = place >= 0
    first = np.where(on_map, np.maximum(place - TOLERANCE, 0), NO_PLACE)
    return BenchmarkRoute(
        f'{route.kind} {route.seed}, {day.name}',
        [grey_image(image) for image in route.reference.images],
        [grey_image(image) for image in seen.traverse.images],
        GroundTruth(
            np.rint(seen.traverse.stamps * _SECOND).astype(np.int64) + 1,
            first,
            np.where(on_map, np.minimum(place + TOLERANCE, last), NO_PLACE),
        ),
        Route(last + 1, step_s),
        tolerance=TOLERANCE,
    )


def street(seed: int = 0) -> BenchmarkRoute:
    """Return a street of the demo, places 2 m apart, correct within 2 m."""
    world = World(seed)
    reference = RenderedDrive(world, REFERENCE)
    wanted = np.searchsorted(reference.distances, np.arange(0, reference.distances[-1], 2.0))
    query = RenderedDrive(world, QUERY, frame_distance=1.0)
    truth = from_positions(query.stamps_ns, query.distances, reference.distances[wanted], 2.0)
    step_s = float(np.median(np.diff(reference.stamps_ns[wanted]))) * 1e-9
    return BenchmarkRoute(
        f'street {seed} +-2 m' if seed else 'street +-2 m',
        [grey_image(reference[int(i)].image) for i in wanted],
        [grey_image(frame.image) for frame in query],
        truth,
        Route(len(wanted), step_s, 2.0),
    )


def _pairs(
    name: str, folder: str, tolerance: int, ordered: bool, exchanged: bool = False
) -> BenchmarkRoute:
    """Return two folders of images with the same names, frame n of the query at place n."""
    sides = ('query', 'reference') if exchanged else ('reference', 'query')
    reference, query = (
        [frame.image for frame in FolderFrames(data_set(folder) / side)] for side in sides
    )
    number = np.arange(len(query))
    return BenchmarkRoute(
        name,
        reference,
        query,
        GroundTruth(
            number * _SECOND + 1,
            np.maximum(number - tolerance, 0),
            np.minimum(number + tolerance, len(reference) - 1),
        ),
        Route(len(reference), 1.0),
        # Confidence is a promise within at least one place.
        tolerance=max(tolerance, 1),
        ordered=ordered,
    )


def _seasons() -> list[list[Image]]:
    folder = data_set('nordland_64x32')
    names = str(folder / 'filtered_names.txt')
    return [
        [frame.image for frame in FolderFrames(folder / season, names)]
        for season in ('summer', 'winter')
    ]
