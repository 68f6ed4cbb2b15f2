"""The distance between frames from odometry: interpolated, signed, and never an exception."""

from __future__ import annotations

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import SECOND, START, steady

from vprtempo_ros.frames import Pose
from vprtempo_ros.matching.odometry import Odometer


def at(seconds: float) -> int:
    """Return a stamp in ns."""
    return START + round(seconds * SECOND)


def pose(x: float, y: float = 0.0, yaw: float = 0.0, frame_id: str = 'odom') -> Pose:
    """Return a pose on the ground that faces `yaw`."""
    return Pose((x, y, 0.0), (0.0, 0.0, math.sin(yaw / 2), math.cos(yaw / 2)), frame_id)


def ask(odometer: Odometer, seconds: float) -> float | None:
    """Return the way to a frame, which is a good one."""
    way = odometer.travelled(at(seconds))
    odometer.keep()
    return way


def drive(
    odometer: Odometer,
    start: float,
    end: float,
    speed: float,
    rate: float = 20.0,
    x: float = 0.0,
    yaw: float = 0.0,
) -> None:
    """Add poses from a start along the x axis, both ends included."""
    for number in range(round((end - start) * rate) + 1):
        seconds = number / rate
        odometer.add(at(start + seconds), pose(x + speed * seconds, yaw=yaw))


def test_between_poses() -> None:
    """The way is that between the positions at the very stamps of the frames."""
    odometer = Odometer()
    drive(odometer, 0, 4, speed=2.0, rate=5.0)
    assert ask(odometer, 0.31) is None  # The first frame: since when?
    assert ask(odometer, 0.77) == pytest.approx(2 * 0.46)
    assert ask(odometer, 0.77) == 0.0
    assert ask(odometer, 3.0) == pytest.approx(2 * 2.23)


def test_nothing_tells() -> None:
    """Without poses, and for frames before the first one, the way is not known."""
    odometer = Odometer()
    assert ask(odometer, 0) is None
    assert ask(odometer, 1) is None
    drive(odometer, 2, 3, speed=1.0)
    assert ask(odometer, 1.5) is None
    assert ask(odometer, 2.5) is None  # Where the robot was at 1.5 s is not known.
    assert ask(odometer, 2.7) == pytest.approx(0.2)


@pytest.mark.parametrize('yaw', [0.0, 1.0, math.pi, -2.5])
def test_reversing_is_negative(yaw: float) -> None:
    """The sign is that of the motion in the robot's own frame, for any heading."""
    odometer = Odometer()
    xs = [0, 1, 2, 3, 2, 1]
    for second, x in enumerate(xs):
        odometer.add(at(second), pose(x * math.cos(yaw), x * math.sin(yaw), yaw))
    assert ask(odometer, 0) is None
    ways = [ask(odometer, second) for second in range(1, 6)]
    assert ways == pytest.approx([1, 1, 1, -1, -1])


def test_round_a_bend() -> None:
    """Along a circle the way is the arc; turning on the spot is none."""
    odometer, radius = Odometer(), 5.0
    for number in range(201):
        angle = number * math.tau / 200
        odometer.add(
            at(number / 50), pose(radius * math.sin(angle), radius * (1 - math.cos(angle)), angle)
        )
    ask(odometer, 0)
    assert ask(odometer, 4) == pytest.approx(math.tau * radius, rel=1e-3)
    for number in range(1, 51):
        odometer.add(at(4 + number / 50), pose(0.0, 0.0, number / 8))
    assert ask(odometer, 5) == pytest.approx(0.0, abs=1e-9)


def test_up_a_ramp() -> None:
    """Where the robot faces upwards it goes upwards."""
    odometer, tilt = Odometer(), math.radians(-30)  # About y, right-handed: the nose up.
    for second in range(3):
        odometer.add(
            at(second),
            Pose(
                (second * math.cos(tilt), 0.0, -second * math.sin(tilt)),
                (0.0, math.sin(tilt / 2), 0.0, math.cos(tilt / 2)),
            ),
        )
    ask(odometer, 0)
    assert ask(odometer, 2) == pytest.approx(2.0)


def test_turned_round_between_two_poses() -> None:
    """Opposite directions have no mean: the newer one counts."""
    odometer = Odometer()
    odometer.add(at(0), pose(0.0))
    odometer.add(at(1), pose(2.0, yaw=math.pi))
    ask(odometer, 0)
    assert ask(odometer, 1) == pytest.approx(-2.0)


def test_frames_ahead_of_the_odometry_lose_nothing() -> None:
    """What is not known yet of a frame's way is part of the next one's."""
    odometer = Odometer()
    odometer.add(at(0), pose(0.0))
    ask(odometer, 0)
    total = 0.0
    for number in range(1, 31):
        # Ten frames a second; the newest pose is 90 ms old.
        odometer.add(at(number / 10 - 0.09), pose(number / 10 - 0.09))
        way = ask(odometer, number / 10)
        assert way is not None
        total += way
    assert total == pytest.approx(3.0 - 0.09)


def test_a_bad_frame_does_not_count() -> None:
    """The way to a frame that was not used is part of the way to the next one."""
    odometer = Odometer()
    drive(odometer, 0, 4, speed=1.0)
    ask(odometer, 1)
    assert odometer.travelled(at(2)) == pytest.approx(1.0)
    assert odometer.travelled(at(3)) == pytest.approx(2.0)


def test_a_gap_is_not_bridged() -> None:
    """Poses too far apart show nothing about what was between them."""
    odometer = Odometer(max_gap=0.5)
    drive(odometer, 0, 1, speed=1.0)
    ask(odometer, 1)
    assert ask(odometer, 1.4) == 0.0
    assert ask(odometer, 1.6) is None  # Silent for too long.
    drive(odometer, 2, 3, speed=1.0, x=2.0)
    assert ask(odometer, 2.5) is None
    assert ask(odometer, 3.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    'jump',
    [
        (at(1.05), pose(90.0)),  # Set to another position.
        (at(1.05), pose(1.05, frame_id='odom2')),  # Another frame.
        (at(-60), pose(1.05)),  # The recording starts again.
        (at(1e6), pose(1.05)),  # The clock was set.
    ],
    ids=['position', 'frame', 'back in time', 'far ahead'],
)
def test_a_jump_begins_anew(jump: tuple[int, Pose]) -> None:
    """Over a jump no way is known; after it the way is right again."""
    odometer = Odometer()
    drive(odometer, 0, 1, speed=1.0)
    ask(odometer, 0.5)
    stamp, first = jump
    odometer.add(stamp, first)
    x = first.position[0]
    odometer.add(stamp + SECOND // 10, pose(x + 0.1, frame_id=first.frame_id))
    odometer.add(stamp + SECOND // 5, pose(x + 0.2, frame_id=first.frame_id))
    assert odometer.travelled(stamp + SECOND // 20) is None
    odometer.keep()
    assert odometer.travelled(stamp + SECOND // 5) == pytest.approx(0.15)


def test_a_jump_while_a_frame_is_under_way() -> None:
    """A frame that was asked about before the jump is none to count from after it."""
    odometer = Odometer()
    drive(odometer, 0, 1, speed=1.0)
    ask(odometer, 0.5)
    odometer.travelled(at(1.0))
    odometer.add(at(1.05), pose(90.0))
    odometer.keep()
    assert ask(odometer, 1.05) is None


def test_frames_in_the_wrong_order() -> None:
    """A frame older than the one before has no way; the next one counts from it."""
    odometer = Odometer()
    drive(odometer, 0, 4, speed=1.0)
    ask(odometer, 2)
    assert ask(odometer, 1) is None
    assert ask(odometer, 3) == pytest.approx(2.0)


@pytest.mark.parametrize('late', [0.0, -0.3])
def test_a_late_pose_is_ignored(late: float) -> None:
    """A pose that was overtaken by a newer one, or comes twice, changes nothing."""
    odometer = Odometer()
    drive(odometer, 0, 1, speed=1.0)
    odometer.add(at(1 + late), pose(17.0))
    drive(odometer, 1.05, 2, speed=1.0, x=1.05)
    ask(odometer, 0.5)
    assert ask(odometer, 1.5) == pytest.approx(1.0)


@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize('field', range(8))
def test_what_is_not_finite_is_ignored(field: int, value: float) -> None:
    """Neither a position nor an orientation that is not finite, or is none, does harm."""
    odometer = Odometer()
    drive(odometer, 0, 1, speed=1.0)
    numbers = [1.05, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    if field < 7:
        numbers[field] = value
    else:
        numbers[6] = 0.0  # A quaternion of zeros.
    odometer.add(
        at(1.05),
        Pose(
            (numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5], numbers[6])
        ),
    )
    odometer.add(at(1.1), pose(1.1))
    ask(odometer, 0.9)
    assert ask(odometer, 1.1) == pytest.approx(0.2)


def test_memory_is_bounded() -> None:
    """However long it drives, old poses go; the way of recent frames stays exact."""
    odometer = Odometer()
    drive(odometer, 0, 600, speed=1.0, rate=100.0)
    assert len(odometer._points) <= 1000
    assert ask(odometer, 1) is None
    assert ask(odometer, 598) is None
    assert ask(odometer, 599.5) == pytest.approx(1.5)


@pytest.mark.long
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.integers(-2 * SECOND, 2 * SECOND) | st.integers(-(2**63), 2**63 - 1),
            st.tuples(*[st.floats(-5, 5) | st.floats()] * 7),
        ),
        max_size=30,
    )
)
@steady
def test_whatever_comes(events: list[tuple[bool, int, tuple[float, ...]]]) -> None:
    """For any poses and frames in any order the way is None or a finite number, never an error."""
    odometer = Odometer()
    for is_pose, stamp, (x, y, z, qx, qy, qz, qw) in events:
        if is_pose:
            odometer.add(stamp, Pose((x, y, z), (qx, qy, qz, qw)))
        else:
            way = odometer.travelled(stamp)
            odometer.keep()
            assert way is None or math.isfinite(way)


@given(
    st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=50),
    st.lists(st.floats(0, 0.1), min_size=50, max_size=50),
)
@steady
def test_ways_sum_up_to_the_way(steps: list[float], lags: list[float]) -> None:
    """However late the poses come, the frames' ways sum to what the poses came in all."""
    odometer = Odometer()
    odometer.add(at(0), pose(0.0))
    ask(odometer, 0)
    x = total = 0.0
    for number, (step, lag) in enumerate(zip(steps, lags), start=1):
        x += step
        odometer.add(at(number * 0.2 - lag), pose(x))
        way = ask(odometer, number * 0.2)
        assert way is not None
        total += way
    assert total == pytest.approx(x, abs=1e-9)


def test_fed_from_another_thread() -> None:
    """Poses that come while frames ask lose nothing and break nothing."""
    odometer, total, rate = Odometer(), 0.0, 1000
    odometer.add(at(0), pose(0.0))
    ask(odometer, 0)
    feeding = threading.Thread(target=drive, args=(odometer, 1 / rate, 0.9, 1.0, rate, 1 / rate))
    feeding.start()
    for number in range(1, 91):
        way = ask(odometer, number / 100)
        assert way is not None
        total += way
    feeding.join()
    way = ask(odometer, 0.9)
    assert way is not None
    assert total + way == pytest.approx(0.9)


def test_poses_around_a_stamp() -> None:
    """The two poses between which a stamp is, and where; none outside."""
    odometer = Odometer()
    assert odometer.newest is None
    assert odometer.between(at(0.0)) is None
    drive(odometer, 0, 2, speed=1.0, rate=4.0)
    found = odometer.between(at(0.3))
    assert found is not None
    assert (found.before.position[0], found.after.position[0]) == (0.25, 0.5)
    assert found.part == pytest.approx(0.2)
    assert odometer.between(at(-0.1)) is None
    assert odometer.between(at(2.1)) is None
    newest = odometer.newest
    assert newest is not None
    assert newest == (at(2.0), pose(2.0))


@pytest.mark.parametrize(
    ('seconds', 'x', 'frame_id', 'reason'),
    [
        (0.1, 90.0, 'odom', 'it jumped by 90.0 m'),
        (9.0, 0.0, 'odom', 'none for 9.0 s'),
        (-9.0, 0.0, 'odom', 'its time went back by 9.0 s'),
        (0.1, 0.0, 'other', "its frame_id changed from 'odom' to 'other'"),
    ],
)
def test_restarts_have_a_reason(seconds: float, x: float, frame_id: str, reason: str) -> None:
    """All that breaks the way is counted, with its reason."""
    odometer = Odometer()
    odometer.add(at(0.0), pose(0.0))
    assert odometer.restarts == 0
    odometer.add(at(seconds), pose(x, frame_id=frame_id))
    assert odometer.restarts == 1
    assert reason in odometer.restart_reason


def test_poses_that_do_not_face_where_they_move() -> None:
    """Along their x axis the robot would stand: the way is its length, until they face it again."""
    odometer = Odometer()
    drive(odometer, 0, 10, speed=1.0, yaw=math.pi / 2)
    assert odometer.across == pytest.approx(0.0, abs=1e-9)
    assert ask(odometer, 7.0) is None
    # In steps of a quarter of a metre.
    assert ask(odometer, 9.0) == pytest.approx(2.0, abs=0.3)
    # It is the part of the last metres, over which earlier ones fade.
    drive(odometer, 10.1, 60, speed=1.0, x=10.1)
    assert odometer.across is None
    assert ask(odometer, 58.0) is not None
    assert ask(odometer, 59.0) == pytest.approx(1.0)


@pytest.mark.parametrize('yaw', [0.0, 0.5, math.pi])
def test_poses_that_face_where_they_move(yaw: float) -> None:
    """Slip and reverse are none of these; nor is the noise of a robot that stands."""
    odometer = Odometer()
    drive(odometer, 0, 20, speed=1.0, yaw=yaw)
    for number in range(4000):
        odometer.add(at(20.1 + number * 0.01), pose(20 + 0.02 * (number % 2), 0.03 * (number % 3)))
    assert odometer.across is None


def test_a_driver_that_sets_the_speed_only() -> None:
    """Without a position the robot would stand; a position that moves ends that at once."""
    odometer = Odometer()
    for number in range(101):
        # As of a driver that leaves the fusing to robot_localization.
        speed = math.nan if number == 50 else 1.0 if number < 80 else -1.0
        odometer.add(at(number / 10), pose(0.0), speed)
        assert odometer.by_speed == (number >= 20)
    ask(odometer, 6.0)
    assert ask(odometer, 7.0) == pytest.approx(1.0)
    assert ask(odometer, 10.0) == pytest.approx(0.9 - 2.1)
    odometer.add(at(10.1), pose(0.001), 1.0)
    assert not odometer.by_speed
    for number in range(200):
        odometer.add(at(10.2 + number / 10), pose(0.1 * number), 1.0)
    assert not odometer.by_speed
    ask(odometer, 20.0)
    assert ask(odometer, 25.0) == pytest.approx(5.0)
