"""One assumption of where the robot is: an extended Kalman filter along its odometry."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ..arrays import Doubles
from ..config import TfConfig
from .planar import Planar, wrapped

# 99.9 % of the squares of normalised errors in four dimensions are below this (chi squared).
_GATE = 18.47

# Variance of the yaw of the odometry per radian turned: a degree and a half.
_TURN = 0.025**2


class Fix(NamedTuple):
    """Where a match says that the robot is, with its covariance of x, y, z, yaw float64 (4, 4)."""

    pose: Planar
    covariance: Doubles


class Hypothesis:
    """
    A pose in the map that moves with the odometry and follows the fixes that agree with it.

    Fixes close to each other show the same places, and are off in the same way: they count by the
    distance between them, not by their number, and the covariance of the last one stays in
    `covariance`.

    sure: number of fixes that agreed; travelled: metres since the first; since: since the last.
    """

    def __init__(
        self, fix: Fix, odometry: Planar, config: TfConfig, segment: float, given: bool = False
    ) -> None:
        """
        Begin at a fix, with the pose of the robot in the odometry's frame.

        :param segment: metres of the route that a fix speaks for.
        :param given: whether the fix comes from a person rather than from a match.
        """
        self.pose, self._odometry = fix.pose, odometry
        self._config, self._segment = config, segment
        self._spread = np.array(fix.covariance)
        self._common = np.zeros((4, 4)) if given else np.array(fix.covariance)
        self._unused = 0.0
        self.sure = 0 if given else 1
        self.travelled = self.since = 0.0

    @property
    def covariance(self) -> Doubles:
        """Covariance of x, y, z, yaw, float64 (4, 4)."""
        return self._spread + self._common

    @property
    def map_to_odom(self) -> Planar:
        """The odometry's frame in the map's."""
        return self.pose.then(self._odometry.inverse())

    def move(self, odometry: Planar) -> None:
        """Follow the odometry to its next pose."""
        step = self._odometry.inverse().then(odometry)
        before, self.pose = self.pose, self.pose.then(step)
        self._odometry = odometry
        distance = math.hypot(step.x, step.y, step.z)
        motion = np.eye(4)
        motion[0, 3] = before.y - self.pose.y
        motion[1, 3] = self.pose.x - before.x
        position = self._config.odometry_position_std**2 * distance
        heading = self._config.odometry_heading_std**2 * distance + _TURN * abs(step.yaw)
        self._spread = motion @ self._spread @ motion.T
        self._spread += np.diag([position, position, position, heading])
        self.travelled += distance
        self.since += distance
        self._unused += distance

    def agrees(self, fix: Fix) -> bool:
        """Return whether a fix is where this one may be."""
        error = _difference(fix.pose, self.pose)
        expected = self._spread + fix.covariance
        return bool(error @ np.linalg.solve(expected, error) <= _GATE)

    def follow(self, fix: Fix) -> None:
        """Move towards a fix that agrees."""
        self.sure += 1
        self.since = 0.0
        self._common = np.array(fix.covariance)
        part = min(self._unused / self._segment, 1.0)
        if part <= 0.0:
            return
        self._unused = 0.0
        gain = self._spread @ np.linalg.inv(self._spread + fix.covariance / part)
        x, y, z, yaw = gain @ _difference(fix.pose, self.pose)
        pose = self.pose
        self.pose = Planar(pose.x + x, pose.y + y, pose.z + z, wrapped(pose.yaw + yaw))
        spread = (np.eye(4) - gain) @ self._spread
        self._spread = (spread + spread.T) / 2


def _difference(there: Planar, here: Planar) -> Doubles:
    return np.array(
        [there.x - here.x, there.y - here.y, there.z - here.z, wrapped(there.yaw - here.yaw)]
    )
