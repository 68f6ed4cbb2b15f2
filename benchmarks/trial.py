"""A network trained on a route and run on its query, as in the node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vprtempo_ros.arrays import Indices, Scores, Spikes
from vprtempo_ros.backends import Backend
from vprtempo_ros.backends.numpy_fp32 import NumpyBackend
from vprtempo_ros.config import BackendConfig, TrainerConfig
from vprtempo_ros.encoding.adaptation import Adaptation
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.frames import Image
from vprtempo_ros.maps.samples import SampleEncoder, TraverseSamples, TrialFrames, training_samples
from vprtempo_ros.matching.normalisation import Normaliser
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.network.training import train
from vprtempo_ros.statistics import Statistics

from .routes import BenchmarkRoute


@dataclass(frozen=True)
class EncodedRoute:
    """A route as spikes: samples with augmentations and their places, places, queries."""

    samples: Spikes
    places: Indices
    shown: Spikes
    queries: Spikes
    statistics: Statistics


def encode(route: BenchmarkRoute, config: TrainerConfig) -> EncodedRoute:
    """Encode reference and query; the query causally, in order."""
    encode_samples, adapt = SampleEncoder(config), config.encoding.adapt
    numbers = np.arange(len(route.reference))
    spikes = np.stack([encode_samples(image) for image in route.reference])
    samples = TraverseSamples(spikes, numbers, numbers, TrialFrames.none(spikes.shape[-1]))
    return EncodedRoute(
        *training_samples([samples], adapt),
        samples.shown(adapt),
        queries_of(route.query, config, samples.statistics),
        samples.statistics,
    )


def queries_of(images: list[Image], config: TrainerConfig, statistics: Statistics) -> Spikes:
    """Return the spikes of query images for the network."""
    encoder, adaptation = encoder_for(config), Adaptation(statistics)
    return np.stack(
        [
            adaptation(encoder(image)) if config.encoding.adapt else encoder(image)
            for image in images
        ]
    )


def network_of(pixels: EncodedRoute, config: TrainerConfig) -> NumpyBackend:
    """Train, and return the backend."""
    return NumpyBackend(train(pixels.samples, pixels.places, config.training), BackendConfig())


def similarities(backend: Backend, pixels: EncodedRoute) -> Scores:
    """Return the similarities float32 (queries, places)."""
    return np.stack([backend.similarity(query) for query in pixels.queries])


def normalised(matrix: Scores, statistics: Statistics) -> Scores:
    """Return the similarities normalised by the statistics of each place."""
    normalise = Normaliser(statistics)
    return np.stack([normalise(row, FrameTiming(0)) for row in matrix])


def recall(route: BenchmarkRoute, scores: Scores) -> float:
    """Return recall@1 of scores (queries, places)."""
    return recall_at(route.truth, ranked(scores, 1), 1)
