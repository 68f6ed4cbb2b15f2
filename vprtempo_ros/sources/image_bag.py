"""Images and poses as messages of a camera driver and of odometry."""

from __future__ import annotations

import numpy as np

from ..arrays import Numbers
from ..frames import Pose
from .bag_writer import header
from .cdr import Message, typestore

ODOMETRY = 'nav_msgs/msg/Odometry'


def image_message(stamp_ns: int, pixels: Numbers, encoding: str, frame_id: str) -> Message:
    """Return a sensor_msgs/Image of (height, width) or (height, width, channels) pixels."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels).view(np.uint8).reshape(-1)
    return typestore().types['sensor_msgs/msg/Image'](
        header(stamp_ns, frame_id), height, width, encoding, 0, data.size // height, data
    )


def compressed_message(stamp_ns: int, data: bytes, image_format: str, frame_id: str) -> Message:
    """Return a sensor_msgs/CompressedImage of an image file's bytes."""
    return typestore().types['sensor_msgs/msg/CompressedImage'](
        header(stamp_ns, frame_id), image_format, np.frombuffer(data, np.uint8)
    )


def odometry_message(stamp_ns: int, pose: Pose, child_frame_id: str) -> Message:
    """Return a nav_msgs/Odometry at a pose; covariances and velocities are zero."""
    types = typestore().types

    def make(name: str, *values: object) -> Message:
        return types[f'geometry_msgs/msg/{name}'](*values)

    zero = make('Vector3', 0.0, 0.0, 0.0)
    return types[ODOMETRY](
        header(stamp_ns, pose.frame_id),
        child_frame_id,
        make(
            'PoseWithCovariance',
            make('Pose', make('Point', *pose.position), make('Quaternion', *pose.orientation)),
            np.zeros(36),
        ),
        make('TwistWithCovariance', make('Twist', zero, zero), np.zeros(36)),
    )
