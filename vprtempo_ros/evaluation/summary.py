"""The summary of an evaluation for the terminal."""

from __future__ import annotations

from .evaluation import Evaluation
from .metadata import ReportMetadata
from .table import HEAD, aligned, number, table


def summary(found: Evaluation, described: ReportMetadata) -> str:
    """Return the table of methods, calibration error, availability and rejection."""
    truth, point = found.truth, found.operating_point
    lines = [
        f'{len(truth)} query frames, {int(truth.with_place.sum())} with a true place; '
        f'correct {described.correct_when}',
        *(f'note: {note}' for note in described.notes),
        '',
        aligned([HEAD, *table(found)]),
        '',
        f'expected calibration error  {number(found.calibration_error)}',
        f'at confidence {point.threshold:g}          {number(point.precision)} of the matches '
        f'correct, {number(point.answered)} of the queries have a match',
        f'longest run without match   {found.availability.without.text()}',
    ]
    relocalisation = found.availability.relocalisation()
    if relocalisation:
        lines.append(f'found again                 {relocalisation}')
    rejection = found.headline.rejection
    if rejection is not None:
        lines.append(
            f'out-of-map queries          {number(rejection.configured)} rejected as configured, '
            f'{number(rejection.kept)} where 95 % of correct matches are kept'
        )
    return '\n'.join(lines)
