"""All figures of a map on a query, beside template matching on the same pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..backends import Backend, create
from ..config import NodeConfig
from ..maps.confidence_fit import measure_responses
from ..maps.map import Map
from ..matching.matcher import Matcher
from ..support.blas import BlasThreads
from ..support.progress import ProgressCallback, silent
from .answers import Answers
from .baselines import Ncc, Sad
from .examples import Example, examples
from .heatmap import Heatmap
from .methods import (
    AS_CONFIGURED,
    OVER_QUERY,
    RAW,
    Method,
    MethodRun,
    run,
    settings_of,
    statistics_for,
)
from .precision import Curve, Point, at_threshold, curve, rejected, threshold_keeping
from .query import Query
from .recall import REPORTED, recall_of
from .reliability import Bin, calibration_error, reliability
from .truth import NOWHERE, GroundTruth

# The part of the right answers that the threshold for the unknown place has to keep.
KEPT = 0.95


class NodeResults(NamedTuple):
    """Answers that a running node gave to the query, and how long each took to come, in ms."""

    name: str
    answers: Answers
    latencies_ms: NDArray[np.float64]


class NegativeQueries(NamedTuple):
    """
    Queries of which none has a true place: the part that gets no answer.

    configured: at match.min_confidence, NaN for templates; threshold: the one that keeps 95 % of
    the right answers to the query proper; kept: the part rejected at that one.
    """

    configured: float
    threshold: float
    kept: float


@dataclass(frozen=True)
class Row:
    """One method: its answers and figures; ms: median of similarity and matching for a frame."""

    name: str
    answers: Answers
    recall: dict[int, float]
    curve: Curve
    ms: float
    causal: bool = True
    elsewhere: NegativeQueries | None = None


@dataclass(frozen=True)
class Evaluation:
    """
    Everything that a report tells; the first row is what it is about.

    times: for each stage its times in ms, float64 (frames,).
    """

    rows: list[Row]
    truth: GroundTruth
    query: Query
    heatmap: Heatmap
    bins: list[Bin]
    error: float
    configured: Point
    examples: list[Example]
    backend: str
    times: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    elsewhere: Query | None = None

    @property
    def headline(self) -> Row:
        """The row that the report is about."""
        return self.rows[0]


def evaluate(
    loaded: Map,
    query: Query,
    truth: GroundTruth,
    config: NodeConfig,
    elsewhere: Query | None = None,
    received: NodeResults | None = None,
    progress: ProgressCallback = silent,
) -> Evaluation:
    """
    Run the map's network and template matching over the query and compare them with the truth.

    Memory: the encoded frames, 6 MB of picture, and some dozens of bytes a query and method; of
    similarities one row at a time, whatever the number of frames and places.

    :param elsewhere: frames that were taken off the map.
    :param received: what a node answered; then the report is about that.
    :raises BackendError: if the map's network cannot be run.
    """
    heatmap = Heatmap(len(query), len(loaded.places))
    rows: list[Row] = []
    times: dict[str, NDArray[np.float64]] = {'decode': query.decode_ms, 'encode': query.encode_ms}
    backend = create(loaded.network, config.backend)
    # Templates get the threads that the backend has, no more.
    threads = BlasThreads(config.backend.threads)
    try:
        name = backend.name
        shown = loaded.shown()
        for engine in (backend, Sad(shown), Ncc(shown)):
            methods = _methods(engine is backend, engine, config)
            ran = _run(
                loaded,
                engine,
                methods,
                query,
                truth,
                config,
                heatmap if engine is backend else None,
                progress,
            )
            off = None
            if elsewhere is not None:
                nowhere = np.full(len(elsewhere), NOWHERE, np.int64)
                off = _run(
                    loaded,
                    engine,
                    methods,
                    elsewhere,
                    GroundTruth(elsewhere.stamps, nowhere, nowhere),
                    config,
                    None,
                    progress,
                )
            if engine is backend:
                times['similarity'] = ran.similarity_ms
                times['matching'] = ran.matching_ms[methods[0]]
            rows += [_row(method, ran, off, truth, config) for method in methods]
    finally:
        threads.restore()
        backend.close()
    if received is not None:
        times[received.name] = received.latencies_ms
        rows.insert(
            0,
            _of(
                received.name,
                received.answers,
                truth,
                float(np.median(received.latencies_ms))
                if len(received.latencies_ms)
                else float('nan'),
            ),
        )
    headline = rows[0].answers
    bins = reliability(truth, headline)
    return Evaluation(
        rows,
        truth,
        query,
        heatmap,
        bins,
        calibration_error(bins),
        at_threshold(truth, headline, config.match.min_confidence),
        examples(truth, headline),
        name,
        times,
        elsewhere,
    )


def _methods(network: bool, engine: Backend, config: NodeConfig) -> list[Method]:
    """Return what is tried with an engine, what is configured first."""
    filtered = config.match.sequence.filter != 'none'
    sequences = (True, False) if filtered else (False,)
    if network:
        return [Method('network', sequence, AS_CONFIGURED, True) for sequence in sequences]
    return [
        Method(engine.name, sequence, normalised)
        for normalised in (RAW, AS_CONFIGURED, OVER_QUERY)
        for sequence in sequences
    ]


def _run(
    loaded: Map,
    engine: Backend,
    methods: list[Method],
    query: Query,
    truth: GroundTruth,
    config: NodeConfig,
    heatmap: Heatmap | None,
    progress: ProgressCallback,
) -> MethodRun:
    responses = (
        loaded.response_statistics
        if methods[0].by_confidence
        else measure_responses(engine, loaded.shown(), loaded.config.places.tolerance)
    )
    return run(
        engine,
        query,
        truth,
        methods,
        lambda method: Matcher(
            loaded.route(),
            statistics_for(method, responses),
            loaded.calibration,
            settings_of(method, config.match),
        ),
        heatmap,
        progress,
    )


def _row(
    method: Method, ran: MethodRun, off: MethodRun | None, truth: GroundTruth, config: NodeConfig
) -> Row:
    answers = ran.answers[method]
    rejections = None
    if off is not None:
        threshold = threshold_keeping(truth, answers, KEPT)
        configured = (
            rejected(off.answers[method], config.match.min_confidence)
            if method.by_confidence
            else float('nan')
        )
        rejections = NegativeQueries(
            configured, threshold, rejected(off.answers[method], threshold)
        )
    return _of(
        _name(method, config),
        answers,
        truth,
        float(np.median(ran.similarity_ms + ran.matching_ms[method])),
        method.normalised != OVER_QUERY,
        rejections,
    )


def _of(
    name: str,
    answers: Answers,
    truth: GroundTruth,
    ms: float,
    causal: bool = True,
    elsewhere: NegativeQueries | None = None,
) -> Row:
    return Row(
        name,
        answers,
        {n: recall_of(truth, answers, n) for n in REPORTED},
        curve(truth, answers),
        ms,
        causal,
        elsewhere,
    )


def _name(method: Method, config: NodeConfig) -> str:
    """Return the name of a method in tables: engine, normalisation, sequence filter."""
    normalised = ''
    if not method.by_confidence:
        normalised = {
            RAW: '',
            AS_CONFIGURED: ', normalised',
            OVER_QUERY: ', normalised over the query',
        }[method.normalised]
    sequence = f' + {config.match.sequence.filter}' if method.sequence else ''
    return f'{method.engine}{normalised}{sequence}'
