"""training.safetensors: exact, checked, and read by edits only."""

from __future__ import annotations

import pickle
import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from support.helpers import change, drive, tiny_config

from vprtempo_ros.errors import MapError
from vprtempo_ros.maps import stored_spikes, training_file
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.checked_file import read_checked
from vprtempo_ros.maps.content import MapContent
from vprtempo_ros.maps.revisions import load_content
from vprtempo_ros.maps.route import read_route
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.maps.stored_spikes import StoredSpikes, part_of, stored
from vprtempo_ros.maps.tensors import Tensors, tensors_in, write_tensors
from vprtempo_ros.maps.training_command import training_command
from vprtempo_ros.maps.training_data import TrainingData
from vprtempo_ros.maps.training_file import TRAINING, Size, read_training, write_training
from vprtempo_ros.support.progress import silent


@pytest.fixture(scope='module')
def content(tmp_path_factory: pytest.TempPathFactory) -> MapContent:
    """Return the content of a small map with many samples for its inputs, of two drives."""
    folder = tmp_path_factory.mktemp('content')
    bags = [drive(folder / f'bag{n}', range(70), range(n, 70 + n)) for n in range(2)]
    return read_route(tiny_config(*bags), silent)


@pytest.fixture(scope='module')
def _built(content: MapContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(build_map(content.config), tmp_path_factory.mktemp('built') / 'map')


@pytest.fixture
def saved(_built: Path, tmp_path: Path) -> Path:
    """Return the map of this content, to be changed."""
    return shutil.copytree(_built, tmp_path / 'map')


def assert_same(found: TrainingData, expected: TrainingData) -> None:
    """Compare samples, trials and sums."""
    for one, other in zip(found.traverses, expected.traverses, strict=True):
        assert one.role == other.role
        np.testing.assert_array_equal(part_of(one.spikes, 0, 1000), part_of(other.spikes, 0, 1000))
        for name in ('frames', 'places', 'stamps'):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for part, whole in zip(one.trials, other.trials, strict=True):
            np.testing.assert_array_equal(part, whole)
    for name in ('count', 'total', 'power', 'places', 'shown'):
        np.testing.assert_array_equal(getattr(found.sums, name), getattr(expected.sums, name))


@pytest.fixture(params=[True, False], ids=['left', 'read'])
def _large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the samples in the file, as those of large maps, or read them."""
    if request.param:
        monkeypatch.setattr(training_file, 'LARGE', 0)


def reread(file: Path, places: int) -> TrainingData:
    """Return what is in the file."""
    with file.open('rb') as stream:
        return read_training(stream, Size(places, 64, 2), True)


@pytest.mark.usefixtures('_large')
@pytest.mark.parametrize('places', [70, 3])
def test_what_is_written_is_read(content: MapContent, tmp_path: Path, places: int) -> None:
    """Samples and sums are the same, whether sums are in the file or computed from the samples."""
    numbers = np.where(np.arange(70) < places, np.arange(70), -1)
    data = content.data.renumbered(numbers)
    digest = write_training(data, tmp_path / TRAINING)
    read = read_checked(tmp_path / TRAINING)
    assert digest == read.digest
    assert ('sums.triangle' in tensors_in(read.data, TRAINING)) == (places == 70)
    with (tmp_path / TRAINING).open('rb') as stream:
        found = read_training(stream, Size(places, 64, 2), content.adapt)
        stored = isinstance(found.traverses[0].spikes, StoredSpikes)
        assert stored == (training_file.LARGE == 0)
        write_training(found, tmp_path / 'again')
        assert read_checked(tmp_path / 'again').digest == digest
        assert_same(found, data)


def test_samples_that_stay_in_their_file(content: MapContent, tmp_path: Path) -> None:
    """Some of them, some of these, and those of another process are as in memory."""
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 256, (300, 3, 20)).astype(np.uint8)
    blocks = [whole[:100], whole[100:101], whole[101:]]
    few = stored(iter(blocks), tmp_path)
    np.testing.assert_array_equal(few, whole)
    with patch.object(stored_spikes, 'LARGE', 6001):
        found = stored(iter(blocks), tmp_path)
    assert isinstance(found, StoredSpikes) and not list(tmp_path.iterdir())
    first, second = rng.random(300) > 0.4, rng.random(300) > 0.4
    for spikes, expected in (
        (found, whole),
        (found.kept(first), whole[first]),
        (found.kept(first).kept(second[first]), whole[first & second]),
        (found.kept(np.zeros(300, bool)), whole[:0]),
    ):
        assert spikes.shape == expected.shape and spikes.nbytes == expected.nbytes
        np.testing.assert_array_equal(spikes.frames(), expected[:, 0])
        np.testing.assert_array_equal(spikes.part(7, 90), expected[7:90])
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(spikes)), expected)


def test_no_room_for_samples(tmp_path: Path) -> None:
    """One line says where there is no room."""
    blocks = [np.zeros((4, 3, 20), np.uint8)]
    with patch.object(stored_spikes, 'LARGE', 1), pytest.raises(MapError) as caught:
        stored(blocks, tmp_path / 'none')
    assert str(caught.value).startswith(f'{tmp_path}/none: no room for the samples of a recording')


def without_training_data(folder: Path) -> str:
    """Return what is said of a map that cannot be edited."""
    return (
        'this map holds no training data, as those of formats 2 and 3 do not, and of '
        f'training.keep_samples false: {training_command(load(folder), folder)}'
    )


def test_a_map_without_its_samples(content: MapContent, tmp_path: Path) -> None:
    """An option leaves the training data out, and says so when the map is to be edited."""
    training = replace(content.config.training, keep_samples=False)
    folder = save(build_map(replace(content.config, training=training)), tmp_path / 'map')
    assert not (folder / TRAINING).exists()
    with pytest.raises(MapError) as refused:
        load_content(folder)
    assert str(refused.value).endswith(without_training_data(folder))


def test_a_map_that_is_used_does_not_read_it(content: MapContent, tmp_path: Path) -> None:
    """A map works without its training data, whose damage only an edit finds."""
    folder = save(build_map(content.config), tmp_path / 'map')
    assert load(folder).training is None
    assert_same(load_content(folder).content.data, content.data)
    data = bytearray((folder / TRAINING).read_bytes())
    data[-1] ^= 1
    (folder / TRAINING).write_bytes(data)
    load(folder)
    with pytest.raises(MapError, match='training.safetensors is not as it was written'):
        load_content(folder)
    (folder / TRAINING).unlink()
    load(folder)
    with pytest.raises(MapError) as refused:
        load_content(folder)
    assert str(refused.value).endswith(without_training_data(folder))


@pytest.mark.parametrize(
    'settings',
    [{'training.outputs': 'stdp'}, {'training.quantize': 'qat'}, {'training.readout': 'clamped'}],
)
def test_maps_of_other_trainings(tmp_path: Path, settings: dict[str, str]) -> None:
    """Maps whose network is not computed from sums have no training data and say so."""
    bag = drive(tmp_path / 'bag', range(4), range(4))
    config = tiny_config(bag, **{name.replace('.', '__'): v for name, v in settings.items()})
    folder = save(build_map(config), tmp_path / 'map')
    assert not (folder / TRAINING).exists()
    with pytest.raises(MapError, match='only maps of the default training can be edited'):
        load_content(folder)


def _damaged(tensors: Tensors, name: str) -> Tensors:
    value = tensors[name].copy()
    value.reshape(-1)[0] = {'u': 7, 'i': -1}[value.dtype.kind]
    return {**tensors, name: value}


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('traverse.0.role', 'traverse.0: expected a role from 0 to 2 and frames'),
        ('traverse.1.places', 'traverse.1.places: expected places from 0 to 69'),
        ('sums.places', 'sums: expected those of 280 samples, found other numbers'),
        ('sums.triangle', 'sums: expected those of 280 samples, found other numbers'),
    ],
)
def test_numbers_out_of_range(content: MapContent, saved: Path, name: str, expected: str) -> None:
    """Each is refused in one line, though its checksum is right."""
    folder = saved
    tensors = tensors_in(read_checked(folder / TRAINING).data, TRAINING)
    variants = content.traverses[0].spikes.shape[1]
    write_tensors(folder / TRAINING, _damaged(tensors, name))
    change(folder, lambda document: None)
    with pytest.raises(MapError) as caught:
        load_content(folder)
    expected = expected.replace('280', str(140 * variants))
    assert str(caught.value) == f'{folder}: {TRAINING}: {expected}'


@pytest.mark.usefixtures('_large')
@pytest.mark.parametrize(
    ('name', 'value', 'expected'),
    [
        ('traverse.0.spikes', None, r'traverse\.0\.spikes: expected uint8 .* found None$'),
        ('traverse.0.spikes', np.zeros((70, 2), np.uint8), r'traverse\.0\.spikes: expected'),
        ('traverse.0.spikes', np.zeros((0, 2, 64), np.uint8), r'a role from 0 to 2 and frames$'),
        ('traverse.1.spikes', np.zeros((70, 1, 64), np.uint8), 'equally many samples of all fra'),
        ('traverse.0.places', np.zeros(70, np.int64), 'one reference frame of place 0, found 70'),
        ('traverse.0.stamps', np.zeros(9, np.int64), r'stamps: expected int64 \(70,\)'),
        ('traverse.0.trials.spikes', np.zeros((0, 2, 64), np.uint8), r'trials\.spikes: expected'),
        ('sums.triangle', np.zeros(2079, np.int32), r'triangle: expected int32 \(2080,\)'),
        ('sums.triangle', np.zeros(2080, np.float32), r'triangle: expected int64 \(2080,\)'),
        ('sums.places', np.zeros((0, 64), np.int32), r'sums\.places: expected int32 \(70, 64\)'),
    ],
)
def test_other_shapes(
    content: MapContent, tmp_path: Path, name: str, value: np.ndarray | None, expected: str
) -> None:
    """A tensor that is missing or has another shape or type is refused."""
    write_training(content.data, tmp_path / TRAINING)
    tensors = dict(tensors_in(read_checked(tmp_path / TRAINING).data, TRAINING))
    del tensors[name]
    if value is not None:
        tensors[name] = value
    write_tensors(tmp_path / 'damaged', tensors)
    with pytest.raises(MapError, match=expected):
        reread(tmp_path / 'damaged', 70)


@pytest.mark.parametrize(
    ('entry', 'value', 'expected'),
    [
        ('segments', [3, 3], 'expected the numbers of places of segments, 70 together'),
        ('segments', [70, 0], 'segments, 70 together'),
        ('segments', 'all', 'segments, 70 together'),
        ('labels', {70: 'door'}, 'expected labels of places by number'),
        ('labels', {1: 2}, 'expected labels of places by number'),
        ('edits', 'none', 'expected a list of edits'),
        ('edits', [{'revision': 1, 'edit': 'x', 'software': 'y', 'created': 'z'}], 'of each edit'),
        ('edits', [{'revision': 2}], 'expected revision, edit, software and created of each'),
    ],
)
def test_entries_of_map_yaml(saved: Path, entry: str, value: object, expected: str) -> None:
    """Wrong entries of edits are refused in one line."""
    change(saved, lambda document: document.__setitem__(entry, value))
    with pytest.raises(MapError, match=expected) as caught:
        load(saved)
    assert '\n' not in str(caught.value)


def test_labels_and_edits_are_kept(content: MapContent, tmp_path: Path) -> None:
    """What edits add to a map is read as it was written, and a plain map has none of it."""
    built = build_map(content.config)
    plain = save(built, tmp_path / 'plain')
    text = (plain / 'map.yaml').read_text()
    assert not any(f'{name}:' in text for name in ('labels', 'edits', 'segments'))
    record = {'revision': 2, 'edit': 'label', 'software': 'test', 'created': 'now'}
    named = replace(built, labels={3: 'Tür'}, provenance={**built.provenance, 'edits': [record]})
    loaded = load(save(named, tmp_path / 'named'))
    assert (loaded.labels, loaded.revision) == ({3: 'Tür'}, 2)
    assert loaded.provenance['edits'] == [record]
    assert load(plain).revision == 1
