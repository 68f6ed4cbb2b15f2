"""All thumbnails of a map are in one file, and are read when they are asked for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import steady, tiny_map, tree

from vprtempo_ros.errors import MapError
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.maps.thumbnails_file import THUMBNAILS, Thumbnails, write_thumbnails

CORPUS = Path(__file__).parents[1] / 'corpus' / 'maps'


@steady
@given(st.lists(st.binary(max_size=50), max_size=20))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, thumbnails: list[bytes]
) -> None:
    """Also empty ones; they are a sequence like any other."""
    file = tmp_path_factory.getbasetemp() / THUMBNAILS
    write_thumbnails(thumbnails, file)
    found = Thumbnails(file).check()
    assert list(found) == thumbnails
    assert len(found) == len(thumbnails)
    assert found[1:-1] == thumbnails[1:-1]
    for index in range(-len(thumbnails), len(thumbnails)):
        assert found[index] == thumbnails[index]
    for index in (-len(thumbnails) - 1, len(thumbnails)):
        with pytest.raises(IndexError):
            found[index]


def test_a_replaced_map_stays_readable(tmp_path: Path) -> None:
    """A node goes on with the thumbnails of the map that it has loaded."""
    folder = save(tiny_map(), tmp_path / 'office')
    loaded = load(folder)
    save(tiny_map(1), folder, overwrite=True)
    shutil.rmtree(folder)
    assert list(loaded.thumbnails) == tiny_map().thumbnails


@pytest.mark.parametrize('size', [20, 1000])
def test_a_file_that_is_overwritten_is_noticed(tmp_path: Path, size: int) -> None:
    """A file that is copied over the open one gives one line, and the rest of the map stays."""
    folder = save(tiny_map(), tmp_path / 'office')
    loaded = load(folder)
    weights = loaded.network.modules[0].feature.weights.copy()
    for name in os.listdir(folder):
        (folder / name).write_bytes(bytes(size))
    with pytest.raises(MapError, match='was changed after the map was loaded: load it again'):
        loaded.thumbnails[0]
    assert np.array_equal(loaded.network.modules[0].feature.weights, weights)


@pytest.mark.parametrize('entry', ['format_2_camera', 'format_3_camera', 'format_4_camera'])
def test_thumbnails_of_every_format(tmp_path: Path, entry: str) -> None:
    """Maps with a folder of thumbnails are read, and saved with one file."""
    loaded = load(CORPUS / entry / 'map')
    assert len(loaded.thumbnails) == 6
    assert all(data.startswith(b'\xff\xd8') for data in loaded.thumbnails)
    again = load(save(loaded, tmp_path / 'again'))
    assert list(again.thumbnails) == list(loaded.thumbnails)
    assert set(tree(tmp_path / 'again')) == {
        'map.yaml',
        'network.safetensors',
        'places.csv',
        'reference.safetensors',
        THUMBNAILS,
    }


def test_a_changed_old_thumbnail_is_noticed(tmp_path: Path) -> None:
    """The checksum of a folder of thumbnails covers names and contents."""
    folder = Path(shutil.copytree(CORPUS / 'format_3_camera' / 'map', tmp_path / 'old'))
    file = folder / 'thumbnails' / '000004.jpg'
    data = file.read_bytes()
    file.unlink()
    with pytest.raises(MapError, match='thumbnails is not as it was written'):
        load(folder)
    file.write_bytes(data[:-1] + b'x')
    with pytest.raises(MapError, match='thumbnails is not as it was written'):
        load(folder)
    file.write_bytes(data)
    load(folder)
