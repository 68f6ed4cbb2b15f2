"""An event camera driver for benchmarks: publishes 1280x720 evt3 packets at a constant rate."""

from __future__ import annotations

import argparse
import struct
import sys
import time

import numpy as np
import rclpy
from event_camera_msgs.msg import EventPacket
from rclpy.qos import QoSProfile, ReliabilityPolicy

from vprtempo_ros.events.evt3_encoder import encode_evt3
from vprtempo_ros.events.packet import Packet
from vprtempo_ros.sources.cdr import PACKET, restamp, write_message
from vprtempo_ros.sources.event_msg import packet_message

WIDTH, HEIGHT = 1280, 720
# Seconds of events that are generated and published repeatedly.
_LOOP = 2.0
# Placeholder in the messages for the sequence number, set when they are published.
_NUMBER = 0x1122334455667788


def messages(rate: float, packets: float) -> list[bytes]:
    """Return serialised packets of edges and noise, at these rates per second."""
    rng = np.random.default_rng(0)
    size = int(rate / packets)
    made = []
    for number in range(int(_LOOP * packets)):
        lengths = np.minimum(rng.geometric(0.25, size), 20)
        lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), size)) + 1]
        run = np.repeat(np.arange(len(lengths)), lengths)[:size]
        within = np.arange(len(run)) - (np.cumsum(lengths) - lengths)[run]
        begin, end = (int((number + k) / packets * 1e6) for k in (0, 1))
        starts = rng.integers(0, WIDTH - 20, len(lengths))
        times = np.sort(rng.integers(begin, end, len(lengths)))
        times[0] = begin
        data = encode_evt3(
            (starts[run] + within).astype(np.uint16),
            rng.integers(0, HEIGHT, len(lengths))[run].astype(np.uint16),
            rng.integers(0, 2, len(lengths))[run].astype(np.uint8),
            times[run].astype(np.int64),
        )
        made.append(
            write_message(
                packet_message(Packet('evt3', WIDTH, HEIGHT, 0, 'events', data, seq=_NUMBER)),
                PACKET,
            )
        )
    return made


def main() -> int:
    """Wait for a subscriber, publish, and print packets, duration and largest delay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rate', type=float, default=10e6, help='events per second')
    parser.add_argument('--packets', type=float, default=250.0, help='packets per second')
    parser.add_argument('--seconds', type=float, default=20.0)
    given = parser.parse_args()
    made = messages(given.rate, given.packets)
    rclpy.init()
    node = rclpy.create_node('event_driver')
    qos = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)
    publisher = node.create_publisher(EventPacket, 'events', qos)
    print('ready', flush=True)
    while publisher.get_subscription_count() == 0:
        time.sleep(0.05)
    time.sleep(1.0)
    print('begins', flush=True)
    place = made[0].index(struct.pack('<Q', _NUMBER))
    count = round(given.packets * given.seconds)
    begin = time.time_ns()
    late = 0.0
    for number in range(count):
        due = begin + round(number / given.packets * 1e9)
        left = (due - time.time_ns()) * 1e-9
        if left > 0:
            time.sleep(left)
        late = max(late, -left)
        data = restamp(made[number % len(made)], due)
        publisher.publish(data[:place] + struct.pack('<Q', number) + data[place + 8 :])
    taken = (time.time_ns() - begin) * 1e-9
    time.sleep(1.0)
    print(f'{count} {taken:.3f} {late:.3f}', flush=True)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
