"""Frames held out of training: which are kept, which are used, how the map names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support.helpers import drive, frame, tiny_config

from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.held_out import Collector, HoldoutSplitter
from vprtempo_ros.maps.store import load, save

ADDITIONAL, BETWEEN, ROTATED = (
    'frames of an additional traverse',
    'frames between places',
    'the places, rotated',
)


@pytest.mark.parametrize(
    ('again', 'spacing', 'expected'),
    [(True, 2, ADDITIONAL), (True, 1, ADDITIONAL), (False, 2, BETWEEN), (False, 1, ROTATED)],
)
def test_the_best_available_frames_are_held_out(
    tmp_path: Path, again: bool, spacing: int, expected: str
) -> None:
    """An additional traverse, else frames between places, else rotated places; the map names it."""
    bags = [drive(tmp_path / 'monday', [], range(12), poses=False)]
    if again:
        bags.append(drive(tmp_path / 'tuesday', [], range(20, 32), poses=False))
    folder = save(build_map(tiny_config(*bags, places__spacing=spacing)), tmp_path / 'map')
    document = yaml.safe_load((folder / 'map.yaml').read_text(encoding='utf-8'))
    found = document['confidence']
    assert found['held_out'] == expected == load(folder).calibration.held_out
    assert found['method'] == 'logistic in score and lead, scikit-learn'
    assert (found['tolerance'], found['frames']) == (1, 2000)
    assert set(found['filters']) == {'none', 'seqslam', 'bayes'}


def held_out_of(monkeypatch: pytest.MonkeyPatch, *bags: Path, **settings: Any) -> Any:
    """Return the held-out frames that confidence is fitted on when a map is built."""
    from vprtempo_ros.maps import building

    seen = []

    def watch(*args: Any) -> Any:
        seen.append(args[3])
        return fit(*args)

    fit = building.fit_confidence
    monkeypatch.setattr(building, 'fit_confidence', watch)
    build_map(tiny_config(*bags, **settings))
    (found,) = seen
    return found


def test_frames_between_places_belong_to_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frame after a place shows it or the next one; after the last there is none."""
    bag = drive(tmp_path / 'bag', range(11), range(11))
    found = held_out_of(monkeypatch, bag, places__by='metres', places__spacing=3.0)
    # Places at 0, 3, 6 and 9 m; the frames between them, and those after.
    assert found.first.tolist() == [0, 0, 1, 1, 2, 2, 3]
    assert found.last.tolist() == [1, 1, 2, 2, 3, 3, 3]
    assert np.diff(found.stamps).tolist() == [10**9, 2 * 10**9] * 3
    assert found.spikes.shape == (7, 64)


def test_an_additional_traverse_shows_its_own_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its frames has the one place that it was assigned to, and its own stamp."""
    first = drive(tmp_path / 'first', range(4), range(4))
    second = drive(tmp_path / 'second', [3.1, 2.1, 0.1], range(10, 13), start_ns=5 * 10**9)
    found = held_out_of(monkeypatch, first, second, places__radius=0.5)
    assert found.first.tolist() == found.last.tolist() == [0, 2, 3]
    assert found.stamps.tolist() == [7 * 10**9, 6 * 10**9, 5 * 10**9]
    assert found.traverse == 1


def test_of_very_many_frames_an_even_part_is_kept() -> None:
    """Memory is bounded for a recording of any length, and no segment is left out."""
    collector = Collector('frames', 0)
    for number in range(10_000):
        if collector.wanted():
            collector.add(np.full(4, number % 251, np.uint8), number, number + 1, number * 10)
        assert len(collector) <= 1024
    found = collector.frames(9000)
    assert 500 < len(found) == len(found.spikes) <= 1024
    steps = np.diff(found.first)
    assert set(steps.tolist()) == {16}
    assert found.first[0] == 0
    assert found.first[-1] > 9900
    assert found.stamps.tolist() == (found.first * 10).tolist()
    assert (found.spikes[:, 0] == found.first % 251).all()
    # There is no place after the last.
    assert found.last.max() == 8999


def test_frames_that_are_not_taken_are_held_out() -> None:
    """In their order, and each before the next frame is read."""
    frames = [frame(number) for number in range(6)]
    left, order = [], []
    passing = HoldoutSplitter(frames, lambda each: (left.append(each), order.append(each.name)))
    for each in passing:
        order.append(each.name)
        if each.name in ('frame 1', 'frame 4'):
            passing.take(each)
    assert [each.name for each in left] == ['frame 0', 'frame 2', 'frame 3', 'frame 5']
    assert order[:3] == ['frame 0', 'frame 0', 'frame 1']
