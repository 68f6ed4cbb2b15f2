"""The linear network: sums that add up, neighbours as correct places, the choice of the decay."""

from __future__ import annotations

from typing import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from vprtempo_ros.encoding.profile import PIXELS, POOLED
from vprtempo_ros.network import linear
from vprtempo_ros.network.linear import Blend, Frames, fit_linear, margin
from vprtempo_ros.network.neighbours import neighbour_targets, spread, unit
from vprtempo_ros.network.readout import LinearReadout, readout_of
from vprtempo_ros.network.ridge import TARGET, Solver, Sums, ridge_weights
from vprtempo_ros.network.segments import Segments
from vprtempo_ros.network.spike_sums import SpikeSums, sums_of
from vprtempo_ros.support import parallel

PLACES, INPUTS = 30, 64
solving = linear._solving


def route(seed: int = 0, smooth: float = 0.0) -> NDArray[np.uint8]:
    """Return spikes of places; with `smooth` each has a part of the one before."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(PLACES, INPUTS))
    for number in range(1, PLACES):
        rows[number] = smooth * rows[number - 1] + np.sqrt(1 - smooth**2) * rows[number]
    return np.clip(128 + 50 * rows, 0, 255).astype(np.uint8)


def noisy(spikes: NDArray[np.uint8], seed: int, amount: float = 40.0) -> NDArray[np.uint8]:
    """Return spikes with noise."""
    noise = np.random.default_rng(seed).normal(0, amount, spikes.shape)
    return np.clip(spikes + noise, 0, 255).astype(np.uint8)


def test_weights_minimise_the_squared_error() -> None:
    """Ridge regression of centred targets on centred amplitudes, by NumPy's own solver."""
    samples = np.concatenate([route(), noisy(route(), 1)]).astype(np.float32) / np.float32(255)
    places = np.tile(np.arange(PLACES), 2)
    sums = Sums.zero(PLACES, INPUTS)
    sums.add(samples, places)
    found = ridge_weights(sums, np.ones(1, np.float32), 0.3)
    x = samples.astype(np.float64)
    mean = x.mean(axis=0)
    x -= mean
    targets = np.zeros((len(x), PLACES))
    targets[np.arange(len(x)), places] = TARGET
    power = x.T @ x
    power[np.diag_indices(INPUTS)] += 0.3 * np.trace(power) / INPUTS
    expected = np.linalg.solve(power, x.T @ targets).T
    expected -= np.outer(expected @ mean, mean) / (mean @ mean)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def same(one: SpikeSums, other: SpikeSums) -> bool:
    """Return whether sums have the same bits."""
    parts = ('total', 'power', 'places', 'shown')
    return one.count == other.count and all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in parts
    )


@pytest.mark.parametrize('cut', [1, 17, 59, 700])
def test_sums_add_up_and_come_off_exactly(cut: int) -> None:
    """Parts in any order make the bits of the whole; what was subtracted leaves no trace."""
    spikes = np.concatenate([route(seed) for seed in range(24)])
    spikes[::2] = 255
    places = np.tile(np.arange(PLACES), 24)
    whole = sums_of(spikes, places, PLACES)
    exact = spikes.astype(np.int64)
    assert whole.power.tolist() == (exact.T @ exact).tolist()
    assert whole.total.tolist() == exact.sum(axis=0).tolist()
    assert whole.places[3].tolist() == exact[3::PLACES].sum(axis=0).tolist()
    first, second = (
        sums_of(spikes[part], places[part], PLACES) for part in (slice(cut), slice(cut, None))
    )
    second.add(spikes[:cut], places[:cut])
    assert same(second, whole)
    left = whole.copy()
    left.add(spikes[cut:], places[cut:], -1)
    assert same(left, first)


def test_segments_have_no_neighbours_across_their_border() -> None:
    """Targets, their spread, the tolerance of trials and windows end where a segment ends."""
    segments = Segments.of([4, 3])
    assert segments.counts == [4, 3]
    assert segments.numbers.tolist() == [0] * 4 + [1] * 3
    assert [segments.around(place, 2) for place in (0, 3, 4)] == [
        slice(0, 3),
        slice(1, 4),
        slice(4, 7),
    ]
    expected = np.array(
        [[abs(i - j) <= 1 and (i < 4) == (j < 4) for j in range(7)] for i in (3, 4)]
    )
    assert segments.near(np.array([3, 4]), 1).tolist() == expected.tolist()
    half = np.array([1, 0.5], np.float32)
    found = spread(np.eye(7), half, segments)
    np.testing.assert_array_equal(found[:4, :4], spread(np.eye(4), half))
    np.testing.assert_array_equal(found[4:, 4:], spread(np.eye(3), half))
    assert not found[:4, 4:].any()
    assert not found[4:, :4].any()
    # Two places that are alike, of which one ends a segment and the other begins the next.
    rows = route()
    rows[1::2] = rows[::2]
    pairs = Segments.of([1, *[2] * (PLACES // 2 - 1), 1])
    assert neighbour_targets(rows, 1)[1] > 0.4
    assert neighbour_targets(rows, 1, pairs)[1] < 0.1
    assert neighbour_targets(rows, 1, Segments.of([1] * PLACES))[1] == 0.0
    responses = np.array([[3.0, 2.0, 1.0, 0.0]], np.float32)
    apart = Segments.of([1, 3])
    assert margin(responses, np.array([0]), 1, apart) == pytest.approx(1.0 / responses.std())


def test_neighbours_that_look_alike_have_a_target() -> None:
    """As much as they correlate, never more than nearer ones; unrelated places have none."""
    alike = neighbour_targets(route(smooth=0.8), 3)
    assert alike[0] == 1.0
    assert 0.5 < alike[1] < 0.9
    assert (np.diff(alike) <= 0).all()
    assert neighbour_targets(route(), 2)[1] < 0.15
    assert neighbour_targets(route(), 0).tolist() == [1.0]


def test_spread_is_a_sum_over_neighbours() -> None:
    """By hand, at the ends of the route too."""
    rows = np.eye(4)
    expected = np.eye(4) + 0.5 * (np.eye(4, k=1) + np.eye(4, k=-1))
    np.testing.assert_allclose(spread(rows, np.array([1, 0.5], np.float32)), expected)
    np.testing.assert_allclose(spread(rows[:1], np.array([1, 0.5], np.float32)), rows[:1])


def test_margin_by_hand() -> None:
    """The lead over the best wrong place in deviations; neighbours are not wrong."""
    responses = np.array([[3.0, 2.0, 1.0, 0.0]], np.float32)
    deviation = responses.std()
    assert margin(responses, np.array([0]), 0) == pytest.approx(1.0 / deviation)
    assert margin(responses, np.array([0]), 1) == pytest.approx(2.0 / deviation)
    assert margin(responses, np.array([3]), 0) == pytest.approx(-3.0 / deviation)
    assert margin(responses, np.array([1]), 3) == 0.0


def blended(blend: Blend, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of weights and the correlation."""
    blend.correlated(blend.frames[:0])
    return blend(weights.copy(), blend.factor(weights))


def test_the_share_of_correlation() -> None:
    """With a share of 1 the response is the correlation, but for its scale; with 0 the weights."""
    references = route()
    correlation = unit(references)
    other = np.random.default_rng(5).normal(size=correlation.shape).astype(np.float32)
    targets, segments = np.ones(1, np.float32), Segments.of([PLACES])
    only = blended(Blend(references, targets, 1.0, segments), other)
    np.testing.assert_allclose(only / only[0, 0], correlation / correlation[0, 0], rtol=1e-4)
    none = blended(Blend(references, targets, 0.0, segments), other)
    np.testing.assert_allclose(none / none[0, 0], other / other[0, 0], rtol=1e-4)


@pytest.mark.parametrize('profile', [PIXELS, POOLED])
def test_places_are_recognised(profile: object) -> None:
    """Noisy frames are matched to their places; the chosen decay has the largest margin."""
    spikes = np.concatenate([route(), noisy(route(), 1)])
    places = np.tile(np.arange(PLACES), 2)
    trials = Frames(noisy(route(), 2, 60.0), np.arange(PLACES))
    fit = fit_linear(sums_of(spikes, places, PLACES), route(), trials, 1, profile)
    margins = fit.margins or {0.3: 0.0}
    assert fit.decay == max(margins, key=lambda decay: margins[decay])
    assert fit.network.places == PLACES
    assert fit.network.inputs == INPUTS
    readout = readout_of(fit.network)
    assert isinstance(readout, LinearReadout)
    found = (noisy(route(), 3).astype(np.float32) @ readout.matrix.T).argmax(axis=1)
    assert (found == np.arange(PLACES)).mean() > 0.9


@pytest.mark.parametrize('many', [2, 0])
def test_the_fit_is_repeatable(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same samples give the same bits, for any number of threads."""
    monkeypatch.setattr(linear, '_MANY', many)
    monkeypatch.setattr(parallel, '_BLOCK', 7)
    spikes, places = route(), np.arange(PLACES)
    trials = Frames(noisy(route(), 2), places)
    one, two = (
        fit_linear(sums_of(spikes, places, PLACES), route(), trials, 1, POOLED, threads=threads)
        for threads in (1, 3)
    )
    assert one.margins == two.margins
    assert one.network.weights.tobytes() == two.network.weights.tobytes()


def test_many_places_are_solved_for_with_the_inverse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Block by block, with neighbours across their borders, it is the same network."""
    spikes, places = np.concatenate([route(), noisy(route(), 1)]), np.tile(np.arange(PLACES), 2)
    trials, sums = Frames(noisy(route(), 2), np.arange(PLACES)), sums_of(spikes, places, PLACES)
    segments = Segments.of([9, 1, PLACES - 10])
    one = fit_linear(sums, route(), trials, 3, POOLED, segments)
    monkeypatch.setattr(linear, '_MANY', 0)
    monkeypatch.setattr(linear, '_FRAMES', 3)
    monkeypatch.setattr(parallel, '_BLOCK', 2)
    few = fit_linear(sums, route(), trials, 3, POOLED, segments)
    monkeypatch.setattr(parallel, '_BLOCK', PLACES)
    whole = fit_linear(sums, route(), trials, 3, POOLED, segments)
    assert few.decay == whole.decay == one.decay
    weights = whole.network.weights
    np.testing.assert_allclose(few.network.weights, weights, atol=1e-6 * np.abs(weights).max())


@pytest.mark.parametrize('drives', [1, 2])
def test_few_samples_are_solved_for_in_as_many_dimensions(drives: int) -> None:
    """With the samples themselves it is the same network, and the same decay."""
    spikes = np.concatenate([route(), noisy(route(), 1)])[: drives * PLACES]
    places = np.tile(np.arange(PLACES), 2)[: len(spikes)]
    trials = Frames(noisy(route(), 2), np.arange(PLACES))
    segments = Segments.of([10, PLACES - 10])
    sums = sums_of(spikes, places, PLACES)
    one = fit_linear(sums, route(), trials, 2, POOLED, segments)
    other = fit_linear(Frames(spikes, places), route(), trials, 2, POOLED, segments)
    assert other.decay == one.decay
    weights = one.network.weights
    np.testing.assert_allclose(other.network.weights, weights, atol=1e-5 * np.abs(weights).max())


def test_decays_are_tried_while_the_margin_grows() -> None:
    """The one before the first that is worse is chosen, in any order of the decays."""
    spikes, places = np.concatenate([route(), noisy(route(), 1)]), np.tile(np.arange(PLACES), 2)
    trials, sums = Frames(noisy(route(), 2), np.arange(PLACES)), sums_of(spikes, places, PLACES)
    decays = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
    alone = {}
    for decay in decays:
        profile = POOLED._replace(decays=(1e-3, decay))
        alone[decay] = fit_linear(sums, route(), trials, 2, profile).margins[decay]
    found = fit_linear(sums, route(), trials, 2, POOLED._replace(decays=decays[::-1]))
    tried = list(found.margins)
    assert tried == list(decays[: len(tried)]) and len(tried) < len(decays)
    assert found.margins == {decay: alone[decay] for decay in tried}
    assert found.decay == tried[-2] == max(alone, key=lambda decay: alone[decay])


def solved_for_places(
    samples: SpikeSums | Frames, targets: NDArray[np.float32], segments: Segments, threads: int
) -> Callable[[float], linear._Solution]:
    """Return what solves the equations, whose responses are those of the weights."""
    solve = solving(samples, targets, segments, threads)

    def found(decay: float) -> linear._Solution:
        solution = solve(decay)
        return solution._replace(responses=lambda frames: frames @ solution.weights().T)

    return found


def test_margins_of_many_places_need_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equations solved for the frames give the margins and weights of those solved for places."""
    spikes, places = np.concatenate([route(), noisy(route(), 1)]), np.tile(np.arange(PLACES), 2)
    trials = Frames(noisy(route(), 2)[::3], np.arange(PLACES)[::3])
    sums, segments = sums_of(spikes, places, PLACES), Segments.of([10, PLACES - 10])
    one = fit_linear(sums, route(), trials, 2, POOLED, segments)
    assert one.decay == max(one.margins, key=lambda decay: one.margins[decay])
    monkeypatch.setattr(linear, '_FRAMES', PLACES // 3)
    few = fit_linear(sums, route(), trials, 2, POOLED, segments)
    monkeypatch.setattr(Solver, 'rows', None)
    monkeypatch.setattr(linear, '_solving', solved_for_places)
    other = fit_linear(sums, route(), trials, 2, POOLED, segments)
    assert few.margins == pytest.approx(other.margins, abs=1e-4)
    weights = other.network.weights
    np.testing.assert_allclose(few.network.weights, weights, atol=1e-6 * np.abs(weights).max())


def test_all_samples_alike_in_few_dimensions() -> None:
    """Places are not distinguished, and nothing is divided by zero."""
    spikes = np.full((PLACES, INPUTS), 90, np.uint8)
    none = Frames(np.zeros((0, INPUTS), np.uint8), np.zeros(0, np.int64))
    fit = fit_linear(Frames(spikes, np.arange(PLACES)), spikes, none, 1, PIXELS)
    assert np.isfinite(fit.network.weights).all()
