"""vpr_node on VGA images at 30 Hz for 60 s, compared with a minimal rclpy subscriber."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray

from vprtempo_ros.demo.processes import command, ros_environment, running

from .live import bench_command, latencies_ms, noise_map, seconds
from .report import table

SECONDS = seconds(60.0)
RATE = 30.0


class NodeRun(NamedTuple):
    """Images published and received, the rate reached by the camera in Hz, CPU, latencies."""

    published: int
    received: int
    rate: float
    cpu_ms: float
    latencies_ms: NDArray[np.float64]


def publish(
    reliability: str,
    environment: dict[str, str],
    process: psutil.Process,
    rate: float,
    duration: float,
) -> NodeRun:
    """Run the camera to its end; return the images published and the CPU time of `process`."""
    camera = bench_command(
        'camera', '--reliability', reliability, '--rate', rate, '--seconds', duration
    )
    with running(camera, environment, subprocess.PIPE) as publishing:
        assert publishing.stdout is not None
        # Only then: the start of vpr_node takes as long as some hundred frames.
        publishing.stdout.readline()
        before = process.cpu_times()
        count, taken = publishing.stdout.readline().split()
        after = process.cpu_times()
        publishing.wait(10)
    cpu = after.user + after.system - before.user - before.system
    return NodeRun(
        int(count), 0, (int(count) - 1) / float(taken), cpu / int(count) * 1e3, np.zeros(0)
    )


def bare(
    reliability: str, environment: dict[str, str], rate: float = RATE, duration: float = SECONDS
) -> NodeRun:
    """Measure the bare subscriber."""
    words = bench_command('bare_subscriber', reliability)
    with running(words, environment, subprocess.PIPE) as process:
        run = publish(reliability, environment, psutil.Process(process.pid), rate, duration)
        process.send_signal(2)
        assert process.stdout is not None
        received = int(process.stdout.readline())
        process.wait(10)
        return run._replace(received=received)


def vpr_node(
    reliability: str,
    environment: dict[str, str],
    built: Path,
    folder: Path,
    rate: float = RATE,
    duration: float = SECONDS,
) -> NodeRun:
    """Measure vpr_node; matches are recorded by another process."""
    record = folder / 'arrivals.csv'
    node = command('vpr_node', parameters={'map': str(built), 'input.reliability': reliability})
    with running(
        bench_command('arrivals', 'match', record), environment, subprocess.PIPE
    ) as arrivals:
        assert arrivals.stdout is not None
        arrivals.stdout.readline()
        with running(node, environment, subprocess.DEVNULL, subprocess.DEVNULL) as process:
            run = publish(reliability, environment, psutil.Process(process.pid), rate, duration)
    latencies = latencies_ms(record)
    return run._replace(received=len(latencies), latencies_ms=latencies)


def bench() -> None:
    """Print frames lost, CPU per frame and latency for both kinds of QoS."""
    environment = ros_environment()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        built = noise_map(Path(folder), 640, 480)
        for reliability in ('reliable', 'best_effort'):
            least = bare(reliability, environment)
            ours = vpr_node(reliability, environment, built, Path(folder))
            rows.append(
                [
                    f'bare subscriber, {reliability}',
                    least.published,
                    least.published - least.received,
                    f'{least.cpu_ms:.2f}',
                    '',
                    '',
                    '',
                ]
            )
            rows.append(
                [
                    f'vpr_node, {reliability}',
                    ours.published,
                    ours.published - ours.received,
                    f'{ours.cpu_ms:.2f}',
                    f'{ours.cpu_ms - least.cpu_ms:+.2f}',
                    f'{np.median(ours.latencies_ms):.2f}',
                    f'{np.percentile(ours.latencies_ms, 99):.2f}',
                ]
            )
    table(
        [
            f'VGA, {RATE:g} Hz, {SECONDS:g} s',
            'published',
            'lost',
            'CPU ms a frame',
            'more than bare',
            'latency median ms',
            '99 %',
        ],
        rows,
    )
