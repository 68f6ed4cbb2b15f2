"""The output folder of an evaluation: report.html, which is self-contained, and its parts."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from ..errors import VprError
from ..frames import Image
from ..maps.map import Map
from ..support.paths import check_makeable
from .charts import (
    check_charts,
    confidence_chart,
    precision_recall_chart,
    reliability_chart,
    similarity_chart,
)
from .evaluation import Evaluation
from .metadata import ReportMetadata
from .page import page, template
from .results import FORMAT, predictions_table, results
from .table import number

REPORT = 'report.html'
RESULTS = 'results.json'
PREDICTIONS = 'predictions.csv'
PICTURES = ('similarity.png', 'precision_recall.png', 'confidences.png', 'reliability.png')
# A results.json of an evaluation has some kilobytes; a far larger file is not one.
_RESULTS_MAX = 1 << 24


def check_output(folder: Path) -> None:
    """
    Check before a long evaluation that the report can be written.

    :raises VprError: if a library is missing, or the folder has files of these names that are not
        of an evaluation.
    """
    check_charts()
    template()
    ours = {REPORT, RESULTS, PREDICTIONS, *PICTURES}
    try:
        present = ours & ({file.name for file in folder.iterdir()} if folder.is_dir() else set())
        blocked = os.path.lexists(folder) and not folder.is_dir()
    except OSError as error:
        raise VprError(f'{folder}: cannot be read ({error.strerror})') from None
    if blocked or (present and not _is_evaluation(folder)):
        what = f'{sorted(present)[0]} in it is' if present else 'it is'
        raise VprError(
            f'{folder}: expected a new folder or that of an earlier evaluation, but '
            f'{what} something else; it is not overwritten, choose another --out'
        )
    check_makeable(folder / REPORT)


def write_report(
    folder: Path,
    found: Evaluation,
    described: ReportMetadata,
    loaded: Map,
    images: dict[int, Image],
) -> Path:
    """
    Write all files into the folder; return the path of the report.

    :param images: the query frames of the examples.
    :raises VprError: if it cannot be written.
    """
    check_output(folder)
    headline = found.headline
    pictures = dict(
        zip(
            PICTURES,
            (
                similarity_chart(
                    found.heatmap,
                    headline.predictions,
                    found.truth,
                    f'{headline.name}: recall@1 {number(headline.recall[1])}',
                ),
                precision_recall_chart(
                    {method.name: method.curve for method in found.methods}, headline.name
                ),
                confidence_chart(
                    found.truth, headline.predictions, found.operating_point.threshold
                ),
                reliability_chart(found.bins, found.calibration_error),
            ),
        )
    )
    html = page(found, described, loaded, pictures, images)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / RESULTS, results(found, described, loaded).encode())
        _write(folder / PREDICTIONS, predictions_table(found).encode(errors='replace'))
        for name, data in pictures.items():
            _write(folder / name, data)
        _write(folder / REPORT, html.encode(errors='replace'))
    except OSError as error:
        raise VprError(f'{folder}: cannot be written ({error.strerror})') from None
    return folder / REPORT


def _is_evaluation(folder: Path) -> bool:
    """Return whether the folder has the files of an earlier evaluation."""
    file = folder / RESULTS
    try:
        if file.stat().st_size > _RESULTS_MAX:
            return False
        document = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get('format') == FORMAT


def _write(file: Path, data: bytes) -> None:
    """Replace a file atomically."""
    handle, name = tempfile.mkstemp(prefix=f'.{file.name}.', dir=file.parent)
    try:
        with os.fdopen(handle, 'wb') as stream:
            stream.write(data)
        Path(name).chmod(0o644)
        os.replace(name, file)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
