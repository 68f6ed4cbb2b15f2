"""From the start of the process to the first match, a map of 500 places, camera at 30 Hz."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from vprtempo_ros.demo.processes import command, ros_environment, running

from .companion import Companion
from .live import noise_map, wait_for
from .report import table

TIMES = 7
PERIOD = 1 / 30.0
# Lines of the log that end a phase of the start.
LANDMARKS = (
    ('map loaded, backend started', r'\[([\d.]+)\].*map .* places in '),
    ('listening', r'\[([\d.]+)\].*listening on '),
)


def importing(environment: dict[str, str]) -> float:
    """Return the seconds of a process that only imports the node."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, '-c', 'import vprtempo_ros.nodes.vpr.vpr_node'],
        env=environment,
        check=True,
    )
    return time.monotonic() - began


def start(environment: dict[str, str], built: Path, log: Path) -> list[float]:
    """Return the seconds from the start to each landmark and the first match."""
    with Companion() as camera, log.open('w', encoding='utf-8') as stream:
        began, wall = time.monotonic(), time.time()
        node = command('vpr_node', parameters={'map': str(built)})
        with running(node, environment, stream, subprocess.STDOUT) as process:

            def matched() -> bool:
                camera.show()
                due = time.monotonic() + PERIOD
                while (left := due - time.monotonic()) > 0 and not camera.matches:
                    camera.spin(left)
                return camera.matches > 0

            wait_for(matched, 'a match', process)
            first = time.monotonic() - began
    lines = log.read_text(encoding='utf-8')
    stamps = [re.search(pattern, lines) for _, pattern in LANDMARKS]
    return [*(float(found[1]) - wall if found else np.nan for found in stamps), first]


def bench() -> None:
    """Print median and maximum of several starts after one that warms the caches."""
    environment = ros_environment()
    # The camera is in this process: it has to be in the nodes' domain.
    os.environ.update(environment)
    with tempfile.TemporaryDirectory() as folder:
        built = noise_map(Path(folder), 640, 480)
        importing(environment)
        imports = np.array([importing(environment) for _ in range(TIMES)])
        start(environment, built, Path(folder) / 'log')
        starts = np.array([start(environment, built, Path(folder) / 'log') for _ in range(TIMES)])
    names = ['imports only, in a separate process', *(name for name, _ in LANDMARKS), 'first match']
    rows = [
        [name, f'{np.median(values):.2f}', f'{values.max():.2f}']
        for name, values in zip(names, np.column_stack([imports, starts]).T)
    ]
    table([f'seconds after the start, {TIMES} starts', 'median', 'worst'], rows)
