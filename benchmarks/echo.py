"""A minimal rclpy node with an output: it publishes the header of each image."""

from __future__ import annotations

import sys

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header


def main() -> int:
    """Subscribe to `image` and publish each header on `echo`, until interrupted."""
    rclpy.init()
    node = rclpy.create_node('echo')
    qos = QoSProfile(
        depth=5,
        reliability=ReliabilityPolicy.RELIABLE
        if sys.argv[1] == 'reliable'
        else ReliabilityPolicy.BEST_EFFORT,
    )
    publisher = node.create_publisher(Header, 'echo', 10)

    def on_image(message: Image) -> None:
        publisher.publish(message.header)

    node.create_subscription(Image, 'image', on_image, qos)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    return 0


if __name__ == '__main__':
    sys.exit(main())
