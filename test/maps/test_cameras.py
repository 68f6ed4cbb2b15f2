"""Maps of several cameras: one training for all, the same places, one folder, checks."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.events import packet, records, scene
from support.helpers import START, images, odometry, picture, tiny_config, write_bag

from vprtempo_ros.config import MatchConfig, TrainerConfig
from vprtempo_ros.errors import ConfigError, ImageError, MapError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.cameras import VIEWS, check_same_places
from vprtempo_ros.maps.revisions import label
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.options import from_flat, to_flat
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.tools.map_info import main as map_info

FRAMES = 12
LACKING = (5, 6)


def config(bag: Path, **others: Any) -> TrainerConfig:
    """Return settings for the cameras of a bag."""
    settings = to_flat(tiny_config(bag))
    settings.update({'cameras.names': ['front', 'rear'], **others})
    return from_flat(TrainerConfig, settings)


@pytest.fixture(scope='module')
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bag with odometry and two cameras; the rear one is late and lacks two frames."""
    rear = [
        record
        for number, record in enumerate(
            images(
                (picture(100 + n) for n in range(FRAMES)),
                topic='/rear/image_raw',
                start_ns=START + 300_000_000,
            )
        )
        if number not in LACKING
    ]
    front = images(map(picture, range(FRAMES)), topic='/front/image_raw')
    way = odometry([(float(n), 0.0, 0.0) for n in range(FRAMES + 1)])
    records = sorted([*front, *rear, *way], key=lambda each: each.stamp_ns)
    return write_bag(tmp_path_factory.mktemp('cameras') / 'bag', records)


@pytest.fixture(scope='module')
def saved(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the map of both cameras."""
    path = tmp_path_factory.mktemp('map') / 'map'
    save(build_map(config(bag)), path)
    return path


def test_one_training_makes_a_map_for_each_camera(bag: Path, saved: Path) -> None:
    """Both have the places of which both have a frame, with the times and poses of the first."""
    loaded = load(saved)
    assert list(loaded.cameras) == ['front', 'rear']
    rear = loaded.views['rear']
    kept = [n for n in range(FRAMES) if n not in LACKING]
    for each in (loaded, rear):
        assert [place.stamp_ns for place in each.places] == [START + n * 10**9 for n in kept]
        assert [place.pose.position[0] for place in each.places if place.pose] == kept
        assert each.config.cameras.names == []
    assert loaded.config.input.topic == '/front/image_raw'
    assert [place.frame.split('[')[0] for place in rear.places] == ['/rear/image_raw'] * len(kept)
    # What the rear camera shows is in its own map only.
    recogniser = Recogniser(rear, match=MatchConfig(min_confidence=0.0))
    for at, number in enumerate(kept):
        assert int(recogniser.recognise(picture(100 + number)).similarity.argmax()) == at
    recogniser.close()


def test_a_map_of_cameras_recognises_by_all_of_them(saved: Path) -> None:
    """One call takes an image of each; a single one may be missing or covered, not all."""
    recogniser = Recogniser(load(saved), match=MatchConfig(min_confidence=0.0))
    covered = np.zeros((24, 32), np.uint8)
    for images_ in (
        {'front': picture(2), 'rear': picture(102)},
        {'front': picture(3), 'rear': covered},
        {'rear': picture(104)},
    ):
        match = recogniser.recognise(images_)
    assert match.place == 4
    with pytest.raises(ImageError, match='without any contrast'):
        recogniser.recognise({'front': covered, 'rear': covered})
    with pytest.raises(ImageError, match=r"cameras front, rear, found one of 'left'"):
        recogniser.recognise({'left': picture(1)})
    with pytest.raises(ImageError, match='expected 32x24'):
        recogniser.recognise({'front': picture(1), 'rear': picture(1, 10, 10)})
    recogniser.close()


def test_folders_of_images_have_a_folder_for_each_camera(tmp_path: Path) -> None:
    """There the names are folders, and frames belong together by their order."""
    import cv2

    for name, first in (('front', 0), ('rear', 100)):
        (tmp_path / 'drive' / name).mkdir(parents=True)
        for number in range(6):
            path = tmp_path / 'drive' / name / f'{number}.png'
            cv2.imwrite(str(path), picture(first + number))
    built = build_map(config(tmp_path / 'drive'))
    assert [len(each.places) for each in built.cameras.values()] == [6, 6]


@pytest.mark.parametrize(
    ('others', 'error', 'reason'),
    [
        ({'cameras.topics': ['/a']}, ConfigError, r'topic .* each of the 2 cameras .*, found 1'),
        ({'input.topic': '/front/image_raw'}, ConfigError, 'input.topic is of one camera'),
        ({'input.frame_id': 'front'}, ConfigError, 'input.frame_id is of one camera'),
        ({'cameras.names': ['front', 'front']}, MapError, 'different names of cameras'),
        ({'cameras.names': ['front', '../rear']}, MapError, 'different names of cameras'),
        ({'cameras.names': [], 'cameras.topics': ['/a']}, ConfigError, 'but found none'),
    ],
)
def test_settings_that_do_not_fit_are_one_line(
    bag: Path, others: dict[str, Any], error: type[Exception], reason: str
) -> None:
    """Before anything is read."""
    with pytest.raises(error, match=reason):
        build_map(config(bag, **others))


def test_cameras_whose_clocks_differ_have_no_places_in_common(tmp_path: Path) -> None:
    """Frames of 100 s later are of no place of the first camera."""
    front = list(images(map(picture, range(6)), topic='/front/image_raw'))
    late = START + 100 * 10**9
    rear = images(map(picture, range(6)), topic='/rear/image_raw', start_ns=late)
    bag = write_bag(tmp_path / 'bag', [*front, *rear])
    with pytest.raises(MapError, match='do their clocks agree') as caught:
        build_map(config(bag))
    assert '\n' not in str(caught.value)


def test_maps_of_other_places_or_revisions_are_refused(saved: Path, tmp_path: Path) -> None:
    """When a map is loaded whose cameras are not of the same places, and for maps by name."""
    copy = tmp_path / 'map'
    shutil.copytree(saved, copy)
    with pytest.raises(MapError, match='several cameras cannot be edited'):
        label(copy, 1, 'door')
    label(copy / VIEWS / 'rear', 1, 'door')
    with pytest.raises(MapError, match='front and rear, found revisions 1 and 2'):
        load(copy)
    shutil.rmtree(copy / VIEWS / 'rear')
    with pytest.raises(MapError, match='no such map'):
        load(copy)
    loaded = load(saved)
    fewer = load(saved).views['rear']
    fewer.places.pop()
    with pytest.raises(MapError, match='found 10 and 9 places'):
        check_same_places({'front': loaded, 'rear': fewer})


def test_map_info_shows_each_camera(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their names first, then everything of each."""
    assert map_info([str(saved)]) == 0
    shown = capsys.readouterr().out
    assert 'front, rear; what follows is of front' in shown
    assert shown.count('10, 10 with a pose') == 2
    assert str(saved / VIEWS / 'rear') in shown


@pytest.mark.parametrize('kind', ['image', 'events'])
def test_an_event_camera_among_others_is_refused(tmp_path: Path, kind: str) -> None:
    """In one line that says what to do, whichever the input type is."""
    packets = [packet('evt3', scene(n, 0), seq=n, stamp_ns=START + n * 10**9) for n in range(4)]
    recorded = [
        *images(map(picture, range(4)), topic='/front/image_raw'),
        *records(packets, topic='/dvs/events'),
    ]
    bag = write_bag(tmp_path / 'bag', sorted(recorded, key=lambda each: each.stamp_ns))
    topics = ['/front/image_raw', '/dvs/events']
    given = config(bag, **{'cameras.topics': topics, 'input.type': kind})
    with pytest.raises(ConfigError, match='train a map of its own for the other kind') as caught:
        build_map(given)
    name, topic = ('rear', '/dvs/events') if kind == 'image' else ('front', '/front/image_raw')
    assert str(caught.value).startswith(f'camera {name}: ') and topic in str(caught.value)
    assert '\n' not in str(caught.value)
