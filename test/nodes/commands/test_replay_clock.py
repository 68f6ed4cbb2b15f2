"""Simulated time: /clock from a replayed bag, also a looping one, and a node that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import ros
from support.ros import Client

from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, read_message, stamp_ns

TOPIC = '/camera/image_raw'
SECOND = 1_000_000_000


def recorded(street) -> tuple[list[int], list[int]]:
    """Return when the query's messages were recorded, and the stamps of its images, in ns."""
    with BagReader(street.recordings.query) as bag:
        times = [raw.stamp_ns for raw in bag.messages(list(bag.topics))]
        return times, [
            stamp_ns(read_message(raw.data, IMAGE).header) for raw in bag.messages([TOPIC])
        ]


def cut(times: list[int]) -> list[range]:
    """Return the indices between which times do not jump back."""
    starts = [n for n in range(len(times)) if n == 0 or times[n] < times[n - 1]]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], len(times)])]


class Listener(Client):
    """Hears /clock as well."""

    def __init__(self) -> None:
        from rosgraph_msgs.msg import Clock

        super().__init__(image=TOPIC)
        self.times: list[int] = []
        self._node.create_subscription(Clock, '/clock', self._on_clock, 1000)

    def _on_clock(self, message: Any) -> None:
        self.times.append(message.clock.sec * SECOND + message.clock.nanosec)

    def rounds(self) -> list[list[int]]:
        """Return the times heard, cut where they jump back."""
        return [[self.times[n] for n in part] for part in cut(self.times)]

    def whole_rounds(self, stamps: list[int]) -> list[list[str]]:
        """Return the places matched in each round in which a busy machine has lost no frame."""
        heard = [stamp_ns(match.header) for match in self.matches]
        places = [match.results[0].class_id if match.results else '' for match in self.matches]
        return [
            [places[n] for n in part] for part in cut(heard) if [heard[n] for n in part] == stamps
        ]


def test_clock_is_the_recorded_time(street, tmp_path: Path) -> None:
    """/clock runs from the first to the last recorded time, and never beyond."""
    times, _ = recorded(street)
    with (
        Listener() as client,
        ros.node(
            tmp_path, 'replay', str(street.recordings.query), '--clock', '100', '--rate', '4'
        ) as replay,
    ):
        client.spin_until(lambda: replay.process.poll() is not None, 'the end of the replay')
        assert replay.process.returncode == 0
    assert len(client.rounds()) == 1
    assert client.times[0] - times[0] < SECOND
    assert times[-1] - SECOND < client.times[-1] <= times[-1]
    assert len(client.times) > 20


def test_node_uses_a_clock_that_restarts(street, tmp_path: Path) -> None:
    """With use_sim_time, each round of a loop is matched as the first, at recorded times."""
    times, stamps = recorded(street)
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            remap={'image': TOPIC},
            parameters={'map': street.map, 'input.reliability': 'reliable', 'use_sim_time': 'true'},
        ) as process,
        Listener() as client,
    ):
        client.await_listener()
        with ros.node(
            tmp_path, 'replay', str(street.recordings.query), '--clock', '--loop', '--rate', '2'
        ) as replay:
            client.spin_until(lambda: len(client.whole_rounds(stamps)) >= 3, 'three rounds')
            assert replay.end() == 0
        assert process.process.poll() is None
        assert 'Traceback' not in process.output()
    assert len(client.rounds()) >= 3
    for round_ in client.rounds():
        assert times[0] <= round_[0] < times[0] + SECOND
    # The stages of matching forget earlier frames where time jumps back. The adaptation to light
    # does not, so some frames pass match.min_confidence in some rounds only.
    first, *later = client.whole_rounds(stamps)
    assert len(set(first)) > 10
    for other in later:
        both = [(a, b) for a, b in zip(first, other, strict=True) if a and b]
        assert len(both) > 0.7 * len(first)
        assert all(a == b for a, b in both)


def test_clock_and_restamp_exclude_each_other(street, tmp_path: Path) -> None:
    """Either stamps move to the clock, or the clock moves to the stamps."""
    with ros.node(tmp_path, 'replay', str(street.recordings.query), '--clock', '--restamp') as both:
        assert both.process.wait(ros.PATIENCE) == 1
        assert 'expected --clock or --restamp, found both' in both.output()
        assert len(both.output().splitlines()) == 1
