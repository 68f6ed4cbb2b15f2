"""The table of methods, for terminal and report."""

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
    """Return a row of cells for each method."""
    return [
        [
            method.name,
            *(number(method.recall[n]) for n in COUNTS),
            number(method.curve.area),
            *(number(method.curve.recall_at(precision)) for precision in PRECISIONS),
            number(method.ms, 2),
        ]
        for method in found.methods
    ]


def aligned(rows: list[list[str]]) -> str:
    """Return the rows as text, names left-aligned and numbers right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return '\n'.join(
        '  '.join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    )


def number(value: float, digits: int = 3) -> str:
    """Return a number as text; a dash for NaN."""
    return '-' if math.isnan(value) else f'{value:.{digits}f}'
