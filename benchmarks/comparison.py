"""A route's map next to template matching: recall, precision and confidence of every method."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Iterable, Mapping, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.arrays import Spikes
from vprtempo_ros.backends import Backend, create
from vprtempo_ros.config import BackendConfig, MatchConfig, TrainerConfig
from vprtempo_ros.encoding.adaptation import standardise
from vprtempo_ros.encoding.encoder import encoder_for
from vprtempo_ros.evaluation.baselines import Ncc, Sad
from vprtempo_ros.evaluation.methods import (
    AS_CONFIGURED,
    OVER_QUERY,
    RAW,
    Method,
    match_config_of,
    run,
    statistics_for,
)
from vprtempo_ros.evaluation.precision import at_threshold, precision_recall
from vprtempo_ros.evaluation.predictions import Predictions
from vprtempo_ros.evaluation.query import Query
from vprtempo_ros.evaluation.recall import recall_of
from vprtempo_ros.evaluation.reliability import calibration_error, reliability
from vprtempo_ros.evaluation.truth import GroundTruth
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.confidence_fit import measure_responses
from vprtempo_ros.maps.map import Map
from vprtempo_ros.matching.matcher import Matcher
from vprtempo_ros.options import Value, from_flat
from vprtempo_ros.statistics import Statistics, statistics_of

from . import hog
from .routes import BenchmarkRoute
from .trial import queries_of

FILTERS = ('none', 'seqslam', 'bayes')
PRECISION = 0.99
CONFIDENT = 0.5

_FORMS = {RAW: '', AS_CONFIGURED: ', by place', OVER_QUERY: ', over the query (not causal)'}


class Figures(NamedTuple):
    """
    What one method reaches on one route, as fractions.

    recall: recall@1; precise: recall at 99 % precision. For methods with a confidence, else NaN:
    answered: queries with a confidence of at least 0.5; correct: those of them that are correct
    within the map's tolerance; calibration: the expected calibration error.
    """

    recall: float
    precise: float
    answered: float
    correct: float
    calibration: float


def map_of(route: BenchmarkRoute, encoder: str = 'oriented') -> Map:
    """Build a map from the reference images."""
    return map_of_images((image.grey() for image in route.reference), route.tolerance, encoder)


def map_of_images(
    images: Iterable[NDArray[np.uint8]],
    tolerance: int,
    encoder: str = 'oriented',
    others: Mapping[str, Value] | None = None,
) -> Map:
    """Build a map from grey images, as a user with a folder of images would; others: settings."""
    with tempfile.TemporaryDirectory() as folder:
        for number, image in enumerate(images):
            cv2.imwrite(str(Path(folder) / f'{number:06d}.png'), image)
        settings: dict[str, Value] = {
            'bags': [folder],
            'places.tolerance': tolerance,
            'encoding.encoder': encoder,
            **(others or {}),
        }
        return build_map(from_flat(TrainerConfig, settings))


class Comparison:
    """The engines of a route's map and of templates; run them on any of its queries."""

    def __init__(self, route: BenchmarkRoute, built: Map) -> None:
        """Make the templates from the reference images."""
        self._built, self._steps, self._tolerance = built, route.steps, route.tolerance
        self._pixels = from_flat(TrainerConfig, {'encoding.encoder': 'pixels'})
        encode = encoder_for(self._pixels)
        shown = np.stack([encode(image) for image in route.reference])
        self._statistics = statistics_of(shown)
        templates = standardise(shown, self._statistics)
        outlines = hog.descriptors(route.reference)
        # Each engine with the spikes of the places, as it takes them.
        self._engines: list[tuple[Backend, Spikes]] = [
            (Sad(templates), templates),
            (Ncc(templates), templates),
            (hog.Hog(outlines), outlines),
        ]
        self._correlation = Ncc(built.shown())
        self._responses: dict[Backend, Statistics] = {}

    def figures(self, route: BenchmarkRoute, few: bool = False) -> dict[str, Figures]:
        """
        Return the figures of all methods on a query of the route.

        :param few: only templates as they are, and the network with and without default filter.
        """
        pixels = queries_of(route.query, self._pixels, self._statistics)
        outlines = hog.descriptors(route.query)
        found = {}
        for (engine, shown), spikes in zip(self._engines, (pixels, pixels, outlines)):
            forms = (RAW,) if few else tuple(_FORMS)
            methods = [Method(engine.name, False, form) for form in forms]
            runs = self._run(engine, shown, route, spikes, methods)
            for method in methods:
                name = f'{engine.name}{_FORMS[method.normalised]}'
                found[name] = _figures(route, runs[method], False)
        return {**found, **self.network_figures(route, few)}

    def network_figures(
        self, route: BenchmarkRoute, few: bool = False, match: Mapping[str, Value] | None = None
    ) -> dict[str, Figures]:
        """Return the figures of the map's own methods; match: settings other than the defaults."""
        built = self._built
        spikes = queries_of(route.query, built.config, built.pixel_statistics)
        shown = built.shown()
        runs: dict[Method, Predictions] = {}
        if not few:
            correlation = Method('correlation, same spikes', False, AS_CONFIGURED)
            runs = self._run(self._correlation, shown, route, spikes, [correlation])
        backend = create(built.network, BackendConfig())
        methods = [
            Method(_name(filter_), filter_ != 'none', AS_CONFIGURED, True)
            for filter_ in (('none', 'bayes') if few else FILTERS)
            if route.ordered or filter_ == 'none'
        ]
        runs |= self._run(backend, shown, route, spikes, methods, match or {})
        backend.close()
        return {
            method.engine: _figures(route, predicted, method.by_confidence)
            for method, predicted in runs.items()
        }

    def _run(
        self,
        engine: Backend,
        shown: Spikes,
        route: BenchmarkRoute,
        spikes: Spikes,
        methods: list[Method],
        match: Mapping[str, Value] = MappingProxyType({}),
    ) -> dict[Method, Predictions]:
        built = self._built
        responses = built.response_statistics
        if not methods[0].by_confidence:
            if engine not in self._responses:
                self._responses[engine] = measure_responses(engine, shown, self._tolerance)
            responses = self._responses[engine]

        def matcher(method: Method) -> Matcher:
            settings = MatchConfig()
            if method.by_confidence:
                settings = from_flat(MatchConfig, {'sequence.filter': _filter(method), **match})
            return Matcher(
                self._steps,
                statistics_for(method, responses),
                built.calibration,
                match_config_of(method, settings),
                follow=method.normalised == AS_CONFIGURED,
            )

        return run({'': engine}, _query(route, spikes), route.truth, methods, matcher).predictions


def promised(route: BenchmarkRoute) -> GroundTruth:
    """Return what confidence is about: places within the map's tolerance, also of exact truths."""
    truth = route.truth
    exact = bool((truth.first == truth.last).all())
    if not exact:
        return truth
    wide = route.tolerance
    last = np.where(
        truth.last < 0, truth.last, np.minimum(truth.last + wide, route.steps.places - 1)
    )
    return replace(
        truth,
        first=np.where(truth.first < 0, truth.first, np.maximum(truth.first - wide, 0)),
        last=last,
    )


def _name(filter_: str) -> str:
    return 'network' if filter_ == 'none' else f'network + {filter_}'


def _filter(method: Method) -> str:
    return method.engine.partition(' + ')[2] or 'none'


def _figures(route: BenchmarkRoute, predicted: Predictions, confident: bool) -> Figures:
    truth = route.truth
    recall = recall_of(truth, predicted, 1)
    precise = precision_recall(truth, predicted).recall_at(PRECISION)
    if not confident:
        return Figures(recall, precise, math.nan, math.nan, math.nan)
    truth = promised(route)
    point = at_threshold(truth, predicted, CONFIDENT)
    return Figures(
        recall,
        precise,
        point.answered,
        point.precision,
        calibration_error(reliability(truth, predicted)),
    )


def _query(route: BenchmarkRoute, spikes: Spikes) -> Query:
    count = len(spikes)
    nothing = np.zeros(count)
    return Query(
        route.name,
        route.truth.stamps,
        [''] * count,
        [None] * count,
        spikes,
        nothing,
        nothing,
        count,
        {},
        None,
    )
