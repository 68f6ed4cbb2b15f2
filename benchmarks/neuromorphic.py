"""Backends for neuromorphic hardware, in simulation: bit equality, times, recall, energy."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros import backends
from vprtempo_ros.api import build_map
from vprtempo_ros.backends.in_flight import InFlight
from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.config import (
    BackendConfig,
    BootstrapConfig,
    EnergyConfig,
    LavaConfig,
    PosesConfig,
    SinabsConfig,
    TrainerConfig,
    TrainingConfig,
)
from vprtempo_ros.demo.event_route import record_events
from vprtempo_ros.demo.recordings import SPACING
from vprtempo_ros.energy.breakdown import energy_breakdown
from vprtempo_ros.energy.layers import layers_of
from vprtempo_ros.energy.operations import dense, graded, rate
from vprtempo_ros.energy.smaller import eight_bits
from vprtempo_ros.energy.speck import exceeded
from vprtempo_ros.errors import BackendError
from vprtempo_ros.evaluation.query import QueryConfig, read_query
from vprtempo_ros.evaluation.recall import ranked, recall_at
from vprtempo_ros.evaluation.truth import GroundTruth
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.network.network import LinearNetwork, Network
from vprtempo_ros.network.spiking.network import SpikingNetwork, similarity
from vprtempo_ros.network.spiking.training import Trainer
from vprtempo_ros.network.training import train
from vprtempo_ros.options import Value
from vprtempo_ros.support.progress import silent

from .comparison import map_of_images
from .quantisation import untrained
from .report import table
from .routes import BenchmarkRoute, lens, nordland
from .trial import EncodedRoute, encode, normalised, queries_of, recall

Spikes = NDArray[np.uint8]
Matrix = NDArray[np.float32]
# Orientations and cells on a side of encoder oriented: the default, and sizes that fit a Speck.
SIZES = ((16, 12), (8, 8), (16, 5))
# Metres of the event demo; rendering takes a second for each.
LENGTH = 40.0


def bench() -> None:
    """Print the tables."""
    cv2.setNumThreads(1)
    print('### lava against integer, Nordland, 1000 frames of winter, 784-1568-500 twice\n')
    _lava_equals_integer()
    print('\n### lava, 784-1568-500, simulated\n')
    _lava_times()
    route = nordland(500)
    pixels = encode(route, TrainerConfig())
    print('\n### sinabs, Nordland 500\n')
    _sinabs(route, pixels)
    print('\n### bootstrap and STDP, Nordland 500\n')
    _bootstrap(route, pixels)
    print('\n### Speck, LENS example, within 3 frames\n')
    _speck(lens())
    print('\n### Speck, event demo, within 2 m\n')
    with tempfile.TemporaryDirectory() as name:
        _speck_events(Path(name))
    print('\n### energy of a frame, Nordland 500, operations alone\n')
    _energy(route, pixels)


def _speck(route: BenchmarkRoute) -> None:
    """Maps with fewer inputs, with weights of 8 bits and with rates."""
    rows = []
    for orientations, cells in SIZES:
        images = (image.grey() for image in route.reference)
        built = map_of_images(images, route.tolerance, 'oriented', _sizes(orientations, cells))
        queries = queries_of(route.query, built.config, built.pixel_statistics)
        rows.append(_speck_row(built.network, queries, route.truth))
    _speck_table(rows)


def _speck_events(folder: Path) -> None:
    """Do the same for the events of the demo."""
    drives = record_events(folder, LENGTH, 10.0)
    rows = []
    for orientations, cells in SIZES:
        settings: dict[str, Value] = {
            **drives.trainer,
            'places.spacing': SPACING,
            **_sizes(orientations, cells),
        }
        built = build_map([str(drives.reference)], folder / f'{orientations}x{cells}', settings)
        config = QueryConfig(replace(built.config.input, topic=drives.topic), PosesConfig())
        query = read_query(str(drives.query), built, config)
        rows.append(_speck_row(built.network, query.spikes, drives.truth(built)))
    _speck_table(rows)


def _sizes(orientations: int, cells: int) -> dict[str, Value]:
    return {'encoding.oriented.orientations': orientations, 'encoding.oriented.cells': cells}


def _speck_row(network: Network, queries: Spikes, truth: GroundTruth) -> list[str]:
    assert isinstance(network, LinearNetwork)
    rounded = LinearNetwork(eight_bits(network.weights))
    fits = 'no' if exceeded(layers_of(network)) else 'yes'
    row = [f'{network.inputs:,}', str(network.places), fits]
    for each, name in ((network, 'numpy'), (rounded, 'numpy'), (rounded, 'sinabs')):
        backend = backends.create(each, BackendConfig(name=name))
        scores = np.stack([backend.similarity(frame) for frame in queries])
        row.append(f'{recall_at(truth, ranked(scores, 1), 1):.3f}')
        backend.close()
    return row


def _speck_table(rows: list[list[str]]) -> None:
    heads = ['inputs', 'places', 'fits a Speck', 'floats', '8 bits', '8 bits, rates, T = 100']
    table(heads, rows)


def _recalls(
    route: BenchmarkRoute, pixels: EncodedRoute, similarities: Matrix, engine: backends.Backend
) -> tuple[float, float]:
    """Return recall@1 of single frames, with raw and with normalised similarities."""
    statistics = measure_responses(engine, pixels.shown, TrainerConfig().places.tolerance)
    return recall(route, similarities), recall(route, normalised(similarities, statistics))


def _similarities(network: Network, config: BackendConfig, frames: Spikes) -> tuple[Matrix, float]:
    """Return the similarities of all frames, and the seconds per frame."""
    backend = backends.create(network, config)
    in_flight: InFlight[int] = InFlight(backend)
    started = time.perf_counter()
    found = [
        result for number, frame in enumerate(frames) for result in in_flight.submit(frame, number)
    ]
    while len(in_flight):
        found += in_flight.advance()
    taken = (time.perf_counter() - started) / len(frames)
    backend.close()
    if [number for number, _ in found] != list(range(len(frames))):
        raise BackendError('results are missing or out of order')
    return np.stack([row for _, row in found]), taken


def _lava_equals_integer() -> None:
    pixels = encode(nordland(1000), TrainerConfig())
    rows = []
    for readout in ('linear', 'clamped'):
        network = train(
            pixels.samples,
            pixels.places,
            TrainingConfig(readout=readout, quantize='qat', places_per_module=500, keep_fp32=False),
        )
        expected, _ = _similarities(network, BackendConfig(name='integer'), pixels.queries)
        for mode in ('one_at_a_time', 'streaming'):
            found, _ = _similarities(
                network, BackendConfig(name='lava', lava=LavaConfig(mode)), pixels.queries
            )
            rows.append([readout, mode, found.size, int((found != expected).sum())])
    table(['readout', 'mode', 'values', 'that differ'], rows)


def _lava_times() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (500, 784)).astype(np.uint8)
    rows = []
    for readout in ('linear', 'clamped'):
        network = untrained(784, 1568, 500, readout)
        for mode in ('one_at_a_time', 'streaming'):
            config = BackendConfig(name='lava', lava=LavaConfig(mode))
            started = time.perf_counter()
            backends.create(network, config).close()
            start = time.perf_counter() - started
            times = [_similarities(network, config, frames)[1] for _ in range(3)]
            rows.append([readout, mode, f'{np.median(times) * 1e3:.2f}', f'{start:.1f}'])
    table(['readout', 'mode', 'ms a frame', 's to start and stop'], rows)


def _sinabs(route: BenchmarkRoute, pixels: EncodedRoute) -> None:
    rows = []
    for readout in ('linear', 'clamped'):
        network = train(pixels.samples, pixels.places, TrainingConfig(readout=readout))
        engine = backends.create(network, BackendConfig(name='numpy'))
        floats = _recalls(
            route,
            pixels,
            _similarities(network, BackendConfig(name='numpy'), pixels.queries)[0],
            engine,
        )
        for steps in (10, 30, 100):
            found, taken = _similarities(
                network,
                BackendConfig(name='sinabs', threads=2, sinabs=SinabsConfig(steps=steps)),
                pixels.queries,
            )
            values = _recalls(route, pixels, found, engine)
            rows.append(
                [
                    readout,
                    steps,
                    *(f'{value:.3f} ({value - base:+.3f})' for value, base in zip(values, floats)),
                    f'{taken * 1e3:.0f}',
                ]
            )
        engine.close()
    table(
        ['readout', 'T', 'recall@1 (against floats)', 'normalised (against floats)', 'ms a frame'],
        rows,
    )


def _bootstrap(route: BenchmarkRoute, pixels: EncodedRoute) -> None:
    rows = []

    def row(name: str, similarities: Matrix, network: Network, taken: str = '') -> None:
        engine = reference_backend(network)
        rows.append(
            [
                name,
                *(f'{value:.3f}' for value in _recalls(route, pixels, similarities, engine)),
                taken,
            ]
        )
        engine.close()

    started = time.perf_counter()
    stdp = train(pixels.samples, pixels.places, TrainingConfig())
    taken = time.perf_counter() - started
    row(
        'stdp, floats',
        _similarities(stdp, BackendConfig(name='numpy'), pixels.queries)[0],
        stdp,
        f'{taken:.0f}',
    )
    config = BootstrapConfig()
    started = time.perf_counter()
    trainer = Trainer(pixels.samples, pixels.places, (28, 28), config, 0)
    trainer.run('module 1/1', silent)
    taken = time.perf_counter() - started
    spiking = SpikingNetwork([trainer.module()], config.steps, *trainer.constants())
    row(
        'bootstrap, floats (lava-dl)',
        trainer.similarity(pixels.queries, quantised=False),
        spiking,
        f'{taken:.0f}',
    )
    integers = similarity(spiking, pixels.queries)
    row('bootstrap, cuba', integers, spiking)
    in_lava, _ = _similarities(
        spiking, BackendConfig(name='lava', lava=LavaConfig('streaming')), pixels.queries
    )
    row('bootstrap, lava (netx, fixed point)', in_lava, spiking)
    table(['network', 'recall@1', 'normalised', 's to train'], rows)
    print(
        f'\n(values of lava that differ from cuba: {int((in_lava != integers).sum())} of '
        f'{in_lava.size})'
    )


def _energy(route: BenchmarkRoute, pixels: EncodedRoute) -> None:
    network = train(pixels.samples, pixels.places, TrainingConfig(quantize='qat'))
    chosen = pixels.queries[::5]
    part = replace(
        route,
        truth=type(route.truth)(
            *(values[::5] for values in (route.truth.stamps, route.truth.first, route.truth.last))
        ),
    )
    counts = [
        *dense(network, chosen),
        graded(network, chosen),
        rate(network, chosen, SinabsConfig()),
    ]
    table(
        ['engine', 'operations a frame', 'uJ a frame', 'recall@1'],
        [
            [
                item.engine.strip(),
                f'{item.counted.operations.sum(axis=1).mean():,.0f}',
                f'{item.total:.3g}',
                f'{recall(part, item.counted.similarity):.3f}',
            ]
            for item in energy_breakdown(counts, EnergyConfig())
        ],
    )
