"""
Fitting the linear network: ridge regression and correlation, with the decay chosen by the map.

A neuron that correlates with its place's own frame (Hebb's rule) and one that separates places (the
delta rule at convergence) err on different frames: the first where places share most of what
they show, the second where a view has changed more than any augmentation. Both are linear in the
spikes, so their mean is one matrix of the same size, which every backend runs as it is.

How much the delta rule may rely on details is its weight decay. With little decay it separates
places by what no other drive shows, with much it hardly separates them. The decay is the one with
the largest margin on trial frames: reference frames changed as no augmentation changes them, by
several shifts at once, other light and occlusion. Margins grow with the decay up to the best one,
so that the first decay with a smaller margin than the one before is the last that is tried.
Measured in docs/research/recall.md.

Which one that is depends on samples, references and trials only, so that a map that was edited has
the decay of one trained at once. To find it the equations are solved for what is fewer: the places,
or the frames that the margin is of.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

from ..arrays import Floats, Indices, Spikes
from ..encoding.profile import FitProfile
from ..support.blas import BlasThreads
from ..support.parallel import each_block
from ..support.sampling import evenly_spread
from .layers import AMPLITUDE
from .neighbours import neighbour_targets, spread, spread_part, unit
from .network import LinearNetwork
from .ridge import Equations, SampleSolver, check_scipy
from .segments import Segments
from .spike_sums import SpikeSums

# Maximum number of reference frames by which both parts are scaled.
_FRAMES = 500
# Places for each input from which the inverse of the equations pays.
_MANY = 2


class Frames(NamedTuple):
    """Frames of known places: spikes uint8 (frames, inputs) and places int64 (frames,)."""

    spikes: Spikes
    places: Indices


class Fit(NamedTuple):
    """The network, the chosen decay, and the margins of those that were tried."""

    network: LinearNetwork
    decay: float
    margins: dict[float, float]


def fit_linear(
    samples: SpikeSums | Frames,
    references: Spikes,
    trials: Frames,
    tolerance: int,
    profile: FitProfile,
    segments: Segments | None = None,
    threads: int = 0,
) -> Fit:
    """
    Fit a network to samples.

    :param samples: their sums; where there are few, the samples themselves.
    :param references: uint8 (places, inputs), the spikes of the places as the network takes them.
    :param trials: frames to choose the decay by.
    :param tolerance: distance along the route, in places, of a correct match.
    :param segments: which places are neighbours; None: all in order.
    :param threads: that compute, 0: one per core; the network does not depend on it.
    :raises VprError: if there are sums only, and SciPy is not installed.
    """
    if isinstance(samples, SpikeSums):
        check_scipy()
    segments = segments or Segments.of([len(references)])
    # Rounding depends on the number of threads, and a map must not: blocks of places, the same for
    # any number of them, go to threads instead.
    single = BlasThreads(1)
    try:
        targets = neighbour_targets(references, tolerance, segments)
        blend = Blend(references, targets, profile.correlation, segments, threads)
        solve = _solving(samples, targets, segments, threads)
        if len(profile.decays) == 1:
            (only,) = profile.decays
            alone = solve(only).weights()
            blend.correlated(blend.frames[:0])
            return Fit(LinearNetwork(blend(alone, blend.factor(alone))), only, {})
        tried: Floats = trials.spikes.astype(np.float32) * AMPLITUDE
        frames = np.concatenate([blend.frames, tried])
        correlated = blend.correlated(tried)
        # As many equations are solved as there are places, or as there are frames.
        many = len(references) > len(frames)
        margins: dict[float, float] = {}
        chosen = -1.0
        for decay in sorted(profile.decays):
            solution = solve(decay)
            weights = None if many else solution.weights()
            responses = solution.responses(frames) if weights is None else frames @ weights.T
            factor = blend.scale(responses, correlated)
            margins[decay] = margin(
                responses[len(blend.frames) :], trials.places, tolerance, segments
            )
            if chosen in margins and margins[decay] <= margins[chosen]:
                break
            chosen, best, found, scale = decay, solution, weights, factor
        del correlated, responses
        weights = best.weights() if found is None else found
        return Fit(LinearNetwork(blend(weights, scale)), chosen, margins)
    finally:
        single.restore()


class _Solution(NamedTuple):
    """
    The equations with a decay.

    weights: returns the weights float32 (places, inputs); responses: the responses float32 (frames,
    places) of these to frames float32 (frames, inputs), without the weights.
    """

    weights: Callable[[], Floats]
    responses: Callable[[Floats], Floats]


def _solving(
    samples: SpikeSums | Frames, targets: Floats, segments: Segments, threads: int = 0
) -> Callable[[float], _Solution]:
    """Return what solves the equations for a decay, with the sums or with the samples."""
    if isinstance(samples, SpikeSums):
        return _by_sums(samples, targets, segments, threads)
    few = SampleSolver(samples.spikes.astype(np.float32) * AMPLITUDE)
    own = np.eye(segments.places, dtype=np.float32)
    responses = spread(own, targets, segments)[samples.places]

    def by_samples(decay: float) -> _Solution:
        weights = few.weights(responses, decay)
        return _Solution(lambda: weights, lambda frames: frames @ weights.T)

    return by_samples


def _by_sums(
    sums: SpikeSums, targets: Floats, segments: Segments, threads: int
) -> Callable[[float], _Solution]:
    """Solve with the sums, of which a block of places is in memory as floats at a time."""
    equations = Equations(sums.amplitudes(slice(0)))
    places, inputs = sums.places.shape

    def wanted(part: slice) -> Floats:
        return spread_part(
            lambda rows: equations.centred(*sums.rows(rows)), part, targets, segments
        )

    def by_sums(decay: float) -> _Solution:
        solver = equations.solver(decay)

        def weights() -> Floats:
            found = np.empty((places, inputs), np.float32)
            # Its inverse has to be found once, and then it is products, which threads share.
            if places > _MANY * inputs:
                inverse = solver.inverse()

                def solve(part: slice) -> None:
                    found[part] = solver.from_inverse(inverse, wanted(part))
            else:

                def solve(part: slice) -> None:
                    found[part] = solver.weights(wanted(part))

            each_block(solve, places, threads)
            return found

        def responses(frames: Floats) -> Floats:
            rows, found = solver.rows(frames), np.empty((len(frames), places), np.float32)

            def respond(part: slice) -> None:
                found[:, part] = rows @ wanted(part).T

            each_block(respond, places, threads)
            return found

        return _Solution(weights, responses)

    return by_sums


class Blend:
    """
    The weighted mean of weights and of the correlation with each place's frame.

    Each is scaled by the standard deviation of its responses to frames of other places.
    frames: float32 (frames, inputs), these frames.
    """

    def __init__(
        self,
        references: Spikes,
        targets: Floats,
        share: float,
        segments: Segments,
        threads: int = 0,
    ) -> None:
        """
        Choose the frames.

        :param references: uint8 (places, inputs); targets: float32 (tolerance + 1,).
        :param share: 0: only the weights, 1: only the correlation.
        """
        self._chosen = evenly_spread(len(references), _FRAMES)
        self.frames: Floats = references[self._chosen].astype(np.float32) * AMPLITUDE
        self._references, self._targets, self._segments = references, targets, segments
        self._share, self._threads = share, threads
        self._correlation_factor = np.float32(0.0)

    def correlated(self, frames: Floats) -> Floats:
        """Scale the correlation; return its part in the responses to frames, float32."""
        if self._share == 0.0:
            return np.zeros((1, 1), np.float32)
        shown = np.concatenate([self.frames, frames])
        found = np.empty((len(shown), len(self._references)), np.float32)

        def respond(part: slice) -> None:
            found[:, part] = shown @ self._correlation(part).T

        each_block(respond, len(self._references), self._threads)
        own, others = np.split(found, [len(self.frames)])
        self._correlation_factor = self._factor(own, self._share)
        others *= self._correlation_factor
        # A copy: the responses to its own frames are not needed any more.
        return others.copy()

    def scale(self, responses: Floats, correlated: Floats) -> np.float32:
        """
        Make responses of the weights to frames those of the mean, in place; return the factor.

        :param responses: float32 (frames, places), to `frames`, which stay, and then to others.
        :param correlated: what `correlated` returned for these others.
        """
        own, others = np.split(responses, [len(self.frames)])
        factor = self._factor(own, 1.0 - self._share)
        others *= factor
        others += correlated
        return factor

    def factor(self, weights: Floats) -> np.float32:
        """Return the factor of weights float32 (places, inputs) in the mean."""
        return self._factor(self.frames @ weights.T, 1.0 - self._share)

    def __call__(self, weights: Floats, factor: np.float32) -> Floats:
        """
        Return the mean with weights float32 (places, inputs), which are overwritten.

        :param factor: of the weights; that of the correlation is known since `correlated`.
        """

        def blend(part: slice) -> None:
            weights[part] *= factor
            if self._share > 0.0:
                weights[part] += self._correlation(part) * self._correlation_factor

        each_block(blend, len(weights), self._threads)
        return weights

    def _correlation(self, part: slice) -> Floats:
        """Return the correlation of some places, not scaled, float32 (places, inputs)."""
        references = self._references
        return spread_part(lambda rows: unit(references[rows]), part, self._targets, self._segments)

    def _factor(self, responses: Floats, part: float) -> np.float32:
        """Return what scales weights with these responses to `frames` to a part of the mean."""
        tolerance = len(self._targets) - 1
        return np.float32(part / _scatter(responses, self._chosen, tolerance, self._segments))


def margin(
    responses: Floats, places: Indices, tolerance: int, segments: Segments | None = None
) -> float:
    """
    Return the mean lead of the correct place over the best wrong one, in standard deviations.

    :param responses: float32 (frames, places); places: int64 (frames,), the correct ones.
    """
    segments = segments or Segments.of([responses.shape[1]])
    deviations = np.maximum(responses.std(axis=1), np.float32(1e-12)).tolist()
    leads = []
    for row, place, deviation in zip(responses, places.tolist(), deviations):
        near = segments.around(place, tolerance)
        right = row[near].max()
        wrong = max(row[: near.start].max(initial=-np.inf), row[near.stop :].max(initial=-np.inf))
        # Where all places are within the tolerance there is no wrong one.
        if np.isfinite(wrong):
            leads.append((right - wrong) / deviation)
    return float(np.mean(leads)) if leads else 0.0


def _scatter(responses: Floats, places: Indices, tolerance: int, segments: Segments) -> float:
    """Return the standard deviation of the responses of other places, frame by frame; not 0."""
    total, count = 0.0, 0
    for row, place in zip(responses, places.tolist()):
        near = segments.around(place, tolerance)
        centred = row - row.mean()
        centred[near] = 0.0
        total += float(centred @ centred)
        count += len(row) - (near.stop - near.start)
    return float(np.sqrt(total / count)) or 1.0 if count else 1.0
