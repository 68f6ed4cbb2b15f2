"""Maps to edit: the street with some of its places, and what two maps answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from support.helpers import images, odometry, write_bag
from support.street import Street
from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.frames import Frame
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.options import from_flat


def bag_of(frames: Sequence[Frame], path: Path) -> Path:
    """Record frames of the street again, one a second."""
    pixels = [frame.image.rgb() for frame in frames]
    positions = [frame.pose.position for frame in frames if frame.pose]
    records = list(images(pixels, encoding='rgb8'))
    return write_bag(path, [*records, *odometry(positions)] if positions else records)


def street_config(*bags: Path, **settings: Any) -> TrainerConfig:
    """Return the settings of the street, with every frame a place; underscores stand for dots."""
    return from_flat(
        TrainerConfig,
        {
            'bags': [str(bag) for bag in bags],
            # A quarter of the default's inputs.
            'encoding.oriented.cells': 8,
            **{name.replace('__', '.'): value for name, value in settings.items()},
        },
    )


def trained(config: TrainerConfig, path: Path) -> Path:
    """Train a map."""
    return save(build_map(config), path)


def map_of(street: Street, places: Sequence[int], path: Path, **settings: Any) -> Path:
    """Train a map of these places of the street, at once."""
    found = street.places()
    bag = bag_of([found[place] for place in places], path.with_name(f'{path.name}.bag'))
    return trained(street_config(bag, **settings), path)


def answers(loaded: Map) -> np.ndarray:
    """Return the similarities of each place's frame to all places, float32 (places, places)."""
    backend = reference_backend(loaded.network)
    found = np.stack([backend.similarity(row) for row in loaded.shown()])
    backend.close()
    return found


def assert_same_answers(found: Path, expected: Path) -> None:
    """Compare two maps: similarities within 1e-5 of the largest, confidence, places, segments."""
    one, other = load(found), load(expected)
    similarities = answers(other)
    difference = np.abs(answers(one) - similarities).max()
    assert difference <= 1e-5 * np.abs(similarities).max()
    np.testing.assert_array_equal(one.spikes, other.spikes)
    np.testing.assert_allclose(one.response_statistics, other.response_statistics, rtol=1e-4)
    assert one.calibration == other.calibration
    assert one.thumbnails[:] == other.thumbnails[:]
    assert one.route() == other.route()
    assert [place.pose for place in one.places] == [place.pose for place in other.places]
