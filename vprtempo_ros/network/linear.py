"""
Fitting the linear network: ridge regression and correlation, with the decay chosen by the map.

A neuron that correlates with its place's own frame (Hebb's rule) and one that separates places (the
delta rule at convergence) err on different frames: the first where places share most of what
they show, the second where a view has changed more than any augmentation. Both are linear in the
spikes, so their mean is one matrix of the same size, which every backend runs as it is.

How much the delta rule may rely on details is its weight decay. With little decay it separates
places by what no other drive shows, with much it hardly separates them. The decay is the one with
the largest margin on trial frames: reference frames changed as no augmentation changes them, by
several shifts at once, other light and occlusion. Measured in docs/research/recall.md.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

from ..arrays import Doubles, Floats, Indices, Spikes
from ..encoding.profile import FitProfile
from ..support.blas import BlasThreads
from ..support.sampling import evenly_spread
from .layers import AMPLITUDE
from .neighbours import neighbour_targets, spread, unit
from .network import LinearNetwork
from .ridge import SampleSolver, check_scipy, ridge_weights
from .segments import Segments
from .spike_sums import SpikeSums

# Maximum number of reference frames by which both parts are scaled.
_FRAMES = 2000


class Trials(NamedTuple):
    """Frames to choose the decay by: spikes uint8 (frames, inputs) and places int64 (frames,)."""

    spikes: Spikes
    places: Indices


class Fit(NamedTuple):
    """The network, the chosen decay, and the margin that each decay had, by decay."""

    network: LinearNetwork
    decay: float
    margins: dict[float, float]


def fit_linear(
    sums: SpikeSums,
    references: Spikes,
    trials: Trials,
    tolerance: int,
    profile: FitProfile,
    segments: Segments | None = None,
    samples: Spikes | None = None,
) -> Fit:
    """
    Fit a network to the sums of the samples.

    :param references: uint8 (places, inputs), the spikes of the places as the network takes them.
    :param tolerance: distance along the route, in places, of a correct match.
    :param segments: which places are neighbours; None: all in order.
    :param samples: uint8 (samples, inputs), the samples themselves, where there are few.
    :raises VprError: if there are none, and SciPy is not installed.
    """
    if samples is None:
        check_scipy()
    segments = segments or Segments.of([len(references)])
    # Rounding depends on the number of threads, and a map must not.
    threads = BlasThreads(1)
    try:
        targets = neighbour_targets(references, tolerance, segments)
        correlation = _correlation(references, targets, segments)
        solve = _solving(sums, samples, targets, segments)
        amplitudes: Floats = trials.spikes.astype(np.float32) * AMPLITUDE
        best: Fit | None = None
        margins: dict[float, float] = {}
        for decay in profile.decays:
            ridge = solve(decay)
            weights = blended(
                ridge, correlation, references, tolerance, profile.correlation, segments
            )
            if len(profile.decays) > 1:
                responses = np.asarray(amplitudes @ weights.T, np.float32)
                margins[decay] = margin(responses, trials.places, tolerance, segments)
            if best is None or margins[decay] > margins[best.decay]:
                best = Fit(LinearNetwork(weights), decay, margins)
        assert best is not None
        return best
    finally:
        threads.restore()


def _solving(
    sums: SpikeSums, samples: Spikes | None, targets: Floats, segments: Segments
) -> Callable[[float], Floats]:
    """Return what solves the equations for a decay, with the sums or with the samples."""
    if samples is None:
        scaled = sums.amplitudes()
        return lambda decay: ridge_weights(scaled, targets, decay, segments)
    solver = SampleSolver(samples.astype(np.float32) * AMPLITUDE)
    places = sums.places.astype(np.float64) * float(AMPLITUDE)
    return lambda decay: solver.weights(places, sums.shown, targets, decay, segments)


def blended(
    weights: Floats,
    correlation: Floats,
    references: Spikes,
    tolerance: int,
    share: float,
    segments: Segments | None = None,
) -> Floats:
    """
    Return the weighted mean of both kinds of weights, float32 (places, inputs).

    Each is scaled by the standard deviation of its responses to frames of other places.

    :param weights, correlation: float32 (places, inputs).
    :param share: 0: only `weights`, 1: only `correlation`.
    """
    chosen = evenly_spread(len(references), _FRAMES)
    frames: Floats = references[chosen].astype(np.float32) * AMPLITUDE
    segments = segments or Segments.of([len(references)])
    total = np.zeros_like(weights)
    for part, rows in ((1.0 - share, weights), (share, correlation)):
        if part > 0.0:
            total += rows * np.float32(
                part / _scatter(frames @ rows.T, chosen, tolerance, segments)
            )
    return total


def margin(
    responses: Floats, places: Indices, tolerance: int, segments: Segments | None = None
) -> float:
    """
    Return the mean lead of the correct place over the best wrong one, in standard deviations.

    :param responses: float32 (frames, places); places: int64 (frames,), the correct ones.
    """
    segments = segments or Segments.of([responses.shape[1]])
    correct = segments.near(places, tolerance)
    deviation = np.maximum(responses.std(axis=1), np.float32(1e-12))
    right = np.where(correct, responses, -np.inf).max(axis=1)
    wrong = np.where(correct, -np.inf, responses).max(axis=1)
    # Where all places are within the tolerance there is no wrong one.
    counted = np.isfinite(wrong)
    return float(((right - wrong) / deviation)[counted].mean()) if counted.any() else 0.0


def _correlation(references: Spikes, targets: Floats, segments: Segments) -> Floats:
    """Return weights whose response is the correlation with each place's frame and neighbours."""
    rows: Doubles = unit(references).astype(np.float64)
    return np.asarray(spread(rows, targets, segments), np.float32)


def _scatter(responses: Floats, places: Indices, tolerance: int, segments: Segments) -> float:
    """Return the standard deviation of the responses of other places, frame by frame; not 0."""
    others = ~segments.near(places, tolerance)
    centred = responses - responses.mean(axis=1, keepdims=True)
    if not others.any():
        return 1.0
    return float(np.sqrt(np.square(centred[others], dtype=np.float64).mean())) or 1.0
