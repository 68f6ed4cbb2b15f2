"""Recall@1 of single frames with one reference traverse, of all variants tried."""

from __future__ import annotations

from typing import Callable
from unittest.mock import patch

import cv2
import numpy as np

from vprtempo_ros.arrays import Spikes
from vprtempo_ros.backends import Backend
from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.evaluation.baselines import Ncc, Sad
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.network import ridge
from vprtempo_ros.options import from_flat

from .report import table
from .routes import BenchmarkRoute, lens, nordland, street
from .trial import encode, network_of, normalised, recall, similarities

Settings = dict[str, object]

# Networks with different seeds per figure.
SEEDS = 2

UPSTREAM: Settings = {
    'encoding.resize': 'bilinear',
    'encoding.patch': 7,
    'encoding.adapt': False,
    'training.augment': False,
    'training.outputs': 'stdp',
    'training.places_per_module': 500,
    'training.threshold_rule': 'upstream',
}
PUBLISHED_RULE: Settings = {'training.outputs': 'stdp', 'training.places_per_module': 500}

# One setting changed at a time, unless the name says otherwise.
VARIANTS: dict[str, Settings] = {
    'defaults': {},
    'upstream: 28x28 bilinear, patch 7, STDP, modules of 500': UPSTREAM,
    'published rule instead (STDP presentation by presentation)': PUBLISHED_RULE,
    'published rule, 4 times the presentations': {**PUBLISHED_RULE, 'training.epochs': 2},
    "published rule, upstream's thresholds": {
        **PUBLISHED_RULE,
        'training.threshold_rule': 'upstream',
    },
    'published rule, no copies': {**PUBLISHED_RULE, 'training.augment': False},
    'no copies': {'training.augment': False},
    'pixels not standardised': {'encoding.encoder': 'pixels', 'encoding.adapt': False},
    'neither': {'training.augment': False, 'encoding.adapt': False},
    'patch 7': {'encoding.encoder': 'pixels', 'encoding.patch': 7},
    'patch 11': {'encoding.encoder': 'pixels', 'encoding.patch': 11},
    'patch 21': {'encoding.encoder': 'pixels', 'encoding.patch': 21},
    'bilinear': {'encoding.encoder': 'pixels', 'encoding.resize': 'bilinear'},
    '20x20': {
        'encoding.encoder': 'pixels',
        'encoding.width': 20,
        'encoding.height': 20,
        'encoding.patch': 11,
    },
    '40x40, patch 21': {
        'encoding.encoder': 'pixels',
        'encoding.width': 40,
        'encoding.height': 40,
        'encoding.patch': 21,
    },
    '64x32 (width x height)': {
        'encoding.encoder': 'pixels',
        'encoding.width': 64,
        'encoding.height': 32,
    },
    'feature multiplier 1': {'training.feature_multiplier': 1.0},
    'feature multiplier 4': {'training.feature_multiplier': 4.0},
    'excitatory 0.5': {'training.excitatory': 0.5},
    'inhibitory 0.1': {'training.inhibitory': 0.1},
    'features as drawn, untrained': {'training.stdp_rate': 0.0, 'training.threshold_rate': 0.0},
    'clamped readout': {'training.readout': 'clamped'},
    'modules of 500': {'training.places_per_module': 500},
}
# In units of the default weight decay of the output layer.
DECAYS = (0.1, 1.0, 3.0)


def network_recall(route: BenchmarkRoute, settings: Settings) -> tuple[list[float], list[float]]:
    """Return recall@1 by seed, with places normalised and without."""
    with_, without = [], []
    config = from_flat(TrainerConfig, settings)
    pixels = encode(route, config)
    for seed in range(SEEDS):
        config.training.seed = seed
        backend = network_of(pixels, config)
        matrix = similarities(backend, pixels)
        statistics = measure_responses(backend, pixels.shown, config.places.tolerance)
        with_.append(recall(route, normalised(matrix, statistics)))
        without.append(recall(route, matrix))
        backend.close()
    return with_, without


def ensemble_recall(route: BenchmarkRoute, seeds: int) -> float:
    """Return recall@1 of the summed, normalised similarities of networks with different seeds."""
    config = TrainerConfig()
    pixels = encode(route, config)
    total = np.zeros((len(pixels.queries), len(pixels.shown)), np.float32)
    for seed in range(seeds):
        config.training.seed = seed
        backend = network_of(pixels, config)
        statistics = measure_responses(backend, pixels.shown, config.places.tolerance)
        total += normalised(similarities(backend, pixels), statistics)
        backend.close()
    return recall(route, total)


def baseline_recall(
    route: BenchmarkRoute, engine: Callable[[Spikes], Backend], settings: Settings, how: str
) -> float:
    """Return recall@1 of template matching: raw, normalised by place, or over the query."""
    config = from_flat(TrainerConfig, {**settings, 'training.augment': False})
    pixels = encode(route, config)
    templates = engine(pixels.shown)
    matrix = similarities(templates, pixels)
    if how == 'by place':
        matrix = normalised(
            matrix, measure_responses(templates, pixels.shown, config.places.tolerance)
        )
    elif how == 'over the query':
        matrix = (matrix - matrix.mean(0)) / (matrix.std(0) + 1e-9)
    return recall(route, matrix)


def bench() -> None:
    """Print the table: methods by data set."""
    cv2.setNumThreads(1)
    routes = [nordland(500), nordland(2761), lens(), street()]
    rows: list[list[str]] = []
    plain: Settings = {'encoding.encoder': 'pixels', 'encoding.adapt': False}
    pixels = {
        "upstream's pixels": {**plain, 'encoding.resize': 'bilinear', 'encoding.patch': 7},
        'our pixels, not standardised': plain,
        'our pixels': {},
    }
    for name, engine in (('SAD', Sad), ('NCC', Ncc)):
        for which, settings in pixels.items():
            for how in ('', 'by place', 'over the query'):
                rows.append(
                    [
                        f'{name}, {which}{", " + how if how else ""}',
                        *(
                            f'{baseline_recall(route, engine, settings, how):.3f}'
                            for route in routes
                        ),
                    ]
                )
    raw: list[str] = []
    for name, settings in VARIANTS.items():
        found = [network_recall(route, settings) for route in routes]
        rows.append([f'network, {name}', *(f'{np.mean(values):.3f}' for values, _ in found)])
        if name == 'defaults':
            raw = [
                'network, places not normalised',
                *(f'{np.mean(values):.3f}' for _, values in found),
            ]
        print(rows[-1], flush=True)
    rows.append(raw)
    for factor in DECAYS:
        with patch.object(ridge, 'DECAY', factor * ridge.DECAY):
            rows.append(
                [
                    f'network, weight decay {factor:g} times the default',
                    *(f'{np.mean(network_recall(route, {})[0]):.3f}' for route in routes),
                ]
            )
    rows.append(
        ['network, ensemble of 4 seeds', *(f'{ensemble_recall(route, 4):.3f}' for route in routes)]
    )
    table(['recall@1, single frames', *(route.name for route in routes)], rows)
