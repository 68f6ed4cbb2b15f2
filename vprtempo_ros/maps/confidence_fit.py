"""
Response statistics of a map, and its confidence.

The confidence model is shipped with the package, fitted on different days of other routes
(`matching/confidence_model.yaml`): frames of the same drive, however degraded, are too easy. Only
an additional traverse shows a different day on the map's own route; the model is refined on it,
together with distractors: frames of the route mirrored left to right, which show the same kind of
world and no place of the map.
"""

from __future__ import annotations

from typing import Iterator

import numpy as np
from numpy.typing import NDArray

from ..arrays import Indices, Scores
from ..backends import Backend
from ..config import SequenceConfig
from ..matching.confidence import Calibration, Curve, shipped_models
from ..matching.cues import CueTracker
from ..matching.following import Following
from ..matching.normalisation import Normaliser, measure_response_statistics
from ..matching.refining import refine
from ..matching.sequence import sequence_filter
from ..matching.stages import FrameTiming, Route
from ..network.segments import Segments
from ..statistics import Statistics
from ..support.parallel import ahead
from ..support.progress import ProgressCallback
from ..support.sampling import evenly_spread
from .held_out import HeldOut

# Maximum number of reference frames for the response statistics.
_FRAMES = 2000
# Frames whose responses are computed at once.
_BATCH = 64
# The correct place of distractors.
_NOWHERE = -1
_NO_PLACE = slice(0, 0)
# What the map calls the frames that confidence was refined on.
NAME = 'frames of an additional traverse'


def measure_responses(
    backend: Backend,
    shown: NDArray[np.uint8],
    tolerance: int,
    segments: Segments | None = None,
    threads: int = 0,
) -> Statistics:
    """
    Return the statistics of each place's responses to frames of other places.

    :param shown: uint8 (places, inputs), spikes of the reference frames.
    :param segments: which places are neighbours; None: all in order.
    :param threads: that compute, 0: one per core; the statistics do not depend on it.
    """
    places = len(shown)
    chosen = evenly_spread(places, _FRAMES)
    return measure_response_statistics(
        _responses(backend, shown, chosen, threads), places, tolerance, segments
    )


def _responses(
    backend: Backend, shown: NDArray[np.uint8], chosen: Indices, threads: int
) -> Iterator[tuple[int, Scores]]:
    """Yield places with the similarities to their frames; many at once where a backend can."""
    several = getattr(backend, 'similarities', None)
    if several is None:
        yield from ((place, backend.similarity(shown[place])) for place in chosen.tolist())
        return
    parts = [chosen[begin : begin + _BATCH] for begin in range(0, len(chosen), _BATCH)]
    for part, rows in zip(parts, ahead(lambda part: several(shown[part]), parts, threads=threads)):
        yield from zip(part.tolist(), rows)


def refine_confidence(
    backend: Backend,
    route: Route,
    statistics: Statistics,
    held_out: HeldOut,
    distractors: NDArray[np.uint8],
    tolerance: int,
    progress: ProgressCallback,
) -> Calibration:
    """
    Return the model refined on an additional traverse, with one curve per sequence filter.

    :param held_out: its frames as the network takes them, in order; the network was not trained on
        them.
    :param distractors: uint8 (frames, inputs), frames that show no place of the map, in order.
    """
    other = distractors[: len(held_out)]
    nowhere = np.full(len(other), _NOWHERE)
    drives = [
        (held_out.spikes, held_out.places, held_out.stamps),
        (other, nowhere, held_out.stamps[: len(other)]),
    ]
    curves: dict[str, Curve] = {}
    right_of: dict[str, float] = {}
    models = shipped_models()
    for number, (name, model) in enumerate(models.items()):
        progress('refining confidence', number, len(models))
        exponents: list[float] = []
        right: list[bool] = []
        for spikes, places, stamps in drives:
            normalise, follow = Normaliser(statistics), Following(route.places)
            stage = sequence_filter(route, SequenceConfig(filter=name))
            tracker = CueTracker(tolerance, stage, route.segments)
            for shown, place, stamp in zip(spikes, places.tolist(), stamps.tolist()):
                timing = FrameTiming(stamp)
                frame = follow(normalise(backend.similarity(shown), timing), timing)
                cues = tracker(frame, stage(frame, timing))
                exponents.append(model.exponent(cues.features))
                near = route.segments.around(place, tolerance) if place >= 0 else _NO_PLACE
                right.append(near.start <= cues.answer < near.stop)
        curves[name] = refine(np.array(exponents), np.array(right))
        right_of[name] = round(float(np.mean(right[: len(held_out)])), 4)
    progress('refining confidence', len(models), len(models))
    return Calibration(tolerance, NAME, len(held_out), curves, right_of)
