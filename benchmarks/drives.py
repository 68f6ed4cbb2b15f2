"""
Drives over the scores of a map, for fitting the confidence: as recorded, harder, and off the map.

Scores float32 (frames, places) are the normalised similarities, before places are followed.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.backends import create
from vprtempo_ros.config import BackendConfig, SequenceConfig
from vprtempo_ros.evaluation.truth import NO_PLACE
from vprtempo_ros.frames import Image, grey_image
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.cues import CueTracker
from vprtempo_ros.matching.following import Following
from vprtempo_ros.matching.normalisation import Normaliser
from vprtempo_ros.matching.sequence import sequence_filter
from vprtempo_ros.matching.stages import FrameTiming, Route, Scores

from .comparison import promised
from .routes import BenchmarkRoute
from .trial import queries_of

WHOLE, MIX, RETURN, OFF = 'whole', 'mix', 'return', 'off'
_FRAMES = (40, 200)
_RETURN = 60
_MIXES, _RETURNS = 6, 2

Places = NDArray[np.int64]


class Drive(NamedTuple):
    """
    A drive over a map: its kind, scores, ranges of correct places (frames,) and stamps.

    whole: as recorded; mix: a part of it, perhaps reversed, at twice the speed or interrupted,
    mixed with frames off the map; return: leaves the map and comes back; off: of another route.
    """

    kind: str
    scores: Scores
    first: Places
    last: Places
    stamps: Places


def scores_of(built: Map, images: list[Image]) -> Scores:
    """Return the normalised similarities float32 (frames, places) of a drive."""
    size = built.image_size()
    sized = [
        image
        if (image.width, image.height) == size
        else grey_image(cv2.resize(image.grey(), size, interpolation=cv2.INTER_AREA))
        for image in images
    ]
    backend, normalise = (
        create(built.network, BackendConfig()),
        Normaliser(built.response_statistics),
    )
    spikes = queries_of(sized, built.config, built.pixel_statistics)
    rows = [normalise(backend.similarity(shown), FrameTiming(0)) for shown in spikes]
    backend.close()
    return np.stack(rows)


def drives(
    route: BenchmarkRoute, whole: Scores, off: list[Scores], rng: np.random.Generator, few: bool
) -> Iterator[Drive]:
    """
    Yield the drives over a map.

    :param whole: scores of the route's query; off: scores of frames off the map, by route.
    :param few: fewer mixed drives, for a route with many queries.
    """
    truth = promised(route)
    first, last, stamps = truth.first[:, 0], truth.last[:, 0], truth.stamps
    yield Drive(WHOLE, whole, first, last, stamps)
    if not route.ordered:
        for _ in range(2 if few else _MIXES):
            chosen = rng.permutation(len(whole))[: _FRAMES[1] // 2]
            yield _mixed(whole, first, last, stamps, off, rng, chosen)
        return
    for _ in range(2 if few else _MIXES):
        chosen = _part(len(whole), int(rng.integers(*_FRAMES)), rng)
        how = int(rng.integers(4))
        if how == 1:
            chosen = chosen[::-1]
        elif how == 2:
            chosen = chosen[::2]
        elif how == 3:
            half = len(chosen) // 2
            chosen = np.concatenate([chosen[:half], _part(len(whole), half, rng)])
        yield _mixed(whole, first, last, stamps, off, rng, chosen)
    for _ in range(0 if few else _RETURNS):
        before, after = (_part(len(whole), _RETURN, rng) for _ in range(2))
        nowhere = np.full(_RETURN, NO_PLACE)
        away = _off_map(off, _RETURN, rng)
        yield Drive(
            RETURN,
            np.concatenate([whole[before], away, whole[after]]),
            np.concatenate([first[before], nowhere, first[after]]),
            np.concatenate([last[before], nowhere, last[after]]),
            _even(stamps, len(before) + _RETURN + len(after)),
        )


def off_map_drives(stamps: Places, off: list[Scores]) -> Iterator[Drive]:
    """Yield the drives over other routes."""
    for scores in off:
        nowhere = np.full(len(scores), NO_PLACE)
        yield Drive(OFF, scores, nowhere, nowhere, _even(stamps, len(scores)))


def cues_of(
    drive: Drive, steps: Route, tolerance: int, filter_: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the cues float64 (frames, cues) of a drive, and whether its matches are correct."""
    follow = Following(steps.places)
    stage = sequence_filter(steps, SequenceConfig(filter=filter_))
    tracker = CueTracker(tolerance, stage)
    rows, answers = [], []
    for row, stamp in zip(drive.scores, drive.stamps.tolist()):
        timing = FrameTiming(stamp)
        frame = follow(row, timing)
        cues = tracker(frame, stage(frame, timing))
        rows.append(cues.features)
        answers.append(cues.answer)
    places = np.array(answers)
    correct = (drive.first >= 0) & (drive.first <= places) & (places <= drive.last)
    return np.array(rows), correct


def _mixed(
    whole: Scores,
    first: Places,
    last: Places,
    stamps: Places,
    off: list[Scores],
    rng: np.random.Generator,
    chosen: NDArray[np.int64],
) -> Drive:
    """Return the chosen frames with only a part of their evidence: the rest is off the map."""
    part = float(rng.uniform(0.1, 1.0))
    rows = part * whole[chosen]
    if off:
        rows = rows + np.sqrt(1 - part * part) * _off_map(off, len(chosen), rng)
    rows = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    return Drive(
        MIX, rows.astype(np.float32), first[chosen], last[chosen], _even(stamps, len(chosen))
    )


def _part(frames: int, length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the numbers of successive frames, from a random one."""
    length = min(length, frames)
    begin = int(rng.integers(frames - length + 1))
    return np.arange(begin, begin + length)


def _off_map(off: list[Scores], frames: int, rng: np.random.Generator) -> Scores:
    """Return successive scores of a route off the map."""
    chosen = off[int(rng.integers(len(off)))]
    begin = int(rng.integers(max(1, len(chosen) - frames)))
    return chosen[(begin + np.arange(frames)) % len(chosen)]


def _even(stamps: Places, frames: int) -> Places:
    """Return stamps at the median distance of those of the query."""
    return 1 + np.arange(frames) * int(np.median(np.diff(stamps)))
