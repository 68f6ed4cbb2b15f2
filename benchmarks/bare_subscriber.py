"""A minimal rclpy node: it counts images."""

from __future__ import annotations

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image


def main() -> int:
    """Subscribe to `image` until interrupted, then print the number received."""
    rclpy.init()
    node = rclpy.create_node('bare_subscriber')
    qos = QoSProfile(
        depth=5,
        reliability=ReliabilityPolicy.RELIABLE
        if sys.argv[1] == 'reliable'
        else ReliabilityPolicy.BEST_EFFORT,
    )
    received = 0

    def on_image(message: Image) -> None:
        nonlocal received
        received += 1

    node.create_subscription(Image, 'image', on_image, qos)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    print(received, flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
