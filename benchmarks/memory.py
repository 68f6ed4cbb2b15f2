"""Memory of vpr_node after 1,000 and 100,000 VGA frames, with and without listeners to all."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from importlib import import_module
from pathlib import Path

import psutil

from vprtempo_ros import interface
from vprtempo_ros.demo.processes import command, ros_environment, running
from vprtempo_ros.errors import VprError

from .companion import Companion
from .live import PATIENCE, noise_map, wait_for
from .report import table

FRAMES = int(os.environ.get('VPRTEMPO_BENCH_FRAMES', '100000'))
# After so many frames everything that is made once has been made.
SETTLED = 1000
# Images under way at a time: as fast as answers come, without any being overtaken.
UNDER_WAY = 1


def outputs() -> list[tuple[str, type]]:
    """Return every topic that vpr_node publishes, beside its matches, with its type."""
    found = []
    for entry in interface.NODES['vpr_node']:
        if entry.direction == interface.OUT and entry is not interface.MATCH:
            package, _, kind = entry.types[0].partition('/msg/')
            found.append(
                (
                    entry.name.replace('~', '/vpr_node'),
                    getattr(import_module(f'{package}.msg'), kind),
                )
            )
    return found


def measure(environment: dict[str, str], built: Path, everything: bool) -> list[str]:
    """Return the row of a run."""
    node = command(
        'vpr_node',
        parameters={
            'map': str(built),
            'input.reliability': 'reliable',
            'match.min_confidence': '0.0',
        },
    )
    with Companion() as camera:
        if everything:
            camera.listen(outputs())
        with running(node, environment, subprocess.DEVNULL, subprocess.DEVNULL) as process:
            wait_for(lambda: camera.heard, 'the node', process)
            memory, began, then = psutil.Process(process.pid), time.monotonic(), 0
            shown = 0
            while camera.matches < FRAMES:
                if camera.matches >= SETTLED and not then:
                    then = memory.memory_info().rss
                if shown - camera.matches < UNDER_WAY:
                    camera.show()
                    shown += 1
                before, deadline = camera.matches, time.monotonic() + PATIENCE
                while camera.matches == before and shown - before >= UNDER_WAY:
                    camera.spin(1.0)
                    if time.monotonic() > deadline:
                        raise VprError(f'no match after {before} frames')
            now = memory.memory_info().rss
            rate = FRAMES / (time.monotonic() - began)
    heard = ', '.join(topic.split('/')[-1] for topic, count in camera.others.items() if count)
    return [
        f'~/match{" and " if heard else ""}{heard}',
        f'{rate:.0f}',
        f'{then / 2**20:.1f}',
        f'{now / 2**20:.1f}',
        f'{(now - then) / 2**20:+.1f}',
    ]


def bench() -> None:
    """Print the resident memory of the process."""
    environment = ros_environment()
    os.environ.update(environment)
    with tempfile.TemporaryDirectory() as folder:
        built = noise_map(Path(folder), 640, 480)
        rows = [measure(environment, built, everything) for everything in (False, True)]
    table(
        [
            'listened to',
            'frames a second',
            f'MiB after {SETTLED}',
            f'MiB after {FRAMES}',
            'difference',
        ],
        rows,
    )
