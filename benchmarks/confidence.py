"""What confidences are worth: calibration error, precision, and queries from elsewhere."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.backends import create
from vprtempo_ros.config import BackendConfig, MatchConfig, TrainerConfig
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.matching.stages import Route as Steps
from vprtempo_ros.options import from_flat

from .report import table
from .routes import Route, elsewhere, lens, nordland, street
from .trial import queries_of

# The part of right answers that the threshold for the unknown place has to keep.
KEPT = 0.95
PRECISION = 0.99
BINS = 10


@dataclass(frozen=True)
class Given:
    """Best places int64 (frames,) and their confidences float64 (frames,)."""

    places: NDArray[np.int64]
    confidences: NDArray[np.float64]


def map_of(route: Route) -> Map:
    """Build a map from the reference images, as a user with a folder of images would."""
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(route.reference):
            cv2.imwrite(str(Path(folder) / f'{number:06d}.png'), image.grey())
        return build_map(from_flat(TrainerConfig, {'bags': [folder]}))


def ask(
    built: Map, images: list[Image], stamps: NDArray[np.int64], steps: Steps, sequence: str
) -> Given:
    """Return what the map answers to frames in their order; nothing is held back."""
    backend = create(built.network, BackendConfig())
    matcher = Matcher(
        steps,
        built.response_statistics,
        built.calibration,
        from_flat(MatchConfig, {'min_confidence': 0.0, 'sequence.filter': sequence}),
    )
    matches = [
        matcher(backend.similarity(spikes), FrameTiming(int(stamp)))
        for spikes, stamp in zip(queries_of(images, built.config, built.pixel_statistics), stamps)
    ]
    backend.close()
    return Given(
        np.array([match.places[0] for match in matches]),
        np.array([match.confidences[0] for match in matches]),
    )


def row(name: str, route: Route, built: Map, off: list[Image], sequence: str) -> list[str]:
    """Return the figures of one map and filter."""
    given = ask(built, route.query, route.truth.stamps, route.steps, sequence)
    right = np.array(
        [route.truth.is_correct(query, int(place)) for query, place in enumerate(given.places)]
    )
    order = np.argsort(-given.confidences, kind='stable')
    hits = np.cumsum(right[order])
    precise = np.flatnonzero(hits >= PRECISION * np.arange(1, len(hits) + 1))
    recall_precise = hits[precise[-1]] / len(hits) if len(precise) else 0.0
    size = (route.query[0].width, route.query[0].height)
    stamps = 1 + np.arange(len(off)) * int(np.median(np.diff(route.truth.stamps)))
    away = ask(
        built,
        [grey_image(cv2.resize(image.grey(), size)) for image in off],
        stamps,
        route.steps,
        sequence,
    )
    threshold = np.quantile(given.confidences[right], 1 - KEPT)
    return [
        f'{route.name}, {sequence}',
        f'{right.mean():.3f}',
        f'{recall_precise:.3f}',
        f'{calibration_error(given.confidences, right):.3f}',
        name,
        f'{np.mean(away.confidences < threshold):.3f}',
        f'{np.mean(away.confidences < 0.5):.3f}',
        f'{np.mean(given.confidences[right] >= 0.5):.3f}',
    ]


def calibration_error(confidences: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over bins of equal width."""
    number = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return float(
        sum(
            abs(confidences[number == bin_].sum() - right[number == bin_].sum())
            for bin_ in range(BINS)
        )
        / len(right)
    )


def bench() -> None:
    """Print the table: maps and filters by figure."""
    cv2.setNumThreads(1)
    winter = elsewhere(0, 300)
    cases = [
        (nordland(500), 'Nordland 1000-1500', elsewhere(1000, 1500)),
        (nordland(1500), 'Nordland 1600-2700', elsewhere(1600, 2700)),
        (nordland(2761), 'LENS', lens().query),
        (lens(), 'Nordland', winter),
        (street(), 'Nordland', winter),
    ]
    rows = []
    for route, name, off in cases:
        built = map_of(route)
        rows += [
            row(name, route, built, off, sequence) for sequence in ('none', 'seqslam', 'bayes')
        ]
    table(
        [
            '',
            'recall@1',
            'at 99 % precision',
            'calibration error',
            'queries from elsewhere',
            'rejected where 95 % of right are kept',
            'rejected at 0.5',
            'right kept at 0.5',
        ],
        rows,
    )
