"""
Fitting confidence when a map is built, for days that nobody has seen yet.

Held-out frames of the same drive are far too easy: nearly all are matched right, and a curve that
is fitted to them promises the same for another season. So they are made hard in all degrees: what
they show is mixed with clutter, which is frames of the route mirrored left to right: pictures of
the same kind of world that are no place of the map. A part of the runs is clutter alone, as if the
robot were elsewhere. What is left to find out of a score, whether it is right, then transfers:
measured from summer to winter in docs/research/recall.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..backends import Backend
from ..config import SequenceConfig
from ..matching.confidence import Calibration, features, fit
from ..matching.normalisation import Normaliser, measure_response_statistics
from ..matching.sequence import sequence_filter
from ..matching.stages import FrameTiming, Route
from ..statistics import Statistics
from ..support.progress import ProgressCallback
from .held_out import HeldOut

# Frames of the reference that a place's usual response is measured on.
_FRAMES = 2000
# Drives that confidence is fitted on, frames in each, and how many of these a filter gets to
# find its way before it is asked.
_RUNS, _LENGTH, _START = 80, 30, 5
# Part of the runs that are elsewhere, and the most that a right frame stands out of the clutter.
_ELSEWHERE, _CLEAREST = 0.2, 0.6
# Mirrored frames that are laid over one another.
_LAYERS = 2
_MIDDLE = np.float32(127.5)


class _Run(NamedTuple):
    """A drive made for fitting: spikes uint8 (frames, inputs), right places, stamps in ns."""

    spikes: NDArray[np.uint8]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    stamps: NDArray[np.int64]


def measure_responses(backend: Backend, shown: NDArray[np.uint8], tolerance: int) -> Statistics:
    """
    Return what each place usually answers to frames of other places.

    :param shown: uint8 (places, inputs), spikes of the reference frames.
    """
    places = len(shown)
    chosen = np.unique(np.linspace(0, places - 1, min(places, _FRAMES)).astype(int))
    return measure_response_statistics(
        ((int(place), backend.similarity(shown[place])) for place in chosen), places, tolerance
    )


def fit_confidence(
    backend: Backend,
    route: Route,
    statistics: Statistics,
    held_out: HeldOut,
    clutter: NDArray[np.uint8],
    tolerance: int,
    seed: int,
    progress: ProgressCallback,
) -> Calibration:
    """
    Return the curves that make confidences of scores, one for each sequence filter.

    :param held_out: frames as the network takes them.
    :param clutter: uint8 (frames, inputs), frames that show no place of the map, in their order.
    """
    rng = np.random.default_rng(seed)
    normaliser = Normaliser(statistics)
    filters = {
        name: sequence_filter(route, SequenceConfig(filter=name))
        for name in ('none', 'seqslam', 'bayes')
    }
    samples: dict[str, list[NDArray[np.float64]]] = {name: [] for name in filters}
    right: dict[str, list[bool]] = {name: [] for name in filters}
    for number in range(_RUNS):
        progress('fitting confidence', number, _RUNS)
        run = _run(held_out, clutter, rng)
        for stage in filters.values():
            stage.reset()
        for frame, stamp in enumerate(run.stamps.tolist()):
            timing = FrameTiming(stamp)
            scores = normaliser(backend.similarity(run.spikes[frame]), timing)
            for name, stage in filters.items():
                filtered = stage(scores, timing)
                if frame >= _START:
                    best = int(filtered.argmax())
                    samples[name].append(features(filtered, tolerance)[best])
                    right[name].append(
                        bool(run.first[frame] - tolerance <= best <= run.last[frame] + tolerance)
                    )
    progress('fitting confidence', _RUNS, _RUNS)
    hits = {name: np.array(values) for name, values in right.items()}
    curves = {name: fit(np.stack(values), hits[name]) for name, values in samples.items()}
    return Calibration(
        tolerance,
        held_out.name,
        _RUNS * (_LENGTH - _START),
        curves,
        {name: round(float(values.mean()), 4) for name, values in hits.items()},
    )


def mirrored(spikes: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return the encoded frames uint8 (frames, inputs) with left and right changed over."""
    rows = spikes.reshape(len(spikes), -1, width)[:, :, ::-1]
    return np.ascontiguousarray(rows).reshape(len(spikes), -1)


def _run(held_out: HeldOut, clutter: NDArray[np.uint8], rng: np.random.Generator) -> _Run:
    """Return a stretch of the held-out drive, as clear as chance will have it."""
    frames = _stretch(len(held_out), rng)
    layers = [clutter[_stretch(len(clutter), rng)] - _MIDDLE for _ in range(_LAYERS)]
    elsewhere = rng.random() < _ELSEWHERE
    clear = 0.0 if elsewhere else rng.uniform(0.0, _CLEAREST)
    shown = clear * (held_out.spikes[frames] - _MIDDLE)
    shown += np.sqrt((1 - clear * clear) / _LAYERS) * sum(layers)
    # Right places that nothing matches: elsewhere.
    offset = len(held_out) * 2 + 10**9 if elsewhere else 0
    steps = np.diff(held_out.stamps[frames], prepend=held_out.stamps[frames[0]])
    # A stretch that runs over the end of the drive goes on from its beginning.
    steps[steps < 0] = int(np.median(np.abs(steps)))
    return _Run(
        np.clip(np.rint(shown + _MIDDLE), 0, 255).astype(np.uint8),
        held_out.first[frames] + offset,
        held_out.last[frames] + offset,
        1 + np.cumsum(steps),
    )


def _stretch(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the numbers of successive frames from a random one on."""
    return (rng.integers(count) + np.arange(_LENGTH)) % count
