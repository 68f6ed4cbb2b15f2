"""results.json: all figures for programs; docs/evaluation.md describes the keys."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
from numpy.typing import NDArray

from ..maps.map import Map
from .evaluation import KEPT, Evaluation, MethodResult
from .metadata import ReportMetadata
from .precision import REPORTED
from .truth import NO_PLACE

FORMAT = 'vprtempo_ros evaluation'
VERSION = 2


def results(found: Evaluation, described: ReportMetadata, loaded: Map) -> str:
    """Return the figures as JSON; figures that are not defined are null."""
    truth, query = found.truth, found.query
    negatives = found.negatives
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
            'correct_when': described.correct_when,
            'with_place': int(truth.with_place.sum()),
            'without_place': int((truth.known & ~truth.with_place).sum()),
            'unknown': int((~truth.known).sum()),
        },
        'notes': described.notes,
        'backend': found.backend,
        'settings': described.settings,
        'methods': [_method(method) for method in found.methods],
        'confidence': {
            'expected_calibration_error': found.calibration_error,
            'bins': [entry._asdict() for entry in found.bins],
            'at_min_confidence': found.operating_point._asdict(),
        },
        'availability': {
            'longest_without_match': found.availability.without._asdict(),
            'relocalised': [
                None if span is None else span._asdict() for span in found.availability.relocalised
            ],
        },
        'distinctness': None
        if found.distinctness is None
        else {
            'recognised': found.distinctness.recognised,
            'tried': len(found.distinctness.tried),
            'ambiguous': found.distinctness.ambiguous,
        },
        'negatives': None
        if negatives is None
        else {'path': negatives.path, 'frames': len(negatives), 'kept': KEPT},
        'time_ms': {
            name: dict(zip(('median', 'p99'), percentiles(times)))
            for name, times in found.times.items()
        },
    }
    return json.dumps(_plain(document), indent=2, allow_nan=False) + '\n'


def predictions_table(found: Evaluation) -> str:
    """Return the predictions of the headline method as CSV, a line for each query."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator='\n')
    writer.writerow(['stamp_ns', 'frame', 'place', 'confidence', 'correct', 'rank'])
    predictions, truth = found.headline.predictions, found.truth
    correct = truth.are_correct(predictions.places)
    for number, stamp in enumerate(truth.stamps.tolist()):
        place = int(predictions.places[number])
        known = bool(truth.known[number])
        writer.writerow(
            [
                stamp,
                found.query.names[number],
                '' if place == NO_PLACE else place,
                f'{predictions.certainty[number]:.6f}',
                int(correct[number]) if known else '',
                int(predictions.ranks[number]) or '',
            ]
        )
    return stream.getvalue()


def _method(method: MethodResult) -> dict[str, object]:
    return {
        'name': method.name,
        'causal': method.causal,
        'recall': {str(n): value for n, value in method.recall.items()},
        'area': method.curve.area,
        'recall_at_precision': {
            f'{precision:g}': method.curve.recall_at(precision) for precision in REPORTED
        },
        'answered': float(method.predictions.answered.mean()),
        'ms': method.ms,
        'negatives': method.rejection._asdict() if method.rejection else None,
    }


def percentiles(times: NDArray[np.float64]) -> tuple[float, float]:
    """Return median and 99th percentile; NaN without times."""
    if not len(times):
        return math.nan, math.nan
    return float(np.median(times)), float(np.percentile(times, 99))


def _plain(value: object) -> object:
    """Replace NaN and infinity, which JSON does not have, by null."""
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
