"""map -> odom from fixes and odometry: correct, smooth, and silent where it is not known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vprtempo_ros.config import TfConfig
from vprtempo_ros.frames import Pose
from vprtempo_ros.localisation.hypothesis import Fix
from vprtempo_ros.localisation.localiser import Localiser, Located, Sighting
from vprtempo_ros.localisation.nearby import FrameTest, NearbyPlaces
from vprtempo_ros.localisation.planar import (
    Planar,
    planar_covariance,
    planar_of,
    ros_covariance,
    wrapped,
)

PLACES = 100
COVARIANCE = np.diag([0.25, 0.25, 0.25, 0.01])
# The odometry's frame in the map, which the robot does not know.
TRUTH = Planar(3.0, -2.0, 0.5, 0.7)
finite = st.floats(-100, 100)
planars = st.builds(Planar, finite, finite, finite, st.floats(-3, 3))


def route() -> NearbyPlaces:
    """Return the places of a straight route, a metre apart."""
    return NearbyPlaces([Pose((float(x), 0.0, 0.0)) for x in range(PLACES)], tolerance=1)


def similarity(place: int) -> np.ndarray:
    """Return the response to a frame of a place: noise, and this place standing out."""
    found = np.random.default_rng(place).normal(0.0, 1.0, PLACES).astype(np.float32)
    found[place] = 8.0
    return found


class Robot:
    """A robot on the route, and the matches that it gets."""

    def __init__(self, **config: float) -> None:
        self.localiser = Localiser(TfConfig(**config), route())
        self.position = 0.0
        self.offset = 0.0

    @property
    def odometry(self) -> Planar:
        """Where the odometry has the robot; to be carried does not change it."""
        return TRUTH.inverse().then(Planar(self.position - self.offset, 0.0, 0.0, 0.0))

    def drive(
        self, metres: float, says: float | None = 0.0, sure: float = 0.95, shows: bool = True
    ) -> list[Planar | None]:
        """
        Drive by frames half a metre apart; return map -> odom after each.

        :param says: metres by which the match is off; None: the place is unknown.
        :param shows: whether the frame itself shows the place where the robot is.
        """
        found = []
        for _ in range(round(metres * 2)):
            self.position += 0.5
            self.look(says, sure, shows)
            located = self.localiser.now(self.odometry)
            found.append(located.map_to_odom if located else None)
        return found

    def look(self, says: float | None = 0.0, sure: float = 0.95, shows: bool = True) -> None:
        """See a frame where the robot is."""
        fix = None
        if says is not None:
            fix = Fix(Planar(self.position + says, 0.0, 0.0, 0.0), COVARIANCE)
        place = round(self.position) % PLACES
        self.localiser.see(
            Sighting(fix, sure, similarity(place if shows else (place + 50) % PLACES)),
            self.odometry,
        )

    def carry(self, metres: float) -> None:
        """Move the robot without its odometry."""
        self.position += metres
        self.offset += metres


def error(found: Planar | None, true: Planar = TRUTH) -> float:
    """Return how far a transform is off in the plane, in metres."""
    assert found is not None
    return math.hypot(found.x - true.x, found.y - true.y)


@given(planars, planars)
def test_planar_poses_are_a_group(a: Planar, b: Planar) -> None:
    """What is done is undone, and a pose and its quaternion are the same."""
    assert np.allclose(a.then(b).then(b.inverse())[:3], a[:3], atol=1e-6)
    assert wrapped(a.then(b).then(b.inverse()).yaw - a.yaw) == pytest.approx(0.0, abs=1e-9)
    again = planar_of(a.pose('map'))
    assert np.allclose(again[:3], a[:3])
    assert wrapped(again.yaw - a.yaw) == pytest.approx(0.0, abs=1e-9)


def test_covariance_of_a_ros_pose() -> None:
    """x, y, z and yaw of the six rows, and back."""
    whole = np.arange(36.0).reshape(6, 6)
    np.testing.assert_array_equal(planar_covariance(whole)[3], [30, 31, 32, 35])
    np.testing.assert_array_equal(planar_covariance(ros_covariance(COVARIANCE, 0.5)), COVARIANCE)
    assert ros_covariance(COVARIANCE, 0.5)[3, 3] == ros_covariance(COVARIANCE, 0.5)[4, 4] == 0.5


def test_located_once_matches_agree_over_a_distance() -> None:
    """Not by the first match, not by many from one position; then map -> odom is right."""
    robot = Robot()
    for _ in range(100):
        robot.look()
    assert robot.localiser.now(robot.odometry) is None
    found = robot.drive(10.0)
    assert found[0] is None
    assert [n for n, transform in enumerate(found) if transform] == list(range(3, 20))
    assert all(error(transform) < 1e-6 for transform in found[3:])
    assert found[-1] is not None
    assert wrapped(found[-1].yaw - TRUTH.yaw) == pytest.approx(0.0, abs=1e-6)
    assert found[-1].z == pytest.approx(TRUTH.z)


def test_no_look_alike_moves_it() -> None:
    """Wrong sure matches between right ones, and unsure wrong ones, change nothing."""
    robot = Robot()
    robot.drive(10.0)
    for _ in range(10):
        wrong = robot.drive(0.5, says=30.0)
        right = robot.drive(1.0)
        assert error(right[-1]) < 1e-6
        assert wrong[0] is None or error(wrong[0]) < 1e-6
    assert all(error(transform) < 1e-6 for transform in robot.drive(10.0, says=30.0, sure=0.7))
    assert robot.localiser.jumps == 0
    assert robot.localiser.rejected == 10


def test_a_standing_robot_that_sees_a_look_alike_is_not_moved() -> None:
    """However often it does: it is in doubt, and back with the first match that agrees."""
    robot = Robot()
    robot.drive(10.0)
    for _ in range(200):
        robot.look(says=30.0)
    assert robot.localiser.now(robot.odometry) is None
    assert 'another place' in robot.localiser.doubt
    assert error(robot.drive(1.0)[0]) < 1e-6
    assert robot.localiser.jumps == 0


def test_kidnapped() -> None:
    """Carried away: silent while the matches are of another place, then right without a hand."""
    robot = Robot()
    robot.drive(10.0)
    robot.carry(40.0)
    found = robot.drive(10.0)
    expected = TRUTH
    expected = Planar(TRUTH.x + 40.0, TRUTH.y, TRUTH.z, TRUTH.yaw)
    known = [transform for transform in found if transform is not None]
    assert all(error(transform, expected) < 2.0 for transform in known)
    assert len(known) >= 15
    assert error(found[-1], expected) < 1e-6
    assert robot.localiser.jumps == 1


def test_the_frames_alone_show_that_it_is_elsewhere() -> None:
    """A filter that still says the old place for sure does not keep the transform alive."""
    robot = Robot()
    robot.drive(30.0)
    found = robot.drive(5.0, shows=False)
    assert found.count(None) == len(found)
    assert 'images do not show' in robot.localiser.doubt
    assert robot.drive(3.0)[-1] is not None


def test_a_single_frame_against_it_costs_one_frame() -> None:
    """One that is occluded is not published, the next one is."""
    robot = Robot()
    robot.drive(30.0)
    assert robot.drive(0.5, shows=False) == [None]
    assert robot.drive(0.5)[0] is not None


def cover(robot: Robot, metres: float) -> Located | None:
    """Drive with a covered camera; return where the robot is believed to be."""
    for step in range(round(metres * 2)):
        robot.position += 0.5
        flat = np.random.default_rng(step).normal(0.0, 1.0, PLACES).astype(np.float32)
        robot.localiser.see(Sighting(None, 0.0, flat), robot.odometry)
    return robot.localiser.now(robot.odometry)


def test_frames_that_show_nothing_do_not_confirm() -> None:
    """A robot that is carried with its camera covered must not be published where it was."""
    robot = Robot()
    robot.drive(30.0)
    assert cover(robot, 3.0) is None
    assert robot.drive(3.0)[-1] is not None


def test_the_odometry_may_carry_on_while_nothing_is_seen() -> None:
    """Over tf.blind_distance, with a growing covariance."""
    robot = Robot(blind_distance=25.0)
    robot.drive(30.0)
    before = robot.localiser.now(robot.odometry)
    after = cover(robot, 20.0)
    assert before is not None
    assert after is not None
    assert error(after.map_to_odom) < 1e-6
    assert (np.diag(after.covariance) >= np.diag(before.covariance)).all()
    assert after.covariance[1, 1] > before.covariance[1, 1] + 0.05
    assert cover(robot, 8.0) is None
    # A frame that shows the place begins the distance again.
    assert robot.drive(3.0)[-1] is not None
    assert cover(robot, 20.0) is not None


def test_too_far_without_a_match() -> None:
    """After tf.max_distance the position is no longer believed; a match that agrees restores it."""
    robot = Robot(max_distance=20.0)
    robot.drive(10.0)
    assert robot.drive(19.0, says=None)[-1] is not None
    assert robot.drive(2.0, says=None)[-1] is None
    assert 'tf.max_distance' in robot.localiser.doubt
    assert robot.drive(1.0)[-1] is not None


def test_corrections_are_small_steps() -> None:
    """Matches that are a metre off pull the transform there over several metres."""
    robot = Robot()
    robot.drive(10.0)
    found = robot.drive(30.0, says=1.0)
    errors = [error(transform) for transform in found]
    assert max(np.abs(np.diff(errors))) < 0.2
    assert errors[0] < 0.2
    assert errors[-1] > 0.5


def test_many_matches_of_one_place_are_not_independent() -> None:
    """The covariance is never below that of a single match, however many there were."""
    robot = Robot()
    robot.drive(80.0)
    located = robot.localiser.now(robot.odometry)
    assert located is not None
    assert (np.linalg.eigvalsh(located.covariance - COVARIANCE) > -1e-12).all()


def test_a_given_pose_locates_at_once() -> None:
    """A person's pose needs no matches; matches of another place for long enough correct it."""
    robot = Robot()
    fix = Fix(Planar(robot.position, 0.0, 0.0, 0.0), COVARIANCE)
    robot.localiser.place(fix, robot.odometry)
    located = robot.localiser.now(robot.odometry)
    assert located is not None
    assert error(located.map_to_odom) < 1e-6
    np.testing.assert_allclose(located.covariance, COVARIANCE)
    robot.localiser.place(Fix(Planar(60.0, 0.0, 0.0, 0.0), COVARIANCE), robot.odometry)
    assert error(robot.drive(10.0)[-1]) < 1e-6


def test_forgotten() -> None:
    """After a reset nothing is known, for the reason given."""
    robot = Robot()
    robot.drive(10.0)
    robot.localiser.reset('the odometry jumped')
    assert robot.localiser.now(robot.odometry) is None
    assert robot.localiser.doubt == 'the odometry jumped'
    assert robot.drive(5.0)[-1] is not None


def test_a_heading_that_is_not_known_is_not_published() -> None:
    """Places without orientation give no transform."""
    robot = Robot()
    covariance = COVARIANCE + np.diag([0.0, 0.0, 0.0, 3.0])
    for _ in range(60):
        robot.position += 0.5
        fix = Fix(Planar(robot.position, 0.0, 0.0, 0.0), covariance)
        sighting = Sighting(fix, 0.99, similarity(round(robot.position)))
        robot.localiser.see(sighting, robot.odometry)
    assert robot.localiser.now(robot.odometry) is None
    assert 'too uncertain' in robot.localiser.doubt


def test_off_the_route_frames_are_no_evidence() -> None:
    """Where no place is near, and for responses without spread, the test stays as it is."""
    test = FrameTest()
    for _ in range(50):
        test.add(similarity(5), np.array([], np.intp), None)
        test.add(np.zeros(PLACES, np.float32), np.arange(50, 55), None)
        test.add(np.full(PLACES, np.nan, np.float32), np.arange(50, 55), None)
    assert not test.contradicts


def test_a_short_map_says_nothing_by_rank() -> None:
    """Where nearly all places are near, frames cannot contradict."""
    test = FrameTest()
    for _ in range(50):
        test.add(similarity(5)[:8], np.arange(8), None)
    assert not test.contradicts
