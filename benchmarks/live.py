"""What the benchmarks of running nodes share: maps, processes, latencies."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.errors import VprError
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import save
from vprtempo_ros.options import from_flat

PLACES = 500
# Timeout for steps that take seconds.
TIMEOUT = 60.0


def seconds(default: float) -> float:
    """Return the duration of a measurement: VPRTEMPO_BENCH_SECONDS, or the default."""
    return float(os.environ.get('VPRTEMPO_BENCH_SECONDS', default))


def noise_map(folder: Path, width: int, height: int, kind: str = 'image') -> Path:
    """Train a map on noise, for a sensor of that size: times do not depend on the images."""
    noise = np.random.default_rng(0)
    (folder / 'noise').mkdir()
    for number in range(PLACES):
        cv2.imwrite(
            str(folder / 'noise' / f'{number:03d}.png'),
            noise.integers(0, 256, (height // 10, width // 10)).astype(np.uint8),
        )
    built = build_map(
        from_flat(TrainerConfig, {'bags': [str(folder / 'noise')], 'input.type': kind})
    )
    return save(
        replace(built, sensor=built.sensor._replace(width=width, height=height)), folder / 'map'
    )


def bench_command(name: str, *arguments: object) -> list[str]:
    """Return the command that runs a module of the benchmarks as a process."""
    return [sys.executable, '-m', f'benchmarks.{name}', *map(str, arguments)]


def latencies_ms(record: Path) -> NDArray[np.float64]:
    """Return the times from stamp to arrival in ms, float64 (messages,), from a CSV file."""
    with record.open(newline='', encoding='utf-8') as stream:
        return np.array(
            [
                (int(row['received_ns']) - int(row['stamp_ns'])) * 1e-6
                for row in csv.DictReader(stream)
            ]
        )


def wait_for(condition: Callable[[], bool], what: str, *processes: subprocess.Popen[str]) -> None:
    """
    Wait until a condition holds.

    :raises VprError: after a timeout, or if one of the processes ends.
    """
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        ended = [process.args for process in processes if process.poll() is not None]
        if ended or time.monotonic() > deadline:
            raise VprError(f'waited for {what}' + (f'; ended: {ended[0]!r}' if ended else ''))
        time.sleep(0.01)
