"""Confidence for a radius instead of places, and the truth that it promises by default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.helpers import START, tiny_map

from vprtempo_ros.evaluation.by_pose import truth_by_nearest
from vprtempo_ros.evaluation.promise import Promise
from vprtempo_ros.evaluation.truth import GroundTruth
from vprtempo_ros.frames import Pose
from vprtempo_ros.maps.map import Map
from vprtempo_ros.maps.places import Place
from vprtempo_ros.network.segments import Segments

LINE = [(2.0 * number, 0.0) for number in range(6)]
BELIEF = np.array([0.1, 0.2, 0.4, 0.2, 0.05, 0.05])
ODDS = np.log(BELIEF / (1 - BELIEF)).astype(np.float32)


def map_at(positions: list[tuple[float, float]], counts: list[int]) -> Map:
    """Return a map with places at these positions, in segments."""
    places = [
        Place(START + number, Pose((x, y, 0.0), frame_id='odom'), 'route', str(number))
        for number, (x, y) in enumerate(positions)
    ]
    return replace(tiny_map(), places=places, segments=Segments.of(counts), origin=None)


@pytest.mark.parametrize(
    ('radius', 'expected'),
    [
        (0.0, 0.0),
        (1.0, 0.9 * 0.4 / 0.8),
        (2.0, 0.9 * (0.4 + 0.5 * 0.4) / 0.8),
        (3.0, 0.9),
        (5.0, 0.9 + 0.1 * 0.15 / 0.2),
        (100.0, 1.0),
    ],
)
def test_belief_is_shared_out(radius: float, expected: float) -> None:
    """Within the tolerance and beyond it, confidence goes to the way around places by belief."""
    loaded = map_at(LINE, [6])
    assert loaded.config.places.tolerance == 1
    assert Promise(loaded, radius)(0.9, 2, ODDS, True) == pytest.approx(expected, abs=1e-5)


def test_a_place_without_a_position() -> None:
    """Of a place whose position is not known nothing is promised."""
    loaded = map_at(LINE, [6])
    loaded.places[1] = replace(loaded.places[1], pose=None)
    assert Promise(loaded, 3.0)(0.9, 1, ODDS, True) == 0.0


def found_at(loaded: Map, positions: list[tuple[float, float] | None]) -> GroundTruth:
    """Return the truth of query frames at these positions."""
    poses = [None if each is None else Pose((*each, 0.0), frame_id='odom') for each in positions]
    query: Any = type('Query', (), {})()
    query.poses, query.origin, query.path = poses, None, 'query'
    query.stamps = np.arange(len(poses), dtype=np.int64)
    return truth_by_nearest(query, loaded)


def test_places_next_to_the_nearest_one() -> None:
    """A frame to the side has its places, one far off none, one without a pose is unknown."""
    truth = found_at(map_at(LINE, [6]), [(4.9, 1.5), (0.0, -3.9), (0.0, 4.1), None])
    assert [truth.correct_places(query).tolist() for query in range(4)] == [
        [1, 2, 3],
        [0, 1],
        [],
        [],
    ]
    assert truth.known.tolist() == [True, True, True, False]


def test_a_route_that_passes_a_spot_twice() -> None:
    """Each pass has its place, and widening does not cross the border of a segment."""
    there = [(0.0, 0.0), (2.0, 0.0), (4.0, 0.0)]
    back = [(4.0, 0.5), (2.0, 0.5), (0.0, 0.5)]
    truth = found_at(map_at([*there, *back], [3, 3]), [(2.1, 0.2), (4.0, 0.2)])
    assert truth.correct_places(0).tolist() == [0, 1, 2, 3, 4, 5]
    assert truth.correct_places(1).tolist() == [1, 2, 3, 4]
