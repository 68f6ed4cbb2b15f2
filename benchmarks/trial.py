"""A network trained on a route and asked about its query, as the node would be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.backends import Backend
from vprtempo_ros.backends.numpy_fp32 import NumpyBackend
from vprtempo_ros.config import BackendConfig, TrainerConfig
from vprtempo_ros.encoding.adaptation import Adaptation, standardise
from vprtempo_ros.encoding.encoders import encoder_for
from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.frames import Image
from vprtempo_ros.maps.samples import Samples
from vprtempo_ros.matching.normalisation import Normaliser
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.network.training import train
from vprtempo_ros.statistics import Statistics

from .routes import Route

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Pixels:
    """A route as spikes: samples with their copies and places, the places, the queries."""

    samples: NDArray[np.uint8]
    places: NDArray[np.int64]
    shown: NDArray[np.uint8]
    queries: NDArray[np.uint8]
    usual: Statistics


def encode(route: Route, config: TrainerConfig) -> Pixels:
    """Encode reference and query; the query in its order, with nothing from its future."""
    samples = Samples(config)
    samples.start()
    for place, image in enumerate(route.reference):
        samples.add(place, samples.encode(image))
    usual = samples.usual(0)
    frames = samples.frames(0)
    return Pixels(
        *samples.shown(1),
        standardise(frames, usual) if config.encoding.adapt else frames,
        queries_of(route.query, config, usual),
        usual,
    )


def queries_of(images: list[Image], config: TrainerConfig, usual: Statistics) -> NDArray[np.uint8]:
    """Return the spikes of query images as the network takes them."""
    encoder, adaptation = encoder_for(config), Adaptation(usual)
    return np.stack(
        [
            adaptation(encoder(image)) if config.encoding.adapt else encoder(image)
            for image in images
        ]
    )


def network_of(pixels: Pixels, config: TrainerConfig) -> NumpyBackend:
    """Train, and return what runs."""
    return NumpyBackend(train(pixels.samples, pixels.places, config.training), BackendConfig())


def answers(backend: Backend, pixels: Pixels) -> Matrix:
    """Return the similarities float32 (queries, places)."""
    return np.stack([backend.similarity(query) for query in pixels.queries])


def normalised(similarities: Matrix, usual: Statistics) -> Matrix:
    """Return each place's similarities against its usual ones."""
    normalise = Normaliser(usual)
    return np.stack([normalise(row, FrameTiming(0)) for row in similarities])


def recall(route: Route, scores: Matrix) -> float:
    """Return recall@1 of scores (queries, places)."""
    return recall_at(route.truth, ranked(scores, 1), 1)
