"""A camera for benchmarks: publishes VGA colour images at a constant rate, stamped with now."""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from vprtempo_ros.sources.cdr import IMAGE, restamp, write_message
from vprtempo_ros.sources.image_bag import image_message


def main() -> int:
    """Wait for subscribers, print a line, publish, print the number of images and the seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rate', type=float, default=30.0)
    parser.add_argument('--seconds', type=float, default=60.0)
    parser.add_argument('--topic', default='image')
    parser.add_argument('--reliability', choices=('reliable', 'best_effort'))
    parser.add_argument('--subscribers', type=int, default=1, help='subscribers to wait for')
    given = parser.parse_args()
    rclpy.init()
    node = rclpy.create_node('camera')
    qos = QoSProfile(
        depth=10,
        reliability=ReliabilityPolicy.RELIABLE
        if given.reliability == 'reliable'
        else ReliabilityPolicy.BEST_EFFORT,
    )
    publisher = node.create_publisher(Image, given.topic, qos)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (480, 640, 3)).astype(np.uint8)
    data = write_message(image_message(0, pixels, 'rgb8', 'camera'), IMAGE)
    while publisher.get_subscription_count() < given.subscribers:
        time.sleep(0.05)
    time.sleep(1.0)
    count = round(given.rate * given.seconds)
    print('publishing', flush=True)
    begin = time.time()
    try:
        for number in range(count):
            time.sleep(max(0.0, begin + number / given.rate - time.time()))
            publisher.publish(restamp(data, time.time_ns()))
        taken = time.time() - begin
        time.sleep(1.0)
        print(count, f'{taken:.3f}', flush=True)
    except KeyboardInterrupt:
        pass
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
