"""Poses between recorded ones: on the line, along the shorter arc, and none in a gap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from support.helpers import SECOND

from vprtempo_ros.frames import Pose
from vprtempo_ros.sources.poses import PoseTrack

STILL = (0.0, 0.0, 0.0, 1.0)


FIX = 'sensor_msgs/msg/NavSatFix'


def track(
    stamps: Sequence[float],
    positions: Sequence[Sequence[float]],
    orientations: Sequence[Sequence[float]] | None = None,
    max_gap: float = 2.0,
) -> PoseTrack:
    """Return a track of poses at times in seconds."""
    return PoseTrack(
        np.array([round(s * SECOND) for s in stamps], np.int64),
        np.array(positions, float),
        np.array(orientations or [STILL] * len(stamps), float),
        'map',
        max_gap,
    )


def at(poses: PoseTrack, seconds: float) -> Pose | None:
    """Return the pose at a time in seconds."""
    return poses.at(round(seconds * SECOND))


def x_at(poses: PoseTrack, seconds: float) -> float | None:
    """Return the x of the pose at a time, None where there is none."""
    pose = at(poses, seconds)
    return None if pose is None else round(pose.position[0], 6)


def test_positions_lie_on_the_line_between() -> None:
    """Between two poses the position is the weighted mean of both, at each pose it is that pose."""
    poses = track([10, 12], [(0, 4, -2), (8, 0, 2)])
    assert at(poses, 10.5).position == pytest.approx((2, 3, -1))
    assert at(poses, 10).position == (0, 4, -2)
    assert at(poses, 12).position == (8, 0, 2)
    assert at(poses, 11).frame_id == 'map'
    assert len(poses) == 2


def test_the_order_of_the_poses_does_not_matter() -> None:
    """Poses that arrive out of order are put in order."""
    poses = track([14, 10, 12], [(4, 0, 0), (0, 0, 0), (2, 0, 0)])
    assert [x_at(poses, seconds) for seconds in (10, 11, 12, 13, 14)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize('sign', [1.0, -1.0])
def test_orientations_turn_the_shorter_way(sign: float) -> None:
    """Midway between two headings is the mean heading, for q and -q."""

    def about_z(degrees: float) -> np.ndarray:
        half = np.radians(degrees) / 2
        return np.array([0, 0, np.sin(half), np.cos(half)])

    poses = track([0, 1], [(0, 0, 0)] * 2, [about_z(10), sign * about_z(50)])
    found = np.array(at(poses, 0.5).orientation)
    assert np.linalg.norm(found) == pytest.approx(1)
    assert abs(found @ about_z(30)) == pytest.approx(1)


def test_outside_the_track() -> None:
    """The first and last pose are valid for max_gap before and after, not longer."""
    poses = track([10, 11], [(1, 0, 0), (2, 0, 0)], max_gap=2)
    assert [x_at(poses, s) for s in (7.9, 8, 9, 12, 13, 13.1)] == [None, 1, 1, 2, 2, None]
    poses = track([0, 10], [(1, 0, 0), (2, 0, 0)], max_gap=2)
    assert [x_at(poses, s) for s in (-1, 0, 1, 9, 10, 11)] == [1, 1, None, None, 2, 2]


def test_a_gap_has_no_poses() -> None:
    """Between poses further apart than max_gap there is none; at the poses themselves there is."""
    poses = track([0, 1, 4, 5], [(0, 0, 0), (1, 0, 0), (4, 0, 0), (5, 0, 0)], max_gap=2)
    found = [x_at(poses, s) for s in (0.5, 1, 1.1, 2.5, 3.9, 4, 4.5)]
    assert found == [0.5, 1, None, None, None, 4, 4.5]


def test_rare_poses_at_the_stamps_of_frames() -> None:
    """Poses recorded only with each keyframe need no interpolation, at any distance."""
    poses = track([0, 10, 20], [(0, 0, 0), (1, 0, 0), (2, 0, 0)], max_gap=0)
    assert [x_at(poses, s) for s in (0, 5, 10, 20)] == [0, None, 1, 2]


def test_a_single_pose() -> None:
    """A single pose is valid for max_gap before and after it."""
    poses = track([10], [(3, 0, 0)], max_gap=1)
    assert [x_at(poses, s) for s in (8.9, 9, 10, 11, 11.1)] == [None, 3, 3, 3, None]


def test_two_poses_at_one_stamp() -> None:
    """A stamp that was recorded twice gives one of its poses, not a division by zero."""
    poses = track([1, 1, 2], [(5, 0, 0), (6, 0, 0), (7, 0, 0)])
    assert x_at(poses, 1) in (5, 6)
    assert x_at(poses, 1.5) in (6, 6.5)
