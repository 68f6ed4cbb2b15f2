"""From the spikes of reference traverses to a trained network."""

from __future__ import annotations

from typing import Iterator, NamedTuple

import numpy as np

from ..arrays import Doubles, Floats, Indices, Spikes
from ..config import TrainingConfig
from ..errors import ConfigError, MapError
from ..support.progress import ProgressCallback, part_of, silent
from .layers import SPIKE_MAX, new_feature_layer, new_output_layer
from .learning import FloatRule, LearningRule, QuantisedRule
from .network import FloatNetwork, Module, Network
from .presentation import Presentation, Targets
from .quantised.observers import SCHEMES, Scheme, engine_of_machine
from .quantised.ranges import TrainedModule, calibrate
from .spiking.training import check_installed, train_spiking

_EPOCHS = 4
_PRESENTATIONS = 2000

# Bytes of one module's weights: beyond this the settings are a mistake, not a network.
_WEIGHTS_MAX = 2 << 30


def train(
    spikes: Spikes,
    places: Indices,
    config: TrainingConfig,
    progress: ProgressCallback = silent,
    size: tuple[int, int] | None = None,
) -> Network:
    """
    Train a network whose place p responds to the samples with `places` == p.

    :param spikes: uint8 (samples, inputs); several samples of a place are several traverses.
    :param places: int64 (samples,), every number from 0 to places - 1 at least once.
    :param progress: called with the module as the stage, and with its rows.
    :param size: columns and rows of the encoded image, which method bootstrap shifts.
    :return: a `FloatNetwork`; with training.quantize: qat a `QuantisedNetwork`, with
        training.method: bootstrap a `SpikingNetwork`.
    :raises MapError: if there are fewer than two places or a place has no sample.
    :raises ConfigError: as check_method.
    """
    count = int(places.max()) + 1 if len(places) else 0
    check_places(count)
    if len(np.unique(places)) != count:
        raise MapError('every place needs at least one sample')
    check_method(config)
    bounds = module_bounds(count, config)
    if config.method == 'bootstrap':
        shape = size or (spikes.shape[1], 1)
        return train_spiking(spikes, places, list(bounds), shape, config, progress)
    _check_size(spikes.shape[1], count, config)
    _use_threads(config.threads)
    seeds = np.random.SeedSequence(config.seed).spawn(module_count(count, config))
    trained = []
    for number, (begin, end) in enumerate(bounds):
        mine = (places >= begin) & (places < end)
        samples = _Samples(
            spikes[mine].astype(np.float32) / np.float32(255), places[mine] - begin, end - begin
        )
        rng = np.random.default_rng(seeds[number])
        name = f'module {number + 1}/{len(seeds)}'
        trained.append(_train_module(samples, config, rng, f'training {name}', progress))
    floats = FloatNetwork([module.floats for module in trained], config.readout)
    integers = [module.integers for module in trained if module.integers is not None]
    if not integers:
        return floats
    network = calibrate(integers, config.readout, scheme_of(config), progress)
    network.floats = floats if config.keep_fp32 else None
    return network


def check_method(config: TrainingConfig) -> None:
    """
    Refuse settings that cannot make a network; call it before anything is read or recorded.

    :raises ConfigError: if a library is missing, the map would hold no weights, or not these.
    """
    if config.method == 'bootstrap':
        check_installed()
    elif config.quantize == 'none' and not config.keep_fp32:
        raise ConfigError(
            'training.keep_fp32: false leaves nothing in the map; set training.quantize to qat'
        )
    if config.weights == 'int8' and not is_closed_form(config):
        raise ConfigError(
            'training.weights: int8 is for the default training (method stdp, outputs ridge, '
            'readout linear, quantize none); others have integers with training.quantize: qat'
        )


def check_places(count: int) -> None:
    """
    Refuse too few places.

    :raises MapError: if there are fewer than two.
    """
    if count < 2:
        raise MapError(
            f'expected at least 2 places to train on, found {count}: choose a smaller '
            'places.spacing or a longer recording'
        )


def is_closed_form(config: TrainingConfig) -> bool:
    """Return whether the network is fitted in closed form, without a feature layer."""
    return (config.method, config.outputs, config.readout, config.quantize) == (
        'stdp',
        'ridge',
        'linear',
        'none',
    )


def scheme_of(config: TrainingConfig) -> Scheme:
    """Return the quantisation scheme of the engine that the network is trained for."""
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
    Return how many samples of a module are presented, one after another.

    What a neuron learns depends on the number of presentations, not on their variety: with
    upstream's 4 epochs a route of 25 places is hardly learnt (docs/research/measurements.md). More
    samples of the same places need no more of them.
    """
    return config.epochs * samples or max(_EPOCHS * places, _PRESENTATIONS)


def annealing(steps: int) -> Doubles:
    """Return the factor of the learning rates at each step, float64 (steps,): (1 - t/T)^2."""
    return (1.0 - np.arange(steps) / steps) ** 2


class _Samples(NamedTuple):
    """Samples of one module: amplitudes (samples, inputs), the place of each, output neurons."""

    amplitudes: Floats
    places: Indices
    outputs: int


class _Trained(NamedTuple):
    """A trained module in floats, and what its calibration to integers needs, if it has any."""

    floats: Module
    integers: TrainedModule | None


def _train_module(
    samples: _Samples,
    config: TrainingConfig,
    rng: np.random.Generator,
    stage: str,
    progress: ProgressCallback,
) -> _Trained:
    """Train both layers of a module; progress counts their rows."""
    inputs = samples.amplitudes.shape[1]
    neurons = _neurons(inputs, config)
    rule, total = _rule(config), neurons + samples.outputs
    progress(stage, 0, total)
    feature = new_feature_layer(inputs, neurons, config.excitatory, config.inhibitory, rng)
    output = new_output_layer(neurons, samples.outputs, rng)

    shown = _presentation(samples.amplitudes, samples.outputs, config, rng)
    features = rule.train_features(feature, shown, part_of(progress, stage, 0, neurons, total))

    responding = part_of(progress, stage, neurons, 0, total)
    if config.outputs == 'ridge':
        responses = features.responses(samples.amplitudes, responding)
        # As the readout passes them to the output layer when the network matches.
        if config.readout == 'clamped':
            np.clip(responses, 0.0, SPIKE_MAX, out=responses)
        shown = _presentation(responses, samples.outputs, config, rng)
        outputs = rule.fit_outputs(output, shown, samples.places)
        presented = shown.presented()
        shown = shown.only(presented, samples.amplitudes[presented])
    else:
        shown = _presentation(samples.amplitudes, samples.outputs, config, rng)
        presented = shown.presented()
        responses = features.responses(samples.amplitudes[presented], responding)
        spikes = feature.spikes(responses)
        shown = shown.only(presented, spikes)
        targets = Targets(samples.places[presented], spikes / feature.target_rates)
        part = part_of(progress, stage, neurons, samples.outputs, total)
        outputs = rule.train_outputs(output, shown, targets, part)
    progress(stage, total, total)

    module = Module(feature, output)
    feature_weights, output_weights = features.quantised(), outputs.quantised()
    if feature_weights is None or output_weights is None:
        return _Trained(module, None)
    integers = TrainedModule(
        feature_weights, output_weights, samples.amplitudes[presented], shown.order
    )
    return _Trained(module, integers)


def _rule(config: TrainingConfig) -> LearningRule:
    upstream = config.threshold_rule == 'upstream'
    if config.quantize == 'none':
        return FloatRule(upstream)
    return QuantisedRule(scheme_of(config), upstream)


def _presentation(
    amplitudes: Floats, places: int, config: TrainingConfig, rng: np.random.Generator
) -> Presentation:
    """Present samples (samples, inputs) in a random order, each epoch shuffled (upstream)."""
    samples = len(amplitudes)
    steps = presentations_for(samples, places, config)
    epochs = -(-steps // samples)
    order = np.concatenate([rng.permutation(samples) for _ in range(epochs)])[:steps]
    factor = annealing(steps)
    return Presentation(
        amplitudes,
        order.astype(np.int64),
        (config.stdp_rate * factor).astype(np.float32),
        (config.threshold_rate * factor).astype(np.float32),
    )


def _neurons(inputs: int, config: TrainingConfig) -> int:
    return max(1, round(inputs * config.feature_multiplier))


def _check_size(inputs: int, places: int, config: TrainingConfig) -> None:
    largest = min(places, config.places_per_module)
    needed = 4 * _neurons(inputs, config) * (inputs + largest)
    if needed > _WEIGHTS_MAX:
        raise MapError(
            f'a module would need {needed / 2**30:.0f} GiB for its weights: choose a '
            'smaller encoding.width and encoding.height, training.feature_multiplier '
            'or training.places_per_module'
        )


def _use_threads(threads: int) -> None:
    import numba

    limit = numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(min(threads, limit) if threads else limit)
