"""Camera and node on two hosts: run in a network namespace joined to another one by a veth pair."""

from __future__ import annotations

import subprocess
import sys
import time

from diagnostic_msgs.msg import DiagnosticArray

_PATIENCE = 150.0


def camera() -> None:
    """Publish VGA images at 10 Hz, reliable as most drivers, until killed."""
    import numpy as np
    import rclpy
    from sensor_msgs.msg import Image

    from support.ros import image_message

    rclpy.init()
    node = rclpy.create_node('camera')
    # Five seconds of images, for a node that a busy machine makes wait.
    publisher = node.create_publisher(Image, '/image', 50)
    pixels = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    while rclpy.ok():
        publisher.publish(image_message(pixels, 'rgb8', time.time_ns()))
        time.sleep(0.1)


def main(map_path: str, reliability: str) -> int:
    """Join the namespaces, run node and camera, and print the last status of the input."""
    import rclpy

    other = subprocess.Popen(['unshare', '-n', 'sleep', '300'])
    inside = ['nsenter', '-t', str(other.pid), '-n']
    processes = [other]
    try:
        time.sleep(0.5)
        for words in (
            [
                'ip',
                'link',
                'add',
                'va',
                'type',
                'veth',
                'peer',
                'name',
                'vb',
                'netns',
                str(other.pid),
            ],
            ['ip', 'address', 'add', '10.9.8.1/24', 'dev', 'va'],
            ['ip', 'link', 'set', 'va', 'up'],
            ['ip', 'link', 'set', 'lo', 'up'],
            ['ip', 'route', 'add', 'default', 'dev', 'va'],
            [*inside, 'ip', 'address', 'add', '10.9.8.2/24', 'dev', 'vb'],
            [*inside, 'ip', 'link', 'set', 'vb', 'up'],
            [*inside, 'ip', 'link', 'set', 'lo', 'up'],
            [*inside, 'ip', 'route', 'add', 'default', 'dev', 'vb'],
        ):
            subprocess.run(words, check=True)
        settings = ['-p', f'map:={map_path}', '-p', f'input.reliability:={reliability}']
        processes.append(
            subprocess.Popen(
                [
                    sys.executable,
                    '-c',
                    'from vprtempo_ros.nodes.vpr.vpr_node import main; main()',
                    '--ros-args',
                    *settings,
                ]
            )
        )
        rclpy.init()
        listener = rclpy.create_node('listener')
        found: list[tuple[int, str]] = []

        def on_array(array: DiagnosticArray) -> None:
            for status in array.status:
                if status.name == '/vpr_node: input':
                    values = {entry.key: entry.value for entry in status.values}
                    received = int(values.get('frames received', '0'))
                    lost = values.get('frames lost by the middleware', '0')
                    print(f'{received} received, {lost} lost: {status.message}', flush=True)
                    found.append((received, lost))

        listener.create_subscription(DiagnosticArray, '/diagnostics', on_array, 10)
        code = 'from support.two_hosts import camera; camera()'
        processes.append(subprocess.Popen([*inside, sys.executable, '-c', code]))
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and not (found and sum(map(int, found[-1])) >= 100):
            rclpy.spin_once(listener, timeout_sec=0.2)
        return 0 if found and sum(map(int, found[-1])) >= 100 else 1
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
