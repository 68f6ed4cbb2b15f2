"""Maps of 8-bit weights: trained, saved, loaded, edited, described."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.edited import answers, map_of
from support.street import Street

from vprtempo_ros.backends.reference import reference_backend
from vprtempo_ros.errors import MapError
from vprtempo_ros.maps.editing import forget
from vprtempo_ros.maps.network_file import NETWORK, network_in, write_network
from vprtempo_ros.maps.revisions import edit
from vprtempo_ros.maps.store import load
from vprtempo_ros.maps.tensors import tensors_in, write_tensors
from vprtempo_ros.network.byte_network import ByteNetwork
from vprtempo_ros.network.network import LinearNetwork
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.tools import map_info


@pytest.fixture(scope='module')
def maps(street: Street, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the map of the street with weights of each kind."""
    folder, count = tmp_path_factory.mktemp('kinds'), len(street.places())
    return {
        kind: map_of(street, range(count), folder / kind, training__weights=kind)
        for kind in ('float32', 'int8')
    }


def test_the_same_places_are_recognised(
    street: Street, maps: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = load(maps['float32']), load(maps['int8'])
    assert type(one.network) is LinearNetwork
    assert isinstance(other.network, ByteNetwork)
    similarities, rounded = answers(one), answers(other)
    assert np.abs(similarities - rounded).max() < 0.02 * similarities.max()
    first, second = Recogniser(one), Recogniser(other)
    for frame in street.frames('query'):
        assert first.recognise(frame.image).place == second.recognise(frame.image).place
    first.close()
    second.close()
    assert map_info.main([str(maps['int8'])]) == 0
    text = capsys.readouterr().out
    assert 'one layer of 8-bit weights, linear readout' in text
    assert 'two-stage search' in text


def test_without_the_option_small_maps_have_floats(street: Street, tmp_path: Path) -> None:
    assert type(load(map_of(street, range(4), tmp_path / 'map')).network) is LinearNetwork


def test_edits_give_the_map_of_training_at_once(street: Street, tmp_path: Path) -> None:
    gone, kind = [0, 3, 4], {'training__weights': 'int8'}
    edited = map_of(street, range(12), tmp_path / 'edited', **kind)
    edit(edited, 'forget', lambda content: forget(content, gone))
    left = [place for place in range(12) if place not in gone]
    expected = map_of(street, left, tmp_path / 'expected', **kind)
    similarities = answers(load(expected))
    difference = np.abs(answers(load(edited)) - similarities).max()
    assert difference <= 1e-5 * np.abs(similarities).max()
    assert isinstance(load(edited).network, ByteNetwork)


@pytest.mark.parametrize(
    ('name', 'change', 'message'),
    [
        ('linear.scales', lambda values: values[:-1], 'linear.scales: expected float32'),
        ('linear.scales', lambda values: values * np.float32(np.nan), 'expected finite numbers'),
        ('linear.outline.deviation', lambda values: values * 0, 'expected numbers above 0'),
        ('linear.outline.codes', lambda values: values.astype(np.int16), 'linear.outline.codes'),
        ('linear.outline.basis', lambda values: values[0], 'linear.outline.basis'),
    ],
)
def test_damaged_weights(
    maps: dict[str, Path], tmp_path: Path, name: str, change: object, message: str
) -> None:
    loaded = load(maps['int8'])
    write_network(loaded.network, tmp_path / 'network')
    tensors = tensors_in(np.fromfile(tmp_path / 'network', np.uint8), NETWORK)
    assert callable(change)
    write_tensors(tmp_path / 'damaged', {**tensors, name: change(tensors[name])})
    data = np.fromfile(tmp_path / 'damaged', np.uint8)
    network = loaded.network
    with pytest.raises(MapError, match=message):
        network_in(data, loaded.config, network.inputs, network.places)


def test_other_backends_take_the_weights_as_floats(maps: dict[str, Path]) -> None:
    loaded = load(maps['int8'])
    backend = reference_backend(loaded.network)
    assert isinstance(loaded.network, ByteNetwork)
    shown = loaded.shown()[2]
    network = loaded.network
    sums = network.rows.astype(np.int64) @ shown.astype(np.int64)
    np.testing.assert_allclose(
        backend.similarity(shown), sums * (network.scales / 255), rtol=1e-4, atol=1e-5
    )
    backend.close()
