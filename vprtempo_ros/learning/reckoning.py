"""Poses of new places in the frame of the map: from the odometry since a place was recognised."""

from __future__ import annotations

from ..frames import Pose
from ..localisation.planar import Planar, planar_of


class Reckoning:
    """The transform from the odometry to the map, by the last recognised place."""

    def __init__(self) -> None:
        """Start without one."""
        self._origin: Planar | None = None
        self._frame_id = ''
        self._restarts = -1

    def see(self, estimate: Pose | None, odometry: Pose | None, restarts: int) -> Pose | None:
        """
        Return the pose of a frame in the map: the estimated one, or that by the odometry.

        :param estimate: of a recognised place; None: it is unknown.
        :param odometry: of the robot, in its own frame; restarts: how often that began again.
        """
        if restarts != self._restarts:
            # What was recognised before says nothing of where the robot is now.
            self._origin, self._restarts = None, restarts
        if odometry is None:
            return estimate
        here = planar_of(odometry)
        if estimate is not None:
            self._origin = planar_of(estimate).then(here.inverse())
            self._frame_id = estimate.frame_id
            return estimate
        return self._origin and self._origin.then(here).pose(self._frame_id)
