"""Small quantised networks for the tests."""

from __future__ import annotations

import math
from copy import deepcopy
from functools import cache

import numpy as np

from support.helpers import map_around
from vprtempo_ros.config import EncodingConfig, TrainerConfig, TrainingConfig
from vprtempo_ros.maps.map import Map, Sensor
from vprtempo_ros.maps.places import Place
from vprtempo_ros.network.layers import new_feature_layer, new_output_layer
from vprtempo_ros.network.network import FloatNetwork
from vprtempo_ros.network.quantised.network import QuantisedNetwork
from vprtempo_ros.network.quantised.observers import SCHEMES, quantise_weights
from vprtempo_ros.network.quantised.ranges import QuantisedWeights, TrainedModule, calibrate
from vprtempo_ros.network.training import train

PLACES, INPUTS = 13, 36
SPIKES = np.random.default_rng(0).integers(0, 256, (PLACES, INPUTS)).astype(np.uint8)


def trained(
    readout: str = 'linear', engine: str = 'x86', modules: int = 3, keep_fp32: bool = True
) -> QuantisedNetwork:
    """Return a network trained with quantisation in the loop."""
    return deepcopy(_trained(readout, engine, modules, keep_fp32))


@cache
def _trained(readout: str, engine: str, modules: int, keep_fp32: bool) -> QuantisedNetwork:
    config = TrainingConfig(
        readout=readout,
        engine=engine,
        quantize='qat',
        # A tenth of the presentations that a map of so few places gets.
        epochs=40,
        keep_fp32=keep_fp32,
        places_per_module=-(-PLACES // modules),
    )
    network = train(SPIKES, np.arange(PLACES), config)
    assert isinstance(network, QuantisedNetwork)
    return network


def frames(count: int, inputs: int = INPUTS) -> np.ndarray:
    """Return different frames: noise, black, white, two-valued, nearly uniform."""
    rng = np.random.default_rng(7)
    shown = rng.integers(0, 256, (count, inputs)).astype(np.uint8)
    shown[0], shown[1] = 0, 255
    shown[2::4] = np.where(shown[2::4] > 127, 255, 0)
    shown[3::8] = 100 + shown[3::8] // 64
    return shown


def large(
    inputs: int, features: int, places: int, readout: str, engine: str = 'x86'
) -> QuantisedNetwork:
    """Return a network that is calibrated, not trained."""
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 256, (20, inputs)).astype(np.float32) / 255
    layers = (
        new_feature_layer(inputs, features, 0.1, 0.5, rng),
        new_output_layer(features, places, rng),
    )
    weights = [
        QuantisedWeights(
            *quantise_weights(layer.weights, layer.weights.min(axis=1), layer.weights.max(axis=1))
        )
        for layer in layers
    ]
    order = np.tile(np.arange(len(samples)), 10)
    trained_module = TrainedModule(weights[0], weights[1], samples, order)
    return calibrate([trained_module], readout, SCHEMES[engine])


def map_of(network: FloatNetwork | QuantisedNetwork) -> Map:
    """Return a map of a network whose inputs are a square image."""
    places = [Place(n, None, 'bag', str(n)) for n in range(network.places)]
    side = math.isqrt(network.inputs)
    config = TrainerConfig(
        encoding=EncodingConfig(encoder='pixels', width=side, height=side),
        training=TrainingConfig(readout=network.readout, quantize='qat'),
    )
    spikes = np.random.default_rng(2).integers(0, 256, (network.places, network.inputs), np.uint8)
    return map_around(
        network,
        spikes,
        config,
        places,
        sensor=Sensor('camera', 64, 48),
        provenance={
            'software': 'vprtempo_ros test',
            'created': '2026-01-01T00:00:00+00:00',
            'traverses': [{'source': '/bags/a', 'frames': 20, 'used': 13, 'unreadable': 1}],
        },
    )
