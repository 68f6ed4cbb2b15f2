"""Maps that cannot distinguish their places are found out without a query."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.backends import create
from vprtempo_ros.config import EVENTS, BackendConfig, TrainerConfig
from vprtempo_ros.evaluation.distinctness import Distinctness, distinctness
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map, Sensor
from vprtempo_ros.options import from_flat

PLACES = 24


def scenes(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a random scene for each place, float64 (places, 48, 64)."""
    return np.kron(rng.integers(40, 216, (PLACES, 6, 8)), np.ones((8, 8)))


def map_of(folder: Path, images: NDArray[np.float64]) -> Map:
    """Build a map from these images, with the noise of a camera."""
    noise = np.random.default_rng(3).normal(0, 2, images.shape)
    for number, image in enumerate(np.clip(images + noise, 0, 255).astype(np.uint8)):
        cv2.imwrite(str(folder / f'{number:03d}.png'), image)
    return build_map(from_flat(TrainerConfig, {'bags': [str(folder)]}))


def distinctness_of(loaded: Map) -> Distinctness | None:
    backend = create(loaded.network, BackendConfig())
    found = distinctness(loaded, backend)
    backend.close()
    return found


def test_different_scenes_are_distinguished(tmp_path: Path) -> None:
    loaded = map_of(tmp_path, scenes(np.random.default_rng(1)))
    found = distinctness_of(loaded)
    assert found is not None
    assert found.recognised > 0.95 and found.tried == list(range(PLACES))
    assert found.warning() is None
    assert distinctness_of(loaded) == found
    # Thumbnails of event maps are no images of counts.
    assert distinctness_of(replace(loaded, sensor=Sensor(EVENTS, 64, 48))) is None


def test_places_that_look_alike_are_found_out(tmp_path: Path) -> None:
    """All but the first places show two scenes by turns, and the warning names them."""
    images = scenes(np.random.default_rng(1))
    images[8::2], images[9::2] = images[6], images[7]
    found = distinctness_of(map_of(tmp_path, images))
    assert found is not None
    assert set(found.ambiguous) <= set(range(6, PLACES))
    warning = found.warning()
    assert warning is not None and warning.startswith('the map hardly distinguishes its places')
    assert 'places.spacing' in warning


@pytest.mark.parametrize(
    ('ambiguous', 'named'),
    [([], ''), ([4], ''), ([0, 2, 4, 12, 14, 16, 18], ', none at places 12 to 18')],
)
def test_the_longest_run_is_named(ambiguous: list[int], named: str) -> None:
    """Runs are over the places that were tried."""
    warning = Distinctness(0.25, list(range(0, 20, 2)), ambiguous).warning()
    assert warning is not None
    assert f'it recognises 25%{named}; use' in warning
