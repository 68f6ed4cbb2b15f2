"""A camera that freezes while the robot drives: nothing is published, with the reason."""

from __future__ import annotations

from pathlib import Path

from nav_msgs.msg import Odometry
from support import ros
from support.ros import Client, frame_message, values_of

TENTH = 100_000_000


def test_frozen_camera(street, tmp_path: Path) -> None:
    """Frames that do not change although the odometry moves are unusable; a new one matches."""
    frames = street.frames('query')
    start = frames[0].stamp_ns
    sent = 0
    parameters = {'map': street.map, 'input.odometry': 'true', 'diagnostics.period': 0.1}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters), Client() as client:
        client.await_listener()
        publisher = client.await_odometry_listener()

        def drive(moving: bool) -> None:
            nonlocal sent
            sent += moving
            stamp = start + sent * TENTH
            message = Odometry()
            message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
            message.header.frame_id = 'odom'
            message.pose.pose.position.x = sent * 0.1
            publisher.publish(message)
            client.publisher.publish(frame_message(frames[0], stamp))

        client.feed(lambda: drive(False), lambda: len(client.matches) > 0, 'a match')
        client.feed(
            lambda: drive(True),
            lambda: any(
                'in which the odometry moved by' in status.message
                and status.name == '/vpr_node: input'
                for status in client.statuses
            ),
            'the frozen camera in the diagnostics',
        )
        # One may still be on its way.
        client.await_discovery()
        matched = len(client.matches)
        bad: list[dict[str, str]] = []

        def found() -> bool:
            bad[:] = [
                values
                for values in map(values_of, client.statuses)
                if int(values.get('frames bad', '0')) > 5
            ]
            return bool(bad)

        client.feed(lambda: drive(True), found, 'unusable frames')
        assert [name for name in bad[-1] if name.startswith('bad: the same image for')]
        assert len(client.matches) <= matched + 1
        client.ask(frame_message(frames[1], start + (sent + 1) * TENTH))


def test_the_same_image_without_odometry(street, tmp_path: Path) -> None:
    """It is matched, since the robot may stand in front of it, with a warning."""
    frame, sent = street.frames('query')[0], 0
    parameters = {'map': street.map, 'diagnostics.period': 0.1, 'diagnostics.frozen_after': 1.0}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters), Client() as client:
        client.await_listener()

        def send() -> None:
            nonlocal sent
            sent += 1
            client.publisher.publish(frame_message(frame, frame.stamp_ns + sent * TENTH))

        client.feed(
            send,
            lambda: any('the same image for' in status.message for status in client.statuses),
            'a warning',
        )
        assert client.matches
