"""Floats, integers and upstream's quantised network: recall@1, time per frame, size on disk."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros import backends
from vprtempo_ros.arrays import Scores, Spikes
from vprtempo_ros.config import BackendConfig, EncodingConfig, TrainerConfig, TrainingConfig
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.errors import BackendError
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.maps.network_file import write_network
from vprtempo_ros.network.layers import new_feature_layer, new_output_layer
from vprtempo_ros.network.network import FloatNetwork, Module, Network
from vprtempo_ros.network.quantised.network import QuantisedNetwork, floats_of
from vprtempo_ros.network.training import train
from vprtempo_ros.options import from_flat

from .report import seconds_per_call, table
from .routes import BenchmarkRoute, lens, nordland
from .trial import encode, recall
from .upstream import module as upstream

# The settings compared: the defaults, and the published rule.
SETTINGS: dict[str, dict[str, object]] = {
    'ridge': {},
    'stdp': {
        'training.outputs': 'stdp',
        'training.augment': False,
        'encoding.adapt': False,
        'encoding.patch': 11,
        'training.feature_multiplier': 4.0,
        'training.places_per_module': 500,
    },
}
# Seeds of the recall figures; 2761 places take a minute for each.
SEEDS = {'Nordland 500': 3, 'Nordland 2761': 1, 'LENS +-3': 12}
SHAPES = ((784, 1568, 500), (3136, 6272, 3300))


def bench() -> None:
    """Print one table for each data set, then times by size, training and upstream's pipeline."""
    cv2.setNumThreads(1)
    for route in (lens(), nordland(500), nordland(2761)):
        print(f'### {route.name}, {SEEDS[route.name]} seeds\n')
        _recall(route)
    for shape in SHAPES:
        print(f'\n### {"-".join(map(str, shape))}, one frame at a time\n')
        _times(*shape)
    print('\n### training 784-3136-500 by the published rule, 4 epochs, all cores\n')
    _training()
    print('\n### from a 640x480 frame to similarities, 784-1568-500, one thread\n')
    _upstream()


@dataclass
class RecallRow:
    """A row of a table of recall."""

    trained: str
    run: str
    values: list[float]
    micros: list[float]
    size: int


def _recall(route: BenchmarkRoute) -> None:
    rows: dict[tuple[str, str, str, str], RecallRow] = {}
    for settings in SETTINGS.values():
        configured = from_flat(TrainerConfig, settings)
        pixels = encode(route, configured)
        for seed in range(SEEDS[route.name]):
            for readout in ('linear', 'clamped'):
                for quantize in ('none', 'qat'):
                    config = replace(
                        configured.training, seed=seed, readout=readout, quantize=quantize
                    )
                    network = train(pixels.samples, pixels.places, config)
                    _measure(network, config, route, pixels.queries, rows)
    table(
        ['outputs', 'readout', 'trained', 'backend', 'recall@1', 'us a frame', 'bytes on disk'],
        [
            [
                outputs,
                readout,
                row.trained,
                row.run,
                f'{np.mean(row.values):.3f}'
                + (f' ±{np.std(row.values):.3f}' if len(row.values) > 1 else ''),
                f'{np.median(row.micros):.0f}',
                f'{row.size:,}',
            ]
            for (outputs, readout, _, _), row in rows.items()
        ],
    )


def _measure(
    network: Network,
    config: TrainingConfig,
    route: BenchmarkRoute,
    queries: Spikes,
    rows: dict[tuple[str, str, str, str], RecallRow],
) -> None:
    """Run all queries through each backend of this network; add recall and times to the rows."""
    names, floats = ['numpy', 'torch'], floats_of(network)
    if isinstance(network, QuantisedNetwork):
        names += ['integer', 'torch_int8']
    similarities: dict[str, Scores] = {}
    for name in names:
        try:
            backend = backends.create(network, BackendConfig(name=name))
        except BackendError as error:
            print(f'({error})')
            continue
        started = time.perf_counter()
        similarities[name] = np.stack([backend.similarity(query) for query in queries])
        micros = (time.perf_counter() - started) / len(queries) * 1e6
        backend.close()
        kept: Network | None = floats
        if isinstance(network, QuantisedNetwork) and 'int' in name:
            kept = replace(network, floats=None)
        assert kept is not None
        row = rows.setdefault(
            (config.outputs, config.readout, config.quantize, name),
            RecallRow(config.quantize, name, [], [], _bytes(kept)),
        )
        row.values.append(recall(route, similarities[name]))
        row.micros.append(micros)
    if (
        'torch_int8' in similarities
        and not (similarities['torch_int8'] == similarities['integer']).all()
    ):
        raise BackendError('torch_int8 and integer differ')


def _bytes(network: Network) -> int:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / 'network.safetensors'
        write_network(network, file)
        return file.stat().st_size


def untrained(inputs: int, features: int, places: int, readout: str) -> Network:
    """Return a calibrated but untrained network: times do not depend on the weights."""
    from vprtempo_ros.network.quantised.observers import (
        SCHEMES,
        engine_of_machine,
        quantise_weights,
    )
    from vprtempo_ros.network.quantised.ranges import QuantisedWeights, TrainedModule, calibrate

    rng = np.random.default_rng(0)
    layers = (
        new_feature_layer(inputs, features, 0.1, 0.5, rng),
        new_output_layer(features, places, rng),
    )
    samples = rng.integers(0, 256, (16, inputs)).astype(np.float32) / np.float32(255)
    weights = [
        QuantisedWeights(
            *quantise_weights(layer.weights, layer.weights.min(axis=1), layer.weights.max(axis=1))
        )
        for layer in layers
    ]
    quantised = calibrate(
        [TrainedModule(weights[0], weights[1], samples, np.tile(np.arange(16), 20))],
        readout,
        SCHEMES[engine_of_machine()],
    )
    quantised.floats = FloatNetwork([Module(*layers)], readout)
    return quantised


def _times(inputs: int, features: int, places: int) -> None:
    spikes = np.random.default_rng(1).integers(0, 256, inputs).astype(np.uint8)
    rows: list[list[object]] = []
    for readout in ('linear', 'clamped'):
        network = untrained(inputs, features, places, readout)
        base: dict[int, float] = {}
        for name in ('torch', 'numpy', 'torch_int8', 'integer'):
            cells: list[object] = [readout, name]
            for threads in (1, 2):
                backend = backends.create(network, BackendConfig(name=name, threads=threads))
                run = backend.similarity
                taken = seconds_per_call(lambda run=run: run(spikes))  # type: ignore[misc]
                backend.close()
                base.setdefault(threads, taken)
                cells += [f'{taken * 1e6:.0f}', f'{base[threads] / taken:.2f}']
            rows.append(cells)
    table(
        ['readout', 'backend', 'us, 1 thread', 'times torch', 'us, 2 threads', 'times torch'], rows
    )


def _training() -> None:
    spikes = np.random.default_rng(0).integers(0, 256, (500, 784)).astype(np.uint8)
    places = np.arange(500)
    seconds = {}
    for quantize in ('none', 'qat'):
        config = TrainingConfig(quantize=quantize, feature_multiplier=4.0, outputs='stdp')
        train(spikes[:4], places[:4], replace(config, epochs=1))
        times = []
        for _ in range(5):
            started = time.perf_counter()
            train(spikes, places, config)
            times.append(time.perf_counter() - started)
        seconds[quantize] = float(np.median(times))
    table(
        ['training.quantize', 'seconds, median of 5', 'times none'],
        [
            [name, f'{taken:.2f}', f'{taken / seconds["none"]:.2f}']
            for name, taken in seconds.items()
        ],
    )


def _upstream() -> None:
    """Time preprocessing and network together, on a frame of noise."""
    frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    theirs = upstream_pipeline(784, 1568, 500)
    rows: list[list[object]] = []
    network = untrained(784, 1568, 500, 'linear')
    image = grey_image(frame)
    for encoding in (EncodingConfig(patch=11), EncodingConfig(resize='bilinear', patch=7)):
        encoder = PixelEncoder(encoding)
        for name in ('torch_int8', 'integer'):
            backend = backends.create(network, BackendConfig(name=name))
            # In turns, since the speed of a virtual machine changes within seconds.
            rounds = [
                (
                    seconds_per_call(lambda: theirs(frame), 0.5),
                    seconds_per_call(partial(_encode_and_match, encoder, backend, image), 0.5),
                )
                for _ in range(7)
            ]
            backend.close()
            base, taken = np.median(rounds, axis=0)
            rows.append(
                [
                    f'{name}, {encoding.resize}, patch {encoding.patch}',
                    f'{base * 1e6:.0f}',
                    f'{taken * 1e6:.0f}',
                    f'{np.median([a / b for a, b in rounds]):.1f}',
                ]
            )
    table(['pipeline', "upstream's VPRTempoQuant, us", 'us a frame', 'times as fast'], rows)


def _encode_and_match(encoder: PixelEncoder, backend: backends.Backend, image: Image) -> None:
    backend.similarity(encoder(image))


def upstream_pipeline(inputs: int, features: int, places: int) -> Callable[[NDArray[Any]], Any]:
    """
    Return upstream's VPRTempoQuant from an image uint8 (height, width, 3) to its output.

    Its preprocessing and layers are prepared, converted and run as in VPRTempoQuant.evaluate and
    forward, without the reading of data sets and checkpoints.
    """
    import torch
    from torch import nn
    from torch.ao import quantization

    blitnet, dataset = upstream('blitnet'), upstream('dataset')

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quant, self.dequant = quantization.QuantStub(), quantization.DeQuantStub()
            self.feature = blitnet.SNNLayer(dims=[inputs, features], device='cpu', inference=True)
            self.output = blitnet.SNNLayer(dims=[features, places], device='cpu', inference=True)

        def forward(self, spikes: Any) -> Any:
            return self.dequant(self.output.w(self.feature.w(self.quant(spikes))))

    torch.set_num_threads(1)
    side = int(np.sqrt(inputs))
    process = dataset.ProcessImage([side, side], 7)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        torch.backends.quantized.engine = 'fbgemm'
        model = Model()
        for layer in (model.feature, model.output):
            layer.w.weight.data.normal_(0, 0.01)
        model.train()
        model.qconfig = quantization.get_default_qat_qconfig('fbgemm')
        prepared = quantization.prepare_qat(model)
        prepared(torch.rand(1, inputs))
        converted = quantization.convert(prepared.eval())

    def run(frame: NDArray[Any]) -> Any:
        with torch.no_grad():
            spikes = process(torch.from_numpy(frame).permute(2, 0, 1))
            if spikes.is_quantized:
                spikes = spikes.dequantize()
            return converted(spikes.reshape(1, -1).float())

    return run
