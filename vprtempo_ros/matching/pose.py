"""
Where the robot is, from the confidences of the places around the matched one.

A confidence is the probability to be within the tolerance T of a place, so it is the sum of the
probabilities p of the 2T + 1 places about it: a box over p. Its mean is that of p, so confidences
weigh positions as well as p would, and neighbours pull the pose between places. Its variance is
that of p and T (T + 1) / 3 squared steps of the box; that is left in, as undoing a box would
enlarge what confidences are wrong by: measured, it makes up for what calibration misses
(docs/tutorials/nav2.md). Mass within T of the matched place reaches 2T places far; only places
within 2T + 1 count, in a run without a gap, that have a tenth of its confidence or more.

So the pose, and its covariance, are of the robot being where the match says. How sure that is,
the confidence of ~/match shows: a single ellipse cannot represent a robot that is at either of two
places.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

import numpy as np
from numpy.typing import NDArray

from ..arrays import Doubles
from ..config import PoseConfig
from ..frames import Pose
from ..network.segments import Segments
from .course import course_of, headings
from .rotations import mean_rotation, rotations_from

# Part of the matched place's confidence that a neighbour must have.
_PART = 0.1
# Variance of an angle that nothing is known about: uniform from -pi to pi.
_ANY_ANGLE = np.pi**2 / 3


class PoseEstimate(NamedTuple):
    """
    A pose in metres and as a quaternion xyzw, with its covariance float64 (6, 6).

    Rows are x, y, z (m) and rotations about the fixed axes x, y, z (rad), as in ROS messages.
    """

    pose: Pose
    covariance: Doubles


class PoseEstimator:
    """
    Makes a pose of the confidences of places.

    The covariance is the weighted scatter of the places, and what places cannot show: where on its
    own stretch of the route the robot is (uniform, so length squared / 12 along the route), and how
    far next to it and rotated against it (`across`, `heading`); height, roll and pitch are taken to
    vary as little as these. So it is positive definite for any belief.
    """

    def __init__(
        self,
        poses: Sequence[Pose | None],
        tolerance: int,
        config: PoseConfig,
        oriented: bool = True,
        segments: Segments | None = None,
    ) -> None:
        """
        Take the poses of all places; those without are left out.

        :param oriented: whether the orientations are known. GPS has none: the robot is taken to
            face along the route, where this is straight; where the route has no direction
            either, every yaw is as likely.
        :param segments: which places follow each other; None: all in order.
        """
        self._segments = segments or Segments.of([len(poses)])
        known = [place for place, pose in enumerate(poses) if pose is not None]
        # For each place its row below, or -1.
        self._row = np.full(len(poses), -1)
        self._row[known] = np.arange(len(known))
        self._reach = 2 * tolerance + 1
        found = [pose for pose in poses if pose is not None]
        self._frame_ids = [pose.frame_id for pose in found]
        self._positions = np.array([pose.position for pose in found]).reshape(-1, 3)
        numbers = self._segments.numbers[known]
        self._course = course_of(self._positions, Segments.of(np.bincount(numbers).tolist()))
        self._across = config.lateral_std**2
        turn: Doubles = np.zeros(len(found))
        if oriented:
            quaternions = np.array([pose.orientation for pose in found]).reshape(-1, 4)
            self._quaternions = quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)
            self._oriented: NDArray[np.bool_] = np.ones(len(found), bool)
        else:
            self._quaternions, self._oriented = headings(self._course)
            turn = self._course.turn / 2
        self._heading = config.heading_std**2
        self._yaw = np.where(self._oriented, self._heading + turn**2, _ANY_ANGLE)

    def __call__(self, confidences: NDArray[np.floating], best: int) -> PoseEstimate | None:
        """Return the pose for confidences (places,) of which `best` is matched, if one is known."""
        places = self._around(confidences, best)
        rows = self._row[places]
        places, rows = places[rows >= 0], rows[rows >= 0]
        if not len(rows):
            return None
        frame_id = self._frame_ids[rows[np.abs(places - best).argmin()]]
        weights = confidences[places].astype(np.float64)
        weights /= weights.sum()
        positions = self._positions[rows]
        position = weights @ positions
        seen = self._oriented[rows] * weights
        # Nothing has a direction: as the frame, and the yaw's variance says that it may be any.
        rotation = (
            mean_rotation(self._quaternions[rows], seen)
            if seen.any()
            else np.array([0.0, 0.0, 0.0, 1.0])
        )
        turned = rotations_from(rotation, self._quaternions[rows])
        turned[~self._oriented[rows]] = 0.0
        deviations = np.hstack([positions - position, turned])
        covariance = (deviations * weights[:, None]).T @ deviations
        nearest = rows[np.abs(places - best).argmin()]
        covariance[:3, :3] += self._spread(int(nearest))
        covariance[3:, 3:] += np.diag([self._heading, self._heading, weights @ self._yaw[rows]])
        # But for rounding it is; filters check.
        covariance = (covariance + covariance.T) / 2
        x, y, z = position.tolist()
        qx, qy, qz, qw = rotation.tolist()
        return PoseEstimate(Pose((x, y, z), (qx, qy, qz, qw), frame_id), covariance)

    def _around(self, confidences: NDArray[np.floating], best: int) -> NDArray[np.intp]:
        """Return the run of places about the best that share its confidence."""
        near = self._segments.around(best, self._reach)
        first, end = near.start, near.stop
        # Not comparable, as NaN is, is too little.
        little = np.flatnonzero(~(confidences[first:end] >= _PART * confidences[best])) + first
        before, after = little[little < best], little[little > best]
        return np.arange(before[-1] + 1 if len(before) else first, after[0] if len(after) else end)

    def _spread(self, row: int) -> Doubles:
        """Return the covariance float64 (3, 3) of a robot that is known to be at a place."""
        along = self._course.cell[row] ** 2 / 12
        tangent = self._course.tangent[row]
        if not tangent.any():
            return np.eye(3) * max(along, self._across)
        return self._across * np.eye(3) + (along - self._across) * np.outer(tangent, tangent)
