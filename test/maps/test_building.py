"""From recordings to a map: one traverse, an additional one, and what fails."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from support.helpers import (
    SECOND,
    START,
    drive,
    images,
    picture,
    storage_file,
    tiny_config,
    write_bag,
    write_pictures,
)

from vprtempo_ros.config import BackendConfig, MatchConfig, SequenceConfig, TrainerConfig
from vprtempo_ros.errors import MapError, SourceError, VprError
from vprtempo_ros.frames import grey_image
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.network.network import LinearNetwork
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.support.blas import BlasThreads


def same(first: Map, second: Map) -> bool:
    """Return whether two maps have the same network, responses and confidences, bit for bit."""
    if first.calibration != second.calibration or not np.array_equal(
        first.response_statistics, second.response_statistics
    ):
        return False
    if isinstance(first.network, LinearNetwork) and isinstance(second.network, LinearNetwork):
        return np.array_equal(first.network.weights, second.network.weights)
    return all(
        np.array_equal(getattr(one, name), getattr(two, name))
        for ours, theirs in zip(first.network.modules, second.network.modules, strict=True)
        for one, two in ((ours.feature, theirs.feature), (ours.output, theirs.output))
        for name in ('weights', 'thresholds')
    )


def test_a_map_of_one_traverse(tmp_path: Path) -> None:
    """A map knows its places, their poses, thumbnails, and how it was made."""
    bag = drive(tmp_path / 'bag', range(6), range(6))
    built = build_map(tiny_config(bag, places__spacing=2))
    assert [place.pose.position[0] for place in built.places] == [0, 2, 4]
    assert [place.stamp_ns for place in built.places] == [START + n * SECOND for n in (0, 2, 4)]
    assert {place.traverse for place in built.places} == {str(bag)}
    assert built.network.places == 3
    assert built.network.inputs == 64
    assert built.sensor == ('camera', 32, 24)
    (traverse,) = built.provenance['traverses']
    missing = traverse.pop('missing')
    assert traverse == {'source': str(bag.resolve()), 'frames': 6, 'used': 3, 'unreadable': 0}
    assert missing == {
        'messages': 6,
        'left_out': {},
        'lost': 0,
        'out_of_order': 0,
        'largest_step': 0.0,
        'swapped': 0,
        'gaps': 0,
        'late': 0,
        'largest_gap': 0.0,
        'without_pose': 0,
        'unstamped': False,
        'notes': [],
    }
    for number, data in zip((0, 2, 4), built.thumbnails, strict=True):
        thumbnail = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert np.abs(thumbnail.astype(int) - picture(number)).mean() < 5


def test_a_map_recognises_its_own_pictures(tmp_path: Path) -> None:
    """A map recognises its own reference pictures."""
    folder = write_pictures(tmp_path / 'images', [f'{number}.png' for number in range(6)])
    built = build_map(
        tiny_config(
            folder,
            encoding__encoder='pixels',
            encoding__width=16,
            encoding__height=16,
            training__epochs=100,
            training__feature_multiplier=4.0,
        )
    )
    recogniser = Recogniser(
        built,
        BackendConfig(name='numpy'),
        MatchConfig(min_confidence=0.0, sequence=SequenceConfig(filter='none')),
    )
    found = [
        int(recogniser.recognise(grey_image(picture(n)), FrameTiming(n)).places[0])
        for n in (3, 0, 5, 1, 4, 2)
    ]
    recogniser.close()
    assert found == [3, 0, 5, 1, 4, 2]


@pytest.mark.parametrize('rate', [1.0, 30.0])
def test_images_without_stamps_are_recognised_at_any_rate(tmp_path: Path, rate: float) -> None:
    """A folder's frames are a second apart for places.by only; the camera may be any."""
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (40, 24, 32)).astype(np.uint8)
    (tmp_path / 'images').mkdir()
    for number, each in enumerate(pictures):
        assert cv2.imwrite(str(tmp_path / 'images' / f'{number:03d}.png'), each)
    save(build_map(TrainerConfig(bags=[str(tmp_path / 'images')])), tmp_path / 'map')
    loaded = load(tmp_path / 'map')
    assert loaded.route().step_s == 0.0
    recogniser = Recogniser(loaded)
    found = [
        recogniser.recognise(grey_image(each), FrameTiming(START + int(number / rate * SECOND)))
        for number, each in enumerate(pictures)
    ]
    recogniser.close()
    assert [match.known and match.place for match in found[5:]] == list(range(5, 40))


def test_large_pictures_have_small_thumbnails(tmp_path: Path) -> None:
    """A thumbnail is at most 160 pixels wide and keeps the picture's shape."""
    bag = write_bag(tmp_path / 'bag', images(picture(n, 120, 480) for n in range(2)))
    built = build_map(tiny_config(bag))
    shapes = {
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE).shape
        for data in built.thumbnails
    }
    assert shapes == {(40, 160)}


def test_the_seed_decides(tmp_path: Path) -> None:
    """The same seed gives the same map bit for bit, on any number of threads; another does not."""
    outputs = 'stdp'
    bag = drive(tmp_path / 'bag', range(6), range(6))
    first = build_map(tiny_config(bag, training__outputs=outputs))
    assert same(first, build_map(tiny_config(bag, training__outputs=outputs)))
    assert same(first, build_map(tiny_config(bag, training__outputs=outputs, training__threads=2)))
    assert not same(first, build_map(tiny_config(bag, training__outputs=outputs, training__seed=1)))


def test_a_map_is_the_same_on_any_number_of_cores(tmp_path: Path) -> None:
    """The result does not depend on the number of BLAS threads."""
    bag = drive(tmp_path / 'bag', range(60), range(60))
    settings: dict[str, Any] = {
        'encoding__encoder': 'pixels',
        'encoding__width': 16,
        'encoding__height': 16,
        'training__feature_multiplier': 2.0,
    }
    built = []
    for count in (1, 2):
        threads = BlasThreads(count)
        built.append(build_map(tiny_config(bag, **settings)))
        threads.restore()
    assert same(*built)


def test_a_broken_frame_is_counted(tmp_path: Path) -> None:
    """Unreadable frames are counted in the map's provenance."""
    records = list(images(picture(number) for number in range(4)))
    records[2].message.data = records[2].message.data[:5]
    built = build_map(tiny_config(write_bag(tmp_path / 'bag', records)))
    (traverse,) = built.provenance['traverses']
    assert (traverse['frames'], traverse['used'], traverse['unreadable']) == (4, 3, 1)


def test_black_frames_are_left_out(tmp_path: Path) -> None:
    """A frame without contrast is not a place, and is counted as unreadable."""
    for black in (0, 2):
        bag = write_bag(
            tmp_path / f'bag{black}',
            images(
                np.zeros((24, 32), np.uint8) if number == black else picture(number)
                for number in range(4)
            ),
        )
        built = build_map(tiny_config(bag))
        (traverse,) = built.provenance['traverses']
        assert (len(built.places), traverse['unreadable']) == (3, 1)


def test_nothing_but_black_frames(tmp_path: Path) -> None:
    """A recording with a covered lens makes no map: the error names the reason."""
    bag = write_bag(tmp_path / 'bag', images(np.zeros((24, 32), np.uint8) for _ in range(4)))
    with pytest.raises(SourceError, match='4 unreadable: .*without any contrast'):
        build_map(tiny_config(bag))


def test_traverses_in_different_frames(tmp_path: Path) -> None:
    """Poses of traverses in different coordinate frames are not compared."""
    first = drive(tmp_path / 'first', range(6), range(6))
    second = drive(tmp_path / 'second', range(6), range(6), frame_id='other')
    with pytest.raises(MapError, match="expected poses in frame 'odom'.*found 'other'"):
        build_map(tiny_config(first, second))


def test_progress_is_reported(tmp_path: Path) -> None:
    """Every stage reports progress until it is complete; an exception of the callback cancels."""
    bag = drive(tmp_path / 'bag', range(6), range(6))
    reported: dict[str, list[tuple[int, int]]] = {}
    build_map(
        tiny_config(bag), lambda *report: reported.setdefault(report[0], []).append(report[1:])
    )
    assert set(reported) == {'reading bag', 'fitting network'}
    for reports in reported.values():
        done = [done for done, _ in reports]
        assert done == sorted(done)
        assert done[-1] == reports[-1][1]

    def cancel(stage: str, done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        build_map(tiny_config(bag), cancel)


def test_what_cannot_be_a_map(tmp_path: Path) -> None:
    """Too few places, missing poses and traverses of different routes give one line each."""
    route = drive(tmp_path / 'route', range(4), range(4))
    again = drive(tmp_path / 'again', range(4), range(4))
    blind = drive(tmp_path / 'blind', [], range(4), poses=False)
    away = drive(tmp_path / 'away', range(100, 104), range(4))
    records = list(images([picture(0)] * 3))
    for record in records:
        record.message.encoding = 'secret'
    broken = write_bag(tmp_path / 'broken', records)
    torn = drive(tmp_path / 'torn', range(4), range(4))
    storage_file(torn).write_bytes(storage_file(torn).read_bytes()[:500])
    cases: list[tuple[TrainerConfig, type[VprError], str]] = [
        (tiny_config(), MapError, 'no bags given'),
        (TrainerConfig(bags=['']), MapError, 'no bags given'),
        (tiny_config(route, places__count=1), MapError, 'at least 2 places'),
        (tiny_config(route, again, places__count=1), MapError, 'at least 2 places'),
        (tiny_config(route, away, route), VprError, 'bags: expected each once, found .*route 2 t'),
        (tiny_config(route, blind), MapError, 'blind: expected poses as in .*route'),
        (tiny_config(route, away), MapError, 'away: no frame is within places.radius'),
        (tiny_config(blind, places__by='metres'), MapError, 'no frame has a pose'),
        (tiny_config(route, input__start=9), SourceError, 'no usable frame'),
        (tiny_config(route, places__by='metres', input__start=9), SourceError, 'no usable frame'),
        (tiny_config(broken), SourceError, r'no usable frame in it \(3 unreadable: unknown enc'),
        (tiny_config(torn), SourceError, 'damaged'),
        (tiny_config(tmp_path / 'nothing'), SourceError, 'no such bag'),
    ]
    for config, kind, expected in cases:
        with warnings.catch_warnings(), pytest.raises(kind, match=expected) as caught:
            warnings.simplefilter('error')
            build_map(config)
        assert '\n' not in str(caught.value)
