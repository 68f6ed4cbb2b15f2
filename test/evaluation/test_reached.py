"""Figures promised for real data, with a margin: Nordland, summer to winter."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from vprtempo_ros.arrays import Spikes
from vprtempo_ros.backends import create
from vprtempo_ros.config import (
    BackendConfig,
    BagInputConfig,
    EncodingConfig,
    MatchConfig,
    PosesConfig,
    TrainerConfig,
)
from vprtempo_ros.encoding.pixels import PixelEncoder
from vprtempo_ros.evaluation.baselines import ncc, sad
from vprtempo_ros.evaluation.methods import (
    AS_CONFIGURED,
    Method,
    match_config_of,
    run,
    statistics_for,
)
from vprtempo_ros.evaluation.precision import rejected, threshold_keeping
from vprtempo_ros.evaluation.predictions import Predictions
from vprtempo_ros.evaluation.query import Query, QueryConfig, read_query
from vprtempo_ros.evaluation.recall import recall_of
from vprtempo_ros.evaluation.reliability import calibration_error, reliability
from vprtempo_ros.evaluation.truth import NO_PLACE, GroundTruth
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.options import from_flat
from vprtempo_ros.sources.folder import FolderFrames

# Long recordings are encoded in several processes.
pytestmark = [pytest.mark.long, pytest.mark.process, pytest.mark.timeout(900)]

SINGLE = Method('network', False, AS_CONFIGURED, True)
SEQUENCE = Method('network', True, AS_CONFIGURED, True)


class LearntRoute(NamedTuple):
    """A map with the defaults, the same segment in winter, and what was predicted for it."""

    map: Map
    query: Query
    predictions: dict[Method, Predictions]

    def truth(self, tolerance: int = 0) -> GroundTruth:
        """Return the truth that the frame of the same number shows the place."""
        return same_number(self.query, tolerance)


def same_number(query: Query, tolerance: int = 0) -> GroundTruth:
    """Return the truth that the frame of the same number shows the place."""
    number = np.arange(len(query))
    return GroundTruth(
        query.stamps,
        np.maximum(number - tolerance, 0),
        np.minimum(number + tolerance, len(number) - 1),
    )


@pytest.fixture(scope='module')
def drive(shared_data: Callable[[str], Path]) -> Callable[..., LearntRoute]:
    """Return a function that gives the first places, learnt once."""
    folder = shared_data('nordland_64x32')
    names = str(folder / 'filtered_names.txt')

    @lru_cache(maxsize=4)
    def learn(places: int) -> LearntRoute:
        settings = {'bags': [str(folder / 'summer')], 'input.names': names, 'places.count': places}
        loaded = build_map(from_flat(TrainerConfig, settings))
        query = winter(folder, loaded, 0, places)
        # Methods in one run share the similarities, which take most of its time.
        predictions = asked(loaded, query, same_number(query), [SINGLE, SEQUENCE])
        return LearntRoute(loaded, query, predictions)

    return learn


def winter(folder: Path, loaded: Map, start: int, count: int) -> Query:
    """Return a segment of the winter drive as the query of a map."""
    names = str(folder / 'filtered_names.txt')
    return read_query(
        str(folder / 'winter'),
        loaded,
        QueryConfig(BagInputConfig(names=names, start=start), PosesConfig(), count),
    )


def asked(
    loaded: Map, query: Query, truth: GroundTruth, methods: list[Method]
) -> dict[Method, Predictions]:
    """Return the predictions of methods with the map's network."""
    running = create(loaded.network, BackendConfig())
    ran = run(
        {'': running},
        query,
        truth,
        methods,
        lambda method: Matcher(
            loaded.route(),
            statistics_for(method, loaded.response_statistics),
            loaded.calibration,
            match_config_of(method, MatchConfig()),
            follow=method.normalised == AS_CONFIGURED,
        ),
    )
    running.close()
    return ran.predictions


def templates(shown: Spikes, asked_with: Spikes, step: int) -> dict[str, float]:
    """Return the recall@1 of template matching on spikes, of every step-th query frame."""
    places = np.arange(len(shown))[::step]
    return {
        match.__name__: float((match(asked_with[::step], shown).argmax(axis=1) == places).mean())
        for match in (sad, ncc)
    }


def pixels_of(folder: Path, season: str, count: int) -> Spikes:
    """Return the first frames of a season as the encoder `pixels` encodes them."""
    encoder = PixelEncoder(EncodingConfig())
    frames = FolderFrames(folder / season, str(folder / 'filtered_names.txt'))
    return np.stack([encoder(frame.image) for frame, _ in zip(frames, range(count))])


@pytest.mark.parametrize(('places', 'least'), [(500, 0.84), (2761, 0.62)])
def test_single_frames(
    drive: Callable[..., LearntRoute], shared_data: Callable[[str], Path], places: int, least: float
) -> None:
    """
    Recall@1 of single frames, exact place; above template matching on pixels.

    Templates of the same spikes are as good here, where the camera is where it was
    (docs/research/recall.md).
    """
    driven = drive(places)
    assert len(driven.map.places) == len(driven.query) == places
    predictions = driven.predictions[SINGLE]
    assert recall_of(driven.truth(), predictions, 1) >= least
    # Templates of many places take long, so they are compared on every fourth frame.
    step = 1 if places < 1000 else 4
    network = float(driven.truth().are_correct(predictions.places)[::step].mean())
    seasons = (
        pixels_of(shared_data('nordland_64x32'), season, places) for season in ('summer', 'winter')
    )
    pixels = templates(*seasons, step)
    spikes = templates(driven.map.shown(), driven.query.spikes, step)
    assert network > 1.1 * max(pixels.values()), pixels
    assert network > max(spikes.values()) - 0.05, spikes


def test_a_sequence(drive: Callable[..., LearntRoute]) -> None:
    """With the default filter nearly all frames are exact, and confidence is calibrated."""
    driven = drive(2761)
    predictions = driven.predictions[SEQUENCE]
    near = driven.truth(driven.map.calibration.tolerance)
    error = calibration_error(reliability(near, predictions))
    assert recall_of(driven.truth(), predictions, 1) >= 0.95
    assert error <= 0.05


def test_out_of_map_queries(
    drive: Callable[..., LearntRoute], shared_data: Callable[[str], Path]
) -> None:
    """A segment outside the map is rejected where 95 % of correct matches are kept."""
    driven = drive(500)
    off = winter(shared_data('nordland_64x32'), driven.map, 1000, 500)
    none = np.full(len(off), NO_PLACE, np.int64)
    known = driven.predictions[SEQUENCE]
    unknown = asked(driven.map, off, GroundTruth(off.stamps, none, none), [SEQUENCE])[SEQUENCE]
    threshold = threshold_keeping(driven.truth(), known, 0.95)
    assert rejected(unknown, threshold) >= 0.95
