"""
Fitting confidence when a map is built, for conditions that were not recorded.

Held-out frames of the same drive are far too easy: nearly all matches are correct, and a curve
fitted to them predicts the same for another season. So each run of frames is degraded by a random
amount: its spikes are mixed with distractors, which are frames of the route mirrored left to right:
images of the same world that are no place of the map. Some runs have distractors only, as if the
robot were off the map. The relation between a score and being correct then transfers:
measured from summer to winter in docs/research/recall.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..arrays import Doubles, Indices, Integers, Spikes
from ..backends import Backend
from ..config import SequenceConfig
from ..matching.confidence import Calibration, features, fit
from ..matching.normalisation import Normaliser, measure_response_statistics
from ..matching.sequence import sequence_filter
from ..matching.stages import FrameTiming, Route
from ..statistics import Statistics
from ..support.progress import ProgressCallback
from .held_out import HeldOut

# Maximum number of reference frames to measure responses on.
_FRAMES = 2000
# Simulated drives to fit on, frames in each, and frames at the start for the filter to converge.
_RUNS, _LENGTH, _START = 80, 30, 5
# Fraction of the runs off the map, and the highest weight of a frame against its distractors.
_OFF_MAP, _CLEAREST = 0.2, 0.6
# Number of mirrored frames that are added up.
_LAYERS = 2
_MIDDLE = np.float32(127.5)


class _Run(NamedTuple):
    """A simulated drive: spikes uint8 (frames, inputs), correct places, stamps in ns."""

    spikes: Spikes
    first: Indices
    last: Indices
    stamps: Integers


def measure_responses(backend: Backend, shown: Spikes, tolerance: int) -> Statistics:
    """
    Return the statistics of each place's responses to frames of other places.

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
    distractors: Spikes,
    tolerance: int,
    seed: int,
    progress: ProgressCallback,
) -> Calibration:
    """
    Return the curves from scores to confidences, one for each sequence filter.

    :param held_out: frames as the network takes them.
    :param distractors: uint8 (frames, inputs), successive frames that show no place of the map.
    """
    rng = np.random.default_rng(seed)
    normaliser = Normaliser(statistics)
    filters = {
        name: sequence_filter(route, SequenceConfig(filter=name))
        for name in ('none', 'seqslam', 'bayes')
    }
    samples: dict[str, list[Doubles]] = {name: [] for name in filters}
    right: dict[str, list[bool]] = {name: [] for name in filters}
    for number in range(_RUNS):
        progress('fitting confidence', number, _RUNS)
        run = _run(held_out, distractors, rng)
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


def mirrored(spikes: Spikes, width: int) -> Spikes:
    """Return the encoded frames uint8 (frames, inputs) mirrored left to right."""
    rows = spikes.reshape(len(spikes), -1, width)[:, :, ::-1]
    return np.ascontiguousarray(rows).reshape(len(spikes), -1)


def _run(held_out: HeldOut, distractors: Spikes, rng: np.random.Generator) -> _Run:
    """Return a segment of the held-out drive, degraded by a random amount."""
    frames = _segment(len(held_out), rng)
    layers = [distractors[_segment(len(distractors), rng)] - _MIDDLE for _ in range(_LAYERS)]
    off_map = rng.random() < _OFF_MAP
    clear = 0.0 if off_map else rng.uniform(0.0, _CLEAREST)
    shown = clear * (held_out.spikes[frames] - _MIDDLE)
    shown += np.sqrt((1 - clear * clear) / _LAYERS) * sum(layers)
    # Off the map, no match is correct.
    offset = len(held_out) * 2 + 10**9 if off_map else 0
    steps = np.diff(held_out.stamps[frames], prepend=held_out.stamps[frames[0]])
    # A segment that reaches the end of the drive continues at its beginning.
    steps[steps < 0] = int(np.median(np.abs(steps)))
    return _Run(
        np.clip(np.rint(shown + _MIDDLE), 0, 255).astype(np.uint8),
        held_out.first[frames] + offset,
        held_out.last[frames] + offset,
        1 + np.cumsum(steps),
    )


def _segment(count: int, rng: np.random.Generator) -> Indices:
    """Return the numbers of successive frames from a random start."""
    return (rng.integers(count) + np.arange(_LENGTH)) % count
