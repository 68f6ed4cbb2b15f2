"""All figures of a map on a query, next to template matching on the same pixels."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Iterable, Mapping, NamedTuple

import numpy as np

from ..arrays import Doubles
from ..backends import Backend, create
from ..config import NodeConfig
from ..maps.confidence_fit import measure_responses
from ..maps.map import Map
from ..matching.matcher import Matcher
from ..support.blas import BlasThreads
from ..support.progress import ProgressCallback, silent
from .availability import Availability, availability
from .baselines import Ncc, Sad
from .distinctness import Distinctness, distinctness
from .examples import Example, examples
from .heatmap import Heatmap
from .methods import (
    AS_CONFIGURED,
    OVER_QUERY,
    RAW,
    Method,
    MethodRun,
    match_config_of,
    run,
    statistics_for,
)
from .precision import (
    OperatingPoint,
    PrecisionRecallCurve,
    at_threshold,
    precision_recall,
    rejected,
    threshold_keeping,
)
from .predictions import Predictions
from .promise import Promise
from .query import Query
from .recall import REPORTED, recall_of
from .reliability import ReliabilityBin, calibration_error, reliability
from .truth import NO_PLACE, GroundTruth

# Fraction of correct matches that the threshold for out-of-map queries must keep.
KEPT = 0.95


class NodeResults(NamedTuple):
    """Predictions received from a running node, and their latencies in ms, float64 (matches,)."""

    name: str
    predictions: Predictions
    latencies_ms: Doubles


class Rejection(NamedTuple):
    """
    Open-set rejection: fractions of the negative (out-of-map) queries without a match.

    configured: at match.min_confidence, NaN for templates; threshold: the one that keeps 95 % of
    the correct matches of the query; kept: the fraction rejected at that threshold.
    """

    configured: float
    threshold: float
    kept: float


@dataclass(frozen=True)
class MethodResult:
    """Predictions and figures of one method; ms: median of similarity and matching of a frame."""

    name: str
    predictions: Predictions
    recall: dict[int, float]
    curve: PrecisionRecallCurve
    ms: float
    causal: bool = True
    rejection: Rejection | None = None


@dataclass(frozen=True)
class Evaluation:
    """
    The content of a report, which is about the first method.

    operating_point, availability: the figures at match.min_confidence. distinctness: of the map's
    places, of several cameras that of the best one, None for event cameras. times: for each stage
    its times in ms, float64 (frames,). negatives: the out-of-map queries.
    """

    methods: list[MethodResult]
    truth: GroundTruth
    query: Query
    heatmap: Heatmap
    bins: list[ReliabilityBin]
    calibration_error: float
    operating_point: OperatingPoint
    availability: Availability
    distinctness: Distinctness | None
    examples: list[Example]
    backend: str
    times: dict[str, Doubles] = field(default_factory=dict)
    negatives: Query | None = None

    @property
    def headline(self) -> MethodResult:
        """The method that the report is about."""
        return self.methods[0]


def evaluate(
    loaded: Map,
    query: Query,
    truth: GroundTruth,
    config: NodeConfig,
    negatives: Query | None = None,
    received: NodeResults | None = None,
    promise: Promise | None = None,
    progress: ProgressCallback = silent,
) -> Evaluation:
    """
    Run the map's network and template matching over the query and compare them with the truth.

    Of several cameras, the first methods join all of them; those of each alone follow, and template
    matching is of the first.

    Memory: the encoded frames, 6 MB of heatmap, and some dozens of bytes per query and method; of
    the similarities one row at a time, for any number of frames and places.

    :param negatives: out-of-map queries: frames taken off the route.
    :param received: results of a running node; the report is then about these.
    :param promise: makes confidences those of the distance that the truth allows; None: they are.
    :raises BackendError: if the backend cannot run the map's network.
    """
    comparison = _Comparison(loaded, query, truth, config, negatives, promise, progress)
    heatmap = Heatmap(len(query), len(loaded.places))
    with ExitStack() as stack:
        backends: dict[str, Backend] = {}
        for camera, each in loaded.cameras.items():
            backends[camera] = create(each.network, config.backend)
            stack.callback(backends[camera].close)
        # Templates get as many threads as the backend.
        stack.callback(BlasThreads(config.backend.threads).restore)
        name = backends[loaded.camera].name
        results, ran = comparison.network(backends, heatmap)
        progress('checking the map', 0, 1)
        distinct = _best(
            distinctness(each, backends[camera]) for camera, each in loaded.cameras.items()
        )
        shown = loaded.shown()
        for engine in (Sad(shown), Ncc(shown)):
            results += comparison.templates(engine)
    times: dict[str, Doubles] = {
        'decode': query.decode_ms,
        'encode': query.encode_ms,
        'similarity': ran.similarity_ms,
        'matching': next(iter(ran.matching_ms.values())),
    }
    if received is not None:
        times[received.name] = received.latencies_ms
        latencies = received.latencies_ms
        ms = float(np.median(latencies)) if len(latencies) else float('nan')
        results.insert(0, _result(received.name, received.predictions, truth, ms))
    predictions = results[0].predictions
    bins = reliability(truth, predictions)
    return Evaluation(
        results,
        truth,
        query,
        heatmap,
        bins,
        calibration_error(bins),
        at_threshold(truth, predictions, config.match.min_confidence),
        availability(truth, predictions, query, config.match.min_confidence),
        distinct,
        examples(truth, predictions),
        name,
        times,
        negatives,
    )


class _Comparison(NamedTuple):
    """What the methods of a comparison have in common."""

    loaded: Map
    query: Query
    truth: GroundTruth
    config: NodeConfig
    negatives: Query | None
    promise: Promise | None
    progress: ProgressCallback

    def network(
        self, backends: Mapping[str, Backend], heatmap: Heatmap
    ) -> tuple[list[MethodResult], MethodRun]:
        """
        Evaluate the network, the configured method first; return its run on the query too.

        Of several cameras, all of them first, and then each alone.
        """
        results, ran = self._network('network', backends, heatmap)
        if len(backends) > 1:
            for camera, backend in backends.items():
                results += self._network(f'network, {camera} alone', {camera: backend})[0]
        return results, ran

    def _network(
        self, name: str, backends: Mapping[str, Backend], heatmap: Heatmap | None = None
    ) -> tuple[list[MethodResult], MethodRun]:
        methods = [Method(name, sequence, AS_CONFIGURED, True) for sequence in self._sequences()]
        ran = self._run(backends, methods, self.query, self.truth, heatmap)
        return self._results(backends, methods, ran), ran

    def templates(self, engine: Backend) -> list[MethodResult]:
        """Evaluate template matching with and without normalisation."""
        methods = [
            Method(engine.name, sequence, normalised)
            for normalised in (RAW, AS_CONFIGURED, OVER_QUERY)
            for sequence in self._sequences()
        ]
        engines = {self.loaded.camera: engine}
        ran = self._run(engines, methods, self.query, self.truth)
        return self._results(engines, methods, ran)

    def _sequences(self) -> tuple[bool, ...]:
        return (True, False) if self.config.match.sequence.filter != 'none' else (False,)

    def _run(
        self,
        engines: Mapping[str, Backend],
        methods: list[Method],
        query: Query,
        truth: GroundTruth,
        heatmap: Heatmap | None = None,
    ) -> MethodRun:
        maps = {camera: self.loaded.cameras[camera] for camera in engines}
        responses = {
            camera: each.response_statistics
            if methods[0].by_confidence
            else measure_responses(engines[camera], each.shown(), each.config.places.tolerance)
            for camera, each in maps.items()
        }
        first = next(iter(maps.values()))
        return run(
            engines,
            query,
            truth,
            methods,
            lambda method: Matcher(
                first.route(),
                {camera: statistics_for(method, each) for camera, each in responses.items()},
                first.calibration,
                match_config_of(method, self.config.match),
                follow=method.normalised == AS_CONFIGURED,
            ),
            heatmap,
            self.promise,
            self.progress,
        )

    def _results(
        self, engines: Mapping[str, Backend], methods: list[Method], ran: MethodRun
    ) -> list[MethodResult]:
        """Return the figures of a run; runs the methods on the negative queries, if any."""
        rejections: dict[Method, Rejection] = {}
        if self.negatives is not None:
            none = np.full(len(self.negatives), NO_PLACE, np.int64)
            off_map = GroundTruth(self.negatives.stamps, none, none)
            found = self._run(engines, methods, self.negatives, off_map).predictions
            rejections = {
                method: self._rejection(method, ran.predictions[method], found[method])
                for method in methods
            }
        return [
            _result(
                self._name(method),
                ran.predictions[method],
                self.truth,
                float(np.median(ran.similarity_ms + ran.matching_ms[method])),
                method.normalised != OVER_QUERY,
                rejections.get(method),
            )
            for method in methods
        ]

    def _rejection(self, method: Method, positives: Predictions, off_map: Predictions) -> Rejection:
        threshold = threshold_keeping(self.truth, positives, KEPT)
        configured = (
            rejected(off_map, self.config.match.min_confidence)
            if method.by_confidence
            else float('nan')
        )
        return Rejection(configured, threshold, rejected(off_map, threshold))

    def _name(self, method: Method) -> str:
        """Return the name of a method in tables: engine, normalisation, sequence filter."""
        normalised = ''
        if not method.by_confidence:
            normalised = {
                RAW: '',
                AS_CONFIGURED: ', normalised',
                OVER_QUERY: ', normalised over the query',
            }[method.normalised]
        sequence = f' + {self.config.match.sequence.filter}' if method.sequence else ''
        return f'{method.engine}{normalised}{sequence}'


def _best(found: Iterable[Distinctness | None]) -> Distinctness | None:
    """Return that of the camera which distinguishes places best: the others count less."""
    known = [each for each in found if each is not None]
    return max(known, key=lambda each: each.recognised, default=None)


def _result(
    name: str,
    predictions: Predictions,
    truth: GroundTruth,
    ms: float,
    causal: bool = True,
    rejection: Rejection | None = None,
) -> MethodResult:
    return MethodResult(
        name,
        predictions,
        {n: recall_of(truth, predictions, n) for n in REPORTED},
        precision_recall(truth, predictions),
        ms,
        causal,
        rejection,
    )
