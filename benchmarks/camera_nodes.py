"""The CPU time of one vpr_node for two cameras against that of two nodes."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Sequence

import psutil

from vprtempo_ros.demo.processes import command, ros_environment, running

from .live import bench_command, noise_map, seconds
from .report import table

SECONDS, RATE, TURNS = seconds(15.0), 30.0, 3
# Of the start of the nodes, which is not measured.
_START = 15.0


def cpu_ms(nodes: Sequence[list[str]], environment: dict[str, str]) -> float:
    """Return the CPU time of nodes in ms for each pair of images of two cameras."""
    topics = ('/front/image', '/rear/image')
    with ExitStack() as stack:
        processes = [
            psutil.Process(
                stack.enter_context(
                    running(words, environment, subprocess.DEVNULL, subprocess.DEVNULL)
                ).pid
            )
            for words in nodes
        ]
        cameras = [
            stack.enter_context(
                running(
                    bench_command(
                        *('camera', '--rate', RATE, '--seconds', _START + SECONDS),
                        *('--topic', topic),
                    ),
                    environment,
                    subprocess.PIPE,
                )
            )
            for topic in topics
        ]
        # Past the start of the nodes, which the cameras wait for.
        time.sleep(_START)
        before, begin = [each.cpu_times() for each in processes], time.monotonic()
        time.sleep(SECONDS)
        after, taken = [each.cpu_times() for each in processes], time.monotonic() - begin
        for camera in cameras:
            camera.send_signal(2)
    used = sum(
        late.user + late.system - early.user - early.system for early, late in zip(before, after)
    )
    return used / (taken * RATE) * 1e3


def bench() -> None:
    """Print both, in turns."""
    environment = ros_environment()
    with tempfile.TemporaryDirectory() as folder:
        built = str(noise_map(Path(folder), 640, 480))
        apart = [
            [
                *command('vpr_node', parameters={'map': built}),
                *('-r', f'__node:={name}', '-r', f'image:=/{name}/image'),
            ]
            for name in ('front', 'rear')
        ]
        parameters = {'map': built, 'cameras.names': '[front, rear]'}
        together = [command('vpr_node', parameters=parameters)]
        # In turns: the speed of a machine wanders.
        rows = [(cpu_ms(apart, environment), cpu_ms(together, environment)) for _ in range(TURNS)]
    table(
        [
            f'CPU ms for a frame of each of two VGA cameras, {RATE:g} Hz',
            'two nodes',
            'one',
            'ratio',
        ],
        [
            [f'turn {turn}', f'{two:.2f}', f'{one:.2f}', f'{one / two:.2f}']
            for turn, (two, one) in enumerate(rows, 1)
        ],
    )
