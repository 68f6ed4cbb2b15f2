"""An evaluation in a few lines for the terminal."""

from __future__ import annotations

from .evaluation import Evaluation
from .metadata import ReportMetadata
from .table import HEAD, aligned, number, table


def summary(found: Evaluation, described: ReportMetadata) -> str:
    """Return the table of methods and what else is worth a line."""
    truth, point = found.truth, found.configured
    lines = [
        f'{len(truth)} query frames, {int(truth.with_place.sum())} with a true place; '
        f'right {described.right_when}',
        *(f'note: {note}' for note in described.notes),
        '',
        aligned([HEAD, *table(found)]),
        '',
        f'expected calibration error  {number(found.error)}',
        f'at confidence {point.threshold:g}          {number(point.precision)} of the answers '
        f'right, {number(point.answered)} of the queries answered',
    ]
    off = found.headline.elsewhere
    if found.elsewhere is not None and off is not None:
        lines.append(
            f'elsewhere                   {number(off.configured)} rejected as '
            f'configured, {number(off.kept)} where 95 % of the right matches are kept'
        )
    return '\n'.join(lines)
