"""The status of each component over time, with a clock that the test sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import match_of, steady

from vprtempo_ros.config import DiagnosticsConfig
from vprtempo_ros.health.arrivals import Arrivals
from vprtempo_ros.health.context import DiagnosticContext
from vprtempo_ros.health.monitor import HealthMonitor
from vprtempo_ros.health.statistics import FrameStatistics
from vprtempo_ros.health.status import Level, Status
from vprtempo_ros.health.window import Counts, Window

PLACE = match_of([28, 29], [0.9, 0.1])


class Robot:
    """Statistics and health of a node, on a clock that the test advances; frames at 10 Hz."""

    def __init__(self, **limits: float) -> None:
        self.now = 1000.0
        self.limits = DiagnosticsConfig(**limits)
        self.statistics = FrameStatistics(lambda: self.now)
        self.health = HealthMonitor(self.now)
        self.publishers = ['/camera']
        self.context = DiagnosticContext(
            'image',
            '/image',
            lambda: self.publishers,
            lambda: 'no node publishes it',
            lambda: 'use compressed images',
            '/maps/a',
            '',
            1,
            None,
            '',
            'numpy',
            100,
            'bayes',
        )
        self.history: list[dict[str, Status]] = []

    def drive(
        self, seconds: float, frame: Callable[[], None] | None = None, rate: float = 10.0
    ) -> dict[str, Status]:
        """Receive frames for a while, with a report each second; return the last one."""
        count = round(seconds * rate)
        for number in range(1, count + 1):
            # Rounded, so that sums of tenths are whole seconds.
            self.now = round(self.now + 1.0 / rate, 6)
            if frame:
                self.statistics.add_received()
                frame()
            if number * 1.0 / rate % 1.0 < 0.5 / rate or rate < 1.0:
                self.report()
        return self.history[-1]

    def report(self) -> dict[str, Status]:
        """Make a report now."""
        metrics = self.statistics.take(self.limits.silence)
        found = self.health.statuses(self.now, metrics, self.context, self.limits)
        self.history.append({status.component: status for status in found})
        return self.history[-1]

    def known(self) -> None:
        """Match a frame to a place."""
        self.statistics.add_work(0.01)
        self.statistics.add_result(PLACE, None, 0.02)

    def unknown(self) -> None:
        """Find no place for a frame."""
        self.statistics.add_result(match_of([], []), None, 0.02)

    def bad(self) -> None:
        """Refuse a frame."""
        self.statistics.add_bad('expected 640x480 pixels, found 320x240')

    def levels(self, component: str) -> list[Level]:
        """Return the level of a component in each report."""
        return [statuses[component].level for statuses in self.history]


def changes(levels: list[Level]) -> int:
    """Return how often a level changes."""
    return sum(a != b for a, b in zip(levels, levels[1:]))


def test_all_components_ok() -> None:
    """A robot that recognises places is OK in every component."""
    robot = Robot(min_rate=9.0)
    statuses = robot.drive(30.0, robot.known)
    assert set(statuses) == {'input', 'recognition', 'backend', 'map', 'clock'}
    assert all(set(robot.levels(component)) == {Level.OK} for component in statuses)
    assert dict(statuses['input'].values)['input rate (Hz)'] == '10.0'
    assert dict(statuses['recognition'].values)['last match'] == 'place 28 (0.90)'
    assert dict(statuses['recognition'].values)['latency mean (ms)'] == '20.00'
    assert dict(statuses['backend'].values)['processing time mean (ms)'] == '10.00'
    assert dict(statuses['backend'].values)['load'] == '10%'


def test_silence() -> None:
    """Without images the input is an error with its cause, and recognition is stale."""
    robot = Robot()
    robot.drive(10.0, robot.known)
    statuses = robot.drive(4.0)
    assert statuses['input'].level is Level.ERROR
    assert statuses['input'].message == 'no image for 4 s on /image: no node publishes it'
    assert statuses['recognition'].level is Level.STALE
    assert 'no frame matched for 4 s' in statuses['recognition'].message
    statuses = robot.drive(4.0, robot.known)
    assert statuses['input'].level is Level.ERROR
    assert 'ended 3 s ago' in statuses['input'].message
    statuses = robot.drive(3.0, robot.known)
    assert statuses['input'].level is statuses['recognition'].level is Level.OK
    assert changes(robot.levels('input')) == changes(robot.levels('recognition')) == 2


def test_a_camera_that_never_sends() -> None:
    """Silence counts from the start of the node."""
    robot = Robot()
    assert robot.drive(2.0)['input'].level is Level.OK
    assert robot.drive(1.0)['input'].level is Level.ERROR


def test_slow_images() -> None:
    """A rate below the limit is a warning; one that varies around it does not flap."""
    robot = Robot(min_rate=8.0)
    robot.drive(10.0, robot.known)
    statuses = robot.drive(10.0, robot.known, rate=5.0)
    assert statuses['input'].level is Level.WARN
    assert 'expected at least 8 per second (diagnostics.min_rate), found 5.0' in (
        statuses['input'].message
    )
    robot.drive(20.0, robot.known)
    assert robot.levels('input')[-1] is Level.OK
    before = changes(robot.levels('input'))
    for _ in range(30):
        robot.drive(1.0, robot.known, rate=7.0)
        robot.drive(1.0, robot.known, rate=12.0)
    assert changes(robot.levels('input')) - before <= 2


def test_unusable_images() -> None:
    """All of them unusable is an error, some of them a warning, one of them is only counted."""
    robot = Robot()
    statuses = robot.drive(10.0, robot.bad)
    assert statuses['input'].level is Level.ERROR
    assert statuses['input'].message.count('expected 640x480 pixels, found 320x240') == 1
    assert 'no usable image: 50 of 50' in statuses['input'].message
    assert statuses['recognition'].level is Level.STALE

    robot = Robot()
    turn = iter(range(10**9))
    statuses = robot.drive(10.0, lambda: (robot.bad if next(turn) % 2 else robot.known)())
    assert statuses['input'].level is Level.WARN
    assert 'publishers' not in statuses['input'].message
    robot.publishers = ['/left', '/right']
    statuses = robot.drive(2.0, lambda: (robot.bad if next(turn) % 2 else robot.known)())
    assert '2 publishers on /image (/left, /right): remap all but one' in statuses['input'].message
    assert statuses['recognition'].level is Level.OK
    assert robot.drive(15.0, robot.known)['input'].level is Level.OK

    robot = Robot()
    robot.drive(5.0, robot.known)
    robot.drive(0.1, robot.bad)
    robot.drive(15.0, robot.known)
    assert set(robot.levels('input')) == {Level.OK}
    assert dict(robot.history[-1]['input'].values)['frames bad'] == '1'


def test_lost() -> None:
    """Unknown for long is a warning; sometimes is not, and a single match does not end it."""
    robot = Robot(lost_after=10.0)
    robot.drive(20.0, robot.known)
    robot.drive(8.0, robot.unknown)
    robot.drive(10.0, robot.known)
    assert set(robot.levels('recognition')) == {Level.OK}
    statuses = robot.drive(20.0, robot.unknown)
    assert statuses['recognition'].level is Level.WARN
    assert statuses['recognition'].message.startswith('lost: 50 of 50 frames unknown')
    assert 'the last place was 28' in statuses['recognition'].message
    robot.drive(0.1, robot.known)
    assert robot.drive(10.0, robot.unknown)['recognition'].level is Level.WARN
    # Without results it is stale; that does not count as localised.
    assert robot.drive(10.0)['recognition'].level is Level.STALE
    assert robot.drive(8.0, robot.unknown)['recognition'].level is Level.WARN
    assert robot.drive(15.0, robot.known)['recognition'].level is Level.OK

    robot = Robot(lost_after=0.0)
    robot.drive(60.0, robot.unknown)
    assert set(robot.levels('recognition')) == {Level.OK}


def test_backend() -> None:
    """Nearly all of the time at work, frames dropped, and a backend that fails."""
    robot = Robot(max_load=0.8)

    def laborious() -> None:
        robot.known()
        robot.statistics.add_work(0.08)

    statuses = robot.drive(10.0, laborious)
    assert statuses['backend'].level is Level.WARN
    assert 'slow: busy 90% of the time, 90.00 ms per frame' in statuses['backend'].message

    robot, dropped = Robot(), 0

    def overtaken() -> None:
        nonlocal dropped
        dropped += 1
        robot.statistics.set_dropped(dropped)

    statuses = robot.drive(10.0, overtaken)
    assert statuses['backend'].level is Level.WARN
    assert 'cannot keep up: 50 of 50 frames dropped' in statuses['backend'].message

    robot = Robot()
    statuses = robot.drive(10.0, lambda: robot.statistics.add_failure('the board is gone'))
    assert statuses['backend'].level is Level.ERROR
    assert 'the board is gone' in statuses['backend'].message
    assert statuses['input'].level is Level.OK


def test_map_on_disk() -> None:
    """A folder that is gone is a warning until it is back; a short absence does not count."""
    robot = Robot()
    robot.context = robot.context._replace(map_problem='/maps/a is gone')
    robot.drive(1.0, robot.known)
    robot.context = robot.context._replace(map_problem='')
    robot.drive(10.0, robot.known)
    assert set(robot.levels('map')) == {Level.OK}
    robot.context = robot.context._replace(map_problem='/maps/a is gone')
    assert robot.drive(5.0, robot.known)['map'].level is Level.WARN
    statuses = robot.health.map_status(robot.now, robot.context, robot.limits)
    assert statuses.message == '/maps/a is gone'
    robot.context = robot.context._replace(map_problem='')
    assert robot.drive(10.0, robot.known)['map'].level is Level.OK


def test_clocks() -> None:
    """No /clock, a clock that stands still, and stamps that jump back."""
    robot = Robot()
    robot.context = robot.context._replace(sim_time=0.0)
    statuses = robot.drive(5.0, robot.known)
    assert statuses['clock'].level is Level.WARN
    assert 'use_sim_time is set but no /clock is received' in statuses['clock'].message
    robot.context = robot.context._replace(sim_time=17.0)
    statuses = robot.drive(10.0, robot.known)
    assert 'simulated time has not advanced for 9 s' in statuses['clock'].message

    robot = Robot()
    robot.drive(5.0, robot.known)
    robot.statistics.add_jump(12.5)
    statuses = robot.drive(1.0, robot.known)
    assert statuses['clock'].level is Level.WARN
    assert 'stamps jumped back by 12.5 s' in statuses['clock'].message
    assert robot.drive(6.0, robot.known)['clock'].level is Level.OK
    assert dict(robot.history[-1]['clock'].values)['time jumps'] == '1'


def test_odometry() -> None:
    """Odometry that is expected and missing is a warning of its own component."""
    robot = Robot()
    robot.context = robot.context._replace(odometry_topic='/odom')
    statuses = robot.drive(5.0, robot.known)
    assert statuses['odometry'].level is Level.WARN
    assert 'no odometry for 5 s on /odom' in statuses['odometry'].message

    def moving() -> None:
        robot.known()
        robot.statistics.add_odometry()

    assert robot.drive(10.0, moving)['odometry'].level is Level.OK


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ['known', 'unknown', 'bad', 'failure', 'nothing', 'drop', 'jump', 'gone', 'back']
        ),
        st.integers(1, 40),
    ),
    max_size=60,
)


@pytest.mark.long
@steady
@given(EVENTS, st.integers(0, 8), st.integers(0, 16))
def test_no_component_flaps(
    happens: list[tuple[str, int]], raise_after: int, clear_after: int
) -> None:
    """From any other level back to OK takes at least clear_after, for any sequence of events."""
    robot, dropped = Robot(raise_after=raise_after / 2, clear_after=clear_after / 2), 0

    def frame(kind: str) -> None:
        nonlocal dropped
        if kind == 'drop':
            dropped += 1
            robot.statistics.set_dropped(dropped)
        elif kind == 'jump':
            robot.statistics.add_jump(1.0)
            robot.known()
        else:
            {
                'known': robot.known,
                'unknown': robot.unknown,
                'bad': robot.bad,
                'failure': lambda: robot.statistics.add_failure('no'),
                'gone': robot.known,
                'back': robot.known,
            }[kind]()

    began: dict[str, float] = {}
    for kind, tenths in happens:
        if kind in ('gone', 'back'):
            robot.context = robot.context._replace(map_problem='gone' if kind == 'gone' else '')
        for _ in range(tenths):
            robot.now += 0.1
            if kind != 'nothing':
                robot.statistics.add_received()
                frame(kind)
            before = robot.history[-1] if robot.history else {}
            for component, status in robot.report().items():
                was = before[component].level if component in before else Level.OK
                if was is Level.OK and status.level is not Level.OK:
                    began[component] = robot.now
                elif was is not Level.OK and status.level is Level.OK:
                    assert robot.now - began[component] >= clear_after / 2 - 1e-6


@steady
@given(st.lists(st.floats(0.001, 5.0), min_size=2, max_size=80))
def test_rate(gaps: list[float]) -> None:
    """The rate is that of the last intervals, and falls while nothing comes."""
    arrivals, now = Arrivals(0.0), 0.0
    for gap in gaps:
        now += gap
        arrivals.add(now)
    last = gaps[-30:] if len(gaps) > 30 else gaps[1:]
    found = arrivals.rate(now)
    assert found == pytest.approx(len(last) / sum(last))
    assert arrivals.silence(now + 3.0) == pytest.approx(3.0)
    later = arrivals.rate(now + 100.0)
    assert found is not None
    assert later is not None
    assert later < found
    arrivals.restart_rate()
    assert arrivals.rate(now) is None


@steady
@given(st.lists(st.tuples(st.floats(0.05, 3.0), st.integers(0, 50)), min_size=1, max_size=200))
def test_window(updates: list[tuple[float, int]]) -> None:
    """Its difference is that of the counts at both of its ends, and it is about five seconds."""
    window, now, count = Window(0.0), 0.0, 0
    at: dict[float, int] = {0.0: 0}
    for gap, new in updates:
        now, count = now + gap, count + new
        at[now] = count
        span, recent = window.update(now, Counts(received=count))
        then = min(at, key=lambda time: abs(time - (now - span)))
        assert recent.received == count - at[then]
        assert span <= 5.0 + 3.0
        assert span >= min(5.0, now) - 1e-9


def test_reasons_are_bounded() -> None:
    """A driver that invents a new encoding for each frame does not fill the memory."""
    statistics = FrameStatistics()
    for number in range(1000):
        statistics.add_bad(f"unknown encoding '{'x' * number}'")
    seen: Any = statistics.take(2.0)
    assert len(seen.bad) == 21
    assert sum(seen.bad.values()) == seen.total.bad == 1000


def test_gaps_are_counted() -> None:
    """Pauses of the input are counted, with the longest; slow input is none."""
    arrivals = Arrivals(0.0)
    for now in (0.0, 0.1, 0.2, 0.3, 0.9, 1.0, 3.0, 3.1):
        arrivals.add(now)
    assert (arrivals.gaps, arrivals.largest_gap) == (1, 2.0)
    arrivals.restart_rate()
    arrivals.add(8.1)
    assert (arrivals.gaps, arrivals.largest_gap) == (2, 5.0)
    slow = Arrivals(0.0)
    for now in (2.0, 4.0, 6.5, 8.0):
        slow.add(now)
    assert slow.gaps == 0


def test_gaps_are_in_the_diagnostics() -> None:
    """The input has their number and the longest."""
    robot = Robot()
    robot.drive(10.0, robot.known)
    robot.drive(4.0)
    statuses = robot.drive(5.0, robot.known)
    assert dict(statuses['input'].values)['gaps'].startswith('1, longest 4.')


def test_frozen_camera() -> None:
    """The same image for too long is a warning, but not in simulated time."""
    robot = Robot(frozen_after=5.0)

    def frozen() -> None:
        robot.known()
        robot.statistics.set_unchanged(robot.now - 1000.0)

    assert robot.drive(5.0, frozen)['input'].level == Level.OK
    status = robot.drive(2.0, frozen)['input']
    assert status.level == Level.WARN
    assert status.message.startswith('the same image for 7 s on /image, at most 5 s expected')
    robot.context = robot.context._replace(sim_time=1.0)
    assert robot.drive(9.0, frozen)['input'].level == Level.OK
    robot.context = robot.context._replace(sim_time=None)
    robot.limits = DiagnosticsConfig(frozen_after=0.0)
    assert robot.drive(9.0, frozen)['input'].level == Level.OK


def test_packets_missing_by_their_numbers() -> None:
    """A stream that lost half of its packets on the way is not well, though others arrive."""
    robot = Robot()
    robot.context = robot.context._replace(input_kind='packet')
    lost = 0

    def one_of_two() -> None:
        nonlocal lost
        lost += 1
        robot.statistics.set_missing(lost)
        robot.known()

    status = robot.drive(10.0, one_of_two)['input']
    assert status.level == Level.WARN
    assert status.message.endswith(
        ' packets lost in 5 s on /image (gaps between their sequence numbers), at most 5% allowed '
        '(diagnostics.max_lost): use compressed images'
    )
    assert status.message.startswith('50 of 100 packets lost')
    assert dict(status.values)['packets lost'] == '100'
    assert robot.drive(20.0, robot.known)['input'].level == Level.OK


def test_nodes_of_one_name() -> None:
    """Reported once a node that was killed would no longer be in the list, and while there are."""
    robot = Robot()
    robot.context = robot.context._replace(name='/vpr_node', namesakes=2)
    robot.drive(20.0, robot.known)
    assert robot.history[-1]['recognition'].level == Level.OK
    status = robot.drive(10.0, robot.known)['recognition']
    assert status.level == Level.ERROR
    assert status.message.startswith('2 nodes are called /vpr_node')
    robot.context = robot.context._replace(namesakes=1)
    assert robot.drive(20.0, robot.known)['recognition'].level == Level.OK
