"""The data sets as reference and query images with their truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vprtempo_ros.demo.route import QUERY, REFERENCE, RenderedDrive
from vprtempo_ros.demo.world import World
from vprtempo_ros.evaluation.truth import GroundTruth, from_positions
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.matching.stages import Route as Steps
from vprtempo_ros.sources.folder import FolderFrames

from .report import data_set

_SECOND = 1_000_000_000


@dataclass(frozen=True)
class Route:
    """Reference and query images, which places are right, and time and way between places."""

    name: str
    reference: list[Image]
    query: list[Image]
    truth: GroundTruth
    steps: Steps


def nordland(places: int) -> Route:
    """Return the first places of Nordland filtered, summer and winter, the very place right."""
    summer, winter = _seasons()
    number = np.arange(min(places, len(summer)))
    return Route(
        f'Nordland {len(number)}',
        summer[:places],
        winter[:places],
        GroundTruth(number * _SECOND + 1, number, number),
        Steps(len(number), 1.0),
    )


def elsewhere(begin: int, end: int) -> list[Image]:
    """Return a stretch of Nordland in winter, for maps that end before it."""
    return _seasons()[1][begin:end]


def lens() -> Route:
    """Return the LENS example, right within 3 frames as its authors score it."""
    folder = data_set('lens_example')
    reference, query = (
        [frame.image for frame in FolderFrames(folder / side)] for side in ('reference', 'query')
    )
    right = np.load(folder / 'ground_truth.npy', allow_pickle=False)
    first = np.array([np.flatnonzero(column)[0] - 3 for column in right.T])
    last = np.array([np.flatnonzero(column)[-1] + 3 for column in right.T])
    return Route(
        'LENS +-3',
        reference,
        query,
        GroundTruth(np.arange(len(first)) * _SECOND + 1, np.maximum(first, 0), last),
        Steps(len(reference), 1.0),
    )


def street() -> Route:
    """Return the demo's street, places 2 m apart, right within 2 m."""
    world = World()
    reference = RenderedDrive(world, REFERENCE)
    wanted = np.searchsorted(reference.distances, np.arange(0, reference.distances[-1], 2.0))
    query = RenderedDrive(world, QUERY, frame_distance=1.0)
    truth = from_positions(query.stamps_ns, query.distances, reference.distances[wanted], 2.0)
    step_s = float(np.median(np.diff(reference.stamps_ns[wanted]))) * 1e-9
    return Route(
        'street +-2 m',
        [grey_image(reference[int(i)].image) for i in wanted],
        [grey_image(frame.image) for frame in query],
        truth,
        Steps(len(wanted), step_s, 2.0),
    )


def _seasons() -> list[list[Image]]:
    folder = data_set('nordland_64x32')
    names = str(folder / 'filtered_names.txt')
    return [
        [frame.image for frame in FolderFrames(folder / season, names)]
        for season in ('summer', 'winter')
    ]
