"""
How many operations a frame takes, by layer, in three ways of computing the same network.

dense       every weight times every input: multiply-accumulates, whatever the input.
graded      as on Loihi 2: a spike that carries a number goes along the synapses that leave its
            neuron. Its operations are the spikes that are not zero, times their fan-out.
rate        spikes of one size over T time steps, as backend sinabs simulates them: all spikes of a
            neuron times its fan-out.

Fan-out counts synapses with a weight: the others need not be stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backends.integer import input_table
from ..backends.lava.plan import plan
from ..backends.numpy_fp32 import NumpyBackend
from ..backends.sinabs_rate import SinabsBackend
from ..config import BackendConfig, SinabsConfig
from ..errors import BackendError
from ..network.layers import SPIKE_MAX, Array, Network
from .event_trains import EventTrains

Spikes = NDArray[np.uint8]
Counts = NDArray[np.float64]

LAYERS = ('inputs -> features', 'features -> outputs')


@dataclass(frozen=True)
class Count:
    """
    One way of computing the network, over some frames.

    operations, spikes: float64 (frames, 2), by layer: what goes along its synapses and what is sent
    to it; updates: neuron updates a frame; similarity: float32 (frames, places), the answers.
    """

    name: str
    operations: Counts
    spikes: Counts
    updates: float
    similarity: Array = field(repr=False)


def dense(network: Network, frames: Spikes) -> list[Count]:
    """
    Count what a CPU does: both layers in floats, and in integers, as far as the map has them.

    With the linear readout floats are also counted as the one matrix that both layers collapse to.
    """
    shapes = layer_shapes(network)
    products = [sum(neurons * inputs for neurons, inputs in layer) for layer in shapes]
    widths = [sum(inputs for _, inputs in layer) for layer in shapes]

    def count(name: str, similarity: Array, layers: list[int]) -> Count:
        operations, spikes = (
            np.tile(np.array(values, float), (len(frames), 1)) for values in (layers, widths)
        )
        return Count(name, operations, spikes, 0.0, similarity)

    counts = []
    if network.modules:
        similarity = _floats(network, frames)
        counts.append(count('dense float32', similarity, products))
        if network.readout == 'linear':
            counts.append(count('one matrix', similarity, [network.places * network.inputs, 0]))
    if network.quantised is not None:
        counts.append(count('dense int8', graded(network, frames).similarity, products))
    return counts


def graded(network: Network, frames: Spikes) -> Count:
    """Count the map's integers if it has any, as backend lava sends them; else its floats."""
    operations, spikes = np.zeros((len(frames), 2)), np.zeros((len(frames), 2))
    answers = []
    for feature, output, entered, features, answer in _graded_modules(network, frames):
        for layer, (weights, sent) in enumerate(((feature, entered), (output, features))):
            operations[:, layer] += (sent != 0) @ fan_out(weights)
            spikes[:, layer] += (sent != 0).sum(axis=1) if layer else 0
        # All modules get the same inputs, which are sent once.
        spikes[:, 0] = (entered != 0).sum(axis=1)
        answers.append(answer)
    return Count('graded', operations, spikes, neurons(network), np.concatenate(answers, axis=1))


def rate(
    network: Network, frames: Spikes, config: SinabsConfig, events: EventTrains | None = None
) -> Count:
    """
    Count the simulation of sinabs.

    :param events: the events of these frames; without them spikes are drawn from the amplitudes.
    :raises BackendError: if it is not installed, or the map holds no floats.
    """
    backend = SinabsBackend(network, BackendConfig(sinabs=config, threads=2))
    pairs = 2 if network.readout == 'linear' else 1
    into = sum(fan_out(module.feature.weights) for module in network.modules) * pairs
    onward = [np.tile(fan_out(module.output.weights), pairs) for module in network.modules]
    operations, spikes = np.zeros((len(frames), 2)), np.zeros((len(frames), 2))
    answers = []
    weight = 1.0 if events is None else events.weight
    for number, train in enumerate(map(backend.train, frames) if events is None else events):
        response = backend.respond(train * np.float32(weight))
        sent = train.sum(axis=0)
        operations[number] = (
            sent @ into,
            sum(counts @ fan for counts, fan in zip(response.features, onward)),
        )
        spikes[number] = sent.sum(), sum(counts.sum() for counts in response.features)
        answers.append(response.similarity)
    backend.close()
    features = sum(len(module.feature.weights) for module in network.modules)
    updates = (neurons(network) + (pairs - 1) * features) * config.steps
    return Count('rate', operations, spikes, updates, np.stack(answers))


def layer_shapes(network: Network) -> list[list[tuple[int, int]]]:
    """
    Return neurons and inputs of each module, for both layers.

    :raises BackendError: if the map holds a spiking network.
    """
    if network.spiking is not None:
        raise BackendError(
            'energy counts networks of training.method: stdp, and this map holds a spiking network'
        )
    modules = network.quantised.modules if network.quantised else network.modules

    def shape(weights: NDArray[Any]) -> tuple[int, int]:
        return weights.shape[0], weights.shape[1]

    return [
        [shape(module.feature.weights) for module in modules],
        [shape(module.output.weights) for module in modules],
    ]


def neurons(network: Network) -> int:
    """Return the neurons of all modules."""
    return sum(count for layer in layer_shapes(network) for count, _ in layer)


def fan_out(weights: NDArray[Any]) -> Counts:
    """Return float64 (inputs,): how many neurons each input reaches."""
    return np.count_nonzero(weights, axis=0).astype(np.float64)


def _floats(network: Network, frames: Spikes) -> Array:
    backend = NumpyBackend(network, BackendConfig())
    similarity = np.stack([backend.similarity(frame) for frame in frames])
    backend.close()
    return similarity


def _graded_modules(network: Network, frames: Spikes) -> list[tuple[NDArray[Any], ...]]:
    """Return weights of both layers, what enters each, and the similarities, by module."""
    found: list[tuple[NDArray[Any], ...]] = []
    if network.quantised is not None:
        entered = input_table(network.quantised)[frames].astype(np.int64)
        for module, (feature, output) in zip(
            network.quantised.modules, plan(network.quantised, network.readout)
        ):
            features = feature.answer(entered)
            answer = output.answer(features).astype(np.float32) * module.output.scale
            found.append((feature.weights, output.weights, entered, features, answer))
        return found
    amplitudes = frames.astype(np.float32) / np.float32(255)
    for part in network.modules:
        response = amplitudes @ part.feature.weights.T
        if network.readout == 'clamped':
            response = np.clip(response, 0.0, SPIKE_MAX)
        answer = response @ part.output.weights.T
        if network.readout == 'clamped':
            answer = np.clip(answer, 0.0, SPIKE_MAX)
        found.append((part.feature.weights, part.output.weights, frames, response, answer))
    return found
