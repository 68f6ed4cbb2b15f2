"""The table of methods, for the terminal and the report."""

from __future__ import annotations

import math

from .evaluation import Evaluation
from .precision import REPORTED as PRECISIONS
from .recall import REPORTED as COUNTS

HEAD = [
    'method',
    *(f'R@{n}' for n in COUNTS),
    'area',
    *(f'R@{precision:.0%}P' for precision in PRECISIONS),
    'ms',
]


def table(found: Evaluation) -> list[list[str]]:
    """Return a line of cells for each method."""
    return [
        [
            row.name,
            *(number(row.recall[n]) for n in COUNTS),
            number(row.curve.area),
            *(number(row.curve.recall_at(precision)) for precision in PRECISIONS),
            number(row.ms, 2),
        ]
        for row in found.rows
    ]


def aligned(rows: list[list[str]]) -> str:
    """Return lines with names on the left and numbers on the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join(
        '  '.join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    )


def number(value: float, digits: int = 3) -> str:
    """Return a number for people; a dash where there is none."""
    return '-' if math.isnan(value) else f'{value:.{digits}f}'
