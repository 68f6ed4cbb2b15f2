"""Maps on disk: saving and loading, no accidental overwriting, all or nothing."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import names, steady, tiny_map, tree

from vprtempo_ros.errors import MapError
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.places_file import places_in, write_places
from vprtempo_ros.maps.store import check_destination, load, save


def test_round_trip(tmp_path: Path) -> None:
    """A loaded map is the saved one, bit for bit."""
    built = tiny_map()
    assert save(built, tmp_path / 'maps' / 'office') == tmp_path / 'maps' / 'office'
    loaded = load(tmp_path / 'maps' / 'office')
    arrays = ('thumbnails', 'network', 'spikes', 'pixel_statistics', 'response_statistics')
    assert list(loaded.thumbnails) == built.thumbnails
    # Not all at once: from Python 3.13 on, comparing data classes compares the same array, too.
    for name in {each.name for each in fields(built)} - set(arrays):
        assert getattr(loaded, name) == getattr(built, name), name
    for ours, theirs in (
        (built.spikes, loaded.spikes),
        (built.pixel_statistics.mean, loaded.pixel_statistics.mean),
        (built.pixel_statistics.std, loaded.pixel_statistics.std),
        (built.response_statistics.mean, loaded.response_statistics.mean),
        (built.response_statistics.std, loaded.response_statistics.std),
    ):
        assert ours.tobytes() == theirs.tobytes()
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
    assert loaded.network.readout == built.network.readout
    for ours, theirs in zip(built.network.modules, loaded.network.modules, strict=True):
        for one, two in ((ours.feature, theirs.feature), (ours.output, theirs.output)):
            for name in ('weights', 'thresholds', 'target_rates'):
                assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
                assert getattr(two, name).dtype == 'float32'


def test_a_map_is_the_folder_of_the_design(tmp_path: Path) -> None:
    """A map has five entries, readable by other users; nothing is left next to it."""
    folder = save(tiny_map(), tmp_path / 'office')
    assert names(folder) == [
        'map.yaml',
        'network.safetensors',
        'places.csv',
        'reference.safetensors',
        'thumbnails.bin',
    ]
    assert names(tmp_path) == ['office']
    assert folder.stat().st_mode & 0o777 == 0o755


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing in a map depends on when or where it was written."""
    assert tree(save(tiny_map(), tmp_path / 'a')) == tree(save(tiny_map(), tmp_path / 'b'))


def test_a_map_is_never_overwritten_unasked(tmp_path: Path) -> None:
    """A map is replaced only with overwrite."""
    folder = save(tiny_map(), tmp_path / 'office')
    before = tree(folder)
    with pytest.raises(MapError, match='set overwrite to replace it'):
        save(tiny_map(1), folder)
    assert tree(folder) == before
    assert names(tmp_path) == ['office']


def test_a_link_to_a_map_is_followed(tmp_path: Path) -> None:
    """Overwriting `current -> office` replaces the map that it points to, and keeps the link."""
    save(tiny_map(), tmp_path / 'maps' / 'office')
    link = tmp_path / 'current'
    link.symlink_to(tmp_path / 'maps' / 'office')
    save(tiny_map(1), link, overwrite=True)
    assert link.is_symlink()
    assert load(tmp_path / 'maps' / 'office').config.training.seed == 1
    assert names(tmp_path) == ['current', 'maps']
    assert names(tmp_path / 'maps') == ['office']


@pytest.mark.parametrize('overwrite', [False, True])
@pytest.mark.parametrize(
    'kind', ['file', 'folder', 'map of Nav2', 'dangling link', 'link to a file']
)
def test_what_is_not_a_map_is_left_alone(tmp_path: Path, kind: str, overwrite: bool) -> None:
    """Other files and folders are never replaced, with and without overwrite."""
    target = tmp_path / 'precious'
    if kind == 'file':
        target.write_text('x')
    elif kind == 'folder':
        target.mkdir()
        (target / 'thesis.tex').write_text('x')
    elif kind == 'map of Nav2':
        target.mkdir()
        (target / 'map.pgm').write_bytes(b'P5 1 1 255 x')
        (target / 'map.yaml').write_text('image: map.pgm\nresolution: 0.05\norigin: [0, 0, 0]\n')
    else:
        if kind == 'link to a file':
            (tmp_path / 'other').write_text('x')
        target.symlink_to(tmp_path / 'other')
    before = names(tmp_path)
    for check in (
        lambda: save(tiny_map(), target, overwrite),
        lambda: check_destination(target, overwrite),
    ):
        with pytest.raises(MapError, match='is not a map; it is left alone') as caught:
            check()
        assert '\n' not in str(caught.value)
    assert names(tmp_path) == before
    assert os.path.lexists(target)


def test_an_empty_folder_may_become_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder is replaced, also if it is the working directory."""
    (tmp_path / 'office').mkdir()
    save(tiny_map(), tmp_path / 'office')
    (tmp_path / 'here').mkdir()
    monkeypatch.chdir(tmp_path / 'here')
    save(tiny_map(), '.')
    assert load(tmp_path / 'here').places == load(tmp_path / 'office').places == tiny_map().places
    assert names(tmp_path) == ['here', 'office']


@pytest.mark.parametrize('path', ['', 'x' * 300, 'file/map'])
def test_a_destination_that_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A path that is empty, too long, or below a file gives one line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('x')
    with pytest.raises(MapError) as caught:
        save(tiny_map(), path)
    assert '\n' not in str(caught.value)
    assert names(tmp_path) == ['file']


@pytest.mark.parametrize('path', ['file/map', 'file/below/map'])
def test_a_destination_below_a_file_is_refused_before_training(tmp_path: Path, path: str) -> None:
    """Otherwise minutes of training would be lost. A path that can be made is accepted."""
    (tmp_path / 'file').write_text('x')
    with pytest.raises(MapError, match='cannot be made, since .*file is not a folder'):
        check_destination(tmp_path / path, overwrite=True)
    check_destination(tmp_path / 'new' / 'below' / 'map', overwrite=False)
    assert names(tmp_path) == ['file']


@pytest.mark.long
@steady
@given(st.text(st.characters(codec='utf-8', exclude_characters='\0')), st.text('ab,"\'\n\r#: '))
def test_any_name_survives(
    tmp_path_factory: pytest.TempPathFactory, first: str, second: str
) -> None:
    """Names of bags and frames with any characters are read back from places.csv."""
    file = tmp_path_factory.getbasetemp() / 'places.csv'
    pose = tiny_map().places[0].pose
    places = [Place(-5, None, first, second), Place(2**62, pose, second, first)]
    write_places(places, file)
    assert places_in(np.fromfile(file, np.uint8)) == places


def test_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~ is understood in a map's path: no shell replaces it in `map:=~/office`."""
    monkeypatch.setenv('HOME', str(tmp_path))
    assert save(tiny_map(), '~/office') == tmp_path / 'office'
    assert len(load('~/office').places) == len(tiny_map().places)
