"""Confidence: calibration error, precision, and rejection of out-of-map queries."""

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
from vprtempo_ros.matching.stages import FrameTiming, Route
from vprtempo_ros.options import from_flat

from .report import table
from .routes import BenchmarkRoute, lens, nordland, street, winter_segment
from .trial import queries_of

# Fraction of correct matches that the threshold for out-of-map queries must keep.
KEPT = 0.95
PRECISION = 0.99
BINS = 10


@dataclass(frozen=True)
class Confidences:
    """Best places int64 (frames,) and their confidences float64 (frames,)."""

    places: NDArray[np.int64]
    confidences: NDArray[np.float64]


def map_of(route: BenchmarkRoute) -> Map:
    """Build a map from the reference images, as a user with a folder of images would."""
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(route.reference):
            cv2.imwrite(str(Path(folder) / f'{number:06d}.png'), image.grey())
        return build_map(from_flat(TrainerConfig, {'bags': [folder]}))


def predict(
    built: Map, images: list[Image], stamps: NDArray[np.int64], steps: Route, sequence: str
) -> Confidences:
    """Return best places and confidences of frames in order, without a threshold."""
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
    return Confidences(
        np.array([match.places[0] for match in matches]),
        np.array([match.confidences[0] for match in matches]),
    )


def row(name: str, route: BenchmarkRoute, built: Map, off: list[Image], sequence: str) -> list[str]:
    """Return the figures of one map and filter."""
    found = predict(built, route.query, route.truth.stamps, route.steps, sequence)
    correct = np.array(
        [route.truth.is_correct(query, int(place)) for query, place in enumerate(found.places)]
    )
    order = np.argsort(-found.confidences, kind='stable')
    hits = np.cumsum(correct[order])
    precise = np.flatnonzero(hits >= PRECISION * np.arange(1, len(hits) + 1))
    recall_precise = hits[precise[-1]] / len(hits) if len(precise) else 0.0
    size = (route.query[0].width, route.query[0].height)
    stamps = 1 + np.arange(len(off)) * int(np.median(np.diff(route.truth.stamps)))
    off_map = predict(
        built,
        [grey_image(cv2.resize(image.grey(), size)) for image in off],
        stamps,
        route.steps,
        sequence,
    )
    threshold = np.quantile(found.confidences[correct], 1 - KEPT)
    return [
        f'{route.name}, {sequence}',
        f'{correct.mean():.3f}',
        f'{recall_precise:.3f}',
        f'{calibration_error(found.confidences, correct):.3f}',
        name,
        f'{np.mean(off_map.confidences < threshold):.3f}',
        f'{np.mean(off_map.confidences < 0.5):.3f}',
        f'{np.mean(found.confidences[correct] >= 0.5):.3f}',
    ]


def calibration_error(confidences: NDArray[np.float64], correct: NDArray[np.bool_]) -> float:
    """Return the expected calibration error over bins of equal width."""
    number = np.minimum((confidences * BINS).astype(int), BINS - 1)
    return float(
        sum(
            abs(confidences[number == bin_].sum() - correct[number == bin_].sum())
            for bin_ in range(BINS)
        )
        / len(correct)
    )


def bench() -> None:
    """Print the table: maps and filters by figure."""
    cv2.setNumThreads(1)
    winter = winter_segment(0, 300)
    cases = [
        (nordland(500), 'Nordland 1000-1500', winter_segment(1000, 1500)),
        (nordland(1500), 'Nordland 1600-2700', winter_segment(1600, 2700)),
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
            'out-of-map queries',
            'rejected where 95 % of correct matches are kept',
            'rejected at 0.5',
            'correct matches kept at 0.5',
        ],
        rows,
    )
