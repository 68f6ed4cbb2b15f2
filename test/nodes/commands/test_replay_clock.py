"""Simulated time: /clock from a replayed bag, also a looping one, and a node that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support import ros
from support.ros import Client

from vprtempo_ros.config import BackendConfig, MatchConfig
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser
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

    def matched_rounds(self) -> list[list[Any]]:
        """Return the matches heard, cut where their stamps jump back, without the last round."""
        heard = [stamp_ns(match.header) for match in self.matches]
        return [[self.matches[n] for n in part] for part in cut(heard)][:-1]


def has_several_places(matches: list[Any]) -> bool:
    """Return whether a round was recognised, not merely matched."""
    return len({m.results[0].class_id for m in matches if m.results}) > len(matches) / 8


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
    times, _ = recorded(street)
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
            # A busy machine loses frames, and a round of few frames has few answers.
            client.spin_until(
                lambda: sum(map(has_several_places, client.matched_rounds())) >= 3,
                'three rounds with several places',
            )
            compared = client.matched_rounds()
            assert replay.end() == 0
        assert process.process.poll() is None
        assert 'Traceback' not in process.output()
    assert len(client.rounds()) >= 3
    for round_ in client.rounds():
        assert times[0] <= round_[0] < times[0] + SECOND
    # The stages of matching forget earlier frames where time jumps back, adaptation to light does
    # not. The twin sees the frames that the node has seen.
    frames = {frame.stamp_ns: frame for frame in street.frames('query')}
    twin = Recogniser(load(street.map), BackendConfig(), MatchConfig())
    for round_ in compared:
        seen = [frames[stamp_ns(match.header)] for match in round_]
        found = [twin.recognise(frame.image, FrameTiming(frame.stamp_ns)) for frame in seen]
        expected = [match.places[:1].tolist() for match in found]
        given = [[int(best.class_id) for best in match.results[:1]] for match in round_]
        assert given == expected
    twin.close()


def test_clock_and_restamp_exclude_each_other(street, tmp_path: Path) -> None:
    """Either stamps move to the clock, or the clock moves to the stamps."""
    with ros.node(tmp_path, 'replay', str(street.recordings.query), '--clock', '--restamp') as both:
        assert both.process.wait(ros.PATIENCE) == 1
        assert 'expected --clock or --restamp, found both' in both.output()
        assert len(both.output().splitlines()) == 1
