"""Error of ~/pose compared with the pose of the matched place, and its covariance."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.config import (
    BackendConfig,
    BagInputConfig,
    MatchConfig,
    PoseConfig,
    PosesConfig,
    TrainerConfig,
)
from vprtempo_ros.demo.recordings import render_drive
from vprtempo_ros.demo.route import QUERY, REFERENCE, RenderedDrive
from vprtempo_ros.demo.world import World
from vprtempo_ros.frames import Pose
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.pose import PoseEstimate, PoseEstimator
from vprtempo_ros.matching.rotations import rotations_from
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import from_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.sources.traverse import open_traverse

from .report import table

LENGTH = 230.0
WORLDS = (0, 1, 2)
SPACINGS = (2.0, 1.0)
FILTERS = ('bayes', 'none', 'seqslam')
# 95 % of the squares of normalised errors in three dimensions are below this (chi squared).
_CHI = 7.815


class PoseSample(NamedTuple):
    """True pose, pose of the matched place, and the estimate on ~/pose."""

    true: Pose
    place: Pose
    estimate: PoseEstimate


def samples(built: Map, query: Path, sequence: str) -> Iterator[PoseSample]:
    """Yield the frames of a recording with a known place, with default settings."""
    recogniser = Recogniser(
        built, BackendConfig(), from_flat(MatchConfig, {'sequence.filter': sequence})
    )
    poses = [place.pose for place in built.places]
    estimator = PoseEstimator(poses, built.calibration.tolerance, PoseConfig())
    traverse, _ = open_traverse(str(query), BagInputConfig(), PosesConfig())
    for frame in traverse:
        match = recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns))
        if match.place is not None:
            best = match.place
            place, estimate = poses[best], estimator(match.belief, best)
            assert frame.pose is not None and place is not None and estimate is not None
            yield PoseSample(frame.pose, place, estimate)
    recogniser.close()


def normalised(sample: PoseSample) -> float:
    """Return the squared Mahalanobis distance of the error in x, y and yaw."""
    pose, covariance = sample.estimate
    turned = rotations_from(np.array(pose.orientation), np.array([sample.true.orientation]))
    error = np.array([*np.subtract(sample.true.position, pose.position)[:2], turned[0, 2]])
    plane = np.ix_([0, 1, 5], [0, 1, 5])
    return float(error @ np.linalg.solve(covariance[plane], error))


def row(name: str, found: list[PoseSample], frames: int) -> list[str]:
    """Return the figures of the samples of this many frames."""
    plain = np.array([sample.true.distance(sample.place) for sample in found])
    ours = np.array([sample.true.distance(sample.estimate.pose) for sample in found])
    squares = np.array([normalised(sample) for sample in found])
    return [
        name,
        f'{len(found) / frames:.2f}',
        spread(plain),
        spread(ours),
        f'{squares.mean() / 3:.2f}',
        f'{np.median(squares) / 2.366:.2f}',
        f'{np.mean(squares < _CHI):.3f}',
    ]


def spread(errors: NDArray[np.float64]) -> str:
    """Return median and 90th percentile."""
    return f'{np.median(errors):.2f} / {np.percentile(errors, 90):.2f}'


def bench() -> None:
    """Drive through three streets at noon and on a hazy evening, 0.4 m to the left."""
    found: dict[tuple[float, str], list[PoseSample]] = {
        (spacing, name): [] for spacing in SPACINGS for name in FILTERS
    }
    frames = 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in WORLDS:
            world = World(seed=seed, length=LENGTH)
            bags = Path(folder) / f'reference-{seed}', Path(folder) / f'query-{seed}'
            drives = (
                RenderedDrive(world, REFERENCE),
                RenderedDrive(world, QUERY, frame_distance=1.0),
            )
            for path, drive in zip(bags, drives):
                render_drive(drive, path)
            frames += len(drives[1])
            for spacing in SPACINGS:
                built = build_map(
                    from_flat(
                        TrainerConfig,
                        {'bags': [str(bags[0])], 'places.by': 'metres', 'places.spacing': spacing},
                    )
                )
                for name in FILTERS:
                    found[spacing, name] += samples(built, bags[1], name)
    table(
        [
            'street, places every / filter',
            'frames known',
            'matched place m, median / 90 %',
            '~/pose m, median / 90 %',
            'squared normalised error, mean (1)',
            'median (1)',
            'within 95 % (0.95)',
        ],
        [
            row(f'{spacing:g} m, {name}', listed, frames)
            for (spacing, name), listed in found.items()
        ],
    )
