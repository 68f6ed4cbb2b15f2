"""Several recordings in one map: the same map wherever they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.edited import assert_same_answers, bag_of, street_config, trained
from support.helpers import drive, tiny_config, tree
from support.street import Street

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.errors import MapError, SourceError
from vprtempo_ros.maps import building, frame_encoding, reading, revisions
from vprtempo_ros.maps.editing import add_stretches
from vprtempo_ros.maps.map import missing_lines
from vprtempo_ros.maps.revisions import edit
from vprtempo_ros.maps.route import read_route
from vprtempo_ros.maps.samples import TRIALS, TraverseSamples, TrialFrames, trials_of
from vprtempo_ros.maps.store import load
from vprtempo_ros.maps.training_data import TrainingData
from vprtempo_ros.support.progress import silent
from vprtempo_ros.support.sampling import evenly_spread

pytestmark = pytest.mark.process


def test_every_bag_a_stretch(street: Street, tmp_path: Path) -> None:
    """With places.bags all it is the map that adding one recording after the other makes."""
    places = street.places()
    parts = (places[:6], places[6:9], places[9:])
    bags = [bag_of(part, tmp_path / f'bag{number}') for number, part in enumerate(parts)]
    whole = trained(street_config(*bags, places__bags='all'), tmp_path / 'whole')
    folder = trained(street_config(bags[0]), tmp_path / 'grown')
    for bag in bags[1:]:
        edit(folder, 'add', lambda found, bag=bag: add_stretches(found, [str(bag)], silent))
    assert_same_answers(whole, folder)
    loaded = load(whole)
    assert loaded.parts().counts == [len(part) for part in parts]
    assert [each['used'] for each in loaded.provenance['traverses']] == [6, 3, len(places) - 9]


@pytest.mark.parametrize('frame_id', ['odom', 'map'])
def test_poses_of_recordings_that_begin_anywhere(tmp_path: Path, frame_id: str) -> None:
    """Of each but the first it is said, also of one that extends a map; not if it is localised."""
    bags = [
        drive(tmp_path / f'bag{n}', range(8), range(n, n + 8), frame_id=frame_id) for n in range(3)
    ]
    whole = read_route(tiny_config(*bags[:2], places__bags='all'), silent)
    notes = [
        [line for line in missing_lines(record) if 'begin where the robot is started' in line]
        for record in add_stretches(whole, [str(bags[2])], silent).records
    ]
    assert [len(each) for each in notes] == ([0, 1, 1] if frame_id == 'odom' else [0, 0, 0])


@pytest.fixture
def same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let maps be made at the same time, which they contain."""
    monkeypatch.setattr(building, 'now', lambda: '2026-01-01T00:00:00+00:00')
    monkeypatch.setattr(revisions, 'now', building.now)


def drives(folder: Path) -> list[Path]:
    """Record four drives: of eight places each, all the same ones."""
    return [drive(folder / f'bag{n}', range(8), range(n, n + 8)) for n in range(4)]


@pytest.mark.parametrize('bags', ['first', 'all'])
def test_the_same_bytes(tmp_path: Path, same_time: None, bags: str) -> None:
    """The files of the map do not depend on where and by how many workers it was made."""
    recorded = drives(tmp_path)
    made = {}
    for name, settings in {
        'single': {'executor': 'single'},
        'one': {'executor': 'processes', 'workers': 1},
        'three': {'executor': 'processes', 'workers': 3},
    }.items():
        config = tiny_config(
            *recorded,
            places__bags=bags,
            **{f'training__{key}': value for key, value in settings.items()},
        )
        made[name] = tree(trained(config, tmp_path / name))
    assert made['single'] == made['one'] == made['three']
    assert len(load(tmp_path / 'one').places) == (8 if bags == 'first' else 32)


@pytest.mark.parametrize('batch', [1, 80, 1000])
def test_sums_of_small_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Those of large recordings, added to those of all small ones together, are those of all."""
    monkeypatch.setattr(reading, 'BATCH', batch)
    counts = [8, 9, 30]
    bags = [drive(tmp_path / f'bag{n}', range(n), range(n)) for n in counts]
    data = read_route(tiny_config(*bags, places__bags='all'), silent).data
    whole = TrainingData(data.traverses, sum(counts), data.adapt)
    for name in ('count', 'total', 'power', 'places', 'shown'):
        np.testing.assert_array_equal(getattr(data.sums, name), getattr(whole.sums, name))


def test_one_recording_encoded_by_several_processes(
    street: Street, tmp_path: Path, same_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are those of one process, with groups of frames of any size, compiled or not."""
    bag = bag_of(street.places(), tmp_path / 'bag')
    made = []
    for number, (frames, alone, workers) in enumerate([(16, 9, 1), (3, 3, 2), (1, 2, 3)]):
        monkeypatch.setattr(frame_encoding, '_FRAMES', frames)
        monkeypatch.setattr(frame_encoding, '_ALONE', alone)
        monkeypatch.setattr(frame_encoding, '_COMPILED_FROM', 1 if number else 10**9)
        config = street_config(bag, training__workers=workers, training__executor='processes')
        made.append(tree(trained(config, tmp_path / f'map{number}')))
    assert made[0] == made[1] == made[2]


def test_trials_are_spread_evenly() -> None:
    """Each frame has one; of many, up to 512 are used, in the order of the places."""
    count = 2 * TRIALS + 10
    parts = [np.arange(count)[600:], np.arange(count)[:600]]
    traverses = [
        TraverseSamples(
            np.zeros((len(part), 1, 1), np.uint8),
            part,
            part,
            TrialFrames((part % 256).astype(np.uint8)[:, np.newaxis], part),
        )
        for part in parts
    ]
    found = trials_of(traverses, adapt=False)
    assert found.places.tolist() == evenly_spread(count, TRIALS).tolist()
    assert (found.spikes[:, 0] == found.places % 256).all()
    alone = replace(traverses[0], trials=TrialFrames.none(1))
    assert len(trials_of([alone], adapt=True).places) == 0


@pytest.mark.parametrize('settings', [{'training__outputs': 'stdp'}, {'encoding__adapt': False}])
def test_other_trainings(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Networks that are not fitted in closed form learn stretches too."""
    config = tiny_config(*drives(tmp_path), places__bags='all', **settings)
    loaded = building.build_map(config)
    assert len(loaded.places) == 32
    assert loaded.parts().counts == [8] * 4


def refusal(config: TrainerConfig, kind: type[Exception]) -> str:
    """Return the line with which a training is refused."""
    with pytest.raises(kind) as error:
        building.build_map(config)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_recordings_that_do_not_fit(tmp_path: Path) -> None:
    """Other coordinate frames, and a bag that is not there, read in processes too."""
    one = drive(tmp_path / 'one', range(8), range(8))
    other = drive(tmp_path / 'other', range(8), range(8), frame_id='map')
    for executor in ('single', 'processes'):
        settings = {'places__bags': 'all', 'training__executor': executor}
        assert "found 'odom' and 'map'" in refusal(tiny_config(one, other, **settings), MapError)
        missing = tiny_config(one, tmp_path / 'none', **settings)
        assert refusal(missing, SourceError) == f'{tmp_path}/none: no such bag or folder'
