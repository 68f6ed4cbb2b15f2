"""vpr_node's sequence filter: its memory, its settings while it runs, and odometry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nav_msgs.msg import Odometry
from support import ros
from support.ros import Client, answer_of, frame_message

from vprtempo_ros.config import BackendConfig, MatchConfig, SequenceConfig
from vprtempo_ros.frames import Frame
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser

SECOND = 10**9
EVERYTHING = {'match.min_confidence': 0.0, 'match.top_k': 1000}


def settings(name: str = 'bayes', **others: Any) -> MatchConfig:
    """Return settings that answer with all places, however improbable they are."""
    return MatchConfig(
        top_k=1000, min_confidence=0.0, sequence=SequenceConfig(filter=name, **others)
    )


def library(street, match: MatchConfig) -> Recogniser:
    """Return what the node should answer like."""
    return Recogniser(load(street.map), BackendConfig(), match)


def compare(
    client: Client,
    recogniser: Recogniser,
    frame: Frame,
    stamp_ns: int | None = None,
    travelled: float | None = None,
) -> None:
    """Ask both about a frame; they must agree."""
    places, confidences = answer_of(client.ask(frame_message(frame, stamp_ns)))
    timing = FrameTiming(frame.stamp_ns if stamp_ns is None else stamp_ns, travelled)
    expected = recogniser.recognise(frame.image, timing)
    assert places == expected.places.tolist()
    assert confidences == pytest.approx(expected.confidences, abs=1e-6)


def certainty(recogniser: Recogniser, frames: list[Frame]) -> list[float]:
    """Return the best confidence for each frame, of a new recogniser."""
    recogniser.reset()
    results = [recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns)) for frame in frames]
    return [float(result.confidences[0]) for result in results]


@pytest.mark.parametrize('name', ['none', 'seqslam', 'bayes'])
def test_every_filter(street, tmp_path: Path, name: str) -> None:
    """Each filter answers over DDS as it does in the library, and the diagnostics name it."""
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={'map': street.map, 'match.sequence.filter': name, **EVERYTHING},
        ),
        Client() as client,
    ):
        client.await_listener()
        twin = library(street, settings(name))
        for frame in street.frames('query')[:15]:
            compare(client, twin, frame)
        client.status(lambda status, values: values.get('sequence filter') == name, 'the filter')


def test_the_filter_is_changed_while_it_runs(street, tmp_path: Path) -> None:
    """Filters, their constants and top_k change between frames; what is refused changes nothing."""
    frames = street.frames('query')
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': street.map,
                'match.sequence.filter': 'none',
                'diagnostics.period': 0.1,
                **EVERYTHING,
            },
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        twin = library(street, settings('none'))
        for frame in frames[:3]:
            compare(client, twin, frame)

        assert client.set_parameter('match.sequence.filter', 'seqslam').successful
        twin.configure(settings('seqslam'))
        for frame in frames[3:8]:
            compare(client, twin, frame)

        result = client.set_parameter('match.sequence.filter', 'kalman')
        assert not result.successful
        assert 'match.sequence.filter' in result.reason
        assert 'none, seqslam, bayes' in result.reason
        assert client.parameter('match.sequence.filter') == 'seqslam'
        # All or none: the first of the two would have been allowed.
        result = client.set_together({'match.top_k': 2, 'match.sequence.length': 1})
        assert not result.successful
        assert 'match.sequence.length' in result.reason
        assert client.parameter('match.top_k') == 1000
        for frame in frames[8:11]:
            compare(client, twin, frame)

        assert client.set_together(
            {'match.sequence.filter': 'bayes', 'match.sequence.leaving': 0.1}
        ).successful
        twin.configure(settings('bayes', leaving=0.1))
        for frame in frames[11:16]:
            compare(client, twin, frame)
        client.status(
            lambda status, values: values.get('sequence filter') == 'bayes', 'the new filter'
        )
        # The threshold and the number of places change without a loss of memory.
        assert client.set_parameter('match.top_k', 2).successful
        assert client.set_parameter('match.min_confidence', 0.01).successful
        places, confidences = answer_of(client.ask(frame_message(frames[16])))
        expected = twin.recognise(frames[16].image, FrameTiming(frames[16].stamp_ns))
        assert places == expected.places[:2].tolist()
        assert confidences == pytest.approx(expected.confidences[:2], abs=1e-6)
        assert 'Traceback' not in process.output()


def test_changes_while_frames_arrive(street, tmp_path: Path) -> None:
    """Settings that change in a stream of frames harm none of them."""
    messages = [frame_message(frame) for frame in street.frames('query')]
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': street.map,
                'input.reliability': 'reliable',
                'input.depth': 1000,
                'diagnostics.period': 0.1,
                'match.min_confidence': 0.0,
            },
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        sent = 0
        for number in range(24):
            for message in messages[sent % 40 : sent % 40 + 5]:
                client.publisher.publish(message)
                sent += 1
            name = ('none', 'seqslam', 'bayes')[number % 3]
            assert client.set_parameter('match.sequence.filter', name).successful
            assert client.set_parameter('match.top_k', number % 4 + 1).successful
        # The last setting was top_k 4: all following matches have as many places.
        answer = client.ask(frame_message(street.places()[0], 7 * SECOND))
        assert len(answer.results) == 4
        values = client.status(
            lambda status, values: (
                values.get('frames received') == str(sent + 1)
                and int(values['frames matched']) + int(values['frames dropped']) == sent + 1
            ),
            'all frames accounted for',
        )
        assert values['frames bad'] == '0'
        assert values['sequence filter'] == 'bayes'
        assert 'Traceback' not in process.output()


def test_activation_forgets_the_way_here(street, tmp_path: Path) -> None:
    """What was seen before the node was inactive counts no more."""
    frames = street.frames('query')
    before, after = frames[:12], frames[12:16]
    twin = library(street, settings())
    fresh = certainty(twin, after)
    remembered = certainty(twin, before + after)[len(before) :]
    # Else this test would not see a difference.
    assert abs(remembered[0] - fresh[0]) > 0.001
    twin = library(street, settings())
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **EVERYTHING}),
        Client() as client,
    ):
        client.await_listener()
        for frame in before:
            compare(client, twin, frame)
        assert client.change(ros.DEACTIVATE)
        assert client.change(ros.ACTIVATE)
        client.await_listener()
        twin.reset()
        for frame in after:
            compare(client, twin, frame)


def odometry(frame: Frame, stamp_ns: int, x: float, frame_id: str = 'odom') -> Odometry:
    """Return odometry that has come `x` metres straight ahead when a frame was taken."""
    message = Odometry()
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp_ns, SECOND)
    message.header.frame_id = frame_id
    message.pose.pose.position.x = x
    return message


def test_odometry_tells_the_way(street, tmp_path: Path) -> None:
    """With odometry the filter goes by the metres between processed frames, forth and back."""
    frames = street.frames('query')[:24]
    frames += frames[::-1][1:8]
    # The robot creeps: time suggests another distance than odometry.
    stamps = [frames[0].stamp_ns + number * 9 * SECOND // 10 for number in range(len(frames))]
    xs = [float(min(number, 46 - number)) for number in range(len(frames))]
    twin, timed = library(street, settings()), library(street, settings())
    differences = []
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': street.map,
                'input.odometry': 'true',
                'diagnostics.period': 0.1,
                **EVERYTHING,
            },
        ) as process,
        Client() as client,
    ):
        process.wait_for('listening on /image and /odom')
        client.await_listener()
        publisher = client.await_odometry_listener()
        for stamp, x in zip(stamps, xs):
            publisher.publish(odometry(frames[0], stamp, x))
        client.status(
            lambda status, values: values.get('odometry received') == str(len(frames)),
            'all odometry',
        )
        kept = None
        for number, (frame, stamp, x) in enumerate(zip(frames, stamps, xs)):
            if number == 9:
                # A bad frame: the next one's way begins where the one before was.
                client.publisher.publish(
                    ros.image_message(np.zeros((480, 640, 3), np.uint8), 'rgb8', stamp)
                )
                client.status(lambda status, values: values.get('frames bad') == '1', 'bad frame')
                continue
            way = None if kept is None else x - kept
            kept = x
            compare(client, twin, frame, stamp, way)
            expected = timed.recognise(frame.image, FrameTiming(stamp)).confidences
            differences.append(abs(float(expected[0]) - float(client.matches[-1].results[0].score)))
        values = client.status(
            lambda status, values: values.get('distance travelled (m)') != '-', 'the distance'
        )
        assert values['distance travelled (m)'] == '-1.00'
    assert max(differences) > 0.01


def test_odometry_that_cannot_be_used(street, tmp_path: Path) -> None:
    """Odometry that is silent is a warning; with broken or foreign one the filter goes by time."""
    frames = street.frames('query')[:12]
    twin = library(street, settings())
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': street.map,
                'input.odometry': 'true',
                'diagnostics.period': 0.1,
                **EVERYTHING,
            },
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        publisher = client.await_odometry_listener()
        for frame in frames[:4]:
            compare(client, twin, frame)
        # Images come, so that only odometry is missing.
        stamp = frames[3].stamp_ns

        def silent() -> bool:
            nonlocal stamp
            stamp += SECOND // 100
            compare(client, twin, frames[3], stamp)
            return any(
                'no odometry for' in status.message and status.level == b'\x01'
                for status in client.statuses
            )

        client.spin_until(silent, 'a warning about odometry')

        publisher.publish(b'\x00\x01\x00\x00 this is no odometry')
        process.wait_for('bad odometry skipped')
        broken = [
            odometry(frames[0], stamp, float('nan')),
            odometry(frames[0], stamp, 0.0),
            odometry(frames[0], stamp + 1, 1e300),
            odometry(frames[0], 0, 0.0),
            odometry(frames[0], stamp + 3600 * SECOND, 5.0),
        ]
        broken[1].pose.pose.orientation.w = 0.0
        for message in broken:
            publisher.publish(message)
        client.status(
            lambda status, values: values.get('odometry received') == str(len(broken)),
            'the odometry',
        )
        for frame in frames[4:]:
            compare(client, twin, frame, frame.stamp_ns - frames[3].stamp_ns + stamp)
        values = client.status(
            lambda status, values: 'distance travelled (m)' in values, 'the distance'
        )
        assert values['distance travelled (m)'] == '-'
        assert values['frames bad'] == '0'
        broken[1].header.stamp.sec += 7200
        client.feed(
            lambda: publisher.publish(broken[1]),
            lambda: any(
                'unusable poses, with a quaternion of length 0' in status.message
                for status in client.statuses
            ),
            'a warning about orientations',
        )
        creeping = odometry(frames[0], stamp + 10000 * SECOND, 0.0)
        creeping.twist.twist.linear.x = 10.0

        def creep() -> None:
            creeping.header.stamp.nanosec = 500_000_000 - creeping.header.stamp.nanosec
            creeping.header.stamp.sec += creeping.header.stamp.nanosec == 0
            publisher.publish(creeping)

        creeping.header.stamp.nanosec = 0
        client.feed(
            creep,
            lambda: any(
                'its driver sets the twist only' in status.message for status in client.statuses
            ),
            'a warning about positions',
        )
        assert 'Traceback' not in process.output()


def test_no_odometry_unless_asked_for(street, tmp_path: Path) -> None:
    """By default there is no subscription, and nothing about odometry in the diagnostics."""
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, 'diagnostics.period': 0.1}),
        Client() as client,
    ):
        client.await_listener()
        assert client.odometry_listeners() == 0
        values = client.status(lambda status, values: 'sequence filter' in values, 'the filter')
        assert not [name for name in values if 'odometry' in name or 'way' in name]
