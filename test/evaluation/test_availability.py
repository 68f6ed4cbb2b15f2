"""Runs without a match and relocalisation, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vprtempo_ros.evaluation.availability import availability
from vprtempo_ros.evaluation.predictions import Predictions
from vprtempo_ros.evaluation.query import Query
from vprtempo_ros.evaluation.truth import NO_PLACE, UNKNOWN, GroundTruth
from vprtempo_ros.frames import Pose


def truth(*places: int) -> GroundTruth:
    """Return the truth of queries with one correct place each, or NO_PLACE or UNKNOWN."""
    first = np.array(places, np.int64)
    return GroundTruth(np.arange(len(places)) * 500_000_000, first, first)


def predictions(*places: int, sure: float = 0.9) -> Predictions:
    """Return equally certain predictions; NO_PLACE: none."""
    return Predictions(
        np.array(places, np.intp), np.full(len(places), sure), np.zeros(len(places), np.intp)
    )


def query(frames: int, timed: bool = True, poses: bool = True) -> Query:
    """Return frames 0.5 s and 0.25 m apart."""
    known = [Pose((0.25 * number, 0.0, 0.0)) if poses else None for number in range(frames)]
    nothing = np.zeros(frames)
    return Query(
        'drive',
        np.arange(frames) * 500_000_000,
        [''] * frames,
        known,
        np.zeros((frames, 1), np.uint8),
        nothing,
        nothing,
        frames,
        {},
        None,
        timed=timed,
    )


def test_the_longest_run_counts_frames_on_the_map() -> None:
    """Silence off the map is right; a match that is not certain enough is none."""
    known = truth(0, 1, 2, 3, NO_PLACE, NO_PLACE, NO_PLACE, NO_PLACE, 8, 9)
    given = predictions(0, NO_PLACE, NO_PLACE, 3, *[NO_PLACE] * 4, NO_PLACE, 9)
    span = availability(known, given, query(10), 0.5).without
    assert span == (2, pytest.approx(1.0), pytest.approx(0.5))
    assert span.text() == '2 frames, 1.0 s, 0.5 m'
    assert availability(known, given, query(10), 0.95).without.frames == 4


def test_wrong_matches_are_matches() -> None:
    assert availability(truth(0, 1), predictions(7, 7), query(2), 0.5).without.frames == 0


def test_what_is_not_known_is_not_a_number() -> None:
    """Numbers of image files are not times, and frames without poses have no distance."""
    given = predictions(0, NO_PLACE, 2)
    span = availability(truth(0, 1, 2), given, query(3, timed=False, poses=False), 0.5).without
    assert span.frames == 1 and math.isnan(span.seconds) and math.isnan(span.metres)
    assert span.text() == '1 frame'


def test_a_carried_robot_is_found_at_the_first_of_three_correct_matches() -> None:
    """A single correct match does not count; jumps over frames off the map do."""
    known = truth(0, 1, 2, 50, 51, 52, 53, 54, 55, NO_PLACE, UNKNOWN, 10, 11, 12)
    given = predictions(0, 1, 2, 3, 51, 5, 53, 54, 55, 56, 57, 58, 59, 60)
    found = availability(known, given, query(14), 0.5)
    assert found.relocalised == [(3, pytest.approx(1.5), pytest.approx(0.75)), None]
    assert found.relocalisation() == (
        '1 of 2 jumps to another place, after 3 frames, 1.5 s, 0.8 m (median), '
        '3 frames, 1.5 s, 0.8 m at most'
    )


def test_driving_on_is_no_jump() -> None:
    """Neither ten places at once nor a second pass of the same spot."""
    first = np.array([[0, -1], [10, -1], [20, 80], [81, -1]], np.int64)
    known = GroundTruth(np.arange(4), first, first)
    found = availability(known, predictions(0, 10, 20, 81), query(4), 0.5)
    assert found.relocalised == []
    assert found.relocalisation() == ''


def test_found_at_once() -> None:
    known, given = truth(0, 40, 41, 42), predictions(0, 40, 41, 42)
    assert availability(known, given, query(4), 0.5).relocalised[0].frames == 0  # type: ignore[union-attr]
