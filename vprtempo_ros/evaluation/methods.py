"""The methods of a comparison: engines, and what is done with their similarities."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Mapping, NamedTuple

import numpy as np

from ..arrays import Doubles, Scores, Spikes
from ..backends import Backend
from ..config import MatchConfig
from ..matching.match import Match
from ..matching.matcher import Matcher
from ..matching.stages import FrameTiming
from ..statistics import Statistics
from ..support.progress import ProgressCallback, silent
from .heatmap import Heatmap
from .predictions import PredictionRecorder, Predictions
from .promise import Promise
from .query import Query, timed
from .truth import GroundTruth

# How the similarities of a method are normalised.
RAW = ''
AS_CONFIGURED = 'as configured'
OVER_QUERY = 'over the query'


class Method(NamedTuple):
    """
    An engine's name, whether the sequence filter is on, and how similarities are normalised.

    AS_CONFIGURED is what the node does: each place by the statistics of its responses to the
    reference. OVER_QUERY uses the statistics of each place's responses over the whole query. That
    is not causal: it shows a bound, not what a robot could do.

    by_confidence: the certainty is the confidence, as for the network; templates have scores only.
    """

    engine: str
    sequence: bool
    normalised: str
    by_confidence: bool = False


class MethodRun(NamedTuple):
    """Predictions by method; times in ms: similarity (queries,), matching by method (queries,)."""

    predictions: dict[Method, Predictions]
    similarity_ms: Doubles
    matching_ms: dict[Method, Doubles]


def run(
    engines: Mapping[str, Backend],
    query: Query,
    truth: GroundTruth,
    methods: list[Method],
    matcher: Callable[[Method], Matcher],
    heatmap: Heatmap | None = None,
    promise: Promise | None = None,
    progress: ProgressCallback = silent,
) -> MethodRun:
    """
    Run each method over all queries in order; similarities are not kept beyond their row.

    A frame that none of the cameras has is without a prediction.

    :param engines: of each camera, by name.
    :param matcher: makes the matcher of a method, without earlier frames.
    :param heatmap: gets the similarities of the first method, of several cameras joined.
    :param promise: makes confidences those of another distance.
    """
    stage = f'{next(iter(engines.values())).name}: matching'
    matchers = {method: matcher(method) for method in methods}
    recorders = {method: PredictionRecorder(truth) for method in methods}
    similarity_ms = np.zeros(len(query))
    matching_ms: dict[Method, Doubles] = {method: np.zeros(len(query)) for method in methods}
    statistics = {}
    if any(method.normalised == OVER_QUERY for method in methods):
        statistics = {
            name: _QueryStatistics(engine, query, progress) for name, engine in engines.items()
        }
    started = False
    for number, stamp in enumerate(query.stamps.tolist()):
        progress(stage, number, len(query))
        shown = query.shown(engines, number)
        if not shown:
            continue
        if not started:
            _similarities(engines, shown)  # The first call of each library is slow.
            started = True
        rows, similarity_ms[number] = timed(_similarities, engines, shown)
        timing = FrameTiming(stamp)
        for method in methods:
            scores = rows
            if method.normalised == OVER_QUERY:
                scores = {name: statistics[name](row) for name, row in rows.items()}
            match, took = timed(matchers[method], scores, timing)
            if heatmap is not None and method == methods[0]:
                heatmap.add(match.similarity)
            matching_ms[method][number] = took
            if match.place is not None:
                certainty = _certainty(match, method, matchers[method].odds, promise)
                recorders[method].add(number, match.place, certainty, match.scores)
    progress(stage, len(query), len(query))
    return MethodRun(
        {method: recorder.predictions() for method, recorder in recorders.items()},
        similarity_ms,
        matching_ms,
    )


def _certainty(match: Match, method: Method, odds: bool, promise: Promise | None) -> float:
    """Return the confidence of a match, or its score for templates."""
    assert match.place is not None
    if not method.by_confidence:
        return float(match.scores[match.place])
    if promise is None:
        return match.confidence
    return promise(match.confidence, match.place, match.scores, odds)


def _similarities(engines: Mapping[str, Backend], shown: Mapping[str, Spikes]) -> dict[str, Scores]:
    return {name: engines[name].similarity(spikes) for name, spikes in shown.items()}


class _QueryStatistics:
    """Mean and standard deviation of each place's responses over the query (Welford's method)."""

    def __init__(self, engine: Backend, query: Query, progress: ProgressCallback) -> None:
        self._mean = np.zeros(engine.places)
        squares = np.zeros(engine.places)
        for number, spikes in enumerate(query.spikes):
            progress(f'{engine.name}: response statistics', number, len(query))
            row = engine.similarity(spikes).astype(np.float64)
            difference = row - self._mean
            self._mean += difference / (number + 1)
            squares += difference * (row - self._mean)
        std = np.sqrt(squares / len(query))
        # A place with constant responses carries no information: its score is 0.
        self._scale = np.divide(1.0, std, out=np.zeros_like(std), where=std > 1e-9)

    def __call__(self, row: Scores) -> Scores:
        return ((row - self._mean) * self._scale).astype(np.float32)


def statistics_for(method: Method, responses: Statistics) -> Statistics:
    """
    Return the statistics for the normaliser of a method, given the engine's responses by place.

    Without normalisation by place, one scale for all places brings scores into the range that
    sequence filters expect.
    """
    if method.normalised == AS_CONFIGURED:
        return responses
    same = np.ones_like(responses.mean)
    if method.normalised == OVER_QUERY:
        return Statistics(0 * same, same)
    return Statistics(same * responses.mean.mean(), same * responses.std.mean())


def match_config_of(method: Method, config: MatchConfig) -> MatchConfig:
    """
    Return the configuration of a method: as configured, without what the method leaves out.

    `min_confidence` is 0, since thresholds are evaluated afterwards.
    """
    sequence = config.sequence if method.sequence else replace(config.sequence, filter='none')
    # For templates the statistics decide how the normaliser works.
    normalise = config.normalise or not method.by_confidence
    return replace(config, min_confidence=0.0, sequence=sequence, normalise=normalise)
