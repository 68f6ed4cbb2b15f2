"""The parts of the sequence filters: steps between frames, motion, and the loops."""

from __future__ import annotations

import math
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.config import SequenceConfig
from vprtempo_ros.matching.sequence import bayes, kernels, track_kernels, vectorised
from vprtempo_ros.matching.sequence.bayes import Bayes
from vprtempo_ros.matching.sequence.motion import Motion
from vprtempo_ros.matching.sequence.progress import Progress, Step
from vprtempo_ros.matching.stages import FrameTiming, Route
from vprtempo_ros.network.segments import Segments

SECOND = 10**9


def step_of(time: float, way: float = 0.0) -> Step:
    """Return a step by time and odometry."""
    return Step(time, way, time + abs(way), 1.0, True, False)


def view(number: int, places: int = 300) -> np.ndarray:
    """Return scores of a view, another one for each number."""
    return np.random.default_rng(number).standard_normal(places).astype(np.float32)


def clipped(scores: np.ndarray) -> np.ndarray:
    """Return scores as the loops take them."""
    out = np.empty_like(scores)
    vectorised.ordinary(scores, out)
    return out


def test_frames_are_kept_a_place_apart() -> None:
    """At four frames a place each fourth is kept, and the others count by their part of it."""
    progress = Progress(Route(300, 2.0), True)
    steps = [
        progress(view(number), FrameTiming(SECOND * (number + 2) // 2), 1.0) for number in range(9)
    ]
    assert [step.keep for step in steps] == [True, False, False, False] * 2 + [True]
    assert [step.weight for step in steps] == [1, 0.25, 0.5, 0.75, 1, 0.25, 0.5, 0.75, 1]
    assert [step.restart for step in steps] == [False] * 9


def test_an_uneven_rate_of_a_frame_a_place_keeps_all() -> None:
    """Jitter of the stamps by 40 % loses no frame."""
    rng = np.random.default_rng(0)
    progress = Progress(Route(300, 1.0), True)
    stamps = SECOND * np.arange(1, 200) + rng.integers(-SECOND // 5, SECOND // 5, 199)
    assert all(
        progress(view(n), FrameTiming(int(stamp)), 1.0).keep for n, stamp in enumerate(stamps)
    )


def test_a_fast_robot_gets_more_frames() -> None:
    """At twice the reference's speed a frame is kept every half of the time."""
    progress = Progress(Route(300, 1.0), True)
    steps = [progress(view(n), FrameTiming(SECOND + n * SECOND // 4), 2.0) for n in range(9)]
    assert [step.keep for step in steps] == [True, False] * 4 + [True]
    assert steps[2].time == pytest.approx(0.5)
    assert steps[2].come == pytest.approx(1.0)


def test_a_view_that_stays_is_a_stop() -> None:
    """The same scores again are no way and no evidence, and the stop is forgotten after it."""
    progress = Progress(Route(300, 1.0), True)
    progress(view(0), FrameTiming(SECOND), 1.0)
    for second in range(2, 90):
        step = progress(view(0), FrameTiming(second * SECOND), 1.0)
        assert (step.keep, step.restart) == (False, False)
        assert step.weight == step.time == pytest.approx(0.0, abs=1e-4)
    step = progress(view(1), FrameTiming(90 * SECOND), 1.0)
    assert step.keep
    assert step.time == pytest.approx(1.0)


def test_odometry_has_a_sign_and_comes_before_time() -> None:
    """A way in reverse is negative, and the time in which it was gone does not count."""
    progress = Progress(Route(300, 1.0, 0.5), True)
    progress(view(0), FrameTiming(SECOND), 1.0)
    step = progress(view(1), FrameTiming(5 * SECOND, -0.6), 1.0)
    assert (step.time, step.way, step.keep) == (0.0, pytest.approx(-1.2), True)


@pytest.mark.parametrize(
    ('seconds', 'restart'),
    [(1.0, False), (99.0, False), (101.0, True), (-0.5, False), (-1.5, True)],
)
def test_jumps_of_time(seconds: float, restart: bool) -> None:
    """More than 100 places forwards or one backwards, all earlier frames are of no use."""
    progress = Progress(Route(300, 1.0), True)
    progress(view(0), FrameTiming(1000 * SECOND), 1.0)
    step = progress(view(1), FrameTiming(1000 * SECOND + int(seconds * SECOND)), 1.0)
    assert step.restart is restart


@pytest.mark.parametrize(
    ('low', 'high'),
    [(-1.0, 3.0), (0.7, 1.4), (1.0, 1.0), (3.0, -1.0), (2.0, 5.0), (-2.0, -0.5), (-1.0, 10.0)],
)
def test_speeds_cover_their_range_and_hold_that_of_the_reference(low: float, high: float) -> None:
    """Every speed is in a cell, cells do not overlap, and the reference's is the middle of one."""
    motion = Motion(SequenceConfig(slowest=low, fastest=high), 0.5)
    for speed in np.linspace(low, high, 50):
        inside = np.abs(motion.speeds - speed) <= motion.widths / 2 + 1e-9
        assert inside.any()
    ends = motion.speeds + motion.widths / 2
    assert motion.speeds[1:] - motion.widths[1:] / 2 == pytest.approx(ends[:-1])
    assert (1.0 in motion.speeds) == (min(low, high) <= 1.0 <= max(low, high))


def test_cells_grow_with_the_speed() -> None:
    """They are as wide as asked for up to 3, and few beyond."""
    motion = Motion(SequenceConfig(slowest=-1.0, fastest=10.0), 0.5)
    assert motion.even == 9
    assert (motion.widths[:9] == 0.5).all()
    assert (np.diff(motion.widths[8:]) > 0).all()
    assert len(motion.speeds) == 13
    # Where odometry shows the way, they are all the largest error of it.
    come = motion.come(0.0, 1.0)[:, 0]
    assert come[:9] == pytest.approx(np.linspace(0.8, 1.2, 9))
    assert come[9:] == pytest.approx(1.2)


def test_spread_by_hand() -> None:
    """A cell of 0.75 to 1.25 places leaves 7/8 of its belief one place further."""
    motion = Motion(SequenceConfig(slowest=1.0, fastest=1.0), 0.5)
    first, parts = motion.spread(step_of(1.0), motion.come(1.0, 0.0))
    assert first == 0
    assert parts == pytest.approx(np.array([[1 / 16, 7 / 8, 1 / 16]]))


@pytest.mark.parametrize('time', [0.0, 1 / 30, 0.7, 1.0, 3.3, 99.0])
@pytest.mark.parametrize('way', [0.0, 0.4, -2.7])
def test_spread_is_a_distribution_about_the_way_come(time: float, way: float) -> None:
    """Parts sum to 1, and their mean is the hypothesis' own way."""
    motion = Motion(SequenceConfig(), 0.5)
    come = motion.come(time, way)
    first, parts = motion.spread(step_of(time, way), come)
    assert parts.min() >= -1e-6
    assert parts.sum(axis=1) == pytest.approx(np.ones(len(parts)), abs=1e-4)
    mean = (parts * (first + np.arange(parts.shape[1]))).sum(axis=1)
    assert mean == pytest.approx(come[:, 0], abs=0.02)


def borders(places: int, segments: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the bounds of nearly equal segments, and the segment of each place."""
    bounds = np.linspace(0, places, segments + 1).round().astype(np.int64)
    return bounds, Segments(bounds).numbers


@pytest.mark.parametrize(('places', 'segments'), [(7, 1), (7, 3), (300, 1), (300, 2), (5000, 4)])
def test_best_tracks_by_definition(places: int, segments: int) -> None:
    """The loops say what NumPy says, also where tracks come from beyond the ends of a segment."""
    bounds, number = borders(places, segments)
    rng = np.random.default_rng(0)
    window = rng.standard_normal((4, places)).astype(np.float32)
    newest = rng.standard_normal(places).astype(np.float32)
    offsets = np.array([[3, 2, 1, 1], [0, 0, 0, 0], [-8, -6, -4, -2], [50, 30, 20, 10]])
    lead = np.array([0.0, -1.0, -0.5, -2.0], np.float32)
    out, peaks = np.empty(places, np.float32), np.empty(4, np.float32)
    track_kernels.best_tracks(
        window, offsets, newest, bounds, 5.0, lead, out, peaks, np.empty(kernels.BLOCK, np.float32)
    )
    expected = np.full(places, -np.inf)
    for track, added in zip(offsets, lead):
        sums = newest.astype(float)
        for row, offset in zip(window, track):
            for place in range(places):
                if 0 <= place - offset < places and number[place - offset] == number[place]:
                    sums[place] += row[place - offset]
        run = np.concatenate(
            [
                np.arange(s, min(s + 256, places))
                for s in range(0, places, 256 * math.ceil(places / 4096))
            ]
        )
        sample, count = sums[run], len(run)
        deviation = np.sqrt(np.pi / 2) * np.abs(sample).mean()
        scale = np.sqrt((count * deviation**2 + 10 * 5.0) / (count + 10))
        values = (sums - sample.sum() / (count + 10)) / scale
        assert peaks[np.flatnonzero((offsets == track).all(axis=1))[0]] == pytest.approx(
            values.max(), abs=1e-3
        )
        expected = np.maximum(expected, values + added)
    assert out == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize('loops', [kernels, vectorised])
@pytest.mark.parametrize(
    ('places', 'segments', 'first', 'count'),
    [(3, 1, -2, 6), (3, 3, -2, 6), (300, 2, -2, 6), (300, 9, -80, 160), (5000, 1, -2, 6)],
)
def test_update_by_definition(
    loops: ModuleType, places: int, segments: int, first: int, count: int
) -> None:
    """Belief moves, changes its speed, arrives and is weighed as the formulas say."""
    bounds, number = borders(places, segments)
    rng = np.random.default_rng(0)
    belief = rng.random((4, places)).astype(np.float32)
    taps = rng.random((4, count)).astype(np.float32)
    # The parts of a speed are few of all, often three.
    taps[0, 3:] = taps[1, :2] = taps[2, :3] = taps[3, :-2] = 0.0
    expected = np.zeros((4, places))
    for k in range(count):
        sources = np.arange(places) - first - k
        inside = (sources >= 0) & (sources < places)
        inside[inside] = number[sources[inside]] == number[inside]
        expected[:, inside] += taps[:, k : k + 1] * belief[:, sources[inside]]
    moved, predicted, total = np.empty_like(belief), *np.empty((2, places), np.float32)
    sums, speeds = belief.sum(axis=1, dtype=np.float64), np.empty(4)
    staying = loops.staying(belief, sums, bounds, first, taps, moved, predicted)
    assert staying == pytest.approx(expected.sum(), rel=1e-5)

    stay, mix, arrive, occluded = (np.float32(x) for x in (0.8, 0.05, 0.01, 0.3))
    prior = np.array([0.2, 0.4, 0.3, 0.1], np.float32)
    scores = 8 * view(3, places)
    gains = np.array([0.5, 0.5, 1.0, 3.0], np.float32)
    penalties = np.array([0.0, 0.0, 1.0, 0.0], np.float32)
    ratios = vectorised.Ratios(np.float32(1.5), gains, penalties)
    changes = vectorised.Changes(stay, mix, arrive, prior, occluded)

    def update(keep: bool) -> None:
        step = (belief, bounds, first, taps)
        loops.staying(belief, sums, bounds, first, taps, moved, predicted)
        loops.update(*step, scores, ratios, changes, keep, moved, predicted, total, speeds)

    # A frame that is not kept has the same belief.
    update(False)
    unkept = total.copy(), speeds.copy()
    update(True)
    exponents = np.outer(gains, scores.astype(np.float64) - 1.5) - penalties[:, None]
    weights = occluded + (1 - occluded) * np.exp(np.clip(exponents, -20.0, 20.0))
    weighed = weights * (stay * expected + prior[:, None] * (mix * expected.sum(axis=0) + arrive))
    assert predicted == pytest.approx(expected.sum(axis=0), rel=1e-4)
    assert moved == pytest.approx(weighed, rel=1e-3)
    assert total == pytest.approx(weighed.sum(axis=0), rel=1e-3)
    assert speeds == pytest.approx(weighed.sum(axis=1), rel=1e-3)
    assert unkept[0] == pytest.approx(total, rel=1e-5)
    assert unkept[1] == pytest.approx(speeds, rel=1e-5)


@pytest.mark.parametrize('loops', [kernels, vectorised])
def test_log_odds_and_probabilities(loops: ModuleType) -> None:
    """To the rounding of float32, over all beliefs; 0 and 1 stay finite."""
    belief = np.concatenate([np.logspace(-14, 0, 4000), 1 - np.logspace(-8, 0, 4000), [0.0, 1.0]])
    total = (belief / 3).astype(np.float32)
    odds, again = np.empty_like(total), np.empty_like(total)
    loops.log_odds(total, np.float32(3.0), odds)
    exact = np.clip((total * np.float32(3.0)).astype(np.float64), 1e-12, None)
    exact /= np.maximum(1.0 - np.minimum(exact, 1.0), 1e-6)
    assert odds == pytest.approx(np.log(exact), abs=3e-6)
    whole = loops.probabilities(odds, again)
    assert again == pytest.approx(1 / (1 + np.exp(-odds.astype(np.float64))), rel=4e-7)
    assert whole == pytest.approx(again.sum(dtype=np.float64), rel=1e-5)


@pytest.mark.parametrize('loops', [kernels, vectorised])
def test_centred_scores(loops: ModuleType) -> None:
    """The mean is subtracted, and what is left clipped."""
    scores = 3 * view(1)
    out, clip = np.empty_like(scores), np.empty_like(scores)
    loops.centred(scores, np.float32(0.5), out, clip)
    assert (out == scores - np.float32(0.5)).all()
    assert (clip == np.clip(out, -2, 2)).all()


@pytest.mark.parametrize('loops', [kernels, vectorised])
def test_correlation_along_a_shift(loops: ModuleType) -> None:
    """Scores that moved by three places correlate there, and nowhere else."""
    before = view(1, 2000)
    now = np.roll(before, 3)
    result = np.empty(4, np.float32)
    loops.correlate(clipped(now), clipped(before), np.array([3, 0, -3, 5000]), result)
    assert result[0] == pytest.approx(1.0, abs=0.02)
    assert np.abs(result[1:]).max() < 0.1


@pytest.mark.parametrize('loops', [kernels, vectorised])
@pytest.mark.parametrize('places', [3, 300])
def test_correlation_by_definition(loops: ModuleType, places: int) -> None:
    """Of the places that both have, clipped, and less where they are few; shifts may repeat."""
    now, before = 1.5 * view(1, places), 1.5 * view(2, places)
    shifts = np.array([-places, -2, -1, 0, 0, 1, 2, 2, places - 1, places + 5])
    result = np.full(len(shifts), 9.0, np.float32)
    loops.correlate(clipped(now), clipped(before), shifts, result)
    one, other = np.clip(now, -2, 2).astype(np.float64), np.clip(before, -2, 2).astype(np.float64)
    for found, shift in zip(result, shifts):
        pairs = [(one[p], other[p - shift]) for p in range(places) if 0 <= p - shift < places]
        x, y = np.array(pairs).reshape(-1, 2).T
        expected = len(x) / (len(x) + 10) * (x @ y) / np.sqrt((x @ x + 1e-12) * (y @ y + 1e-12))
        assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize('places', [3, 300])
def test_small_maps_give_the_same_belief_without_compiled_loops(
    monkeypatch: pytest.MonkeyPatch, places: int
) -> None:
    """NumPy and compiled loops agree but for rounding, over a drive with speeds and stops."""
    route = Route(places, 0.1, 1.0)
    numpy_loops = Bayes(route, SequenceConfig())
    monkeypatch.setattr(bayes, '_COMPILED_FROM', 0)
    compiled = Bayes(route, SequenceConfig())
    for number in range(60):
        scores = view(number // 2, places)
        timing = FrameTiming(SECOND + number * SECOND // 20, None if number % 7 else 0.5)
        assert numpy_loops(scores, timing) == pytest.approx(compiled(scores, timing), abs=1e-4)


@pytest.mark.parametrize('loops', [kernels, vectorised])
def test_concentration_of_a_belief(loops: ModuleType) -> None:
    """One place: 1; several independent ones: one over their number; similar ones: more."""
    rng = np.random.default_rng(0)
    white = rng.standard_normal(2000).astype(np.float32)
    similar = np.convolve(rng.standard_normal(2004), np.ones(5) / 5, 'valid').astype(np.float32)
    one, ten = np.zeros(2000, np.float32), np.zeros(2000, np.float32)
    one[1000], ten[1000:1010] = 0.7, 0.07
    assert loops.concentration(one, clipped(white)) == pytest.approx(1.0, rel=1e-4)
    assert loops.concentration(ten, clipped(white)) == pytest.approx(0.1, abs=0.03)
    assert loops.concentration(ten, clipped(similar)) > 0.3


@pytest.mark.parametrize('loops', [kernels, vectorised])
@pytest.mark.parametrize('places', [1, 2, 3, 5])
def test_concentration_on_the_smallest_maps(loops: ModuleType, places: int) -> None:
    """Fewer places than the reach."""
    belief = np.full(places, 1 / places, np.float32)
    scores = np.linspace(-1, 1, places, dtype=np.float32)
    assert 0 < loops.concentration(belief, scores) <= 1.0 + 1e-5


def test_the_view_shows_that_a_robot_moves() -> None:
    """The same view means standing still, a different one moving."""
    progress = Progress(Route(300, 1.0), True)
    progress(view(0), FrameTiming(SECOND), 1.0)
    assert progress(view(0), FrameTiming(2 * SECOND), 1.0).moved == pytest.approx(0.0, abs=1e-3)
    assert progress(view(1), FrameTiming(3 * SECOND), 1.0).moved == 1.0


@pytest.mark.parametrize('loops', [kernels, vectorised])
@pytest.mark.parametrize(('places', 'segments'), [(1, 1), (7, 3), (300, 2), (300, 100)])
@pytest.mark.parametrize('tolerance', [0, 1, 5, 400])
def test_belief_around_a_place_by_definition(
    loops: ModuleType, places: int, segments: int, tolerance: int
) -> None:
    """It is that of the places of the same segment within the tolerance."""
    bounds, number = borders(places, segments)
    belief = np.random.default_rng(0).random(places).astype(np.float32)
    found = np.empty(places)
    loops.around(belief, bounds, tolerance, found)
    apart = np.abs(np.subtract.outer(np.arange(places), np.arange(places)))
    near = (apart <= tolerance) & (number[:, None] == number)
    assert found == pytest.approx(near @ belief.astype(np.float64), abs=1e-6)
