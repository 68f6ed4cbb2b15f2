"""Latency from stamp to match, VGA at 30 Hz, compared with a minimal rclpy echo in one run."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from vprtempo_ros.demo.processes import command, ros_environment, running

from .live import bench_command, latencies_ms, noise_map, seconds, wait_for
from .report import table

RATE = 30.0
SECONDS = seconds(60.0)
# Matches and echoes that are left out, while the processes warm up.
WARM_UP = 30


def measure(
    reliability: str, environment: dict[str, str], built: Path, folder: Path
) -> list[list[str]]:
    """Return the rows of a run in which node and echo subscribe to the same camera."""
    records = {kind: folder / f'{reliability}-{kind}.csv' for kind in ('echo', 'match')}
    with ExitStack() as stack:

        def start(words: list[str], output: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
            return stack.enter_context(running(words, environment, output, subprocess.DEVNULL))

        for kind, record in records.items():
            arrivals = start(bench_command('arrivals', kind, record), subprocess.PIPE)
            assert arrivals.stdout is not None
            arrivals.stdout.readline()
        start(bench_command('echo', reliability))
        start(command('vpr_node', parameters={'map': str(built), 'input.reliability': reliability}))
        camera = start(
            bench_command(
                'camera',
                '--reliability',
                reliability,
                '--rate',
                RATE,
                '--seconds',
                SECONDS,
                '--subscribers',
                2,
            ),
            subprocess.PIPE,
        )
        assert camera.stdout is not None
        camera.stdout.readline()
        published = int(camera.stdout.readline().split()[0])
        time.sleep(1.0)
    wait_for(lambda: all(record.exists() for record in records.values()), 'the records')
    times = {kind: latencies_ms(record)[WARM_UP:] for kind, record in records.items()}
    rows = [
        [
            f'{name}, {reliability}',
            str(published),
            str(published - len(times[kind]) - WARM_UP),
            *(f'{np.percentile(times[kind], part):.2f}' for part in (50, 99)),
        ]
        for kind, name in (('echo', 'bare echo'), ('match', 'vpr_node'))
    ]
    rows.append(
        [
            'difference',
            '',
            '',
            *(
                f'{np.percentile(times["match"], part) - np.percentile(times["echo"], part):+.2f}'
                for part in (50, 99)
            ),
        ]
    )
    return rows


def bench() -> None:
    """Print median and 99th percentile of both, and the difference."""
    environment = ros_environment()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        built = noise_map(Path(folder), 640, 480)
        for reliability in ('reliable', 'best_effort'):
            rows += measure(reliability, environment, built, Path(folder))
    table([f'VGA, {RATE:g} Hz, {SECONDS:g} s', 'published', 'lost', 'median ms', '99 % ms'], rows)
