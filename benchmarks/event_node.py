"""vpr_node on a live topic of events, 1280x720 evt3, at rising rates."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from vprtempo_ros.demo.processes import command, ros_environment, running

from .live import bench_command, latencies_ms, noise_map, seconds
from .report import table

SECONDS = seconds(20.0)
RATES = (1e6, 5e6, 10e6, 20e6, 40e6)


class DiagnosticsListener(threading.Thread):
    """Subscribes to the node's diagnostics; `last` has the latest values by key."""

    def __init__(self) -> None:
        """Start the thread."""
        super().__init__(daemon=True)
        self.last: dict[str, str] = {}
        self.worst_ms = 0.0
        self._running = True
        self.start()

    def run(self) -> None:
        """Process messages until stopped."""
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from rclpy.executors import SingleThreadedExecutor

        context = rclpy.Context()
        rclpy.init(context=context)
        node = rclpy.create_node('event_bench', context=context)

        def listen(array: Any) -> None:
            for status in array.status:
                self.last |= {entry.key: entry.value for entry in status.values}
                latency = self.last.get('latency max (ms)', '-')
                self.worst_ms = max(self.worst_ms, 0.0 if latency == '-' else float(latency))

        node.create_subscription(DiagnosticArray, '/diagnostics', listen, 10)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        while self._running:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()

    def stop(self) -> None:
        """Stop listening."""
        self._running = False
        self.join()


def measure(rate: float, environment: dict[str, str], built: Path, folder: Path) -> list[str]:
    """Return the row of a rate."""
    record = folder / f'{rate:.0f}.csv'
    shown = command('show_matches', '--record', str(record))
    node = command(
        'vpr_node',
        parameters={'map': str(built), 'input.type': 'events', 'diagnostics.period': '0.5'},
    )
    driver = bench_command('event_driver', '--rate', rate, '--seconds', SECONDS)
    with running(driver, environment, subprocess.PIPE) as publishing:
        assert publishing.stdout is not None
        publishing.stdout.readline()
        diagnostics = DiagnosticsListener()
        with (
            running(shown, environment, subprocess.DEVNULL),
            running(node, environment, subprocess.DEVNULL, subprocess.DEVNULL) as process,
        ):
            publishing.stdout.readline()
            before = psutil.Process(process.pid).cpu_times()
            count, taken, late = publishing.stdout.readline().split()
            time.sleep(1.0)
            times = psutil.Process(process.pid).cpu_times()
            values = diagnostics.last
        diagnostics.stop()
    latencies = latencies_ms(record)
    cpu = times.user + times.system - before.user - before.system
    published = int(count) * rate / 250.0 / float(taken)
    return [
        f'{rate * 1e-6:g}',
        f'{published * 1e-6:.1f}',
        count,
        values.get('packets received', '-'),
        values.get('packets dropped', '-'),
        values.get('packets lost', '-'),
        f'{cpu / float(taken):.0%}',
        str(len(latencies)),
        f'{np.median(latencies):.1f}' if len(latencies) else '-',
        f'{np.percentile(latencies, 99):.1f}' if len(latencies) else '-',
        f'{float(late) * 1e3:.0f}',
    ]


def bench() -> None:
    """Print packets, CPU and latency of each rate."""
    environment = ros_environment()
    os.environ.update(environment)
    with tempfile.TemporaryDirectory() as folder:
        built = noise_map(Path(folder), 1280, 720, 'events')
        rows = [measure(rate, environment, built, Path(folder)) for rate in RATES]
    table(
        [
            'million events per second',
            'published',
            'packets',
            'received',
            'dropped',
            'lost before',
            'CPU of a core',
            'matches',
            'latency median ms',
            '99 %',
            'driver late by ms',
        ],
        rows,
    )
