"""From the spikes of reference traverses to a trained network."""

from __future__ import annotations

from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from ..config import TrainingConfig
from ..errors import ConfigError, MapError
from ..support.progress import ProgressCallback, silent
from .layers import SPIKE_MAX, Array, Layer, Module, Network, new_feature_layer, new_output_layer
from .learning import Floats, Quantised
from .quantised.observers import SCHEMES, Scheme, engine_of_machine
from .quantised.ranges import Trained, calibrate
from .spiking.training import check_installed, train_spiking

_EPOCHS = 4
_PRESENTATIONS = 2000

# Weights of one module in bytes: beyond this the settings are a mistake, not a network.
_WEIGHTS_MAX = 2 << 30


def train(
    spikes: NDArray[np.uint8],
    places: NDArray[np.int64],
    config: TrainingConfig,
    progress: ProgressCallback = silent,
    size: tuple[int, int] | None = None,
) -> Network:
    """
    Train a network whose place p answers to the samples with `places` == p.

    :param spikes: uint8 (samples, inputs); several samples of a place are several traverses.
    :param places: int64 (samples,), every number from 0 to places - 1 at least once.
    :param progress: called with the stage's name, rows done and rows in all.
    :param size: columns and rows of the encoded image, which method bootstrap shifts.
    :raises MapError: if there are fewer than two places or a place has no sample.
    :raises ConfigError: as check_method.
    """
    count = int(places.max()) + 1 if len(places) else 0
    if count < 2:
        raise MapError(
            f'expected at least 2 places to train on, found {count}: choose a smaller '
            'places.spacing or a longer recording'
        )
    if len(np.unique(places)) != count:
        raise MapError('every place needs at least one sample')
    check_method(config)
    if config.method == 'bootstrap':
        return Network(
            [],
            config.readout,
            spiking=train_spiking(
                spikes,
                places,
                list(module_bounds(count, config)),
                size or (spikes.shape[1], 1),
                config.bootstrap,
                config.seed,
                config.threads,
                progress,
            ),
        )
    largest = min(count, config.places_per_module)
    needed = 4 * _neurons(spikes.shape[1], config) * (spikes.shape[1] + largest)
    if needed > _WEIGHTS_MAX:
        raise MapError(
            f'a module would need {needed / 2**30:.0f} GiB for its weights: choose a '
            'smaller encoding.width and encoding.height, training.feature_multiplier '
            'or training.places_per_module'
        )
    _use_threads(config.threads)
    seeds = np.random.SeedSequence(config.seed).spawn(module_count(count, config))
    modules, trained = [], []
    for number, (begin, end) in enumerate(module_bounds(count, config)):
        mine = (places >= begin) & (places < end)
        name = f'module {number + 1}/{len(seeds)}'
        module, integers = _train_module(
            spikes[mine].astype(np.float32) / np.float32(255),
            places[mine] - begin,
            end - begin,
            config,
            np.random.default_rng(seeds[number]),
            name,
            progress,
        )
        modules.append(module)
        trained += [integers] if integers else []
    if not trained:
        return Network(modules, config.readout)
    quantised = calibrate(trained, config.readout, scheme_of(config))
    return Network(modules if config.keep_fp32 else [], config.readout, quantised)


def check_method(config: TrainingConfig) -> None:
    """
    Refuse settings that cannot make a network; to be asked before anything is read or recorded.

    :raises ConfigError: if a library is missing, or nothing would be left in the map.
    """
    if config.method == 'bootstrap':
        check_installed()
    elif config.quantize == 'none' and not config.keep_fp32:
        raise ConfigError(
            'training.keep_fp32: false leaves nothing in the map; set training.quantize to qat'
        )


def scheme_of(config: TrainingConfig) -> Scheme:
    """Return what the engine that is trained for asks for."""
    return SCHEMES[config.engine or engine_of_machine()]


def module_count(places: int, config: TrainingConfig) -> int:
    """Return how many modules hold this many places."""
    return -(-places // config.places_per_module)


def module_bounds(places: int, config: TrainingConfig) -> Iterator[tuple[int, int]]:
    """Cut the places into modules of nearly equal size: first place and the one past the last."""
    modules = module_count(places, config)
    edges = np.linspace(0, places, modules + 1).round().astype(int)
    return zip(edges[:-1].tolist(), edges[1:].tolist())


def presentations_for(samples: int, places: int, config: TrainingConfig) -> int:
    """
    Return how many samples of a module are shown, one after another.

    What a neuron learns depends on the number of presentations, whatever they show: with
    upstream's 4 epochs a route of 25 places is hardly learnt at all (docs/measurements.md). More
    samples of the same places need no more of them.
    """
    return config.epochs * samples or max(_EPOCHS * places, _PRESENTATIONS)


def annealing(steps: int) -> NDArray[np.float64]:
    """Return the factor of the learning rates at each step, (1 - t/T)^2."""
    return (1.0 - np.arange(steps) / steps) ** 2


def _train_module(
    amplitudes: Array,
    places: NDArray[np.int64],
    count: int,
    config: TrainingConfig,
    rng: np.random.Generator,
    name: str,
    progress: ProgressCallback,
) -> tuple[Module, Trained | None]:
    """Train both layers of a module; with quantisation in the loop also return its integers."""
    samples = len(amplitudes)
    feature, output = _new_layers(amplitudes, count, config, rng)
    neurons = len(feature.weights)
    presentations = presentations_for(samples, count, config)
    eta, eta_ip = _rates(presentations, config)
    total = neurons + count
    learn: Floats | Quantised = (
        Floats() if config.quantize == 'none' else Quantised(scheme_of(config))
    )

    order = _presentation(samples, presentations, rng)
    responses = learn.features(
        feature,
        amplitudes,
        order,
        eta,
        eta_ip,
        config.threshold_rule == 'upstream',
        lambda part: progress(f'training {name}', int(part * neurons), total),
    )
    order = _presentation(samples, presentations, rng)
    if config.outputs == 'ridge':
        # What the output layer gets when it matches.
        if config.readout == 'clamped':
            np.clip(responses, 0.0, SPIKE_MAX, out=responses)
        learn.settle(output, responses, order, places)
    else:
        spikes = feature.spikes(responses)
        learn.outputs(
            output,
            spikes,
            spikes / feature.target_rates,
            order,
            places,
            eta,
            lambda part: progress(f'training {name}', neurons + int(part * count), total),
        )
    progress(f'training {name}', total, total)
    return Module(feature, output), learn.integers(amplitudes, order)


def _new_layers(
    amplitudes: Array, count: int, config: TrainingConfig, rng: np.random.Generator
) -> tuple[Layer, Layer]:
    inputs = amplitudes.shape[1]
    neurons = _neurons(inputs, config)
    return (
        new_feature_layer(inputs, neurons, config.excitatory, config.inhibitory, rng),
        new_output_layer(neurons, count, rng),
    )


def _rates(steps: int, config: TrainingConfig) -> tuple[Array, Array]:
    """Return the learning rates of weights and thresholds at each step."""
    factor = annealing(steps)
    return (
        (config.stdp_rate * factor).astype(np.float32),
        (config.threshold_rate * factor).astype(np.float32),
    )


def _presentation(samples: int, presentations: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the order in which samples are shown: every epoch shuffled anew, as upstream."""
    epochs = -(-presentations // samples)
    order = np.concatenate([rng.permutation(samples) for _ in range(epochs)])
    return order[:presentations].astype(np.int64)


def _neurons(inputs: int, config: TrainingConfig) -> int:
    return max(1, round(inputs * config.feature_multiplier))


def _use_threads(threads: int) -> None:
    import numba

    limit = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(min(threads, limit) if threads else limit)
