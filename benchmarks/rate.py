"""The highest rate of VGA images without loss, of vpr_node and of a minimal subscriber."""

from __future__ import annotations

import tempfile
from pathlib import Path

from vprtempo_ros.demo.processes import ros_environment

from .live import noise_map, seconds
from .node import NodeRun, bare, vpr_node
from .report import table

RATES = (60.0, 90.0, 120.0, 150.0, 180.0, 240.0)
SECONDS = seconds(60.0)


def row(name: str, rate: float, run: NodeRun) -> list[str]:
    """Return the row of a rate."""
    return [
        name,
        f'{rate:g}',
        f'{run.rate:.1f}',
        str(run.published),
        str(run.published - run.received),
        f'{run.cpu_ms:.2f}',
    ]


def bench() -> None:
    """Print each rate up to the second one with losses."""
    environment = ros_environment()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        built = noise_map(Path(folder), 640, 480)
        for reliability in ('reliable', 'best_effort'):
            for name in ('bare subscriber', 'vpr_node'):
                failed = 0
                for rate in RATES:
                    run = (
                        bare(reliability, environment, rate, SECONDS)
                        if name == 'bare subscriber'
                        else vpr_node(reliability, environment, built, Path(folder), rate, SECONDS)
                    )
                    rows.append(row(f'{name}, {reliability}', rate, run))
                    failed += run.received < run.published
                    if failed == 2:
                        break
    table(
        [
            f'VGA, {SECONDS:g} s',
            'Hz requested',
            'Hz published',
            'published',
            'lost',
            'CPU ms a frame',
        ],
        rows,
    )
