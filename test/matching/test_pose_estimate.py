"""Pose and covariance of a belief over places: what must hold for any map and the belief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from support.helpers import steady

from vprtempo_ros.config import PoseConfig
from vprtempo_ros.frames import Pose
from vprtempo_ros.matching.course import course_of, headings
from vprtempo_ros.matching.pose import PoseEstimate, PoseEstimator
from vprtempo_ros.matching.rotations import mean_rotation, rotations_from
from vprtempo_ros.network.segments import Segments

Floats = NDArray[np.float64]
CONFIG = PoseConfig(lateral_std=0.4, heading_std=0.2)


def yawed(yaw: float) -> tuple[float, float, float, float]:
    """Return the orientation of a robot on the plane."""
    return 0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2))


def yaw_of(pose: Pose) -> float:
    """Return the yaw of a robot on the plane."""
    x, y, z, w = pose.orientation
    assert abs(x) + abs(y) < 1e-9
    return float(2 * np.arctan2(z, w))


def line(count: int, spacing: float = 2.0, yaw: float = 0.0) -> list[Pose | None]:
    """Return places on a straight line."""
    return [
        Pose((n * spacing * np.cos(yaw), n * spacing * np.sin(yaw), 0.0), yawed(yaw))
        for n in range(count)
    ]


def estimate(
    poses: Sequence[Pose | None],
    confidences: Sequence[float],
    best: int,
    tolerance: int = 1,
    oriented: bool = True,
    config: PoseConfig = CONFIG,
) -> PoseEstimate:
    """Return the pose, of which there is one."""
    found = PoseEstimator(poses, tolerance, config, oriented)(np.array(confidences), best)
    assert found is not None
    return found


def rotation_matrix(quaternion: Any) -> Floats:
    """Return the matrix of a unit quaternion xyzw."""
    x, y, z, w = quaternion
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix: Floats = np.eye(3) + 2 * w * cross + 2 * cross @ cross
    return matrix


def times(first: Any, second: Any) -> Floats:
    """Return the product of two quaternions xyzw: the second turn, then the first."""
    a, b = np.asarray(first), np.asarray(second)
    return np.append(
        a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3]), a[3] * b[3] - a[:3] @ b[:3]
    )


@st.composite
def quaternions(draw: st.DrawFn) -> Floats:
    """Return a unit quaternion."""
    found = np.array([draw(st.floats(-1, 1)) for _ in range(4)])
    assume(np.linalg.norm(found) > 0.1)
    return found / np.linalg.norm(found)


@st.composite
def beliefs(draw: st.DrawFn) -> tuple[list[Pose | None], list[float], int, int]:
    """Return a route with bends, stops and gaps, confidences, the best place and a tolerance."""
    count = draw(st.integers(1, 9))
    position, poses = np.zeros(3), []
    for _ in range(count):
        position = position + [draw(st.floats(-3, 3)) for _ in range(3)]
        if draw(st.booleans()):
            position = position.round()
        pose = Pose((position[0], position[1], position[2]), tuple(draw(quaternions())))
        poses.append(pose if draw(st.integers(0, 4)) else None)
    confidences = [draw(st.floats(0.0, 1.0)) for _ in range(count)]
    best = int(np.argmax(confidences))
    assume(confidences[best] > 0.01)
    return poses, confidences, best, draw(st.integers(0, 3))


@pytest.mark.long
@steady
@given(beliefs())
def test_covariance_is_positive_definite_and_symmetric(belief) -> None:
    """For any belief, a filter can invert it."""
    poses, confidences, best, tolerance = belief
    for oriented in (True, False):
        found = PoseEstimator(poses, tolerance, CONFIG, oriented)(np.array(confidences), best)
        if found is None:
            continue
        covariance = found.covariance
        np.testing.assert_allclose(covariance, covariance.T, atol=1e-9)
        assert np.linalg.eigvalsh(covariance).min() > 0.0
        assert np.isfinite(found.pose.position).all()
        assert np.linalg.norm(found.pose.orientation) == pytest.approx(1.0)
        assert min(np.diag(covariance)[3:]) >= CONFIG.heading_std**2 - 1e-9


@pytest.mark.long
@steady
@given(beliefs(), quaternions(), st.tuples(*[st.floats(-50, 50)] * 3))
def test_estimate_moves_with_the_map(belief, rotation, shift) -> None:
    """Another frame for the same map gives the same pose and covariance, seen from there."""
    poses, confidences, best, tolerance = belief
    matrix = rotation_matrix(rotation)

    def moved(pose: Pose | None) -> Pose | None:
        if pose is None:
            return None
        x, y, z = matrix @ pose.position + shift
        return Pose((x, y, z), tuple(times(rotation, pose.orientation)), pose.frame_id)

    estimator = PoseEstimator(poses, tolerance, CONFIG)
    before = estimator(np.array(confidences), best)
    after = PoseEstimator([moved(pose) for pose in poses], tolerance, CONFIG)(
        np.array(confidences), best
    )
    if before is None or after is None:
        assert before is after
        return
    np.testing.assert_allclose(
        after.pose.position, matrix @ before.pose.position + shift, atol=1e-6
    )
    np.testing.assert_allclose(
        after.covariance[:3, :3], matrix @ before.covariance[:3, :3] @ matrix.T, atol=1e-6
    )
    # The mean of orientations that are spread evenly may be any: only where one stands out.
    near = [np.array(pose.orientation) for pose in poses if pose is not None]
    if min(abs(a @ b) for a in near for b in near) > 0.8:
        both = np.array(after.pose.orientation) @ times(rotation, before.pose.orientation)
        assert abs(both) == pytest.approx(1.0, abs=1e-6)
        # The floor of the yaw belongs to the frame's z axis; all three are alike.
        np.testing.assert_allclose(
            after.covariance[3:, 3:], matrix @ before.covariance[3:, 3:] @ matrix.T, atol=1e-6
        )


@pytest.mark.long
@steady
@given(
    quaternions(),
    st.lists(st.tuples(st.floats(-0.5, 0.5), st.floats(0.01, 1.0)), min_size=1, max_size=6),
    st.data(),
)
def test_mean_of_orientations_does_not_mind_signs(centre, turns, data) -> None:
    """A quaternion and its negative are one orientation; the mean is among them."""
    found = np.array([times(yawed(angle), centre) for angle, _ in turns])
    weights = np.array([weight for _, weight in turns])
    signs = np.array([data.draw(st.sampled_from([-1.0, 1.0])) for _ in turns])
    mean = mean_rotation(found, weights)
    assert abs(mean @ mean_rotation(found * signs[:, None], weights)) == pytest.approx(1.0)
    from_mean = rotations_from(mean, found * signs[:, None])
    # For small angles the weighted mean of what is left is nothing.
    assert np.abs(weights @ from_mean / weights.sum()).max() < 0.02
    angles = np.array([angle for angle, _ in turns])
    assert np.linalg.norm(from_mean, axis=1).max() <= np.ptp(angles) + 1e-6


def test_rotations_are_about_the_fixed_axes() -> None:
    """A yaw of the world is a rotation about z, for a robot that is pitched too."""
    pitched = times(yawed(0.7), (np.sin(0.2), 0.0, 0.0, np.cos(0.2)))
    vectors = rotations_from(
        pitched, np.array([times(yawed(0.3), pitched), -times(yawed(-3.0), pitched), pitched])
    )
    np.testing.assert_allclose(vectors, [[0, 0, 0.3], [0, 0, -3.0], [0, 0, 0]], atol=1e-12)


def test_certain_place_has_the_spread_of_its_own_stretch() -> None:
    """The floor: uniform over the spacing along the route, as configured across it."""
    found = estimate(line(9, 3.0, yaw=np.pi / 2), [0.0] * 4 + [0.9] + [0.0] * 4, 4)
    assert found.pose.position == pytest.approx((0.0, 12.0, 0.0))
    assert yaw_of(found.pose) == pytest.approx(np.pi / 2)
    np.testing.assert_allclose(
        np.diag(found.covariance), [0.16, 9.0 / 12, 0.16, 0.04, 0.04, 0.04], atol=1e-12
    )
    assert (
        np.count_nonzero(np.abs(found.covariance - np.diag(np.diag(found.covariance))) > 1e-12) == 0
    )


def test_neighbours_pull_the_pose_between_places() -> None:
    """Two places that are as likely: in their middle, and their scatter is in the covariance."""
    found = estimate(line(9), [0.0] * 4 + [0.8, 0.8] + [0.0] * 3, 4)
    assert found.pose.position == pytest.approx((9.0, 0.0, 0.0))
    assert found.covariance[0, 0] == pytest.approx(1.0 + 4.0 / 12)
    symmetric = estimate(line(9), [0.0] * 3 + [0.4, 0.8, 0.4] + [0.0] * 3, 4)
    assert symmetric.pose.position == pytest.approx((8.0, 0.0, 0.0))
    assert symmetric.covariance[0, 0] == pytest.approx(2.0 + 4.0 / 12)


def test_a_box_over_the_belief_has_its_mean_and_not_less_than_its_variance() -> None:
    """Confidences that are exact sums of a belief within the tolerance, as calibration wants."""
    belief = np.zeros(15)
    belief[6:9] = 0.2, 0.7, 0.1
    confidences = np.convolve(belief, np.ones(3), 'same')
    found = estimate(line(15), confidences.tolist(), int(confidences.argmax()))
    along = np.arange(15) * 2.0
    mean = belief @ along
    assert found.pose.position[0] == pytest.approx(mean)
    variance = belief @ (along - mean) ** 2
    assert found.covariance[0, 0] == pytest.approx(variance + 2.0**2 * 2 / 3 + 2.0**2 / 12)


def test_places_elsewhere_do_not_pull() -> None:
    """A similar place far away is another place, however confident; so is one beyond a gap."""
    confidences = [0.0] * 30
    confidences[4], confidences[5], confidences[7], confidences[25] = 0.8, 0.1, 0.7, 0.79
    found = estimate(line(30), confidences, 4)
    alone = estimate(line(30), [*confidences[:6], *[0.0] * 24], 4)
    assert found.pose == alone.pose
    np.testing.assert_array_equal(found.covariance, alone.covariance)
    # A curve that says the same of all places is no reason to believe in the middle of the route.
    flat = estimate(line(30), [0.9] * 30, 20, tolerance=1)
    assert flat.pose.position[0] == pytest.approx(40.0)
    assert flat.covariance[0, 0] < 10.0**2


def test_yaw_is_averaged_on_the_circle() -> None:
    """Of 170 and -170 degrees the mean is 180, not 0."""
    near = np.radians(10.0)
    poses = [
        Pose((0.0, 0.0, 0.0), yawed(np.pi - near)),
        Pose((-1.0, 0.0, 0.0), yawed(-np.pi + near)),
    ]
    found = estimate(poses, [0.9, 0.9], 0)
    assert abs(yaw_of(found.pose)) == pytest.approx(np.pi)
    assert found.covariance[5, 5] == pytest.approx(0.04 + near**2)
    # The route turns left as it goes to -x: position and yaw vary together.
    assert found.covariance[0, 5] == pytest.approx(-0.5 * near)


def test_places_without_a_pose_are_left_out() -> None:
    """They have confidence but no position; of nothing but such places there is no pose."""
    poses = line(9)
    poses[4] = None
    found = estimate(poses, [0.0] * 3 + [0.4, 0.8, 0.4] + [0.0] * 3, 4)
    assert found.pose.position == pytest.approx((8.0, 0.0, 0.0))
    # Next to the gap a place stands for more of the route.
    assert found.covariance[0, 0] == pytest.approx(4.0 + 3.0**2 / 12)
    lonely = PoseEstimator([None, *line(1), None, None], 0, CONFIG)
    assert lonely(np.array([0.0, 0.0, 0.1, 0.9]), 3) is None
    assert lonely(np.array([0.9, 0.5, 0.0, 0.0]), 0) is not None
    assert PoseEstimator([None] * 3, 1, CONFIG)(np.ones(3), 1) is None


def test_values_that_are_not_numbers_are_no_neighbours() -> None:
    """A place whose confidence is not comparable ends the run."""
    found = estimate(line(5), [0.9, float('nan'), 0.9, 0.9, float('nan')], 2)
    assert found.pose.position == pytest.approx((5.0, 0.0, 0.0))


def test_gps_faces_along_the_route() -> None:
    """Fixes have no orientation: the course gives one, the less sure the more the route turns."""
    poses: list[Pose | None] = [Pose((0.0, float(n), 0.0)) for n in range(5)]
    poses += [Pose((float(n), 4.0, 0.0)) for n in range(1, 5)]
    certain = np.eye(9)
    straight = estimate(poses, certain[2].tolist(), 2, 0, oriented=False)
    assert yaw_of(straight.pose) == pytest.approx(np.pi / 2)
    assert straight.covariance[5, 5] == pytest.approx(CONFIG.heading_std**2)
    bend = estimate(poses, certain[4].tolist(), 4, 0, oriented=False)
    assert yaw_of(bend.pose) == pytest.approx(np.pi / 4)
    assert bend.covariance[5, 5] == pytest.approx(CONFIG.heading_std**2 + (np.pi / 4) ** 2)
    assert yaw_of(estimate(poses, certain[8].tolist(), 8, 0, oriented=False).pose) == pytest.approx(
        0.0
    )


def test_gps_without_a_course_may_face_anywhere() -> None:
    """A single fix, or standing ones, have no direction: the variance is that of any angle."""
    for poses in ([Pose((1.0, 2.0, 3.0))], [Pose((1.0, 2.0, 3.0))] * 3):
        found = estimate(poses, [0.9] * len(poses), 0, oriented=False)
        assert found.covariance[5, 5] == pytest.approx(np.pi**2 / 3)
        assert found.covariance[0, 0] == pytest.approx(0.16)


def test_course_of_a_route() -> None:
    """Unit tangents, stretches that are at least the median, turns in the plane."""
    course = course_of(np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 4, 0.0]]))
    np.testing.assert_allclose(np.linalg.norm(course.tangent, axis=1), 1.0)
    np.testing.assert_allclose(course.tangent[3], [0, 1, 0])
    np.testing.assert_allclose(course.cell, [1.0, 1.0, 2.5, 4.0])
    np.testing.assert_allclose(course.turn, [0, 0, np.pi / 2, 0])
    faces, known = headings(course)
    assert known.all()
    np.testing.assert_allclose(faces[0], [0, 0, 0, 1])


def test_a_border_of_segments_and_of_frames() -> None:
    """Places of another segment take no part, and the pose is in the frame of its own place."""
    first = line(4)
    second = [replace(pose, frame_id='odom') for pose in line(3, 0.5, np.pi / 2) if pose]
    segments = Segments.of([4, 3])
    estimator = PoseEstimator([*first, *second], 3, CONFIG, segments=segments)
    alone = [PoseEstimator(part, 3, CONFIG) for part in (first, second)]
    confidences = np.full(7, 0.6)
    for best, expected in ((3, alone[0](confidences[:4], 3)), (4, alone[1](confidences[4:], 0))):
        found = estimator(confidences, best)
        assert found is not None
        assert expected is not None
        assert found.pose == expected.pose
        assert found.covariance == pytest.approx(expected.covariance)
