"""vpr_node on VGA images at 30 Hz for 60 s, against a bare rclpy subscriber."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import psutil

from vprtempo_ros.config import TrainerConfig, from_flat
from vprtempo_ros.demo.processes import command, ros_environment, running
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import save

from .report import table

PLACES = 500
SECONDS = float(os.environ.get('VPRTEMPO_BENCH_SECONDS', '60'))
RATE = 30.0


class Run(NamedTuple):
    """What one process made of the stream."""

    published: int
    received: int
    cpu_ms: float
    latencies_ms: list[float]


def make_map(folder: Path) -> Path:
    """Train 500 places on noise for VGA: what the node does does not depend on what it sees."""
    noise = np.random.default_rng(0)
    (folder / 'noise').mkdir()
    for number in range(PLACES):
        cv2.imwrite(str(folder / 'noise' / f'{number:03d}.png'),
                    noise.integers(0, 256, (48, 64)).astype(np.uint8))
    built = build_map(from_flat(TrainerConfig, {'bags': [str(folder / 'noise')]}))
    return save(replace(built, sensor={**built.sensor, 'width': 640, 'height': 480}),
                folder / 'map')


def publish(reliability: str, environment: dict[str, str], process: psutil.Process) -> Run:
    """Run the camera to its end; return what was published and the CPU that `process` took."""
    camera = [sys.executable, '-m', 'benchmarks.camera', '--reliability', reliability,
              '--rate', str(RATE), '--seconds', str(SECONDS)]
    with running(camera, environment, subprocess.PIPE) as publishing:
        time.sleep(1.5)
        before = process.cpu_times()
        assert publishing.stdout is not None
        published = int(publishing.stdout.readline())
        after = process.cpu_times()
        publishing.wait(10)
    cpu = after.user + after.system - before.user - before.system
    return Run(published, 0, cpu / published * 1e3, [])


def bare(reliability: str, environment: dict[str, str]) -> Run:
    """Measure the bare subscriber."""
    words = [sys.executable, '-m', 'benchmarks.bare_subscriber', reliability]
    with running(words, environment, subprocess.PIPE) as process:
        time.sleep(2.0)
        run = publish(reliability, environment, psutil.Process(process.pid))
        process.send_signal(2)
        assert process.stdout is not None
        received = int(process.stdout.readline())
        process.wait(10)
        return run._replace(received=received)


def vpr_node(reliability: str, environment: dict[str, str], built: Path, folder: Path) -> Run:
    """Measure vpr_node; matches are counted by a process of their own."""
    record = folder / f'{reliability}.csv'
    shown = command('show_matches', '--record', str(record))
    node = command('vpr_node', parameters={
        'map': str(built), 'input.reliability': reliability})
    with running(shown, environment, subprocess.DEVNULL), \
            running(node, environment, subprocess.DEVNULL, subprocess.DEVNULL) as process:
        time.sleep(6.0)
        run = publish(reliability, environment, psutil.Process(process.pid))
    with record.open(newline='', encoding='utf-8') as stream:
        latencies = [(int(row['received_ns']) - int(row['stamp_ns'])) * 1e-6
                     for row in csv.DictReader(stream)]
    return run._replace(received=len(latencies), latencies_ms=latencies)


def bench() -> None:
    """Print frames lost, CPU a frame and latency for both kinds of QoS."""
    environment = ros_environment()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        built = make_map(Path(folder))
        for reliability in ('reliable', 'best_effort'):
            least = bare(reliability, environment)
            ours = vpr_node(reliability, environment, built, Path(folder))
            rows.append([f'bare subscriber, {reliability}', least.published,
                         least.published - least.received, f'{least.cpu_ms:.2f}', '', '', ''])
            rows.append([f'vpr_node, {reliability}', ours.published,
                         ours.published - ours.received, f'{ours.cpu_ms:.2f}',
                         f'{ours.cpu_ms - least.cpu_ms:+.2f}',
                         f'{np.median(ours.latencies_ms):.2f}',
                         f'{np.percentile(ours.latencies_ms, 99):.2f}'])
    table([f'VGA, {RATE:g} Hz, {SECONDS:g} s', 'published', 'lost', 'CPU ms a frame',
           'beside bare', 'latency median ms', '99 %'], rows)
