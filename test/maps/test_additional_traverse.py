"""Additional traverses of the same route: aligned by pose or by order, with one origin."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.helpers import SECOND, START, Record, drive, images, picture, tiny_config, write_bag

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.encoding.adaptation import standardise
from vprtempo_ros.encoding.augmentation import NEAR, augmentations
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.errors import MapError
from vprtempo_ros.frames import grey_image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import missing_lines
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.sources.bag_writer import header
from vprtempo_ros.sources.cdr import typestore
from vprtempo_ros.statistics import Statistics

# Encoded frames without augmentation and standardisation.
MODULES: dict[str, Any] = {'training__outputs': 'stdp'}
PLAIN: dict[str, Any] = {'training__augment': False, 'encoding__adapt': False, **MODULES}


def samples_of(
    monkeypatch: pytest.MonkeyPatch, config: TrainerConfig
) -> tuple[dict[int, list[bytes]], ...]:
    """Build a map; return for each trained network the spikes of each place."""
    trained: list[dict[int, list[bytes]]] = []

    def watch(spikes: np.ndarray, places: np.ndarray, *others: object) -> object:
        trained.append({})
        for place, row in zip(places.tolist(), spikes, strict=True):
            trained[-1].setdefault(place, []).append(row.tobytes())
        return train(spikes, places, *others)

    from vprtempo_ros.maps import building

    train = building.train
    monkeypatch.setattr(building, 'train', watch)
    build_map(config)
    return tuple(trained)


def spikes(config: TrainerConfig, number: int) -> bytes:
    """Return the spikes of a numbered picture."""
    return encoder_for(config)(grey_image(picture(number))).tobytes()


def test_an_additional_traverse_by_pose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each place gets the nearest frame of an additional traverse within the radius, if any."""
    first = drive(tmp_path / 'first', [0, 1, 2, 3], [0, 1, 2, 3])
    second = drive(tmp_path / 'second', [3.3, 3.1, 1.9, 1.4, 1.2, 9.0], [10, 11, 12, 13, 14, 15])
    config = tiny_config(first, second, places__radius=0.3, **PLAIN)
    of_the_map, held_out = samples_of(monkeypatch, config)
    assert of_the_map == {
        place: [spikes(config, number) for number in numbers]
        for place, numbers in {0: [0], 1: [1, 14], 2: [2, 12], 3: [3, 11]}.items()
    }
    # Confidence is fitted to the additional traverse with a network not trained on it.
    assert held_out == {place: [spikes(config, place)] for place in range(4)}


@pytest.mark.parametrize('frame_id', ['map', 'robot1/odom'])
def test_odometry_of_two_starts_is_said(tmp_path: Path, frame_id: str) -> None:
    """It begins at zero at each start of a robot, so the same position may be another place."""
    bags = [drive(tmp_path / name, range(4), range(4), frame_id=frame_id) for name in 'ab']
    records = build_map(tiny_config(*bags, **PLAIN)).provenance['traverses']
    said = [any('began at the same spot' in line for line in missing_lines(r)) for r in records]
    assert said == [False, frame_id != 'map']


def test_an_additional_traverse_by_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without poses the n-th sampled frame of an additional traverse shows the n-th place."""
    first = drive(tmp_path / 'first', [], range(6), poses=False)
    second = drive(tmp_path / 'second', [], range(10, 16), poses=False, start_ns=9 * START)
    config = tiny_config(first, second, places__spacing=2, **PLAIN)
    assert samples_of(monkeypatch, config)[0] == {
        place: [spikes(config, number) for number in numbers]
        for place, numbers in {0: [0, 10], 1: [2, 12], 2: [4, 14]}.items()
    }


def test_each_traverse_is_standardised_by_its_own_light(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames and augmentations are standardised by the statistics of their own traverse."""
    first = drive(tmp_path / 'first', [], range(6), poses=False)
    second = drive(tmp_path / 'second', [], range(10, 16), poses=False)
    config = tiny_config(first, second, **MODULES)
    encode = encoder_for(config)
    found = samples_of(monkeypatch, config)[0]
    assert {place: len(rows) for place, rows in found.items()} == dict.fromkeys(range(6), 18)
    for traverse, begin in ((0, 0), (1, 10)):
        frames = np.stack([encode(grey_image(picture(begin + place))) for place in range(6)])
        statistics = Statistics(frames.mean(axis=0), frames.std(axis=0))
        for place in range(6):
            shown = [
                frames[place],
                *map(encode, augmentations(grey_image(picture(begin + place)), NEAR)),
            ]
            rows = found[place][9 * traverse : 9 * (traverse + 1)]
            for row, expected in zip(rows, shown, strict=True):
                difference = np.frombuffer(row, np.uint8).astype(int) - standardise(
                    expected, statistics
                )
                # Means in another precision may round differently.
                assert abs(difference).max() <= 1


def test_count_makes_different_lengths_agree(tmp_path: Path) -> None:
    """With `count`, traverses of different lengths have equal numbers of places."""
    bags = [
        drive(tmp_path / name, [], range(length), poses=False)
        for name, length in (('first', 6), ('second', 9))
    ]
    with pytest.raises(MapError, match='different length: .*second gives 9 places.*gives 6'):
        build_map(tiny_config(*bags))
    built = build_map(tiny_config(*bags, places__count=5))
    assert [traverse['used'] for traverse in built.provenance['traverses']] == [5, 5]


def gps(path: Path, longitudes: Iterable[float]) -> Path:
    """Record pictures with GPS fixes on the equator."""
    types = typestore().types
    records = list(images(picture(number) for number, _ in enumerate(longitudes)))
    for number, longitude in enumerate(longitudes):
        stamp = START + number * SECOND
        fix = types['sensor_msgs/msg/NavSatFix'](
            header(stamp, 'gps'),
            types['sensor_msgs/msg/NavSatStatus'](0, 1),
            0.0,
            longitude,
            0.0,
            np.zeros(9),
            0,
        )
        records.append(Record('/fix', 'sensor_msgs/msg/NavSatFix', stamp, fix))
    return write_bag(path, records)


def test_gps_stretches_share_the_first_origin(tmp_path: Path) -> None:
    """So do recordings that each define places, wherever they are read."""
    first = gps(tmp_path / 'first', [7.0, 7.0001, 7.0002])
    second = gps(tmp_path / 'second', [7.0010, 7.0011])
    built = build_map(tiny_config(first, second, places__bags='all'))
    assert built.origin == (0.0, 7.0, 0.0)
    assert [place.pose.position[0] for place in built.places if place.pose] == [
        pytest.approx(x, abs=1e-3) for x in (0, 11.1319, 22.2639, 111.3195, 122.4514)
    ]


def test_gps_poses_share_the_first_origin(tmp_path: Path) -> None:
    """Additional traverses are measured from the first one's origin, which the map keeps."""
    first = gps(tmp_path / 'first', [7.0, 7.0001, 7.0002])
    second = gps(tmp_path / 'second', [7.00011, 7.00021])
    built = build_map(tiny_config(first, second, places__radius=2.0))
    assert [traverse['used'] for traverse in built.provenance['traverses']] == [3, 2]
    loaded = load(save(built, tmp_path / 'map'))
    assert loaded.origin == built.origin == (0.0, 7.0, 0.0)
    assert [place.pose.position[0] for place in loaded.places] == [
        pytest.approx(x, abs=1e-3) for x in (0, 11.1319, 22.2639)
    ]
