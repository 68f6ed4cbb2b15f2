"""Sampling places by frames, seconds and metres; finding a place by its pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import SECOND, frame, steady

from vprtempo_ros.config import PlacesConfig
from vprtempo_ros.errors import MapError
from vprtempo_ros.frames import Frame, Pose
from vprtempo_ros.maps.places import ByPose, Place, sample


def taken(frames: Sequence[Frame], **config: object) -> list[int]:
    """Return the indices of the frames that become places."""
    numbers = {id(frame): number for number, frame in enumerate(frames)}
    return [numbers[id(found)] for found in sample(frames, PlacesConfig(**config))]


def timed(seconds: Sequence[float]) -> list[Frame]:
    """Return frames with these stamps."""
    return [frame(0, stamp_ns=round(time * SECOND)) for time in seconds]


def along(xs: Sequence[float | None]) -> list[Frame]:
    """Return frames at these distances along a straight line; None: without a pose."""
    return [
        frame(0, None if x is None else (x, 0, 0), stamp_ns=number) for number, x in enumerate(xs)
    ]


@pytest.mark.parametrize(
    ('spacing', 'expected'),
    [
        (1, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (2, [0, 2, 4, 6, 8]),
        (3, [0, 3, 6, 9]),
        (9, [0, 9]),
        (10, [0]),
        (2.5, [0, 3, 5, 8]),
        (0.5, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_by_frames(spacing: float, expected: list[int]) -> None:
    """Places are the first frames at or after each multiple of the spacing."""
    assert taken(timed(range(10)), by='frames', spacing=spacing) == expected


@pytest.mark.parametrize(
    ('times', 'spacing', 'expected'),
    [
        ([5, 6, 7, 8, 9], 2, [0, 2, 4]),
        ([0, 0.9, 2.1, 2.9, 4], 1, [0, 2, 4]),
        ([0, 0.5, 7, 7.5, 8], 2, [0, 2, 4]),
        ([5, 4, 3, 6, 7], 1, [0, 3, 4]),
        ([0, 0, 0, 1, 1], 1, [0, 3]),
    ],
    ids=['regular', 'jitter', 'gap', 'clock set back', 'same stamps'],
)
def test_by_seconds(times: list[float], spacing: float, expected: list[int]) -> None:
    """Places are on a time grid from the first frame; a gap makes no extra places."""
    assert taken(timed(times), by='seconds', spacing=spacing) == expected


@pytest.mark.parametrize('rate', [3, 7, 10, 29.97, 30, 60])
@pytest.mark.parametrize('start', [0, 1_700_000_000])
def test_rounded_stamps_lose_no_place(rate: float, start: int) -> None:
    """A camera whose period is no whole number of nanoseconds gives every n-th frame exactly."""
    frames = [frame(0, stamp_ns=start * SECOND + round(n / rate * SECOND)) for n in range(300)]
    assert taken(frames, by='seconds', spacing=6 / rate) == list(range(0, 300, 6))


def test_by_metres() -> None:
    """The next place is the first frame at least the spacing from the last place."""
    xs = [0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 5.0, 5.9, 6.0]
    assert taken(along(xs), by='metres', spacing=1.0) == [0, 3, 6, 7, 9]


@pytest.mark.parametrize('step', [0.1, 0.3, 1 / 3, 0.7])
def test_rounded_metres_lose_no_place(step: float) -> None:
    """Frames a fixed step apart are taken at every third step in spite of rounding."""
    frames = along([1e5 + step * number for number in range(60)])
    assert taken(frames, by='metres', spacing=step * 3) == list(range(0, 60, 3))


def test_metres_are_measured_in_space() -> None:
    """Height and both directions count, and so does driving back."""
    points = [(0, 0, 0), (0.6, 0.6, 0.6), (0, 0, 0), (0, -1, 0), (0, 0, 0)]
    frames = [frame(0, point, stamp_ns=number) for number, point in enumerate(points)]
    assert taken(frames, by='metres', spacing=1.0) == [0, 1, 2, 3, 4]


def test_a_standing_robot_makes_no_places() -> None:
    """Noise of a few centimetres at one position does not add up to a metre."""
    noise = np.random.default_rng(0).normal(0, 0.03, (500, 3))
    frames = [frame(0, row, stamp_ns=number) for number, row in enumerate(noise)]
    assert taken(frames, by='metres', spacing=1.0) == [0]


def test_frames_without_a_pose_are_no_places_by_metres() -> None:
    """By metres only frames with a pose count, from the first of them on."""
    assert taken(along([None, 3, None, 3.5, None, 4.2]), by='metres', spacing=1) == [1, 5]


def test_metres_without_any_pose() -> None:
    """Metres without poses give one line that says what to do; no frames at all give none."""
    with pytest.raises(MapError, match='no frame has a pose: name the pose topic'):
        taken(along([None] * 3), by='metres', spacing=1)
    assert taken([], by='metres', spacing=1) == []


@pytest.mark.parametrize('by', ['frames', 'seconds', 'metres'])
@pytest.mark.parametrize(('count', 'expected'), [(0, 6), (1, 1), (4, 4), (6, 6), (9, 6)])
def test_count_limits_the_places(by: str, count: int, expected: int) -> None:
    """No more than `count` places are taken; 0 takes all."""
    frames = [frame(0, (n, 0, 0), n * SECOND) for n in range(6)]
    assert taken(frames, by=by, spacing=1, count=count) == list(range(expected))


def test_nothing_is_read_after_the_last_place() -> None:
    """Once there are `count` places, the recording is read no further."""

    def frames() -> object:
        yield from timed([0, 1])
        raise AssertionError('read on')

    assert len(list(sample(frames(), PlacesConfig(count=2)))) == 2


@steady
@given(st.lists(st.floats(0, 50), min_size=1, max_size=30), st.floats(0.1, 10))
def test_places_by_metres_keep_their_distance(steps: list[float], spacing: float) -> None:
    """Neighbouring places are at least the spacing apart, and no frame between them is."""
    xs = np.cumsum(steps)
    places = taken(along(xs.tolist()), by='metres', spacing=spacing)
    for first, second in zip(places, places[1:]):
        assert xs[second] - xs[first] >= spacing * (1 - 2e-6)
        assert all(xs[between] - xs[first] < spacing for between in range(first + 1, second))


def assigned(positions: Sequence[float], xs: Sequence[float | None], radius: float) -> list[int]:
    """Return, for each frame of an additional traverse, the place that it improves; -1 for none."""
    places = [Place(0, found.pose, '', '') for found in along(positions)]
    assign = ByPose(places, radius)
    found = [assign.improves(query) for query in along(xs)]
    return [-1 if place is None else place for place in found]


def test_each_frame_belongs_to_the_nearest_place() -> None:
    """A frame improves a place only if none before it was as near, and within the radius."""
    xs = [0.4, 0.1, 0.1, -0.05, None, 1.6, 1.9, 2.05, 9.0, 2.6]
    assert assigned([0, 1, 2], xs, 0.5) == [0, 0, -1, 0, -1, 2, 2, 2, -1, -1]


def test_the_radius_is_inclusive_and_defaults_to_the_mean_distance() -> None:
    """A frame exactly at the radius counts; 0 stands for the mean distance between places."""
    assert assigned([0, 1, 2], [2.5, 2.500001], 0.5) == [2, -1]
    assert assigned([0, 1, 4], [6.0, 5.9, 6.1], 0.0) == [2, 2, -1]


@pytest.mark.parametrize('on_ground', [True, False])
def test_heights_of_satellites_are_no_distance(on_ground: bool) -> None:
    """They wander by metres, and are other ones the next day; those of odometry are distances."""
    drives = [
        [
            replace(each, pose=Pose((each.pose.position[0], 0, up), on_ground=on_ground))
            for each, up in zip(along(range(6)), heights)
            if each.pose
        ]
        for heights in ([0, 9, 0, 9, 0, 9], [20] * 6)
    ]
    assert taken(drives[0], by='metres', spacing=2.0) == (
        [0, 2, 4] if on_ground else list(range(6))
    )
    assign = ByPose([Place(0, found.pose, '', '') for found in drives[0]], 1.0)
    assert [assign.improves(found) for found in drives[1]] == (
        list(range(6)) if on_ground else [None] * 6
    )
