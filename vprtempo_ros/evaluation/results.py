"""results.json: all figures for programs; its keys are described in docs/evaluation.md."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..maps.map import Map
from .answers import NONE
from .evaluation import KEPT, Evaluation, Row
from .metadata import ReportMetadata
from .precision import REPORTED

FORMAT = 'vprtempo_ros evaluation'
VERSION = 1


def results(found: Evaluation, described: ReportMetadata, loaded: Map) -> str:
    """Return the figures as JSON; what there is no figure for is null."""
    truth, query = found.truth, found.query
    elsewhere = found.elsewhere
    document = {
        'format': FORMAT,
        'version': VERSION,
        'software': described.software,
        'created': described.created,
        'map': {
            'path': described.map,
            'places': len(loaded.places),
            'created': loaded.provenance.get('created'),
        },
        'query': {'path': described.query, 'frames': len(query), 'left_out': query.skipped},
        'truth': {
            'right_when': described.right_when,
            'with_place': int(truth.with_place.sum()),
            'without_place': int((truth.judged & ~truth.with_place).sum()),
            'not_judged': int((~truth.judged).sum()),
        },
        'notes': described.notes,
        'backend': found.backend,
        'settings': described.settings,
        'methods': [_method(row) for row in found.rows],
        'confidence': {
            'expected_calibration_error': found.error,
            'bins': [entry._asdict() for entry in found.bins],
            'at_min_confidence': found.configured._asdict(),
        },
        'elsewhere': None
        if elsewhere is None
        else {'path': elsewhere.path, 'frames': len(elsewhere), 'kept': KEPT},
        'time_ms': {
            name: dict(zip(('median', 'p99'), percentiles(times)))
            for name, times in found.times.items()
        },
    }
    return json.dumps(_plain(document), indent=2, allow_nan=False) + '\n'


def answers_table(found: Evaluation) -> str:
    """Return the answers of the method that the report is about as csv, a line for each query."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(['stamp_ns', 'frame', 'place', 'confidence', 'right', 'rank'])
    answers, truth = found.headline.answers, found.truth
    right = truth.are_right(answers.places)
    for number, stamp in enumerate(truth.stamps.tolist()):
        place = int(answers.places[number])
        judged = bool(truth.judged[number])
        writer.writerow(
            [
                stamp,
                found.query.names[number],
                '' if place == NONE else place,
                f'{answers.certainty[number]:.6f}',
                int(right[number]) if judged else '',
                int(answers.ranks[number]) or '',
            ]
        )
    return stream.getvalue()


def _method(row: Row) -> dict[str, Any]:
    return {
        'name': row.name,
        'causal': row.causal,
        'recall': {str(n): value for n, value in row.recall.items()},
        'area': row.curve.area,
        'recall_at_precision': {
            f'{precision:g}': row.curve.recall_at(precision) for precision in REPORTED
        },
        'answered': float(row.answers.answered.mean()),
        'ms': row.ms,
        'elsewhere': row.elsewhere._asdict() if row.elsewhere else None,
    }


def percentiles(times: NDArray[np.float64]) -> tuple[float, float]:
    """Return median and 99th percentile; NaN where nothing was timed."""
    if not len(times):
        return math.nan, math.nan
    return float(np.median(times)), float(np.percentile(times, 99))


def _plain(value: Any) -> Any:
    """Replace what JSON has no word for."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
