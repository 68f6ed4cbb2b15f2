"""
What to expect of a map before the next drive: where it will be sure, and what looks alike.

Confidence is that of frames changed as on another day, which the network was not trained on: the
trials that chose the settings of its fit, and held-out frames of an additional traverse. It is for
comparing the stretches of a route; how good a map is shows `evaluate` on another drive.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, NamedTuple

import numpy as np

from ..arrays import Floats, Indices, Integers, Scores, Spikes
from ..backends import Backend, create
from ..config import BackendConfig, MatchConfig
from ..matching.matcher import Matcher
from ..matching.normalisation import Normaliser, hyperactive
from ..matching.stages import FrameTiming
from ..support.progress import ProgressCallback
from .held_out import held_out_frames
from .map import Map
from .revisions import load_training, obstacle
from .samples import trials_of
from .training_data import TrainingData

# Maximum number of places that are compared with all others.
_COMPARED = 500


class Outlook(NamedTuple):
    """
    What to expect of the places of a map.

    tested: int64 (n,), the places with frames to try, ascending, none in a map without training
    data; confidence: float32 (n,), its mean behind the default filter, 0 where a place was taken
    for another one; single: float32 (n,), the fraction of their frames that are recognised by
    themselves. hyperactive: int64, places that answer to everything. compared: int64 (m,), places
    compared with all others; alike: int64 (m,), the most similar one beyond the tolerance; ratio:
    float32 (m,), its score relative to that of the place itself, 1 where the network cannot
    distinguish the two.
    """

    tested: Indices
    confidence: Floats
    single: Floats
    hyperactive: Indices
    compared: Indices
    alike: Indices
    ratio: Floats

    def expected(self, places: int) -> Floats | None:
        """
        Return `single` for all places, float32 (places,): that of the nearest place with frames.

        None in a map without training data.
        """
        if not len(self.tested):
            return None
        middles = (self.tested[1:] + self.tested[:-1]) / 2
        return self.single[np.searchsorted(middles, np.arange(places))]


class _Drive(NamedTuple):
    spikes: Spikes
    places: Indices
    stamps: Integers


def outlook_on_disk(loaded: Map, folder: Path, progress: ProgressCallback) -> Outlook:
    """
    Return what to expect of a map that was loaded from a folder.

    :raises VprError: if its training data are damaged, or its network cannot be run here.
    """
    training = None if obstacle(loaded, folder) else load_training(loaded, folder)
    backend = create(loaded.network, BackendConfig())
    try:
        return outlook(loaded, training, backend, progress)
    finally:
        backend.close()


def outlook(
    loaded: Map, training: TrainingData | None, backend: Backend, progress: ProgressCallback
) -> Outlook:
    """
    Return what to expect of the places of a map.

    :param training: what its network is computed from, None where the map holds none.
    :param backend: that runs the network of the map.
    """
    drives = list(_drives(loaded, training)) if training else []
    compared = np.unique(
        np.linspace(0, len(loaded.places) - 1, min(len(loaded.places), _COMPARED)).astype(np.int64)
    )
    total = sum(len(drive.places) for drive in drives) + len(compared)
    count = np.zeros(len(loaded.places), np.int64)
    confidence, single = np.zeros((2, len(count)))
    done = 0
    for drive in drives:
        alone, filtered = _matchers(loaded)
        for spikes, place, stamp in zip(drive.spikes, drive.places.tolist(), drive.stamps.tolist()):
            similarity, timing = backend.similarity(spikes), FrameTiming(stamp)
            near = loaded.parts().around(place, loaded.calibration.tolerance)
            by_itself, match = alone(similarity, timing), filtered(similarity, timing)
            count[place] += 1
            single[place] += by_itself.place in range(near.start, near.stop)
            confidence[place] += match.confidence * (match.place in range(near.start, near.stop))
            progress('trying frames', done, total)
            done += 1
    tested = np.flatnonzero(count)
    alike, ratio = np.zeros(len(compared), np.int64), np.zeros(len(compared), np.float32)
    shown, normalise = loaded.shown(), Normaliser(loaded.response_statistics)
    for number, place in enumerate(compared.tolist()):
        scores = normalise(backend.similarity(shown[place]), FrameTiming(0))
        alike[number], ratio[number] = _most_similar(loaded, place, scores)
        progress('comparing places', done + number, total)
    progress('comparing places', total, total)
    return Outlook(
        tested,
        (confidence[tested] / count[tested]).astype(np.float32),
        (single[tested] / count[tested]).astype(np.float32),
        hyperactive(loaded.response_statistics).astype(np.int64),
        compared,
        alike,
        ratio,
    )


def _drives(loaded: Map, training: TrainingData) -> Iterator[_Drive]:
    """Yield the frames to try as drives along the route."""
    adapt = loaded.config.encoding.adapt
    trials = trials_of(training.traverses, adapt)
    stamps = np.array([place.stamp_ns for place in loaded.places], np.int64)
    yield _Drive(trials.spikes, trials.places, stamps[trials.places])
    held_out = held_out_frames(training.traverses, adapt)
    if held_out:
        yield _Drive(held_out.spikes, held_out.places, held_out.stamps)


def _matchers(loaded: Map) -> tuple[Matcher, Matcher]:
    """Return one for single frames and one with the default filter; neither rejects a match."""
    matchers = []
    for name in ('none', MatchConfig().sequence.filter):
        config = MatchConfig(min_confidence=0.0)
        config.sequence.filter = name
        matchers.append(
            Matcher(loaded.route(), loaded.response_statistics, loaded.calibration, config)
        )
    return matchers[0], matchers[1]


def _most_similar(loaded: Map, place: int, scores: Scores) -> tuple[int, float]:
    """Return the most similar place beyond the tolerance, with its relative score."""
    own = float(scores[place])
    scores = scores.copy()
    scores[loaded.parts().around(place, loaded.calibration.tolerance)] = -np.inf
    other = int(scores.argmax())
    if not np.isfinite(scores[other]) or own <= 0.0:
        # All places are within the tolerance, or the place does not answer to itself.
        return place, float(own <= 0.0)
    return other, float(np.clip(scores[other] / own, 0.0, 1.0))
