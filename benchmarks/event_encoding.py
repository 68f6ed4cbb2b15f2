"""Encodings of event counts: recall@1 on the frames of LENS and the events of the street."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from vprtempo_ros.config import BagInputConfig, EventsConfig, PosesConfig, TrainerConfig
from vprtempo_ros.demo.event_route import record_events
from vprtempo_ros.evaluation.baselines import Sad
from vprtempo_ros.evaluation.truth import from_positions
from vprtempo_ros.frames import Image, counts_of, grey_image
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.matching.stages import Route
from vprtempo_ros.options import from_flat
from vprtempo_ros.sources.traverse import open_traverse

from .report import table
from .routes import BenchmarkRoute, lens
from .trial import encode, network_of, normalised, recall, similarities

Settings = dict[str, object]

# Networks with different seeds per figure.
SEEDS = 5
_SPACING, _TOLERANCE = 2.0, 2.0

CAMERA: Settings = {'input.type': 'image'}
# As LENS prepares its frames: one pixel of many, counts as they are.
LENS: Settings = {
    'encoding.resize': 'nth',
    'encoding.tone': 'linear',
    'encoding.contrast': 'none',
    'encoding.adapt': False,
    'training.augment': False,
}
VARIANTS: dict[str, Settings] = {
    'defaults for events': {},
    'as a camera: counts as grey values': CAMERA,
    **{
        f'tone {tone}': {'encoding.encoder': 'pixels', 'encoding.tone': tone}
        for tone in ('linear', 'root4', 'log')
    },
    'counts not normalised': {'encoding.encoder': 'pixels', 'encoding.contrast': 'none'},
    'patch 9': {'encoding.encoder': 'pixels', 'encoding.patch': 9},
    'patch 21': {'encoding.encoder': 'pixels', 'encoding.patch': 21},
    'pixels not standardised': {'encoding.encoder': 'pixels', 'encoding.adapt': False},
    'no copies': {'training.augment': False},
    'neither': {'encoding.encoder': 'pixels', 'encoding.adapt': False, 'training.augment': False},
    'published rule (STDP) instead': {'training.outputs': 'stdp'},
    'published rule, neither': {
        'training.outputs': 'stdp',
        'encoding.adapt': False,
        'training.augment': False,
    },
    **{
        f'LENS: every {which} pixel, {side}x{side}': {
            **LENS,
            'encoding.encoder': 'pixels',
            'encoding.width': side,
            'encoding.height': side,
        }
        for side, which in ((10, '8th'), (20, '4th'), (40, '2nd'))
    },
}
WINDOWS: dict[str, EventsConfig] = {
    'windows of 0.1 s': EventsConfig(),
    'of 0.05 s': EventsConfig(period=0.05),
    'of 0.2 s': EventsConfig(period=0.2),
    'of 20000 events': EventsConfig(window='count', count=20000),
    'trace, 0.1 s': EventsConfig(window='leaky'),
    'split': EventsConfig(polarity='split'),
    'signed': EventsConfig(polarity='signed'),
    'hot pixels kept': EventsConfig(hot_pixels=0.0),
}


def lens_counts() -> BenchmarkRoute:
    """Return LENS's example as counts."""
    route = lens()
    return replace(
        route,
        reference=[counts_of(image, False) for image in route.reference],
        query=[counts_of(image, False) for image in route.query],
    )


def events_of_the_street(folder: Path, config: EventsConfig, name: str) -> BenchmarkRoute:
    """Return the demo's drives as events, a place every 2 m, correct within 2 m of the pose."""
    traverses = []
    for side in ('reference', 'query'):
        traverse, _ = open_traverse(
            str(folder / side), BagInputConfig(type='events', events=config), PosesConfig()
        )
        traverses.append([frame for frame in traverse if frame.pose])
    positions = [
        np.array([frame.pose.position[:2] for frame in frames if frame.pose])
        for frames in traverses
    ]
    # Distance along the reference; that of the query is that of the nearest reference point.
    steps = np.linalg.norm(np.diff(positions[0], axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.searchsorted(along, np.arange(0, along[-1], _SPACING))
    nearest = [int(np.linalg.norm(positions[0] - at, axis=1).argmin()) for at in positions[1]]
    stamps = np.array([frame.stamp_ns for frame in traverses[1]])
    truth = from_positions(stamps, along[nearest], along[wanted], _TOLERANCE)
    return BenchmarkRoute(
        name,
        [traverses[0][int(index)].image for index in wanted],
        [frame.image for frame in traverses[1]],
        truth,
        Route(len(wanted), 0.4, _SPACING),
    )


def row(route: BenchmarkRoute, settings: Settings) -> list[str]:
    """Return template matching, and the network with and without its places normalised."""
    config = from_flat(TrainerConfig, {'input.type': 'events', **settings})
    if config.input.type == 'image':
        route = _as_grey(route)
    pixels = encode(route, config)
    with_, without = [], []
    for seed in range(SEEDS):
        config.training.seed = seed
        backend = network_of(pixels, config)
        found = similarities(backend, pixels)
        without.append(recall(route, found))
        with_.append(
            recall(
                route,
                normalised(
                    found, measure_responses(backend, pixels.shown, config.places.tolerance)
                ),
            )
        )
        backend.close()
    return [
        f'{recall(route, similarities(Sad(pixels.shown), pixels)):.3f}',
        *(f'{np.mean(values):.3f} ±{np.std(values):.3f}' for values in (without, with_)),
    ]


def _as_grey(route: BenchmarkRoute) -> BenchmarkRoute:
    """Return counts as a camera's grey values."""

    def grey(images: list[Image]) -> list[Image]:
        return [
            grey_image(np.clip(image.pixels[..., 0], 0, 255).astype(np.uint8)) for image in images
        ]

    return replace(route, reference=grey(route.reference), query=grey(route.query))


def bench() -> None:
    """Print the tables: encodings, and how events are accumulated."""
    cv2.setNumThreads(1)
    what = ('SAD', 'network', 'places normalised')
    with tempfile.TemporaryDirectory() as folder:
        record_events(Path(folder), 230.0, 10.0)
        routes = [
            lens_counts(),
            events_of_the_street(Path(folder), EventsConfig(), 'street, events'),
        ]
        rows = [
            [name, *(cell for route in routes for cell in row(route, settings))]
            for name, settings in VARIANTS.items()
        ]
        table(
            [
                f'recall@1 ({SEEDS} seeds)',
                *(f'{route.name}: {which}' for route in routes for which in what),
            ],
            rows,
        )
        print()
        rows = []
        for name, config in WINDOWS.items():
            route = events_of_the_street(Path(folder), config, name)
            rows.append([name, str(len(route.query)), *row(route, {})])
        table(['street, defaults', 'frames', *what], rows)
