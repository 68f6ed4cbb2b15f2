"""The Python API: a map from a folder of images, and a place recognised, without ROS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import vprtempo_ros
from vprtempo_ros import Recogniser, build_map, load_map
from vprtempo_ros.errors import ConfigError, ImageError, MapError

PLACES = 24


@pytest.fixture(scope='module')
def drive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of images, each of a place of its own."""
    folder = tmp_path_factory.mktemp('drive')
    rng = np.random.default_rng(0)
    for number in range(PLACES):
        small = rng.integers(0, 256, (9, 12)).astype(np.uint8)
        image = cv2.resize(small, (64, 48), interpolation=cv2.INTER_CUBIC)
        assert cv2.imwrite(str(folder / f'{number:04d}.png'), image)
    return folder


@pytest.fixture(scope='module')
def office(drive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of the drive."""
    path = tmp_path_factory.mktemp('maps') / 'office'
    built = build_map(
        drive, path, {'encoding.encoder': 'pixels', 'encoding.width': 16, 'encoding.height': 16}
    )
    assert len(built.places) == PLACES
    return path


def picture(drive: Path, number: int) -> NDArray[np.uint8]:
    """Return an image of the drive as grey."""
    return np.asarray(cv2.imread(str(drive / f'{number:04d}.png'), cv2.IMREAD_GRAYSCALE))


def test_ten_lines(drive: Path, office: Path) -> None:
    """The example of the README: build, load, recognise."""
    recogniser = Recogniser(load_map(office))
    for number in range(PLACES):
        match = recogniser.recognise(picture(drive, number))
    assert match.known
    assert match.place == PLACES - 1
    assert 0.5 <= match.confidence <= 1.0
    assert match.belief.shape == match.similarity.shape == (PLACES,)
    recogniser.close()


def test_colour_images_are_rgb(drive: Path, office: Path) -> None:
    """An array of three channels is recognised as its grey value is."""
    grey = Recogniser(load_map(office))
    colour = Recogniser(load_map(office))
    for number in range(5):
        image = picture(drive, number)
        one = grey.recognise(image)
        two = colour.recognise(np.repeat(image[..., None], 3, axis=2))
        assert one.place == two.place
    grey.close()
    colour.close()


def test_an_existing_map_is_kept(drive: Path, office: Path) -> None:
    """Unless it may be replaced; checked before any training."""
    before = load_map(office).provenance
    with pytest.raises(MapError, match='office'):
        build_map(drive, office)
    assert load_map(office).provenance == before
    small = {
        'encoding.encoder': 'pixels',
        'encoding.width': 16,
        'encoding.height': 16,
        'places.count': 5,
    }
    build_map([drive], office.parent / 'second', small)
    build_map([drive], office.parent / 'second', {**small, 'places.count': 6}, overwrite=True)
    assert len(load_map(office.parent / 'second').places) == 6


def test_mistakes_are_one_line(drive: Path, office: Path, tmp_path: Path) -> None:
    """A setting of another kind, an unknown one, an image of another size."""
    with pytest.raises(ConfigError, match='bags is an argument of build_map'):
        build_map(drive, tmp_path / 'map', {'bags': ['x']})
    images = [picture(drive, number) for number in range(3)]
    with pytest.raises(ConfigError, match='folders of images, found ndarray: write images to a'):
        build_map(images, tmp_path / 'map')  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match='no such setting'):
        build_map(drive, tmp_path / 'map', {'places.bye': 'metres'})
    recogniser = Recogniser(load_map(office))
    with pytest.raises(ImageError, match='expected 64x48 pixels'):
        recogniser.recognise(np.zeros((20, 20), np.uint8))
    recogniser.close()
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = vprtempo_ros.no_such_name


def test_importing_the_package_is_quick() -> None:
    """The names of the API are imported when they are first used; ROS never."""
    code = (
        'import sys, vprtempo_ros; assert "numpy" not in sys.modules; '
        'from vprtempo_ros import Recogniser, build_map, load_map; '
        'sys.exit("rclpy" in sys.modules or "rosbags" in sys.modules)'
    )
    assert subprocess.run([sys.executable, '-c', code], check=False).returncode == 0
