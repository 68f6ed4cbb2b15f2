"""
Operations per frame, by layer, for three implementations of the same network.

dense       every weight times every input: multiply-accumulates, for any input.
graded      as on Loihi 2: a spike with a payload goes along all synapses that leave its neuron.
            Operations are the nonzero spikes times their fan-out.
rate        binary spikes over T time steps, as backend sinabs simulates them: all spikes of a
            neuron times its fan-out.

Fan-out counts nonzero weights only: the other synapses need not be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..arrays import Doubles, Floats, Numbers, Scores, Spikes
from ..backends.integer import input_table
from ..backends.lava.plan import plan
from ..backends.numpy_fp32 import NumpyBackend
from ..backends.sinabs_rate import SinabsBackend
from ..backends.two_stage import TwoStageSearch
from ..config import BackendConfig, SinabsConfig
from ..errors import BackendError
from ..network.byte_network import ByteNetwork
from ..network.graph import GraphNetwork
from ..network.layers import SPIKE_MAX
from ..network.network import FloatNetwork, LinearNetwork, Network
from ..network.quantised.network import QuantisedNetwork, floats_of
from ..network.spiking.network import SpikingNetwork
from .event_trains import EventTrains

LAYERS = ('inputs -> features', 'features -> outputs')


@dataclass(frozen=True)
class OperationCount:
    """
    One implementation of the network, over some frames.

    operations, spikes: float64 (frames, 2), by layer: operations of its synapses, and spikes sent
    to it; updates: neuron updates per frame; similarity: float32 (frames, places);
    own_events: whether the spikes are events of the camera, which no encoder made.
    """

    name: str
    operations: Doubles
    spikes: Doubles
    updates: float
    similarity: Scores = field(repr=False)
    own_events: bool = False


class _GradedModule(NamedTuple):
    """
    A module with the spikes sent in it.

    weights: of both layers, (neurons, inputs); sent: the spikes into both layers, (frames, inputs);
    similarity: float32 (frames, places of the module).
    """

    weights: tuple[Numbers, Numbers]
    sent: tuple[Numbers, Numbers]
    similarity: Scores


def dense(network: Network, frames: Spikes) -> list[OperationCount]:
    """
    Count the operations of a CPU: both layers in floats and in integers, if the map has them.

    With the linear readout, floats are also counted as the one matrix that both layers reduce to;
    large maps as they are searched in two stages too.
    """
    shapes = layer_shapes(network)
    products = [sum(neurons * inputs for neurons, inputs in layer) for layer in shapes]
    widths = [sum(inputs for _, inputs in layer) for layer in shapes]

    def count(name: str, similarity: Scores, layers: list[int]) -> OperationCount:
        operations, spikes = (
            np.tile(np.array(values, float), (len(frames), 1)) for values in (layers, widths)
        )
        return OperationCount(name, operations, spikes, 0.0, similarity)

    counts = []
    floats = floats_of(network)
    if isinstance(network, LinearNetwork):
        similarity = _float_similarity(network, frames)
        counts.append(count('one matrix', similarity, products))
    if isinstance(network, ByteNetwork):
        search, rank = TwoStageSearch(network), network.outline.rank
        estimates = (network.inputs + network.places) * rank
        found = np.stack([search(frame) for frame in frames])
        products = [0, estimates + search.candidates * network.inputs]
        counts.append(count('two-stage search', found, products))
    if floats is not None:
        similarity = _float_similarity(network, frames)
        counts.append(count('dense float32', similarity, products))
        if floats.readout == 'linear':
            counts.append(count('one matrix', similarity, [network.places * network.inputs, 0]))
    if isinstance(network, QuantisedNetwork):
        counts.append(count('dense int8', graded(network, frames).similarity, products))
    return counts


def graded(network: Network, frames: Spikes) -> OperationCount:
    """Count the map's integers, if it has any, as backend lava sends them; else its floats."""
    operations, spikes = np.zeros((len(frames), 2)), np.zeros((len(frames), 2))
    if isinstance(network, LinearNetwork):
        # The inputs are sent to the output neurons directly.
        spikes[:, 1] = (frames != 0).sum(axis=1)
        operations[:, 1] = (frames != 0) @ fan_out(network.weights)
        similarity = _float_similarity(network, frames)
        return OperationCount('graded', operations, spikes, network.places, similarity)
    modules = _graded_modules(network, frames)
    for module in modules:
        for layer, (weights, sent) in enumerate(zip(module.weights, module.sent)):
            operations[:, layer] += (sent != 0) @ fan_out(weights)
            spikes[:, layer] += (sent != 0).sum(axis=1) if layer else 0
        # All modules get the same inputs, which are sent once.
        spikes[:, 0] = (module.sent[0] != 0).sum(axis=1)
    similarity = np.concatenate([module.similarity for module in modules], axis=1)
    return OperationCount('graded', operations, spikes, neurons(network), similarity)


def rate(
    network: Network, frames: Spikes, config: SinabsConfig, events: EventTrains | None = None
) -> OperationCount:
    """
    Count the simulation of sinabs.

    :param events: the events of these frames; without them spikes are drawn from the amplitudes.
    :raises BackendError: if sinabs is not installed, or the map holds no floats.
    """
    backend = SinabsBackend(network, BackendConfig(sinabs=config, threads=2))
    modules = backend.floats.modules if backend.floats is not None else []
    pairs = 2 if backend.floats is not None and backend.floats.readout == 'linear' else 1
    into = sum((fan_out(m.feature.weights) for m in modules), np.zeros(network.inputs)) * pairs
    onward = [np.tile(fan_out(module.output.weights), pairs) for module in modules]
    operations, spikes = np.zeros((len(frames), 2)), np.zeros((len(frames), 2))
    similarities = []
    weight = 1.0 if events is None else events.weight
    for number, train in enumerate(map(backend.train, frames) if events is None else events):
        response = backend.respond(train * np.float32(weight))
        sent = train.sum(axis=0)
        if isinstance(network, LinearNetwork):
            operations[number] = 0.0, sent @ fan_out(network.weights)
            spikes[number] = 0.0, sent.sum()
            similarities.append(response.similarity)
            continue
        operations[number] = (
            sent @ into,
            sum(counts @ fan for counts, fan in zip(response.features, onward)),
        )
        spikes[number] = sent.sum(), sum(counts.sum() for counts in response.features)
        similarities.append(response.similarity)
    backend.close()
    features = sum(len(module.feature.weights) for module in modules)
    updates = (neurons(network) + (pairs - 1) * features) * config.steps
    own = events is not None
    return OperationCount('rate', operations, spikes, updates, np.stack(similarities), own)


def layer_shapes(network: Network) -> list[list[tuple[int, int]]]:
    """
    Return neurons and inputs of each module, for both layers; a linear network has no features.

    :raises BackendError: if the map holds a spiking network.
    """
    if isinstance(network, SpikingNetwork):
        raise BackendError(
            'energy counts networks of training.method: stdp, and this map holds a spiking network'
        )

    if isinstance(network, GraphNetwork):
        raise BackendError(
            'energy counts networks of training.method: stdp, and this map holds one from a NIR '
            'file'
        )

    def shape(weights: Numbers) -> tuple[int, int]:
        return weights.shape[0], weights.shape[1]

    if isinstance(network, LinearNetwork):
        return [[], [shape(network.weights)]]
    modules = _layered(network).modules
    return [
        [shape(module.feature.weights) for module in modules],
        [shape(module.output.weights) for module in modules],
    ]


def neurons(network: Network) -> int:
    """Return the number of neurons in all modules."""
    return sum(count for layer in layer_shapes(network) for count, _ in layer)


def fan_out(weights: Numbers) -> Doubles:
    """Return float64 (inputs,): the number of neurons that each input reaches."""
    return np.count_nonzero(weights, axis=0).astype(np.float64)


def _layered(network: Network) -> FloatNetwork | QuantisedNetwork:
    if isinstance(network, (FloatNetwork, QuantisedNetwork)):
        return network
    raise TypeError(f'expected a network of feature and output layers, found {network}')


def _float_similarity(network: Network, frames: Spikes) -> Scores:
    backend = NumpyBackend(network, BackendConfig(search='exact'))
    similarity = np.stack([backend.similarity(frame) for frame in frames])
    backend.close()
    return similarity


def _graded_modules(network: Network, frames: Spikes) -> list[_GradedModule]:
    held = _layered(network)
    if isinstance(held, QuantisedNetwork):
        return _integer_modules(held, frames)
    return _float_modules(held, frames)


def _integer_modules(network: QuantisedNetwork, frames: Spikes) -> list[_GradedModule]:
    inputs = input_table(network)[frames].astype(np.int64)
    found = []
    for module, (feature, output) in zip(network.modules, plan(network)):
        features = feature.payloads(inputs)
        similarity = output.payloads(features).astype(np.float32) * module.output.scale
        found.append(
            _GradedModule((feature.weights, output.weights), (inputs, features), similarity)
        )
    return found


def _float_modules(network: FloatNetwork, frames: Spikes) -> list[_GradedModule]:
    def clamped(responses: Floats) -> Floats:
        return np.clip(responses, 0.0, SPIKE_MAX) if network.readout == 'clamped' else responses

    amplitudes = np.divide(frames, np.float32(255), dtype=np.float32)
    found = []
    for module in network.modules:
        feature, output = module.feature.weights, module.output.weights
        features = clamped(amplitudes @ feature.T)
        similarity = clamped(features @ output.T)
        found.append(_GradedModule((feature, output), (frames, features), similarity))
    return found
