"""Frames that do not reach vpr_node are noticed, with what would hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image
from support import ros
from support.ros import Client, frame_message


@pytest.mark.parametrize('offered', ['reliable', 'best effort'])
def test_frames_are_missing(street, tmp_path: Path, offered: str) -> None:
    """A camera of which every fifth frame is lost, seen by the stamps of the others."""
    frame = street.places()[3]
    number = 0

    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        publisher: Any = client.publisher
        if offered == 'best effort':
            client._node.destroy_publisher(client.publisher)
            publisher = client.more_publishers(Image, '/image', ReliabilityPolicy.BEST_EFFORT)
            client.publisher = publisher
        client.await_listener()

        def send() -> None:
            nonlocal number
            number += 2 if number % 5 == 3 else 1
            publisher.publish(frame_message(frame, 10**12 + number * 50_000_000))

        def found() -> list[str]:
            return [
                status.message
                for status in client.statuses
                if status.name == '/vpr_node: input'
                and 'gaps between their stamps' in status.message
            ]

        client.feed(send, lambda: bool(found()), 'the losses')
        expected = {
            'reliable': '/test_client offers reliable: set input.reliability to reliable',
            'best effort': 'the publisher is best effort: make its driver reliable',
        }
        assert expected[offered] in found()[-1]


def test_a_reliable_subscription(street, tmp_path: Path) -> None:
    """Nothing is lost: no finding, and both counts are zero."""
    frame = street.places()[3]
    number = 0
    # A busy executor may take a second for what waits.
    parameters = {'map': street.map, 'input.reliability': 'reliable', 'input.depth': 100}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters), Client() as client:
        client.await_listener()

        def send() -> None:
            nonlocal number
            number += 1
            client.publisher.publish(frame_message(frame, 10**12 + number * 50_000_000))

        client.feed(send, lambda: number >= 60, 'frames')
        values = client.status(
            lambda status, values: values.get('frames received') == str(number), 'all frames'
        )
        assert values['frames lost by the middleware'] == '0'
        assert values['frames missing by their stamps'] == '0'
