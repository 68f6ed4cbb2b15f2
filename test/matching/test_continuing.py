"""What is known of a drive when another revision of the map is taken up."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.helpers import drive, picture, tiny_config
from support.street import Street

from vprtempo_ros.config import MatchConfig, SequenceConfig
from vprtempo_ros.frames import Frame
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.editing import forget
from vprtempo_ros.maps.kept_places import kept_places
from vprtempo_ros.maps.revisions import edit
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.match import Match
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser

FILTERS = ('none', 'seqslam', 'bayes')
# Places that an edit forgets before the robot's.
GONE = 3
SECOND = 10**9


def config(name: str) -> MatchConfig:
    """Return settings with a sequence filter."""
    return MatchConfig(min_confidence=0.0, sequence=SequenceConfig(filter=name))


def seen(recogniser: Recogniser, frames: list[Frame]) -> list[Match]:
    """Return the matches of frames."""
    return [recogniser.recognise(each.image, FrameTiming(each.stamp_ns)) for each in frames]


@pytest.mark.parametrize('name', FILTERS)
def test_the_same_places(street: Street, name: str) -> None:
    """With the same places it is as if nothing had happened."""
    loaded, frames = load(street.map), street.frames('query')[:30]
    whole = seen(Recogniser(loaded, match=config(name)), frames)
    before, after = (Recogniser(loaded, match=config(name)) for _ in range(2))
    seen(before, frames[:15])
    after.continue_from(before)
    for found, expected in zip(seen(after, frames[15:]), whole[15:], strict=True):
        np.testing.assert_array_equal(found.scores, expected.scores)
        np.testing.assert_array_equal(found.belief, expected.belief)


@pytest.mark.parametrize('name', FILTERS)
def test_other_places(street: Street, tmp_path: Path, name: str) -> None:
    """After places were forgotten the others are believed in under their new numbers."""
    folder = Path(shutil.copytree(street.map, tmp_path / 'map'))
    frames = street.frames('query')[:32]
    before = Recogniser(load(folder), match=config(name))
    sure = seen(before, frames[:30])[-1]
    edit(folder, 'forget', lambda content: forget(content, range(GONE)))
    after, fresh = (Recogniser(load(folder), match=config(name)) for _ in range(2))
    source = kept_places(before.map, after.map)
    np.testing.assert_array_equal(source, np.arange(GONE, len(before.map.places)))
    after.continue_from(before)
    found, restarted = seen(after, frames[30:])[0], seen(fresh, frames[30:])[0]
    assert sure.place is not None and found.place is not None
    assert abs(found.place + GONE - sure.place) <= 1
    if name == 'bayes':
        uninterrupted = seen(before, frames[30:])[0].belief[GONE:]
        errors = [np.abs(each.belief - uninterrupted).mean() for each in (found, restarted)]
        assert 4 * errors[0] < errors[1]
    # And back, as by undo: what was forgotten is believed in no more than by chance.
    back = Recogniser(before.map, match=config(name))
    back.continue_from(after)
    found = seen(back, frames[31:])[0]
    assert found.place is not None and abs(found.place - sure.place) <= 2


def test_frames_that_are_encoded_differently(tmp_path: Path) -> None:
    """Nothing is taken over from a map whose spikes mean something else."""
    bag = drive(tmp_path / 'bag', range(8), range(8))
    one, other = (build_map(tiny_config(bag, encoding__patch=patch)) for patch in (3, 5))
    assert (kept_places(one, one) == np.arange(8)).all()
    assert (kept_places(one, other) == -1).all()
    before, after, fresh = Recogniser(one), Recogniser(other), Recogniser(other)
    before.recognise(picture(2), FrameTiming(SECOND))
    after.continue_from(before)
    found, expected = (
        each.recognise(picture(3), FrameTiming(2 * SECOND)) for each in (after, fresh)
    )
    np.testing.assert_array_equal(found.scores, expected.scores)
