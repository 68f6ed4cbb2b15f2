"""The data sets: reference and query images with ground truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vprtempo_ros.demo.route import QUERY, REFERENCE, RenderedDrive
from vprtempo_ros.demo.world import World
from vprtempo_ros.evaluation.truth import GroundTruth, from_positions
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.matching.stages import Route
from vprtempo_ros.sources.folder import FolderFrames

from .report import data_set

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class BenchmarkRoute:
    """Reference and query images, ground truth, and time and distance between places."""

    name: str
    reference: list[Image]
    query: list[Image]
    truth: GroundTruth
    steps: Route


def nordland(places: int) -> BenchmarkRoute:
    """Return the first places of Nordland filtered, summer and winter, exact places correct."""
    summer, winter = _seasons()
    number = np.arange(min(places, len(summer)))
    return BenchmarkRoute(
        f'Nordland {len(number)}',
        summer[:places],
        winter[:places],
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
        GroundTruth(np.arange(len(first)) * _SECOND + 1, np.maximum(first, 0), last),
        Route(len(reference), 1.0),
    )


def street() -> BenchmarkRoute:
    """Return the demo's street, places 2 m apart, correct within 2 m."""
    world = World()
    reference = RenderedDrive(world, REFERENCE)
    wanted = np.searchsorted(reference.distances, np.arange(0, reference.distances[-1], 2.0))
    query = RenderedDrive(world, QUERY, frame_distance=1.0)
    truth = from_positions(query.stamps_ns, query.distances, reference.distances[wanted], 2.0)
    step_s = float(np.median(np.diff(reference.stamps_ns[wanted]))) * 1e-9
    return BenchmarkRoute(
        'street +-2 m',
        [grey_image(reference[int(i)].image) for i in wanted],
        [grey_image(frame.image) for frame in query],
        truth,
        Route(len(wanted), step_s, 2.0),
    )


def _seasons() -> list[list[Image]]:
    folder = data_set('nordland_64x32')
    names = str(folder / 'filtered_names.txt')
    return [
        [frame.image for frame in FolderFrames(folder / season, names)]
        for season in ('summer', 'winter')
    ]
