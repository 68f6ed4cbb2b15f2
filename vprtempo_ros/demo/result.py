"""The demo's result: figures and report of the matches that were received over DDS."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..config import NodeConfig, PosesConfig
from ..evaluation.by_file import truth_by_file
from ..evaluation.evaluation import Evaluation, NodeResults, evaluate
from ..evaluation.metadata import report_metadata
from ..evaluation.predictions import from_lists
from ..evaluation.query import QueryConfig, read_images, read_query
from ..evaluation.report import write_report
from ..evaluation.results import percentiles
from ..evaluation.table import HEAD, aligned, number, table
from ..evaluation.truth import GroundTruth
from ..maps.map import Map
from ..tools.bar import ProgressBar

_NAME = 'network, over DDS'
_BUSY = ': this machine was too busy to match them in real time; stop other programs'


@dataclass(frozen=True)
class DemoResult:
    """The figures, the number of query frames without a result, and the file of the report."""

    evaluation: Evaluation
    lost: int
    report: Path


def read_matches(
    file: Path, truth: GroundTruth, shift_ns: int, depth: int
) -> tuple[NodeResults, int]:
    """
    Assign recorded matches to query frames; return them and the number of frames without one.

    :param shift_ns: the offset that was added to the stamps of the query by the replay.
    :param depth: maximum number of places in a match.
    """
    numbers = {int(stamp): number for number, stamp in enumerate(truth.stamps)}
    places: list[list[int]] = [[] for _ in range(len(truth))]
    certainty = [0.0] * len(truth)
    latencies = []
    answered = set()
    with file.open(newline='', encoding='utf-8') as stream:
        for row in csv.DictReader(stream):
            stamp = int(row['stamp_ns'])
            query = numbers.get(stamp - shift_ns)
            if query is None:
                continue
            answered.add(query)
            places[query] = [int(place) for place in row['places'].split()]
            certainty[query] = float((row['confidences'].split() or ['0'])[0])
            latencies.append((int(row['received_ns']) - stamp) * 1e-6)
    received = NodeResults(_NAME, from_lists(truth, places, certainty, depth), np.array(latencies))
    return received, len(truth) - len(answered)


def conclude(
    folder: Path, built: Path, loaded: Map, query: Path, shift_ns: int, correct_when: str
) -> DemoResult:
    """Evaluate matches.csv of the folder against its truth.csv, and write the report."""
    config = NodeConfig()
    source = QueryConfig(loaded.config.input, PosesConfig(topic='none'))
    with ProgressBar() as bar:
        frames = read_query(str(query), loaded, source, bar)
        truth = truth_by_file(folder / 'truth.csv', frames, len(loaded.places))
        received, lost = read_matches(folder / 'matches.csv', truth, shift_ns, config.match.top_k)
        found = evaluate(loaded, frames, truth, config, received=received, progress=bar)
        images = read_images(str(query), source, {entry.query for entry in found.examples})
    described = report_metadata(
        str(built), loaded, frames, truth, correct_when, config, found.distinctness
    )
    return DemoResult(
        found, lost, write_report(report_folder(folder), found, described, loaded, images)
    )


def report_folder(folder: Path) -> Path:
    """Return the folder of the report in the demo's folder."""
    return folder / 'evaluation'


def summary(result: DemoResult, places: int, correct_when: str) -> str:
    """Return the summary for the terminal."""
    found, headline = result.evaluation, result.evaluation.headline
    median, late = percentiles(found.times[_NAME])
    rows = [
        ('places in the map', f'{places}'),
        ('query frames', f'{len(found.truth)}'),
        (f'recall@1 ({correct_when})', number(headline.recall[1])),
        (f'recall@5 ({correct_when})', number(headline.recall[5])),
        ('recall at 99 % precision', number(headline.curve.recall_at(0.99))),
        ('expected calibration error', number(found.calibration_error)),
        ('latency median, stamp to match', f'{median:.2f} ms'),
        ('latency 99th percentile', f'{late:.2f} ms'),
        ('frames lost', f'{result.lost}{_BUSY if result.lost else ""}'),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f'{name:<{width}}  {value}' for name, value in rows]
    return '\n'.join(
        f'  {line}' for line in [*lines, '', *aligned([HEAD, *table(found)]).split('\n')]
    )
