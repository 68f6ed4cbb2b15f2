"""The methods that are compared: engines, and what is done with their similarities."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..backends import Backend
from ..config import MatchConfig
from ..matching.matcher import Matcher
from ..matching.stages import FrameTiming
from ..statistics import Statistics
from ..support.progress import ProgressCallback, silent
from .answers import Answers, Recorder, Scores
from .heatmap import Heatmap
from .query import Query, timed
from .truth import GroundTruth

# How the similarities of a method are brought to a common scale.
RAW = ''
AS_CONFIGURED = 'as configured'
OVER_QUERY = 'over the query'


class Method(NamedTuple):
    """
    An engine's name, whether the sequence filter is on, and how similarities are normalised.

    AS_CONFIGURED is what the node does: each place against its usual response to the reference.
    OVER_QUERY scores each place against the mean and deviation of its own responses over the
    whole query. That looks into the future: it is a measure, nothing that a robot could do.
    """

    engine: str
    sequence: bool
    normalised: str
    # The confidence is what says how sure the network is; templates have only their best score.
    by_confidence: bool = False


class MethodRun(NamedTuple):
    """Answers by method, and times in ms: similarity (queries,), matching by method (queries,)."""

    answers: dict[Method, Answers]
    similarity_ms: NDArray[np.float64]
    matching_ms: dict[Method, NDArray[np.float64]]


def run(
    engine: Backend,
    query: Query,
    truth: GroundTruth,
    methods: list[Method],
    matcher: Callable[[Method], Matcher],
    heatmap: Heatmap | None = None,
    progress: ProgressCallback = silent,
) -> MethodRun:
    """
    Answer all queries in order with each method; similarities are made and dropped row by row.

    :param matcher: makes the stages of a method, which start without a memory.
    :param heatmap: gets the similarities, as the engine gives them.
    """
    matchers = {method: matcher(method) for method in methods}
    recorders = {method: Recorder(truth) for method in methods}
    similarity_ms = np.zeros(len(query))
    matching_ms: dict[Method, NDArray[np.float64]] = {
        method: np.zeros(len(query)) for method in methods
    }
    statistics = None
    if any(method.normalised == OVER_QUERY for method in methods):
        statistics = _QueryStatistics(engine, query, progress)
    engine.similarity(query.spikes[0])  # The first use of each library is slow.
    for number, stamp in enumerate(query.stamps.tolist()):
        progress(f'{engine.name}: answers', number, len(query))
        row, similarity_ms[number] = timed(engine.similarity, query.spikes[number])
        if heatmap is not None:
            heatmap.add(row)
        timing = FrameTiming(stamp)
        for method in methods:
            scores = row
            if statistics is not None and method.normalised == OVER_QUERY:
                scores = statistics(row)
            match, took = timed(matchers[method], scores, timing)
            matching_ms[method][number] = took
            if match.place is not None:
                certainty = match.confidence if method.by_confidence else match.scores[match.place]
                recorders[method].add(number, match.place, float(certainty), match.scores)
    progress(f'{engine.name}: answers', len(query), len(query))
    return MethodRun(
        {method: recorder.answers() for method, recorder in recorders.items()},
        similarity_ms,
        matching_ms,
    )


class _QueryStatistics:
    """The mean and deviation of each place's responses over the query (Welford's recurrence)."""

    def __init__(self, engine: Backend, query: Query, progress: ProgressCallback) -> None:
        self._mean = np.zeros(engine.places)
        squares = np.zeros(engine.places)
        for number, spikes in enumerate(query.spikes):
            progress(f'{engine.name}: usual responses', number, len(query))
            row = engine.similarity(spikes).astype(np.float64)
            difference = row - self._mean
            self._mean += difference / (number + 1)
            squares += difference * (row - self._mean)
        deviation = np.sqrt(squares / len(query))
        # A place that always answers the same tells nothing.
        self._scale = np.divide(
            1.0, deviation, out=np.zeros_like(deviation), where=deviation > 1e-9
        )

    def __call__(self, row: Scores) -> Scores:
        return ((row - self._mean) * self._scale).astype(np.float32)


def statistics_for(method: Method, responses: Statistics) -> Statistics:
    """
    Return what the normaliser of a method takes away, given the engine's responses by place.

    Where places are left on their own scales, one scale for all brings them into the range that
    sequence filters expect.
    """
    if method.normalised == AS_CONFIGURED:
        return responses
    same = np.ones_like(responses.mean)
    if method.normalised == OVER_QUERY:
        return Statistics(0 * same, same)
    return Statistics(same * responses.mean.mean(), same * responses.std.mean())


def settings_of(method: Method, config: MatchConfig) -> MatchConfig:
    """
    Return how a method is to match: everything as configured but what it leaves out.

    No answer is held back, since thresholds are looked at afterwards.
    """
    sequence = config.sequence if method.sequence else replace(config.sequence, filter='none')
    # The normaliser of a template is told what to do by what it takes for statistics.
    normalise = config.normalise or not method.by_confidence
    return replace(config, min_confidence=0.0, sequence=sequence, normalise=normalise)
