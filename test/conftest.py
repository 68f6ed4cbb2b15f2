"""What all tests share: lanes, a ROS domain for each process, and maps that are slow to make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import ROOT, lanes
from support.compiling import compile_once
from support.domains import claim_domain
from support.events import EVENT_PLACES
from support.forking import end_server
from support.helpers import map_around
from support.measuring import draw_untraced, is_unmeasured, unmeasured
from support.scheduling import own_scheduling
from support.shared import made_once
from support.shared_memory import remove_abandoned
from support.street import Street

from vprtempo_ros.config import EncodingConfig, TrainerConfig, TrainingConfig
from vprtempo_ros.demo.processes import ros_environment
from vprtempo_ros.demo.recordings import IMAGE_TOPIC, Recordings, plan_route, render_route
from vprtempo_ros.evaluation.truth import GroundTruth
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map, Sensor
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.store import save
from vprtempo_ros.network.layers import new_feature_layer, new_output_layer
from vprtempo_ros.network.network import FloatNetwork, Module
from vprtempo_ros.options import from_flat

# Before anything imports rclpy: every process that runs tests has a ROS domain of its own.
_DOMAIN, _DOMAIN_LOCK = claim_domain()
os.environ.update({'ROS_DOMAIN_ID': str(_DOMAIN), 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'})
os.environ.update(ros_environment())
# Threads of OpenMP and OpenBLAS sleep while they wait for one another: spinning, they take as much
# time again from the other workers. OpenBLAS reads this when a worker of xdist imports NumPy.
os.environ.update({'OMP_WAIT_POLICY': 'PASSIVE', 'OPENBLAS_THREAD_TIMEOUT': '4'})
# Hundreds of processes import the same files.
os.environ.pop('PYTHONDONTWRITEBYTECODE', None)

# Length in metres and frame rate of the rendered route.
ROUTE = 40.0, 10.0
_DATA = ROOT.parent / 'shared' / 'data'


def pytest_configure(config: pytest.Config) -> None:
    """Let rclpy be absent from the lane without it, and loops be compiled as fast as can be."""
    compile_once()
    if hasattr(config, 'workerinput'):
        # The other process runs no tests.
        draw_untraced()
    if lanes.without_ros(config.option.markexpr):
        lanes.RosIsAbsent.install()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files of which no test is asked for, with what they import."""
    if collection_path.suffix != '.py':
        return None
    return lanes.left_out(collection_path, config.option.markexpr) or None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave out of the coverage what workers import after the first, which imports the same."""
    with unmeasured() if os.environ.get('PYTEST_XDIST_WORKER', 'gw0') != 'gw0' else nullcontext():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what talks to ROS 2, and what starts processes; let workers begin with long tests."""
    for item in items:
        if lanes.uses_ros(item.path):
            item.add_marker('ros')
        if lanes.uses_processes(item.path):
            item.add_marker('process')
    items.sort(key=lambda item: item.get_closest_marker('long') is None)


def pytest_sessionfinish() -> None:
    """End what has forked nodes."""
    end_server()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Leave out of the coverage what is listed in unmeasured.txt, its fixtures too."""
    with unmeasured() if is_unmeasured(item.nodeid) else nullcontext():
        return (yield)


@pytest.fixture(autouse=True)
def _lane(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a test without the mark start no process; clean up after one that kills some."""
    if request.node.get_closest_marker('process'):
        yield
        remove_abandoned()
        return
    with lanes.no_processes():
        yield


@pytest.fixture(autouse=True)
def _scheduling() -> Iterator[None]:
    """Let no test leave its process with a priority that others do not have."""
    with own_scheduling() as changed:
        yield
    assert not changed, f'the test left its process with scheduling policy {changed[0]}'


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

    def make(folder: Path) -> None:
        recordings = render_route(folder, *ROUTE)
        settings: dict[str, Any] = {
            'bags': [str(recordings.reference)],
            'map': str(folder / 'map'),
            'input.topic': IMAGE_TOPIC,
            'places.by': 'metres',
            'places.spacing': 2.0,
        }
        save(build_map(from_flat(TrainerConfig, settings)), folder / 'map')

    folder = made_once(tmp_path_factory, 'street', make)

    def truth(built: Map) -> GroundTruth:
        # Drawing the street takes seconds, and few tests need this.
        return plan_route(folder, *ROUTE)[0].truth(built)

    recordings = Recordings(folder / 'reference', folder / 'query', {}, truth, '')
    return Street(recordings, folder / 'map')


@pytest.fixture(scope='session')
def quantised_map(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the street's map trained with quantisation in the loop, integers only."""

    def make(folder: Path) -> None:
        settings = {
            'bags': [str(street.recordings.reference)],
            'map': str(folder / 'map'),
            'places.by': 'metres',
            'places.spacing': 2.0,
            'encoding.encoder': 'pixels',
            'training.quantize': 'qat',
            'training.keep_fp32': False,
        }
        save(build_map(from_flat(TrainerConfig, settings)), folder / 'map')

    return made_once(tmp_path_factory, 'quantised', make) / 'map'


@pytest.fixture(scope='session')
def event_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of events of a 64x48 sensor."""

    def make(folder: Path) -> None:
        # These import libraries that few tests need.
        from support.events import event_drive
        from support.helpers import tiny_config

        bag = event_drive(folder / 'bag', range(EVENT_PLACES))
        config = tiny_config(
            bag,
            input__type='events',
            encoding__encoder='pixels',
            encoding__width=16,
            encoding__height=16,
            training__epochs=0,
            training__feature_multiplier=4.0,
        )
        save(build_map(config), folder / 'map')

    return made_once(tmp_path_factory, 'events', make) / 'map'


@pytest.fixture(scope='session')
def slow_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map whose network takes milliseconds a frame: large and clamped, untrained."""

    def make(folder: Path) -> None:
        rng = np.random.default_rng(0)
        side, neurons, places = 64, 8192, 200
        config = TrainerConfig(
            encoding=EncodingConfig(encoder='pixels', width=side, height=side),
            training=TrainingConfig(readout='clamped'),
        )
        module = Module(
            new_feature_layer(side * side, neurons, 0.1, 0.5, rng),
            new_output_layer(neurons, places, rng),
        )
        spikes = rng.integers(0, 256, (places, side * side)).astype(np.uint8)
        built = map_around(
            FloatNetwork([module], 'clamped'),
            spikes,
            config,
            [Place(n, None, '', '') for n in range(places)],
            sensor=Sensor('camera', 64, 64),
            provenance={'software': '', 'created': '', 'traverses': []},
        )
        save(built, folder / 'map')

    return made_once(tmp_path_factory, 'slow', make) / 'map'
