"""A map of encoder `descriptor` carries its network; recall with a real one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.helpers import change, drive, picture, refusal
from support.onnx_models import flattened, mobilenet

from vprtempo_ros.config import MatchConfig, TrainerConfig
from vprtempo_ros.encoding import descriptor
from vprtempo_ros.errors import ConfigError
from vprtempo_ros.frames import BGR, Image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.model_file import MODEL
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.options import from_flat
from vprtempo_ros.recogniser import Recogniser

pytest.importorskip('onnxruntime')

IMAGES = {'.png', '.jpg'}


def training(bag: Path, model: Path, **settings: object) -> TrainerConfig:
    """Return a configuration that trains on the descriptors of a model."""
    values = {'bags': [str(bag)], 'encoding.encoder': 'descriptor', **settings}
    return from_flat(TrainerConfig, {**values, 'encoding.descriptor.model': str(model)})


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the map of a network whose descriptor is the image; its file is gone."""
    folder = tmp_path_factory.mktemp('descriptor')
    model = flattened(folder / 'mine.onnx', (1, 3, 6, 8))
    save(build_map(training(drive(folder / 'bag', range(6), range(6)), model)), folder / 'map')
    model.unlink()
    return folder / 'map'


@pytest.fixture
def copied(trained: Path, tmp_path: Path) -> Path:
    """Return a copy of the map."""
    return Path(shutil.copytree(trained, tmp_path / 'copy'))


def test_a_map_works_without_the_file_it_was_trained_with(copied: Path) -> None:
    loaded = load(copied)
    assert loaded.config.encoding.descriptor.model == str(copied / MODEL)
    assert loaded.network.inputs == 3 * 6 * 8
    recogniser = Recogniser(loaded, match=from_flat(MatchConfig, {'sequence.filter': 'none'}))
    found = [int(recogniser.recognise(picture(number)).scores.argmax()) for number in range(6)]
    recogniser.close()
    assert found == list(range(6))


def test_the_network_is_opened_once(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading and starting share the encoder: opening a large network takes seconds."""
    opened: list[str] = []
    open_session = descriptor._session

    def counted(content: bytes, name: str) -> object:
        opened.append(name)
        return open_session(content, name)

    monkeypatch.setattr(descriptor, '_session', counted)
    Recogniser(load(copied)).close()
    assert len(opened) == 1


def test_saving_a_loaded_map_keeps_its_network(copied: Path, tmp_path: Path) -> None:
    save(load(copied), tmp_path / 'again')
    assert (tmp_path / 'again' / MODEL).read_bytes() == (copied / MODEL).read_bytes()
    load(tmp_path / 'again')


def test_a_changed_missing_or_foreign_network_is_refused(copied: Path) -> None:
    content = (copied / MODEL).read_bytes()
    (copied / MODEL).write_bytes(content[:-1])
    assert f'{MODEL} is not as it was written' in refusal(copied)
    (copied / MODEL).unlink()
    assert f'{MODEL}: cannot be read' in refusal(copied)
    (copied / MODEL).write_bytes(content)

    def point_outside(document: dict) -> None:
        document['config']['encoding']['descriptor']['model'] = '/etc/hostname'

    change(copied, point_outside)
    assert f'expected {MODEL} in a map' in refusal(copied)


def test_settings_of_other_encoders_are_refused(tmp_path: Path) -> None:
    bag = drive(tmp_path / 'bag', range(3), range(3))
    with pytest.raises(ConfigError, match=r'encoding\.patch: 7 applies to encoder pixels only'):
        build_map(training(bag, tmp_path / 'm.onnx', **{'encoding.patch': 7}))


@pytest.mark.long
@pytest.mark.parametrize(
    ('reference', 'query', 'single', 'filtered'),
    [('reference', 'query', 0.88, 0.97), ('query', 'reference', 0.86, 0.97)],
)
def test_recall_with_a_real_network(
    shared_data: Callable[[str], Path],
    tmp_path: Path,
    reference: str,
    query: str,
    single: float,
    filtered: float,
) -> None:
    """Gardens Point, the other side of the path, with MobileNetV2: within 2 frames."""
    folder = shared_data('gardens_point')
    model = mobilenet(tmp_path / 'mobilenet.onnx')
    loaded = build_map(training(folder / reference, model))
    images = [
        cv2.imread(str(file))
        for file in sorted((folder / query).iterdir())
        if file.suffix in IMAGES
    ]
    assert len(images) == len(loaded.places) == 200
    for method, least in (('none', single), ('bayes', filtered)):
        recogniser = Recogniser(loaded, match=from_flat(MatchConfig, {'sequence.filter': method}))
        found = [int(recogniser.recognise(Image(image, BGR)).scores.argmax()) for image in images]
        recogniser.close()
        recall = (np.abs(np.array(found) - np.arange(200)) <= 2).mean()
        assert recall >= least, method
