"""Recall@1 of single frames, one reference traverse: the default beside baselines and variants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.backends.numpy_fp32 import NumpyBackend
from vprtempo_ros.config import BackendConfig, EncodingConfig, TrainingConfig
from vprtempo_ros.demo.route import QUERY, REFERENCE, Drive
from vprtempo_ros.demo.world import World
from vprtempo_ros.encoding import Encoder
from vprtempo_ros.evaluation.baselines import ncc, sad
from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.evaluation.truth import GroundTruth, from_positions
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.network.training import train
from vprtempo_ros.sources.folder import FolderFrames

from .report import data_set, table

SEEDS = 3
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Route:
    """A data set: reference and query images, and which places are right."""

    name: str
    reference: list[Image]
    query: list[Image]
    truth: GroundTruth


def nordland(places: int) -> Route:
    """Return the first places of Nordland filtered, summer and winter, the very place right."""
    folder = data_set('nordland_64x32')
    names = str(folder / 'filtered_names.txt')
    summer, winter = ([frame.image for frame in FolderFrames(folder / season, names)][:places]
                      for season in ('summer', 'winter'))
    number = np.arange(len(summer))
    return Route(f'Nordland {len(number)}', summer, winter, GroundTruth(number, number, number))


def lens() -> Route:
    """Return the LENS example, right within 3 frames as its authors score it."""
    folder = data_set('lens_example')
    reference, query = ([frame.image for frame in FolderFrames(folder / side)]
                        for side in ('reference', 'query'))
    right = np.load(folder / 'ground_truth.npy', allow_pickle=False)
    first = np.array([np.flatnonzero(column)[0] - 3 for column in right.T])
    last = np.array([np.flatnonzero(column)[-1] + 3 for column in right.T])
    number = np.arange(len(first))
    return Route('LENS +-3', reference, query,
                 GroundTruth(number, np.maximum(first, 0), last))


def street() -> Route:
    """Return the demo's street, places 2 m apart, right within 2 m."""
    world = World()
    reference = Drive(world, REFERENCE)
    wanted = np.searchsorted(reference.distances, np.arange(0, reference.distances[-1], 2.0))
    query = Drive(world, QUERY, frame_distance=1.0)
    truth = from_positions(query.stamps_ns, query.distances, reference.distances[wanted], 2.0)
    return Route('street +-2 m', [grey_image(reference[int(i)].image) for i in wanted],
                 [grey_image(frame.image) for frame in query], truth)


def recall(route: Route, similarity: Matrix) -> float:
    """Return recall@1 of a similarity matrix (queries, places)."""
    return recall_at(route.truth, ranked(similarity, 1), 1)


def network_recall(route: Route, encoding: EncodingConfig, training: TrainingConfig) -> str:
    """Return mean and deviation of recall@1 over differently seeded networks."""
    encoder = Encoder(encoding)
    references = np.stack([encoder(image) for image in route.reference])
    queries = [encoder(image) for image in route.query]
    values = []
    for seed in range(SEEDS):
        network = train(references, np.arange(len(references)), replace(training, seed=seed))
        backend = NumpyBackend(network, BackendConfig())
        values.append(recall(route, np.stack([backend.similarity(query) for query in queries])))
    return f'{np.mean(values):.3f} ±{np.std(values):.3f}'


def baseline_recall(route: Route, method: Callable[..., Matrix], encoding: EncodingConfig) -> str:
    """Return recall@1 of template matching on the same pixels."""
    encoder = Encoder(encoding)
    references = np.stack([encoder(image) for image in route.reference])
    queries = np.stack([encoder(image) for image in route.query])
    return f'{recall(route, method(queries, references)):.3f}'


VARIANTS: dict[str, tuple[EncodingConfig, TrainingConfig]] = {
    'network, default': (EncodingConfig(), TrainingConfig()),
    "upstream's threshold rule": (EncodingConfig(), TrainingConfig(threshold_rule='upstream')),
    'clamped readout': (EncodingConfig(), TrainingConfig(readout='clamped')),
    'feature multiplier 2': (EncodingConfig(), TrainingConfig(feature_multiplier=2.0)),
    '4 epochs whatever the length': (EncodingConfig(), TrainingConfig(epochs=4)),
    'patch 7': (EncodingConfig(patch=7), TrainingConfig()),
    'bilinear': (EncodingConfig(resize='bilinear'), TrainingConfig()),
    'bilinear, patch 7 (upstream)': (EncodingConfig(resize='bilinear', patch=7), TrainingConfig()),
}


def bench() -> None:
    """Print the table: methods by data set."""
    cv2.setNumThreads(1)
    routes = [nordland(500), nordland(50), lens(), street()]
    rows: list[list[str]] = []
    pixels = {'default pixels': EncodingConfig(),
              'bilinear, patch 7': EncodingConfig(resize='bilinear', patch=7)}
    for name, method in (('SAD', sad), ('NCC', ncc)):
        rows += [[f'{name}, {which}', *(baseline_recall(route, method, encoding)
                                        for route in routes)]
                 for which, encoding in pixels.items()]
    rows += [[name, *(network_recall(route, *variant) for route in routes)]
             for name, variant in VARIANTS.items()]
    table([f'recall@1 (networks: {SEEDS} seeds)', *(route.name for route in routes)], rows)
