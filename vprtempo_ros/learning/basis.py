"""What the rows of new places are computed from: the fit of the map that is being extended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Floats, Indices, Spikes
from ..maps.content import MapContent
from ..maps.revisions import load_content
from ..network.neighbours import neighbour_targets, spread, unit
from ..network.network import LinearNetwork
from ..network.ridge import Equations, Solver, check_scipy
from ..support.blas import BlasThreads
from ..support.progress import ProgressCallback
from ..support.sampling import evenly_spread

# Places by whose weights the settings of the fit are recognised.
_PROBES = 16
# Maximum number of reference frames by which a new row is normalised.
_FRAMES = 500


@dataclass(frozen=True)
class BasisTask:
    """The folder of a map."""

    path: str


@dataclass(frozen=True)
class Basis:
    """
    The fit of a map.

    mean, inverse: float32 (inputs,) and (inputs, inputs), of the equations of ridge regression;
    targets: float32 (tolerance + 1,) of neighbours; scale, share: factors of their solution and of
    the correlation in a row of weights; frames: uint8 (frames, inputs), reference frames as the
    network takes them, with their places.
    """

    mean: Floats
    inverse: Floats
    targets: Floats
    scale: float
    share: float
    frames: Spikes
    places: Indices


def basis_of(task: BasisTask, progress: ProgressCallback) -> Basis:
    """
    Return the fit of a map on disk.

    :raises MapError: if the map cannot be edited, or is damaged.
    """
    check_scipy()
    opened = load_content(task.path)
    threads = BlasThreads(1)
    try:
        network = opened.map.network
        assert isinstance(network, LinearNetwork)
        return _fitted(opened.content, network.weights)
    finally:
        threads.restore()


def _fitted(content: MapContent, weights: Floats) -> Basis:
    """Recognise the settings of the fit: with these, the equations give the weights again."""
    _, shown = content.data.references()
    profile = content.encoder.profile
    targets = neighbour_targets(shown, content.config.places.tolerance, content.segments)
    part = content.segments.slices[0]
    last = min(part.stop, _PROBES + len(targets))
    count = last if last == part.stop else last - len(targets)
    sums = content.data.sums.amplitudes(slice(last))
    equations = Equations(sums)
    correlation = spread(unit(shown[:last]), targets)[:count].ravel()
    goal = weights[:count].astype(np.float64).ravel()
    found: tuple[float, Solver, float, float] | None = None
    for decay in profile.decays:
        solver = equations.solver(decay)
        wanted = spread(equations.centred(sums.places, sums.shown), targets)
        columns = [solver.weights(wanted)[:count].ravel()]
        if profile.correlation > 0.0:
            columns.append(correlation)
        matrix = np.stack(columns, axis=1)
        factors = np.linalg.lstsq(matrix, goal, rcond=None)[0]
        error = float(np.square(matrix @ factors - goal).sum())
        if found is None or error < found[0]:
            scale, share = (*factors.tolist(), 0.0)[:2]
            found = error, solver, scale, share
    assert found is not None
    _, solver, scale, share = found
    chosen = evenly_spread(len(shown), _FRAMES)
    mean, inverse = equations.mean.astype(np.float32), solver.inverse()
    return Basis(mean, inverse, targets, scale, share, shown[chosen], chosen)
