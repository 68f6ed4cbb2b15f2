"""Ground truth: from positions, through its file, and invalid files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vprtempo_ros.errors import SourceError
from vprtempo_ros.evaluation.truth import (
    GroundTruth,
    from_nearest,
    from_positions,
    read_truth,
    widened,
    within_places,
    write_truth,
)
from vprtempo_ros.network.segments import Segments


def made(queries: list[float], places: list[float], tolerance: float) -> list[tuple[int, int]]:
    """Return first and last correct place of each query."""
    truth = from_positions(
        np.arange(len(queries)), np.array(queries, float), np.array(places, float), tolerance
    )
    return list(zip(truth.first[:, 0].tolist(), truth.last[:, 0].tolist()))


def test_places_within_the_tolerance_are_correct() -> None:
    """The range holds every place within the tolerance, its ends included."""
    places = [0, 10, 20, 30, 40]
    assert made([0, 14, 15, 20, 40, 45], places, 10) == [
        (0, 1),
        (1, 2),
        (1, 2),
        (1, 3),
        (3, 4),
        (4, 4),
    ]
    assert made([10], places, 0) == [(1, 1)]


def test_queries_off_the_route_have_no_place() -> None:
    """A query with no place in reach, before, between or behind them, has none."""
    assert made([-20, 15, 60], [0, 10, 20], 4) == [(-1, -1)] * 3
    assert made([1], [], 4) == [(-1, -1)]


def test_places_next_to_the_nearest_are_correct() -> None:
    """The truth is widened within the segment, in each range, and not where it is unknown."""
    places = np.array([0.0, 10.0, 20.0, 30.0])
    nearest = from_nearest(np.arange(5), np.array([-9.0, 4.9, 5.1, 21.0, 99.0]), places)
    assert nearest.first[:, 0].tolist() == [0, 0, 1, 2, 3]
    twice = GroundTruth(
        np.arange(4),
        np.array([[0, 5], [3, -1], [-1, -1], [-2, -2]]),
        np.array([[0, 5], [4, -1], [-1, -1], [-2, -2]]),
    )
    found = widened(twice, Segments.of([4, 3]), 1)
    assert [found.correct_places(query).tolist() for query in range(4)] == [
        [0, 1, 4, 5, 6],
        [2, 3, 4, 5],
        [],
        [],
    ]
    assert found.known.tolist() == [True, True, True, False]
    assert found.with_place.tolist() == [True, True, False, False]
    assert [within_places(tolerance) for tolerance in range(3)] == [
        'the exact place',
        'within 1 place',
        'within 2 places',
    ]


def test_questions_to_the_truth() -> None:
    """A place is correct within the range only."""
    truth = GroundTruth(np.array([5, 6]), np.array([2, -1]), np.array([4, -1]))
    assert [place for place in range(-1, 7) if truth.is_correct(0, place)] == [2, 3, 4]
    assert [place for place in range(-1, 7) if truth.is_correct(1, place)] == []
    assert (truth.with_place.tolist(), len(truth)) == ([True, False], 2)


@pytest.mark.parametrize('queries', [0, 1, 5])
def test_round_trip(tmp_path: Path, queries: int) -> None:
    """The file gives back what was written, nanoseconds included."""
    stamps = 1_700_000_000_123_456_789 + np.arange(queries) * 33_333_333
    truth = from_positions(stamps, np.arange(queries) * 3.0, np.arange(4) * 2.0, 1.0)
    write_truth(truth, tmp_path / 'truth.csv')
    found = read_truth(tmp_path / 'truth.csv')
    for name in ('stamps', 'first', 'last'):
        np.testing.assert_array_equal(getattr(found, name), getattr(truth, name))
        assert getattr(found, name).dtype == np.int64


@pytest.mark.parametrize(
    'content',
    [
        None,
        b'',
        b'stamp,place\n1,2\n',
        b'stamp_ns,first_place,last_place\n1,2\n',
        b'stamp_ns,first_place,last_place\n1,two,3\n',
        b'\xff\xfe\x00',
        b'stamp_ns,first_place,last_place\n99999999999999999999,0,0\n',
        b'stamp_ns,first_place,last_place\n' + b'1' * 200_000 + b',0,0\n',
        b'stamp_ns,first_place,last_place\n5,0,0\n4,0,0\n',
    ],
    ids=['missing', 'empty', 'columns', 'short row', 'word', 'binary', 'overflow', 'huge', 'order'],
)
def test_what_is_no_truth(tmp_path: Path, content: bytes | None) -> None:
    """A file that is missing or has other columns or values gives one line that names it."""
    file = tmp_path / 'truth.csv'
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_truth(file)
    expected = 'cannot be read (No such file' if content is None else 'expected a CSV file'
    assert str(caught.value).startswith(f'{file}: {expected}')
    assert '\n' not in str(caught.value)
