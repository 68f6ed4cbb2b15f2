"""Data sets, timing and tables of the benchmarks."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from vprtempo_ros.errors import VprError


def data_set(name: str) -> Path:
    """
    Return the folder of a data set.

    :raises VprError: if it does not exist.
    """
    default = Path(__file__).resolve().parent.parent.parent / 'shared' / 'data'
    path = Path(os.environ.get('VPRTEMPO_DATA', default)) / name
    if not path.exists():
        raise VprError(f'{path}: data set not found; set VPRTEMPO_DATA to the folder with {name}')
    return path


def machine() -> str:
    """Return a line that describes the machine."""
    model = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if info.is_file():
        names = [
            line.split(':', 1)[1].strip()
            for line in info.read_text().splitlines()
            if line.startswith('model name')
        ]
        model = names[0] if names else model
    load = os.getloadavg()[0]
    return (
        f'{model}, {os.cpu_count()} cores, load {load:.1f}, '
        f'Python {platform.python_version()}, NumPy {np.__version__}, OpenCV {cv2.__version__}'
    )


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        return '| ' + ' | '.join(cell.ljust(width) for cell, width in zip(row, widths)) + ' |'

    print(
        '\n'.join(
            [
                line(cells[0]),
                '|' + '|'.join('-' * (width + 2) for width in widths) + '|',
                *map(line, cells[1:]),
            ]
        ),
        flush=True,
    )


def seconds_per_call(work: Callable[[], object], at_least: float = 1.0) -> float:
    """Return the median time of a call, measured for at least this many seconds."""
    work()
    times: list[float] = []
    end = time.perf_counter() + at_least
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
