"""Which frames are worth learning."""

from __future__ import annotations

import numpy as np

from vprtempo_ros.config import PlacesConfig
from vprtempo_ros.frames import Pose
from vprtempo_ros.learning.novelty import Kind, Novelty, is_repeat, is_stretch
from vprtempo_ros.learning.reckoning import Reckoning

RNG = np.random.default_rng(1)


def look(novelty: Novelty, known: bool, own: bool = False, number: int = 0) -> Kind:
    """Show a view that no other resembles."""
    view = RNG.integers(0, 256, 50, dtype=np.uint8)
    return novelty.look(known, own, number * 10**9, None, view)


def test_a_stretch_begins_where_nothing_is_recognised() -> None:
    """And ends where places of before are, of which one alone may be a mistake."""
    novelty = Novelty(PlacesConfig(by='frames', spacing=1))
    assert look(novelty, known=True) is Kind.NOTHING
    assert look(novelty, known=False) is Kind.FIRST
    assert look(novelty, known=False) is Kind.NEXT
    # Its own end is recognised already.
    assert look(novelty, known=True, own=True) is Kind.NEXT
    assert look(novelty, known=True) is Kind.NOTHING
    assert look(novelty, known=False) is Kind.NEXT
    assert [look(novelty, known=True) for _ in range(3)] == [Kind.NOTHING] * 3
    assert look(novelty, known=False) is Kind.FIRST


def test_not_before_anything_is_recognised() -> None:
    """At the beginning of a drive nothing is, for a while."""
    novelty = Novelty(PlacesConfig(by='frames', spacing=1))
    found = [look(novelty, known=False) for _ in range(20)]
    assert found == [Kind.NOTHING] * 19 + [Kind.FIRST]


def test_a_robot_that_stands() -> None:
    """Shows nothing new."""
    novelty = Novelty(PlacesConfig(by='frames', spacing=1))
    look(novelty, known=True)
    view = RNG.integers(0, 256, 50, dtype=np.uint8)
    found = [novelty.look(False, False, number, None, view) for number in range(4)]
    assert found == [Kind.FIRST, *[Kind.NOTHING] * 3]


def test_places_by_metres_need_poses() -> None:
    """They are as far apart as those of the map."""
    novelty = Novelty(PlacesConfig(by='metres', spacing=2.0))
    look(novelty, known=True)
    found = []
    for number in range(8):
        view = RNG.integers(0, 256, 50, dtype=np.uint8)
        found.append(novelty.look(False, False, number, Pose((0.7 * number, 0.0, 0.0)), view))
    assert [number for number, kind in enumerate(found) if kind is not Kind.NOTHING] == [0, 3, 6]
    assert look(novelty, known=False) is Kind.NOTHING


def test_a_place_that_has_changed() -> None:
    """Is one where frame after frame alone shows another place; once."""
    novelty = Novelty(PlacesConfig())
    assert not novelty.has_changed(4, odd=True)
    assert not novelty.has_changed(4, odd=False)
    assert [novelty.has_changed(place, odd=True) for place in (4, 5, 5, 6, 6, 6)] == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]


def test_known_places_that_are_not_recognised_yet() -> None:
    """Follow each other in the map by single frames; in a new stretch they do not."""
    assert is_repeat(4, 5) and is_repeat(4, 6)
    # A place that answers to everything does not move on.
    assert not any(is_repeat(4, place) for place in (3, 4, 7))
    assert is_stretch([False, False, True])
    assert not is_stretch([False, True, True])
    assert not is_stretch([False, False])


def test_reckoning() -> None:
    """The pose goes on from the last recognised place by the odometry, until that restarts."""
    reckoning = Reckoning()
    quarter = (0.0, 0.0, 0.5**0.5, 0.5**0.5)
    assert reckoning.see(None, Pose((1.0, 0.0, 0.0)), 0) is None
    known = Pose((10.0, 20.0, 0.0), quarter, 'map')
    assert reckoning.see(known, Pose((1.0, 0.0, 0.0)), 0) is known
    found = reckoning.see(None, Pose((4.0, 1.0, 0.0)), 0)
    assert found is not None and found.frame_id == 'map'
    np.testing.assert_allclose(found.position, (9.0, 23.0, 0.0), atol=1e-9)
    assert reckoning.see(None, None, 0) is None
    assert reckoning.see(None, Pose((4.0, 1.0, 0.0)), 1) is None
