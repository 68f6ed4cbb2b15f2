"""Frames held out of training: which are kept, which are used, how the map names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support.helpers import drive, tiny_config

from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.held_out import held_out_frames
from vprtempo_ros.maps.samples import ADDITIONAL, HELD_OUT, TraverseSamples, TrialFrames
from vprtempo_ros.maps.store import load, save


@pytest.mark.parametrize('again', [True, False])
def test_the_map_says_what_its_confidence_is_based_on(tmp_path: Path, again: bool) -> None:
    """An additional traverse, on which the model is refined, or the model alone."""
    bags = [drive(tmp_path / 'monday', [], range(12), poses=False)]
    if again:
        bags.append(drive(tmp_path / 'tuesday', [], range(20, 32), poses=False))
    folder = save(build_map(tiny_config(*bags)), tmp_path / 'map')
    document = yaml.safe_load((folder / 'map.yaml').read_text(encoding='utf-8'))
    found = document['confidence']
    expected = 'frames of an additional traverse' if again else ''
    assert found['held_out'] == expected == load(folder).calibration.held_out
    assert found['method'] == 'shipped logistic model, with slope and offset of this map'
    assert (found['tolerance'], found['frames']) == (1, 12 if again else 0)
    assert set(found['filters']) == {'none', 'seqslam', 'bayes'}
    for curve in found['filters'].values():
        assert ('right' in curve) == again
        if not again:
            assert curve == {'slope': 1.0, 'offset': 0.0}


def held_out_of(monkeypatch: pytest.MonkeyPatch, *bags: Path, **settings: Any) -> Any:
    """Return the held-out frames that confidence is refined on when a map is built."""
    from vprtempo_ros.maps import building

    seen = []

    def watch(*args: Any) -> Any:
        seen.append(args[3])
        return refine(*args)

    refine = building.refine_confidence
    monkeypatch.setattr(building, 'refine_confidence', watch)
    build_map(tiny_config(*bags, **settings))
    (found,) = seen
    return found


def test_an_additional_traverse_shows_its_own_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its frames has the one place that it was assigned to, and its own stamp."""
    first = drive(tmp_path / 'first', range(4), range(4))
    second = drive(tmp_path / 'second', [3.1, 2.1, 0.1], range(10, 13), start_ns=5 * 10**9)
    found = held_out_of(monkeypatch, first, second, places__radius=0.5)
    assert found.places.tolist() == [0, 2, 3]
    assert found.stamps.tolist() == [7 * 10**9, 6 * 10**9, 5 * 10**9]


def test_of_very_many_frames_an_even_part_is_kept() -> None:
    """Refining takes a bounded time for a recording of any length, and leaves out no segment."""
    numbers = np.arange(10_000)
    spikes = (numbers % 251).astype(np.uint8)[:, np.newaxis, np.newaxis].repeat(4, axis=2)
    parts = [
        TraverseSamples(spikes[part], numbers[part], numbers[part] * 10, TrialFrames.none(4), role)
        for part, role in (
            (slice(3000), HELD_OUT),
            (slice(50), ADDITIONAL),
            (slice(3000, None), HELD_OUT),
        )
    ]
    found = held_out_frames(parts, adapt=False)
    assert 500 < len(found) == len(found.spikes) <= 1024
    assert set(np.diff(found.places).tolist()) == {16}
    assert found.places[0] == 0
    assert found.places[-1] > 9900
    assert found.stamps.tolist() == (found.places * 10).tolist()
    assert (found.spikes[:, 0] == found.places % 251).all()
    assert held_out_frames(parts[1:2], adapt=False) is None
