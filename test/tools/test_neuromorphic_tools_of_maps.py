"""NIR, energy, sinabs and Lava with maps that were edited or merged, and of several cameras."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support.helpers import drive, images, odometry, picture, tiny_config, write_bag

from vprtempo_ros import backends
from vprtempo_ros.backends.nir_graph import NirBackend
from vprtempo_ros.config import BackendConfig, SinabsConfig, TrainerConfig
from vprtempo_ros.errors import BackendError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.network.graph import GraphNetwork
from vprtempo_ros.options import from_flat, to_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.tools import energy, from_nir, map_edit, map_info, to_nir

needs_sinabs = pytest.mark.skipif(
    find_spec('sinabs') is None or find_spec('torch') is None,
    reason='needs sinabs and torch: make lava on Python 3.11',
)
needs_nir = pytest.mark.skipif(find_spec('nir') is None, reason='needs NIR: make lava')
PLACES = 8


def _trained(config: TrainerConfig, path: Path, **settings: object) -> Path:
    flat = to_flat(config)
    flat.update({name.replace('__', '.'): value for name, value in settings.items()})
    return save(build_map(from_flat(TrainerConfig, flat)), path)


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """
    Return folders of maps: edited three times; merged, in two coordinate frames; of two cameras.

    first, both: recordings of their places, by one camera and by two.
    """
    root = tmp_path_factory.mktemp('maps')
    way = range(PLACES)
    first = drive(root / 'first', way, way)
    other = drive(root / 'other', way, range(50, 50 + PLACES), frame_id='map')
    more = drive(root / 'more', way, range(80, 80 + PLACES))
    edited = _trained(tiny_config(first), root / 'edited')
    second = _trained(tiny_config(other), root / 'second')
    for arguments in (['forget', '2,5'], ['add', str(more)], ['label', '1', 'door']):
        command, *others = arguments
        assert map_edit.main([command, str(edited), *others]) == 0
    merged = root / 'merged'
    assert map_edit.main(['merge', str(edited), str(second), str(merged)]) == 0
    records = [
        *images(map(picture, range(PLACES)), topic='/front/image_raw'),
        *images((picture(100 + n) for n in range(PLACES)), topic='/rear/image_raw'),
        *odometry([(float(n), 0.0, 0.0) for n in range(PLACES + 1)]),
    ]
    both = write_bag(root / 'both', sorted(records, key=lambda each: each.stamp_ns))
    cameras = _trained(tiny_config(both), root / 'cameras', cameras__names=['front', 'rear'])
    return SimpleNamespace(edited=edited, merged=merged, cameras=cameras, first=first, both=both)


def _map_of(made: SimpleNamespace, which: str) -> tuple[Path, Map, list[str]]:
    """Return a folder, the map with the network that is meant, and the arguments that mean it."""
    name, _, camera = which.partition(' ')
    folder = getattr(made, name)
    loaded = load(folder)
    if not camera:
        return folder, loaded, []
    return folder, loaded.cameras[camera], ['--camera', camera]


EACH = pytest.mark.parametrize('which', ['edited', 'merged', 'cameras front', 'cameras rear'])


def _responses(loaded: Map, backend: backends.Backend) -> np.ndarray:
    """Return float32 (places, places), and close the backend."""
    found = np.stack([backend.similarity(spikes) for spikes in loaded.shown()])
    backend.close()
    return found


@needs_nir
@pytest.mark.process
@EACH
def test_to_nir_and_back(made: SimpleNamespace, which: str, tmp_path: Path) -> None:
    """The same responses, places, segments, labels and revision; other cameras are as before."""
    folder, loaded, camera = _map_of(made, which)
    file, out = str(tmp_path / 'x.nir'), tmp_path / 'out'
    assert to_nir.main([str(folder), file, *camera]) == 0
    assert from_nir.main([file, str(folder), '--out', str(out), *camera]) == 0
    whole, before = load(out), load(folder)
    again = whole.cameras[camera[-1]] if camera else whole
    assert isinstance(again.network, GraphNetwork)
    expected = _responses(loaded, backends.create(loaded.network, BackendConfig(name='numpy')))
    found = _responses(again, NirBackend(again.network, BackendConfig()))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    assert (again.places, again.labels) == (loaded.places, loaded.labels)
    assert (again.parts().counts, again.revision) == (loaded.parts().counts, loaded.revision)
    assert list(whole.cameras) == list(before.cameras)
    for name, view in whole.cameras.items():
        assert isinstance(view.network, GraphNetwork) == (name in ('', *camera))


def test_what_the_maps_are(made: SimpleNamespace) -> None:
    """The maps of these tests are what they are said to be."""
    edited, merged = load(made.edited), load(made.merged)
    assert (edited.revision, len(edited.parts().counts)) == (4, 2)
    assert len(merged.parts().counts) == 3
    assert len(merged.segment_statistics or []) == 3
    assert {place.pose.frame_id for place in merged.places if place.pose} == {'odom', 'map'}


@needs_sinabs
@EACH
def test_sinabs_recognises_them(made: SimpleNamespace, which: str) -> None:
    """Rates approach the responses of floats."""
    _, loaded, _ = _map_of(made, which)
    config = BackendConfig(name='sinabs', sinabs=SinabsConfig(steps=1000))
    rates = _responses(loaded, backends.create(loaded.network, config))
    floats = _responses(loaded, backends.create(loaded.network, BackendConfig(name='numpy')))
    assert np.corrcoef(rates.ravel(), floats.ravel())[0, 1] > 0.95


@EACH
def test_lava_says_what_it_needs(made: SimpleNamespace, which: str) -> None:
    """Edited maps hold floats, which Lava does not take."""
    _, loaded, _ = _map_of(made, which)
    with pytest.raises(BackendError, match="'lava' needs integers.*training.quantize: qat"):
        backends.create(loaded.network, BackendConfig(name='lava'))


@EACH
def test_energy_counts_them(
    made: SimpleNamespace, which: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A product for each weight, on the recording of the camera that is meant."""
    folder, loaded, camera = _map_of(made, which)
    bag, topic = made.first, '/camera/image_raw'
    if camera:
        bag, topic = made.both, f'/{camera[-1]}/image_raw'
    out = ['--out', str(tmp_path), '--sana-fe', '0', '--steps', '5']
    assert energy.main([str(folder), str(bag), '--topic', topic, *out, *camera]) == 0
    shown = capsys.readouterr().out
    assert f'{len(loaded.places)} places, linear readout, floats, {PLACES} frames' in shown
    weights = f'{len(loaded.places) * loaded.network.inputs:,}'
    assert re.search(rf'one matrix: operations +0 +{weights} +{weights}\n', shown)
    named = f'camera {camera[-1]} of front, rear; each has an encoder' if camera else ''
    assert ('camera ' in shown) == bool(camera) and named in shown


@pytest.mark.parametrize('which', ['edited', 'merged', 'cameras'])
def test_map_info_shows_which_chips_they_fit(
    made: SimpleNamespace, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """For each camera a network of its own."""
    folder = getattr(made, which)
    assert map_info.main([str(folder)]) == 0
    assert capsys.readouterr().out.count('speck  ') == len(load(folder).cameras)


@pytest.mark.parametrize(
    ('which', 'arguments', 'expected'),
    [
        ('cameras', [], 'error: --camera: expected one of front, rear, found none'),
        ('cameras', ['--camera', 'left'], "--camera: expected one of front, rear, found 'left'"),
        ('edited', ['--camera', 'front'], 'expected none, since this map names no camera'),
    ],
)
def test_the_camera_is_named_where_there_are_several(
    made: SimpleNamespace,
    which: str,
    arguments: list[str],
    expected: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line from each tool, and nothing is written."""
    folder, file = str(getattr(made, which)), str(tmp_path / 'x.nir')
    for main, given in (
        (to_nir.main, [folder, file]),
        (from_nir.main, [file, folder, '--out', str(tmp_path / 'out')]),
        (energy.main, [folder, str(made.both), '--out', str(tmp_path / 'energy')]),
    ):
        assert main([*given, *arguments]) == 1
        line = capsys.readouterr().err
        assert expected in line and line.count('\n') == 1
    assert not list(tmp_path.iterdir())


@needs_nir
@pytest.mark.process
def test_cameras_of_different_networks_recognise_together(
    made: SimpleNamespace, tmp_path: Path
) -> None:
    """Each camera has the default backend of its own network."""
    file, out = str(tmp_path / 'x.nir'), tmp_path / 'out'
    assert to_nir.main([str(made.cameras), file, '--camera', 'rear']) == 0
    arguments = [file, str(made.cameras), '--camera', 'rear', '--out', str(out)]
    assert from_nir.main(arguments) == 0
    recogniser = Recogniser(load(out))
    for number in range(2, 5):
        match = recogniser.recognise({'front': picture(number), 'rear': picture(100 + number)})
    assert match.place == 4
    recogniser.close()
