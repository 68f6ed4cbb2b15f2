"""Positions with a yaw: poses whose frames both have z upwards (REP-105)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arrays import Doubles
from ..frames import Pose

# Rows of a ROS covariance: x, y, z and the rotation about z.
_ROWS = np.ix_([0, 1, 2, 5], [0, 1, 2, 5])


class Planar(NamedTuple):
    """A position in metres and a rotation about z in radians."""

    x: float
    y: float
    z: float
    yaw: float

    def then(self, other: Planar) -> Planar:
        """Return `other`, given in this frame, in the frame that this one is given in."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return Planar(
            self.x + c * other.x - s * other.y,
            self.y + s * other.x + c * other.y,
            self.z + other.z,
            wrapped(self.yaw + other.yaw),
        )

    def inverse(self) -> Planar:
        """Return the frame of this one in this one."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return Planar(
            -c * self.x - s * self.y, s * self.x - c * self.y, -self.z, wrapped(-self.yaw)
        )

    def pose(self, frame_id: str) -> Pose:
        """Return it as a level pose."""
        half = self.yaw / 2
        return Pose((self.x, self.y, self.z), (0.0, 0.0, math.sin(half), math.cos(half)), frame_id)


def planar_of(pose: Pose) -> Planar:
    """Return position and yaw of a pose with a finite, non-zero quaternion."""
    return Planar(*pose.position, pose.yaw)


def planar_covariance(covariance: Doubles) -> Doubles:
    """Return x, y, z, yaw, float64 (4, 4), of a covariance of a ROS pose, float64 (6, 6)."""
    return np.asarray(covariance[_ROWS])


def ros_covariance(covariance: Doubles, tilt: float) -> Doubles:
    """Return float64 (6, 6) for x, y, z, yaw, float64 (4, 4); `tilt`: variance of roll, pitch."""
    whole: Doubles = np.diag([0.0, 0.0, 0.0, tilt, tilt, 0.0])
    whole[_ROWS] = covariance
    return whole


def wrapped(angle: float) -> float:
    """Return an angle in radians within -pi to pi."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
