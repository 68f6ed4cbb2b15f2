"""Stops of a reference: one place of many frames, and nothing else taken for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.edited import assert_same_answers
from support.helpers import images, odometry, picture, tiny_config, write_bag, write_pictures

from vprtempo_ros.arrays import Spikes
from vprtempo_ros.config import BagInputConfig, PosesConfig
from vprtempo_ros.errors import MapError
from vprtempo_ros.evaluation.by_frame import truth_by_frame
from vprtempo_ros.evaluation.query import QueryConfig, read_query
from vprtempo_ros.frames import Pose
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.content import MapContent
from vprtempo_ros.maps.editing import add_stretches, forget
from vprtempo_ros.maps.map import Map, missing_lines
from vprtempo_ros.maps.places_file import COLUMNS, places_in
from vprtempo_ros.maps.reading import Stretch, read_stretch
from vprtempo_ros.maps.reading_file import STRETCH
from vprtempo_ros.maps.revisions import edit
from vprtempo_ros.maps.standing import note_of, numbers_of, stood_at
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.maps.tensors import tensors_in, write_tensors
from vprtempo_ros.support.progress import silent

INPUTS = 200
# Pictures of a drive of 12 places, with a stop of 20 frames at the sixth.
SHOWN = [*range(6), *[5] * 20, *range(6, 12)]


def views(count: int, seed: int = 0) -> Spikes:
    """Return frames that have nothing in common, uint8 (frames, inputs)."""
    return np.random.default_rng(seed).integers(40, 216, (count, INPUTS)).astype(np.uint8)


def noisy(frames: NDArray[Any], level: float = 8.0, seed: int = 1) -> Spikes:
    """Return frames with noise of a sensor."""
    noise = np.random.default_rng(seed).normal(0.0, level, frames.shape)
    return np.clip(np.rint(frames + noise), 0, 255).astype(np.uint8)


def stops(frames: Spikes, poses: Sequence[Pose | None] | None = None) -> dict[int, int]:
    """Return the frames at which the robot stood, and how many after each are left out."""
    found = stood_at(frames, poses or [None] * len(frames))
    return {int(at): int(found[at]) for at in np.flatnonzero(found)}


def slow(frames: Spikes, times: int) -> Spikes:
    """Return a drive with several times as many frames, each between two."""
    at = np.arange(0.0, len(frames) - 1, 1.0 / times)
    first = at.astype(int)
    part = (at - first)[:, None]
    return noisy((1.0 - part) * frames[first] + part * frames[first + 1], 2.0)


def test_stops_are_found() -> None:
    """Noisy frames of a view are one place; a view that is blocked for a moment does not end it."""
    frames = views(40)
    shown = [*range(10), *[9] * 30, *range(10, 25), *[24] * 15, *range(25, 40)]
    seen = noisy(frames[shown])
    assert stops(seen) == {9: 30, 54: 15}
    seen[[15, 20, 21]] = views(3, 2)
    assert stops(seen) == {9: 30, 54: 15}
    numbers = numbers_of(stood_at(seen, [None] * len(seen)))
    assert numbers[:11].tolist() == [*range(10), -1]
    assert numbers[numbers >= 0].tolist() == list(range(40))


def test_a_long_stop_does_not_hide_itself() -> None:
    """That most frames show one view does not make the route look like that view."""
    shown = [*[0] * 150, *range(1, 40), *[39] * 20]
    assert stops(noisy(views(40)[shown])) == {0: 149, 188: 20}


def test_a_stop_of_a_slow_drive() -> None:
    """Of a view that mostly lasts several frames, as many are left of a stop."""
    driving = slow(views(30), 8)
    assert not stops(driving)
    seen = np.concatenate([driving[:100], noisy(driving[[100] * 200], 2.0, 3), driving[100:]])
    ((at, left_out),) = stops(seen).items()
    assert 95 <= at <= 110
    assert 190 <= left_out <= 210


@pytest.mark.parametrize('times', [1, 2, 5, 20])
def test_slow_drives_have_no_stops(times: int) -> None:
    """However many frames a view has, and where the speed changes for a moment."""
    assert not stops(slow(views(30), times))
    frames = views(80)
    drive = [slow(frames[:78], 2 * times), slow(frames[77:], 10 * times)]
    assert not stops(np.concatenate(drive))


@pytest.mark.parametrize('times', [1, 2, 5])
def test_a_drive_that_crawled_for_long_is_evened_out(times: int) -> None:
    """Of the views of the slow part as many frames are left as of those of the fast one."""
    frames = views(40)
    fast, crawled = slow(frames[:30], 2 * times), slow(frames[29:], 10 * times)
    seen = np.concatenate([fast, crawled])
    numbers = numbers_of(stood_at(seen, [None] * len(seen)))
    assert (numbers[: len(fast)] >= 0).all()
    left = np.count_nonzero(numbers[len(fast) :] >= 0)
    # Ten views of 2 * times frames, where those between two views are alike too.
    assert 20 * times <= left <= 50 * times
    still = np.concatenate([crawled, noisy(crawled[[-1] * 400], 2.0, 3)])
    numbers = numbers_of(stood_at(np.concatenate([fast, still]), [None] * (len(fast) + len(still))))
    assert (numbers[: len(fast)] >= 0).all()
    assert np.count_nonzero(numbers[len(fast) :] >= 0) <= 50 * times


def test_what_shows_nothing_is_no_stop() -> None:
    """Frames of noise, uniform ones, and a drive that has nothing but one view stay as they are."""
    frames = views(30)
    for nothing in (np.full((40, INPUTS), 128), np.zeros((40, INPUTS))):
        for level in (0.0, 3.0):
            seen = noisy(nothing, level)
            assert not stops(np.concatenate([frames[:15], seen, frames[15:]]))
    assert not stops(noisy(frames[[0] * 100]))
    assert not stops(frames[[0] * 100])
    assert not stops(frames[:1])
    # A short stop of a drive that is not: the filter follows it.
    frames = views(100)
    assert not stops(noisy(frames[[*range(10), *[9] * 8, *range(10, 100)]]))


def test_a_robot_that_moves_does_not_stand() -> None:
    """Where poses differ, as along a wall with a pattern, equal views are other places."""
    shown = [*range(10), *[9] * 30, *range(10, 30)]
    seen = noisy(views(30)[shown])
    along = [Pose((float(x), 0.0, 0.0)) for x in range(len(seen))]
    assert not stops(seen, along)
    stood = [Pose((float(min(x, 9) + max(x - 39, 0)), 0.0, 0.0)) for x in range(len(seen))]
    assert stops(seen, stood) == {9: 30}
    (line,) = note_of(stood_at(seen, stood))
    assert line.startswith('the robot stood or crawled at 1 place: 30 frames')


def record(path: Path, shown: Sequence[int], positions: Sequence[float] = ()) -> Path:
    """Record numbered pictures, each of the same ones with noise of its own, at positions."""
    rng = np.random.default_rng(3)
    seen: set[int] = set()
    pictures = []
    for number in shown:
        noise = rng.normal(0.0, 3.0, picture(0).shape) * (number in seen)
        seen.add(number)
        pictures.append(np.clip(np.rint(picture(number) + noise), 0, 255).astype(np.uint8))
    return write_bag(path, [*images(pictures), *odometry((x, 0, 0) for x in positions)])


def built(bag: Path) -> Map:
    """Return the map of a recording."""
    return build_map(tiny_config(bag))


def test_the_map_is_that_of_a_drive_without_the_stop(tmp_path: Path) -> None:
    """A stop adds nothing to a map but what says so, and a map without one has no word of it."""
    found = built(record(tmp_path / 'stood', SHOWN))
    assert [place.stood for place in found.places] == [0] * 5 + [20] + [0] * 6
    assert [place.frame[-4:] for place in found.places[5:7]] == ['w[5]', '[26]']
    (record_,) = found.provenance['traverses']
    assert (record_['frames'], record_['used']) == (32, 12)
    assert list(missing_lines(record_)) == [
        'the robot stood or crawled at 1 place: 20 frames that show what the one before shows are '
        'no places of their own, so that frame n of the recording need not be place n; '
        'places.stops: keep makes them places'
    ]
    plain = built(record(tmp_path / 'drove', range(12)))
    assert not any(place.stood for place in plain.places)
    assert_same_answers(save(found, tmp_path / 'a'), save(plain, tmp_path / 'b'))
    assert load(tmp_path / 'a').places == found.places
    heads = [(tmp_path / name / 'places.csv').read_text().splitlines()[0] for name in 'ab']
    assert heads == [','.join([*COLUMNS, 'stood']), ','.join(COLUMNS)]


def test_stops_may_be_kept(tmp_path: Path) -> None:
    """Each frame is a place then, as published truth of a data set may count them."""
    bag = record(tmp_path / 'stood', SHOWN)
    found = build_map(tiny_config(bag, places__stops='keep'))
    assert len(found.places) == len(SHOWN)
    assert not any(place.stood for place in found.places)
    (record_,) = found.provenance['traverses']
    assert list(missing_lines(record_)) == []


def test_by_metres_the_poses_decide(tmp_path: Path) -> None:
    """Places by metres are what they were; by frames, nor does what moves by its poses stand."""
    bag = record(tmp_path / 'bag', SHOWN, range(len(SHOWN)))
    found = build_map(tiny_config(bag, places__by='metres', places__spacing=1.0))
    assert len(found.places) == len(SHOWN)
    assert len(built(bag).places) == len(SHOWN)


def test_an_additional_traverse_of_the_same_frames(tmp_path: Path) -> None:
    """Its frames at the stop count where they are aligned by order; another number is refused."""
    first, second = (record(tmp_path / name, SHOWN) for name in ('a', 'b'))
    found = build_map(tiny_config(first, second))
    assert found.training is None or found.training.traverses[1].places.tolist() == list(range(12))
    assert [each['used'] for each in found.provenance['traverses']] == [12, 12]
    other = record(tmp_path / 'c', range(12))
    with pytest.raises(MapError, match=r'gives 12 places, .* gives 32 \(20 of them at stops\)'):
        build_map(tiny_config(first, other))


def test_frames_of_a_stop_are_its_place(tmp_path: Path) -> None:
    """By number and by name, a query's frame at the stop has the place of the stop."""
    expected = [min(at, 5) + max(at - 25, 0) for at in range(len(SHOWN))]

    def own(query: Path, found: Map) -> list[int]:
        read = read_query(str(query), found, QueryConfig(BagInputConfig(), PosesConfig()))
        return truth_by_frame(read, found, 0)[0].first[:, 0].tolist()

    bag = record(tmp_path / 'bag', SHOWN)
    assert own(bag, built(bag)) == expected
    names = [f'{at:02d}.png' for at in range(len(SHOWN))]
    folder = write_pictures(tmp_path / 'folder', names[:6])
    for at, number in enumerate(SHOWN[6:], 6):
        (folder / names[at]).write_bytes(
            write_pictures(tmp_path / f'one{at}', ['x.png'], number).joinpath('x.png').read_bytes()
        )
    found = built(folder)
    assert len(found.places) == 12
    assert own(folder, found) == expected
    # Without the name of the place itself; and names that the reference does not have.
    (folder / names[5]).unlink()
    assert own(folder, found) == expected[:5] + expected[6:]
    other = write_pictures(tmp_path / 'other', [*names[4:6], '60.png', '61.png'])
    assert own(other, found) == [4, 5, -1, -1]


def test_a_stop_that_claims_to_be_endless(tmp_path: Path) -> None:
    """What a map says of a stop is not counted up, however long."""
    bag = record(tmp_path / 'bag', SHOWN)
    found = built(bag)
    found.places[5] = replace(found.places[5], stood=10**20)
    read = read_query(str(bag), found, QueryConfig(BagInputConfig(), PosesConfig()))
    own = truth_by_frame(read, found, 0)[0].first[:, 0].tolist()
    assert own == [min(at, 5) + max(at - 25, 0) for at in range(len(SHOWN))]


def test_edits_keep_stops(tmp_path: Path) -> None:
    """A recording with a stop that is added gives the map of a training at once."""
    first, second = record(tmp_path / 'a', range(20, 32)), record(tmp_path / 'b', SHOWN)
    folder = save(build_map(tiny_config(first)), tmp_path / 'edited')

    def add(content: MapContent) -> MapContent:
        return add_stretches(content, [str(second)], silent)

    edit(folder, 'add', add)
    at_once = build_map(tiny_config(first, second, places__bags='all'))
    assert_same_answers(folder, save(at_once, tmp_path / 'at_once'))
    stood = [place.stood for place in load(folder).places]
    assert stood == [place.stood for place in at_once.places] == [0] * 17 + [20] + [0] * 6
    edit(folder, 'forget', lambda content: forget(content, [0, 18]))
    assert [place.stood for place in load(folder).places] == [0] * 16 + [20] + [0] * 5


def test_a_stop_of_the_first_camera_is_one_of_all(tmp_path: Path) -> None:
    """The other cameras have the places of the first one."""
    for camera, first in (('front', 0), ('rear', 100)):
        write_pictures(tmp_path / 'bag' / camera, ())
        for at, number in enumerate(SHOWN):
            (one,) = write_pictures(tmp_path / f'{camera}{at}', ['x.png'], first + number).iterdir()
            one.rename(tmp_path / 'bag' / camera / f'{at:02d}.png')
    found = build_map(tiny_config(tmp_path / 'bag', cameras__names=['front', 'rear']))
    names = [f'{at:02d}.png' for at in (*range(6), *range(26, 32))]
    for view in found.cameras.values():
        assert [place.frame for place in view.places] == names
    assert [place.stood for place in found.places] == [0] * 5 + [20] + [0] * 6


def test_what_an_interrupted_training_keeps(tmp_path: Path) -> None:
    """The stops of a recording that was read are kept with it."""
    bag = record(tmp_path / 'bag', SHOWN)
    task = Stretch(str(bag), tiny_config(bag))
    read = read_stretch(task, silent)
    file = tmp_path / 'kept'
    write_tensors(file, STRETCH.to_tensors(read))
    kept = STRETCH.from_tensors(tensors_in(np.fromfile(file, np.uint8), file.name), task)
    assert kept.places == read.places
    assert kept.record == read.record


def test_a_damaged_number_of_a_stop(tmp_path: Path) -> None:
    """Fewer than no frames are refused in one line."""
    lines = [','.join([*COLUMNS, 'stood']), '0,1,,,,,,,,,bag,frame,-1']
    with pytest.raises(MapError, match='place 0: expected 0 or more frames of a stop, found -1'):
        places_in(np.frombuffer('\n'.join(lines).encode(), np.uint8))
