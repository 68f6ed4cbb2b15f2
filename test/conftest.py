"""What all tests share: where the data is, and what is left out without it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import ROOT
from support.events import EVENT_PLACES
from support.helpers import map_around
from support.street import Street

from vprtempo_ros.config import EncodingConfig, TrainerConfig, TrainingConfig
from vprtempo_ros.demo.processes import ros_environment
from vprtempo_ros.demo.recordings import IMAGE_TOPIC, render_route
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Sensor
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.store import save
from vprtempo_ros.network.layers import new_feature_layer, new_output_layer
from vprtempo_ros.network.network import FloatNetwork, Module
from vprtempo_ros.options import from_flat

# Before anything imports rclpy: every run of the tests is a ROS domain of its own.
for _name in ('ROS_DOMAIN_ID', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
    os.environ.pop(_name, None)
os.environ.update(ros_environment())

_DATA = ROOT.parent / 'shared' / 'data'


@pytest.fixture(scope='session')
def shared_data() -> Callable[[str], Path]:
    """Return a function from a name to a path of the data set; skips where it is absent."""

    def find(name: str) -> Path:
        path = _DATA / name
        if not path.exists():
            pytest.skip(f'needs the data set {name}, which is not at {path}')
        return path

    return find


@pytest.fixture(scope='session')
def street(tmp_path_factory: pytest.TempPathFactory) -> Street:
    """Return a rendered route of 40 m with its map; made once for all tests."""
    folder = tmp_path_factory.mktemp('street')
    recordings = render_route(folder, 40.0, 10.0)
    settings: dict[str, Any] = {
        'bags': [str(recordings.reference)],
        'map': str(folder / 'map'),
        'input.topic': IMAGE_TOPIC,
        'places.by': 'metres',
        'places.spacing': 2.0,
    }
    save(build_map(from_flat(TrainerConfig, settings)), folder / 'map')
    return Street(recordings, folder / 'map')


@pytest.fixture(scope='session')
def quantised_map(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the street's map trained with quantisation in the loop, integers only."""
    folder = tmp_path_factory.mktemp('quantised') / 'map'
    settings = {
        'bags': [str(street.recordings.reference)],
        'map': str(folder),
        'places.by': 'metres',
        'places.spacing': 2.0,
        'training.quantize': 'qat',
        'training.keep_fp32': False,
    }
    return save(build_map(from_flat(TrainerConfig, settings)), folder)


@pytest.fixture(scope='session')
def event_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of events of a 64x48 sensor."""
    # Importing these asks for libraries that few tests need.
    from support.events import event_drive
    from support.helpers import tiny_config

    folder = tmp_path_factory.mktemp('events')
    bag = event_drive(folder / 'bag', range(EVENT_PLACES))
    config = tiny_config(
        bag,
        input__type='events',
        encoding__width=16,
        encoding__height=16,
        training__epochs=0,
        training__feature_multiplier=4.0,
    )
    return save(build_map(config), folder / 'map')


@pytest.fixture(scope='session')
def slow_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map whose network takes milliseconds a frame: large and clamped, untrained."""
    rng = np.random.default_rng(0)
    side, neurons, places = 64, 8192, 200
    config = TrainerConfig(
        encoding=EncodingConfig(width=side, height=side), training=TrainingConfig(readout='clamped')
    )
    module = Module(
        new_feature_layer(side * side, neurons, 0.1, 0.5, rng),
        new_output_layer(neurons, places, rng),
    )
    folder = tmp_path_factory.mktemp('slow') / 'map'
    spikes = rng.integers(0, 256, (places, side * side)).astype(np.uint8)
    save(
        map_around(
            FloatNetwork([module], 'clamped'),
            spikes,
            config,
            [Place(n, None, '', '') for n in range(places)],
            sensor=Sensor('camera', 64, 64),
            provenance={'software': '', 'created': '', 'traverses': []},
        ),
        folder,
    )
    return folder
