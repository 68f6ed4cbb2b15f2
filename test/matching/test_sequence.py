"""The sequence filters on made scores: what a robot does to them, and that they survive it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import SequenceConfig
from vprtempo_ros.matching.sequence import sequence_filter
from vprtempo_ros.matching.stages import FrameTiming, Route, Scores, Stage

FILTERS = ['seqslam', 'bayes']
PLACES = 1000
RATE = 10
START_NS = 100 * 10**9

Floats = NDArray[np.float64]


class Scene:
    """
    Scores as a network gives them, standardised: at the right place 2.5 above a background.

    The background changes from place to place and is the same wherever a place is seen again;
    neighbours in it look alike. Off the map there is nothing but background.
    """

    def __init__(self, places: int = PLACES, noise: float = 0.05) -> None:
        self._places, self._noise = places, noise
        self._rng = np.random.default_rng(0)

    def __call__(self, position: float, on_map: bool = True) -> Scores:
        """Return the scores float32 (places,) of a frame taken this many places along the route."""
        before, part = divmod(position, 1.0)
        scores = (
            _background(self._places, int(before)) * math.cos(part * math.pi / 2)
            + _background(self._places, int(before) + 1) * math.sin(part * math.pi / 2)
            + self._noise * self._rng.standard_normal(self._places)
        )
        if on_map:
            scores = scores + 2.5 * np.exp(-(((np.arange(self._places) - position) / 0.85) ** 2))
        return ((scores - scores.mean()) / scores.std()).astype(np.float32)


@lru_cache(maxsize=4000)
def _background(places: int, place: int) -> Floats:
    white = np.random.default_rng(place + 10**6).standard_normal(places + 2)
    alike = np.convolve(white, [0.5, 1.0, 0.5], 'valid')
    found = alike / alike.std()
    found.setflags(write=False)
    return found


def make(
    name: str,
    places: int = PLACES,
    step_s: float = 1.0,
    step_m: float | None = None,
    **settings: Any,
) -> Stage:
    """Return a filter for a route whose places are a second apart."""
    return sequence_filter(Route(places, step_s, step_m), SequenceConfig(filter=name, **settings))


def moments(seconds: Sequence[float] | Floats, start_ns: int = START_NS) -> list[FrameTiming]:
    """Return the moments of frames after this many seconds."""
    return [FrameTiming(start_ns + round(second * 1e9)) for second in seconds]


def outputs(stage: Stage, frames: Sequence[Scores], when: Sequence[FrameTiming]) -> Scores:
    """Return what comes out, float32 (frames, places); it is finite and nothing goes in changed."""
    result = []
    for scores, timing in zip(frames, when, strict=True):
        before = scores.copy()
        out = stage(scores, timing)
        assert np.array_equal(scores, before, equal_nan=True)
        assert out.dtype == np.float32
        assert out.shape == scores.shape
        assert np.isfinite(out).all()
        result.append(out)
    return np.stack(result)


def errors(found: Scores, positions: Sequence[float] | Floats) -> Floats:
    """Return by how many places each answer is off."""
    return np.abs(found.argmax(axis=1) - np.asarray(positions, float))


def best(found: Scores) -> Scores:
    """Return the score of each frame's answer."""
    return found.max(axis=1)


def drive(
    name: str,
    positions: Sequence[float] | Floats,
    seconds: Sequence[float] | Floats,
    **settings: Any,
) -> Scores:
    """Return what comes out for frames at these positions and times."""
    scene = Scene()
    return outputs(
        make(name, **settings), [scene(position) for position in positions], moments(seconds)
    )


def test_none_passes_scores_on() -> None:
    """Without a filter nothing is changed, not even copied."""
    scores = Scene()(5)
    assert make('none')(scores, FrameTiming(1)) is scores


def test_single_frames_are_not_enough() -> None:
    """The scene is one in which a filter is needed."""
    scene = Scene()
    single = np.mean([abs(int(scene(place).argmax()) - place) <= 1 for place in range(100, 300)])
    assert 0.2 < single < 0.6


@pytest.mark.parametrize('name', FILTERS)
def test_driving_as_the_reference_did(name: str) -> None:
    """From the tenth frame on all answers are exact, neither behind nor ahead."""
    positions = np.arange(100, 200)
    found = drive(name, positions, np.arange(100))
    assert (errors(found, positions)[10:] <= 0).mean() >= 0.97
    assert errors(found, positions)[10:].max() <= 1


@pytest.mark.parametrize('name', FILTERS)
def test_a_fast_camera_is_no_better_than_a_slow_one(name: str) -> None:
    """Thirty frames a place are answered, and are not taken for thirty times the evidence."""
    slow = drive(name, np.arange(100, 140), np.arange(40))
    positions = np.arange(100, 140, 1 / 30)
    fast = drive(name, positions, positions - 100)
    assert (errors(fast, positions)[300:] <= 1).mean() >= 0.97
    assert np.median(best(fast)[300:]) <= np.median(best(slow)[10:]) + 1


@pytest.mark.long
@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('camera', [1, RATE])
@pytest.mark.parametrize('speed', [0.5, 0.7, 2.0, 2.7])
def test_half_and_double_speed(name: str, speed: float, camera: int) -> None:
    """Without a setting, at the rate of the places and at ten times that."""
    positions = np.arange(100, 200, speed / camera)
    found = drive(name, positions, np.arange(len(positions)) / camera)
    right = (errors(found, positions)[15 * camera :] <= 1).mean()
    # A window of ten frames at half speed holds the evidence of five places only.
    assert right >= (0.85 if name == 'bayes' or speed > 1 else 0.5)


@pytest.mark.parametrize('name', FILTERS)
def test_kidnapped(name: str) -> None:
    """Moved to another part of the map the robot is found again within 16 places, or 7."""
    positions = np.r_[np.arange(100, 130), np.arange(600, 640), np.arange(50, 90)]
    found = drive(name, positions, np.arange(len(positions)))
    # Evidence that has to persuade a sure belief weighs less in bayes, so that it trusts no stretch
    # of similar places.
    places = 16 if name == 'bayes' else 7
    assert (errors(found, positions)[30 + places : 70] <= 1).all()
    assert (errors(found, positions)[70 + places :] <= 1).all()


@pytest.mark.long
@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('camera', [1, RATE])
def test_a_stop(name: str, camera: int) -> None:
    """Three hundred seconds at one place change neither the answer nor how sure it is."""
    stop = 300 * camera
    positions = np.r_[
        np.arange(100, 130, 1 / camera), np.full(stop, 130.0), np.arange(130, 150, 1 / camera)
    ]
    found = drive(name, positions, np.arange(len(positions)) / camera)
    first, last = 30 * camera, 30 * camera + stop
    assert (errors(found, positions)[15 * camera :] <= 1).mean() >= 0.97
    assert (errors(found, positions)[first + camera : last] <= 1).mean() >= 0.97
    surest = best(found)[15 * camera : first].max()
    assert best(found)[first:last].max() <= surest + 0.5


@pytest.mark.long
@pytest.mark.parametrize('name', FILTERS)
def test_standing_from_the_start_makes_nothing_surer(name: str) -> None:
    """An hour of the same view shows as much as its first frame."""
    found = drive(name, np.full(3600, 333.0), np.arange(3600))
    assert best(found).max() <= best(found)[0] + 1


@pytest.mark.parametrize('name', FILTERS)
def test_reversing(name: str) -> None:
    """A robot that turns back on the route is lost for no more than eight places."""
    positions = np.r_[np.arange(100, 150), np.arange(149, 100, -1)]
    found = drive(name, positions, np.arange(len(positions)))
    assert (errors(found, positions)[10:50] <= 1).all()
    assert (errors(found, positions)[58:] <= 1).all()


@pytest.mark.parametrize('name', FILTERS)
def test_dropped_frames(name: str) -> None:
    """Half of the frames missing at random, and once twenty in a row."""
    keep = np.random.default_rng(1).random(200) < 0.5
    keep[80:100] = False
    seconds = np.flatnonzero(keep)
    found = drive(name, 100 + seconds, seconds)
    assert (errors(found, 100 + seconds)[10:] <= 1).mean() >= 0.97


@pytest.mark.parametrize('every', [4, 8])
def test_frames_several_places_apart(every: int) -> None:
    """A slow camera sees only every n-th place: a few frames are enough all the same."""
    seconds = np.arange(0, 160, every)
    found = drive('bayes', 100 + seconds, seconds)
    assert (errors(found, 100 + seconds)[3:] <= 1).all()
    belief = 1 / (1 + np.exp(-best(found)))
    assert (belief[6:] > 0.5).mean() > 0.6


@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('jump', [-90.0, -1e6, 1e4, 1e9])
def test_time_jumps(name: str, jump: float) -> None:
    """After a bag's end comes its beginning, or another one; all is as after a reset."""
    scene = Scene()
    stage = make(name)
    outputs(stage, [scene(place) for place in range(100, 130)], moments(np.arange(30)))
    frames = [scene(place) for place in range(700, 730)]
    when = moments(np.arange(30), START_NS + 10**15 + round((30 + jump) * 1e9))
    outputs(stage, frames[:1], moments([0.0], START_NS + 10**15))
    after = outputs(stage, frames, when)
    fresh = outputs(make(name), frames, when)
    assert np.array_equal(after, fresh)


@pytest.mark.parametrize('name', FILTERS)
def test_two_frames_in_the_wrong_order(name: str) -> None:
    """A frame that comes a little late does not make the filter forget."""
    positions = np.arange(100, 140, 1 / RATE)
    seconds = np.arange(len(positions)) / RATE
    order = np.arange(len(positions))
    order[200], order[201] = 201, 200
    found = drive(name, positions[order], seconds[order])
    assert (errors(found, positions[order])[150:] <= 1).mean() >= 0.97


@pytest.mark.parametrize('name', FILTERS)
def test_off_the_map_and_back(name: str) -> None:
    """Where there is no place nothing stands out; back on the map it is found in 12 places."""
    scene = Scene()
    positions = np.r_[np.arange(960, 1000), np.arange(1000, 1060), np.arange(400, 440)]
    on = np.r_[np.ones(40, bool), np.zeros(60, bool), np.ones(40, bool)]
    found = outputs(
        make(name), [scene(p, bool(o)) for p, o in zip(positions, on)], moments(np.arange(140))
    )
    assert (errors(found, positions)[10:40] <= 1).all()
    assert (errors(found, positions)[112:] <= 1).all()
    assert best(found)[55:100].max() < np.median(best(found)[np.r_[10:40, 115:140]])


@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_a_frame_that_is_not_finite(name: str, value: float) -> None:
    """One such frame has an answer from the frames before, and does not harm those after."""
    scene = Scene()
    frames = [scene(place) for place in range(100, 140)]
    frames[20][7] = value
    found = outputs(make(name), frames, moments(np.arange(40)))
    assert (errors(found, np.arange(100, 140))[10:] <= 1).all()
    first = outputs(make(name), [np.full(PLACES, value, np.float32)], moments([0.0]))
    assert np.ptp(first) < 1e-5


@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('step_s', [0.0, math.nan, math.inf, -1.0])
def test_a_route_without_times(name: str, step_s: float) -> None:
    """Where the route has no times, or frames have no stamps, each frame is a place further."""
    scene = Scene()
    frames = [scene(place) for place in range(100, 130)]
    expected = outputs(make(name), frames, moments(np.arange(30)))
    found = outputs(make(name, step_s=step_s), frames, moments(np.arange(30) * 0.001))
    assert np.allclose(found, expected, atol=1e-3)
    unstamped = outputs(make(name), frames, [FrameTiming(0)] * 30)
    assert np.allclose(unstamped, expected, atol=1e-3)


@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('sign', [1, -1])
def test_odometry_tells_the_way(name: str, sign: int) -> None:
    """With odometry the times do not matter, and a stop is one for any view."""
    scene = Scene(noise=0.5)
    ways = np.random.default_rng(2).choice([0.0, 0.1, 1.3], 400) * 0.5
    positions = 500 + sign * np.cumsum(ways) / 0.5
    seconds = np.cumsum(np.random.default_rng(3).choice([0.01, 5.0], 400))
    when = [
        timing._replace(travelled=sign * float(way)) for timing, way in zip(moments(seconds), ways)
    ]
    stage = make(name, step_m=0.5)
    found = outputs(stage, [scene(position) for position in positions], when)
    assert (errors(found, positions)[40:] <= 1).mean() >= 0.95
    without = outputs(
        make(name, step_m=0.5, odometry=False), [scene(position) for position in positions], when
    )
    assert (errors(without, positions)[40:] <= 1).mean() < 0.8


@pytest.mark.parametrize('name', FILTERS)
@pytest.mark.parametrize('travelled', [math.nan, math.inf, None])
def test_odometry_that_tells_nothing(name: str, travelled: float | None) -> None:
    """Where a way is missing the time serves."""
    scene = Scene()
    positions = np.arange(100, 150)
    when = [
        timing._replace(travelled=travelled if number % 3 else 1.0)
        for number, timing in enumerate(moments(np.arange(50)))
    ]
    found = outputs(make(name, step_m=1.0), [scene(position) for position in positions], when)
    assert (errors(found, positions)[12:] <= 1).all()


@pytest.mark.parametrize('name', FILTERS)
def test_maps_of_two_places(name: str) -> None:
    """The smallest map is matched too, there and back."""
    places = np.repeat([0, 1, 0, 1], 60)
    right = np.random.default_rng(5).random(240) < 0.8
    # Standardised, two values can only be 1 and -1.
    frames = [
        np.where(np.arange(2) == (place if ok else 1 - place), 1, -1).astype(np.float32)
        for place, ok in zip(places, right)
    ]
    found = outputs(make(name, places=2, slowest=0.0, fastest=0.0), frames, moments(np.arange(240)))
    assert (errors(found, places) == 0).mean() > right.mean()
    outputs(make(name, places=2), frames, moments(np.arange(240)))


@pytest.mark.long
@pytest.mark.parametrize('name', FILTERS)
def test_tens_of_thousands_of_places(name: str) -> None:
    """A long route is matched at both of its ends, exactly."""
    scene = Scene(places=27000)
    for first in (0, 26970):
        positions = np.arange(first, first + 30)
        found = outputs(
            make(name, places=27000),
            [scene(position) for position in positions],
            moments(np.arange(30)),
        )
        assert (errors(found, positions)[15:] == 0).mean() >= 0.9


@pytest.mark.parametrize('name', FILTERS)
def test_reset_forgets(name: str) -> None:
    """After a reset a filter is as new, also if the stamps go on."""
    scene = Scene()
    frames = [scene(place) for place in range(100, 130)]
    stage = make(name)
    first = outputs(stage, frames, moments(np.arange(30)))
    stage.reset()
    assert np.array_equal(outputs(stage, frames, moments(np.arange(30, 60))), first)


@pytest.mark.parametrize('name', FILTERS)
def test_what_was_given_out_stays(name: str) -> None:
    """Later frames do not write into earlier results, and read-only scores are taken."""
    scene = Scene()
    stage = make(name)
    frames = [scene(place) for place in range(100, 105)]
    for frame in frames:
        frame.setflags(write=False)
    results = [stage(frame, timing) for frame, timing in zip(frames, moments(np.arange(5)))]
    copies = [result.copy() for result in results]
    stage(scene(105), moments([5.0])[0])
    assert all(np.array_equal(one, other) for one, other in zip(results, copies))


def test_seqslam_keeps_the_background_standard() -> None:
    """Wrong places are about N(0, 1) for any window; the right one stands out further."""
    positions = np.arange(100, 160)
    for length in (5, 10, 20):
        found = drive('seqslam', positions, np.arange(60), length=length)[25:]
        assert np.allclose(found.mean(axis=1), 0, atol=0.01)
        assert np.allclose(found.std(axis=1), 1, atol=0.05)
        right = np.median(found[np.arange(35), positions[25:]])
        assert right > 0.8 * 2.5 * math.sqrt(length)


def test_bayes_gives_log_odds_of_a_distribution() -> None:
    """Beliefs sum to 1 less that of being off the map, which rises when nothing fits."""
    scene = Scene()
    frames = [scene(p, p < 130) for p in np.arange(100, 170)]
    found = outputs(make('bayes', returning=0.001), frames, moments(np.arange(70)))
    on = (1 / (1 + np.exp(-found.astype(np.float64)))).sum(axis=1)
    assert (on <= 1 + 1e-4).all()
    assert on[20:30].min() > 0.95
    assert on[60:].max() < 0.7


@pytest.mark.long
@pytest.mark.parametrize('name', FILTERS)
def test_nothing_drifts_over_a_long_time(name: str) -> None:
    """After 5000 frames off the map, filters answer as new ones soon do."""
    scene, rng = Scene(places=200), np.random.default_rng(4)
    stage = make(name, places=200)
    outputs(
        stage, list(rng.standard_normal((5000, 200)).astype(np.float32)), moments(np.arange(5000))
    )
    positions = np.arange(50, 100)
    found = outputs(stage, [scene(p) for p in positions], moments(np.arange(5000, 5050)))
    assert (errors(found, positions)[15:] <= 1).all()
