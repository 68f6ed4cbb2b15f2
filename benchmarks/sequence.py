"""Sequence filters: time per frame, and recall@1 on Nordland with templates and the network."""

from __future__ import annotations

from itertools import count

import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.arrays import Scores
from vprtempo_ros.config import EncodingConfig, SequenceConfig, TrainerConfig
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.evaluation.baselines import ncc, sad
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.matching.sequence import sequence_filter
from vprtempo_ros.matching.stages import FrameTiming, Route

from .report import seconds_per_call, table
from .routes import nordland
from .trial import encode, network_of, normalised, similarities

SIZES = (1_000, 27_000)
SECOND = 10**9
# Precision at which recall is reported.
PRECISION = 0.99

FILTERS: dict[str, SequenceConfig] = {
    'none': SequenceConfig(filter='none'),
    'seqslam': SequenceConfig(filter='seqslam'),
    'seqslam, speed 1 only': SequenceConfig(filter='seqslam', slowest=1.0, fastest=1.0),
    'bayes': SequenceConfig(filter='bayes'),
    'bayes, speed 1 only': SequenceConfig(filter='bayes', slowest=1.0, fastest=1.0),
}


def cost(config: SequenceConfig, places: int) -> str:
    """Return the median time per frame in milliseconds, with a full window."""
    frames = np.random.default_rng(0).standard_normal((16, places)).astype(np.float32)
    stage = sequence_filter(Route(places, 1.0), config)
    numbers = count(1)

    def one_frame() -> None:
        number = next(numbers)
        stage(frames[number % len(frames)], FrameTiming(number * SECOND))

    for _ in range(config.length + 1):
        one_frame()
    return f'{seconds_per_call(one_frame) * 1e3:.3f}'


def filtered(similarity: Scores, config: SequenceConfig, step: float = 1.0) -> Scores:
    """Return filtered similarities (queries, places), with `step` places per frame."""
    stage = sequence_filter(Route(similarity.shape[1], 1.0), config)
    return np.stack(
        [
            stage(scores, FrameTiming(round((number + 1) * step * SECOND)))
            for number, scores in enumerate(similarity)
        ]
    )


def standardised(similarity: Scores) -> Scores:
    """Return similarities with mean 0 and deviation 1 in each row."""
    centred = similarity - similarity.mean(axis=1, keepdims=True)
    return centred / similarity.std(axis=1, keepdims=True)


def recalls(scores: Scores, true: NDArray[np.number], tolerance: float) -> tuple[float, float]:
    """Return recall@1, and recall at 99 % precision with the best score as confidence."""
    correct = np.abs(scores.argmax(axis=1) - true) <= tolerance
    order = np.argsort(-scores.max(axis=1), kind='stable')
    found = np.cumsum(correct[order])
    precise = np.flatnonzero(found >= PRECISION * np.arange(1, len(found) + 1))
    return float(correct.mean()), float(found[precise[-1]] / len(found)) if len(precise) else 0.0


def bench() -> None:
    """Print the tables: time by size, recall by method and manner of driving."""
    table(
        ['ms a frame', *(f'{size} places' for size in SIZES)],
        [[name, *(cost(config, size) for size in SIZES)] for name, config in FILTERS.items()],
    )
    print()
    route = nordland(2761)
    # The pixels with the best recall of templates (benchmarks.recall).
    encoder = PixelEncoder(EncodingConfig(resize='bilinear', patch=7))
    references = np.stack([encoder(image) for image in route.reference])
    queries = np.stack([encoder(image) for image in route.query])
    true = np.arange(len(queries))
    raw = {'NCC': standardised(ncc(queries, references)), 'SAD': sad(queries, references)}
    # Each place normalised over the whole query: not causal.
    raw['SAD by place'] = standardised(standardised(raw.pop('SAD').T).T)
    config = TrainerConfig()
    pixels = encode(route, config)
    backend = network_of(pixels, config)
    raw['network'] = normalised(
        similarities(backend, pixels),
        measure_responses(backend, pixels.shown, config.places.tolerance),
    )
    rows = []
    for method, scores in raw.items():
        for name, settings in FILTERS.items():
            exact, precise = recalls(filtered(scores, settings), true, 0)
            backwards, _ = recalls(filtered(scores[::-1], settings), true[::-1], 0)
            double, _ = recalls(filtered(scores[::2], settings), true[::2], 0)
            half, _ = recalls(filtered(standardised(scores[:, ::2]), settings), true / 2, 1)
            rows.append(
                [
                    f'{method}, {name}',
                    *(f'{value:.3f}' for value in (exact, precise, backwards, double, half)),
                ]
            )
    table(
        [
            route.name,
            'recall@1',
            'at 99 % precision',
            'in reverse',
            'double speed',
            'half speed, +-1',
        ],
        rows,
    )
