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

A small edit cannot change which decay that is if its margin leads clearly: then the equations are
solved once, not once for each decay.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import numpy as np

from ..arrays import Floats, Indices, Spikes
from ..encoding.profile import FitProfile
from ..support.blas import BlasThreads
from ..support.sampling import evenly_spread
from .layers import AMPLITUDE
from .neighbours import neighbour_targets, spread, unit
from .network import LinearNetwork
from .ridge import Equations, SampleSolver, check_scipy
from .segments import Segments
from .spike_sums import SpikeSums

# Maximum number of reference frames by which both parts are scaled.
_FRAMES = 500
# How much the lead of a decay can change with the places, relative to the part of them that is
# added or removed, at the most: measured were 0.2 to 0.5 (docs/research/scale.md).
_SWAY = 4.0


class Frames(NamedTuple):
    """Frames of known places: spikes uint8 (frames, inputs) and places int64 (frames,)."""

    spikes: Spikes
    places: Indices


class Choice(NamedTuple):
    """
    How a decay was chosen.

    margins: of each decay; moved: places that were added or removed since, relative to all.
    """

    margins: dict[float, float]
    moved: float = 0.0

    @property
    def decay(self) -> float:
        """The decay with the largest margin, the first of equal ones."""
        return max(self.margins, key=self.margins.__getitem__)

    def more(self, moved: float) -> Choice:
        """Return the choice after more places have been added or removed."""
        return Choice(self.margins, self.moved + moved)

    def holds(self, decays: tuple[float, ...]) -> bool:
        """Return whether it would be made again."""
        if set(self.margins) != set(decays):
            return False
        second, best = sorted(self.margins.values())[-2:]
        return _SWAY * self.moved < best - second


class Fit(NamedTuple):
    """The network, the chosen decay, and how it was chosen; None where there was no choice."""

    network: LinearNetwork
    decay: float
    choice: Choice | None


def fit_linear(
    samples: SpikeSums | Frames,
    references: Spikes,
    trials: Frames,
    tolerance: int,
    profile: FitProfile,
    segments: Segments | None = None,
    choice: Choice | None = None,
) -> Fit:
    """
    Fit a network to samples.

    :param samples: their sums; where there are few, the samples themselves.
    :param references: uint8 (places, inputs), the spikes of the places as the network takes them.
    :param trials: frames to choose the decay by.
    :param tolerance: distance along the route, in places, of a correct match.
    :param segments: which places are neighbours; None: all in order.
    :param choice: of the decay, before an edit; None: there was none.
    :raises VprError: if there are sums only, and SciPy is not installed.
    """
    if isinstance(samples, SpikeSums):
        check_scipy()
    segments = segments or Segments.of([len(references)])
    # Rounding depends on the number of threads, and a map must not.
    threads = BlasThreads(1)
    try:
        targets = neighbour_targets(references, tolerance, segments)
        blend = Blend(references, targets, profile.correlation, segments)
        solve = _solving(samples, targets, segments)
        if len(profile.decays) == 1:
            (only,) = profile.decays
            return Fit(LinearNetwork(blend(solve(only))), only, None)
        if choice is not None and choice.holds(profile.decays):
            return Fit(LinearNetwork(blend(solve(choice.decay))), choice.decay, choice)
        amplitudes: Floats = trials.spikes.astype(np.float32) * AMPLITUDE
        found: Floats = np.zeros((0, 0), np.float32)
        margins: dict[float, float] = {}
        for decay in profile.decays:
            weights = blend(solve(decay))
            responses = np.asarray(amplitudes @ weights.T, np.float32)
            margins[decay] = margin(responses, trials.places, tolerance, segments)
            if Choice(margins).decay == decay:
                found = weights
        choice = Choice(margins)
        return Fit(LinearNetwork(found), choice.decay, choice)
    finally:
        threads.restore()


def _solving(
    samples: SpikeSums | Frames, targets: Floats, segments: Segments
) -> Callable[[float], Floats]:
    """Return what solves the equations for a decay, with the sums or with the samples."""
    if isinstance(samples, SpikeSums):
        sums = samples.amplitudes()
        equations = Equations(sums)
        wanted = spread(equations.centred(sums.places, sums.shown), targets, segments)
        return lambda decay: equations.solver(decay).weights(wanted.copy())
    solver = SampleSolver(samples.spikes.astype(np.float32) * AMPLITUDE)
    own = np.eye(segments.places, dtype=np.float32)
    responses = spread(own, targets, segments)[samples.places]
    return lambda decay: solver.weights(responses, decay)


class Blend:
    """
    The weighted mean of weights and of the correlation with each place's frame.

    Each is scaled by the standard deviation of its responses to frames of other places.
    """

    def __init__(
        self, references: Spikes, targets: Floats, share: float, segments: Segments
    ) -> None:
        """
        Compute the correlation.

        :param references: uint8 (places, inputs); targets: float32 (tolerance + 1,).
        :param share: 0: only the weights, 1: only the correlation.
        """
        self._chosen = evenly_spread(len(references), _FRAMES)
        self._frames: Floats = references[self._chosen].astype(np.float32) * AMPLITUDE
        self._tolerance, self._segments = len(targets) - 1, segments
        self._share, self._correlation = share, None
        if share > 0.0:
            self._correlation = self._scaled(spread(unit(references), targets, segments), share)

    def __call__(self, weights: Floats) -> Floats:
        """Return the mean with weights float32 (places, inputs), which are overwritten."""
        if self._correlation is None:
            return self._scaled(weights, 1.0)
        if self._share < 1.0:
            weights = self._scaled(weights, 1.0 - self._share)
            weights += self._correlation
            return weights
        return self._correlation

    def _scaled(self, weights: Floats, part: float) -> Floats:
        responses = self._frames @ weights.T
        scatter = _scatter(responses, self._chosen, self._tolerance, self._segments)
        weights *= np.float32(part / scatter)
        return weights


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
