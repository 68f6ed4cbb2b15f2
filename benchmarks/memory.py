"""Memory of vpr_node after 1,000 and 100,000 VGA frames, with one and with all subscribers."""

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
from .live import TIMEOUT, noise_map, wait_for
from .report import table

FRAMES = int(os.environ.get('VPRTEMPO_BENCH_FRAMES', '100000'))
# Frames after which all one-time allocations have been made.
WARM_UP = 1000
# Images in flight: as fast as the node matches, without dropped frames.
IN_FLIGHT = 1


def outputs() -> list[tuple[str, type]]:
    """Return the topics that vpr_node publishes besides its matches, with their types."""
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
                if camera.matches >= WARM_UP and not then:
                    then = memory.memory_info().rss
                if shown - camera.matches < IN_FLIGHT:
                    camera.show()
                    shown += 1
                before, deadline = camera.matches, time.monotonic() + TIMEOUT
                while camera.matches == before and shown - before >= IN_FLIGHT:
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
            'subscribed to',
            'frames per second',
            f'MiB after {WARM_UP}',
            f'MiB after {FRAMES}',
            'difference',
        ],
        rows,
    )
