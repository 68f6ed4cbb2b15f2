"""Backends for neuromorphic hardware, in simulation: equal bits, times, recall, energy."""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros import backends
from vprtempo_ros.backends.in_flight import InFlight
from vprtempo_ros.config import (
    BackendConfig,
    BootstrapConfig,
    EncodingConfig,
    EnergyConfig,
    LavaConfig,
    SinabsConfig,
    TrainingConfig,
)
from vprtempo_ros.encoding import Encoder
from vprtempo_ros.energy.bill import bill
from vprtempo_ros.energy.operations import dense, graded, rate
from vprtempo_ros.errors import BackendError
from vprtempo_ros.network.bootstrap import Trainer
from vprtempo_ros.network.layers import Network
from vprtempo_ros.network.spiking import SpikingNetwork, similarity
from vprtempo_ros.network.training import train
from vprtempo_ros.progress import silent

from .quantisation import untrained
from .recall import Route, nordland, recall
from .report import table

Spikes = NDArray[np.uint8]
Matrix = NDArray[np.float32]


def bench() -> None:
    """Print a table for each of the figures."""
    cv2.setNumThreads(1)
    print('### lava against integer, Nordland, 1000 frames of winter, 784-1568-500 twice\n')
    _lava_equals_integer()
    print('\n### lava, 784-1568-500, simulated\n')
    _lava_times()
    route = nordland(500)
    references, queries = _spikes(route)
    print('\n### sinabs, Nordland 500\n')
    _sinabs(route, references, queries)
    print('\n### bootstrap beside STDP, Nordland 500\n')
    _bootstrap(route, references, queries)
    print('\n### energy of a frame, Nordland 500, operations alone\n')
    _energy(route, references, queries)


def _spikes(route: Route) -> tuple[Spikes, Spikes]:
    encoder = Encoder(EncodingConfig())
    return (np.stack([encoder(image) for image in route.reference]),
            np.stack([encoder(image) for image in route.query]))


def _answers(network: Network, config: BackendConfig, frames: Spikes) -> tuple[Matrix, float]:
    """Return the answers to all frames, and seconds a frame."""
    backend = backends.create(network, config)
    in_flight: InFlight[int] = InFlight(backend)
    started = time.perf_counter()
    found = [answer for number, frame in enumerate(frames)
             for answer in in_flight.show(frame, number)]
    while len(in_flight):
        found += in_flight.advance()
    taken = (time.perf_counter() - started) / len(frames)
    backend.close()
    if [number for number, _ in found] != list(range(len(frames))):
        raise BackendError('answers are missing or out of order')
    return np.stack([answer for _, answer in found]), taken


def _lava_equals_integer() -> None:
    references, queries = _spikes(nordland(1000))
    rows = []
    for readout in ('linear', 'clamped'):
        network = train(references, np.arange(len(references)), TrainingConfig(
            readout=readout, quantize='qat', feature_multiplier=2.0, keep_fp32=False))
        expected, _ = _answers(network, BackendConfig(name='integer'), queries)
        for mode in ('one_at_a_time', 'streaming'):
            found, _ = _answers(network, BackendConfig(name='lava', lava=LavaConfig(mode)), queries)
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
            times = [_answers(network, config, frames)[1] for _ in range(3)]
            rows.append([readout, mode, f'{np.median(times) * 1e3:.2f}', f'{start:.1f}'])
    table(['readout', 'mode', 'ms a frame', 's to start and stop'], rows)


def _sinabs(route: Route, references: Spikes, queries: Spikes) -> None:
    rows = []
    for readout in ('linear', 'clamped'):
        network = train(references, np.arange(len(references)), TrainingConfig(readout=readout))
        floats = recall(route, _answers(network, BackendConfig(name='numpy'), queries)[0])
        for steps in (10, 30, 100):
            found, taken = _answers(network, BackendConfig(
                name='sinabs', threads=2, sinabs=SinabsConfig(steps=steps)), queries)
            value = recall(route, found)
            rows.append([readout, steps, f'{value:.3f}', f'{floats:.3f}', f'{value - floats:+.3f}',
                         f'{taken * 1e3:.0f}'])
    table(['readout', 'T', 'recall@1', 'in floats', 'difference', 'ms a frame'], rows)


def _bootstrap(route: Route, references: Spikes, queries: Spikes) -> None:
    places = np.arange(len(references))
    stdp = train(references, places, TrainingConfig())
    found, _ = _answers(stdp, BackendConfig(name='numpy'), queries)
    rows = [['stdp, floats', f'{recall(route, found):.3f}', '', '']]
    config = BootstrapConfig()
    started = time.perf_counter()
    trainer = Trainer(references, places, (28, 28), config, 0)
    trainer.run('module 1/1', silent)
    taken = time.perf_counter() - started
    network = SpikingNetwork([trainer.module()], config.steps, *trainer.constants())
    floats = recall(route, trainer.similarity(queries, quantised=False))
    rows.append(['bootstrap, floats (lava-dl)', f'{floats:.3f}', '', f'{taken:.0f}'])
    integers = similarity(network, queries)
    rows.append(['bootstrap, cuba', f'{recall(route, integers):.3f}',
                 f'{recall(route, integers) - floats:+.3f}', ''])
    in_lava, _ = _answers(Network([], 'linear', spiking=network), BackendConfig(
        name='lava', lava=LavaConfig('streaming')), queries)
    rows.append(['bootstrap, lava (netx, fixed point)', f'{recall(route, in_lava):.3f}',
                 f'{recall(route, in_lava) - floats:+.3f}', ''])
    table(['network', 'recall@1', 'against floats', 's to train'], rows)
    print(f'\n(values of lava that differ from cuba: {int((in_lava != integers).sum())} of '
          f'{in_lava.size})')


def _energy(route: Route, references: Spikes, queries: Spikes) -> None:
    network = train(references, np.arange(len(references)), TrainingConfig(quantize='qat'))
    chosen = queries[::5]
    part = replace(route, truth=type(route.truth)(
        *(values[::5] for values in (route.truth.stamps, route.truth.first, route.truth.last))))
    counts = [*dense(network, chosen), graded(network, chosen),
              rate(network, chosen, SinabsConfig())]
    table(['engine', 'operations a frame', 'uJ a frame', 'recall@1'],
          [[item.engine.strip(), f'{item.counted.operations.sum(axis=1).mean():,.0f}',
            f'{item.total:.3g}', f'{recall(part, item.counted.similarity):.3f}']
           for item in bill(counts, EnergyConfig())])
