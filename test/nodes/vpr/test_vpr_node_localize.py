"""~/localize: where the robot is, asked of vpr_node, or why that is unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from std_srvs.srv import Trigger
from support import ros
from support.ros import SINGLE, Client, frame_message

from vprtempo_ros.maps.store import load


def localize(client: Client, name: str = 'localize') -> Any:
    """Call the service and return the response."""
    return client._call(Trigger, name, Trigger.Request())


def test_the_last_frame(street, tmp_path: Path) -> None:
    """Place, confidence, stamp and map of the last frame, and the pose of ~/pose."""
    frames, places = street.places(), load(street.map).places
    parameters = {'map': street.map, 'pose.max_age': 600, **SINGLE}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters), Client() as client:
        client.await_listener()
        found = localize(client)
        assert (found.success, found.message) == (
            False,
            'unknown: no frame was matched since the node was activated, relocalised or got its '
            'map',
        )
        match = client.ask(frame_message(frames[7], 12_000_000_034))
        found = localize(client)
        assert found.success, found.message
        answer = json.loads(found.message)
        assert str(answer['place']) == match.results[0].class_id
        assert answer['confidence'] == pytest.approx(match.results[0].score, abs=1e-4)
        assert answer['stamp'] == {'sec': 12, 'nanosec': 34}
        assert answer['map'] == str(street.map)
        assert answer['revision'] == 1
        pose = places[7].pose
        assert pose is not None
        assert answer['pose']['frame_id'] == pose.frame_id
        assert np.linalg.norm(np.subtract(answer['pose']['position'], pose.position)) < 2.0
        covariance = np.array(answer['pose']['covariance']).reshape(6, 6)
        assert np.linalg.eigvalsh(covariance).min() > 0.0

        assert localize(client, 'relocalize').success
        assert localize(client).message.startswith('unknown: no frame was matched since')


def test_unknown(street, tmp_path: Path) -> None:
    """An unknown place, with the best one; a match too old; a node that is not active."""
    parameters = {'map': street.map, 'pose.max_age': 5, **SINGLE}
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    with ros.node(tmp_path, 'vpr_node', parameters=parameters), Client() as client:
        client.await_listener()
        assert not client.ask(ros.image_message(noise, 'rgb8', 2000)).results
        client.feed(
            lambda: client.publisher.publish(ros.image_message(noise, 'rgb8', 3000)),
            lambda: 'below match.min_confidence' in localize(client).message,
            'an unknown place',
        )
        client.spin_for(5.1)
        found = localize(client)
        assert not found.success
        assert 's ago (pose.max_age: 5 s)' in found.message
        assert client.change(ros.DEACTIVATE)
        assert localize(client).message == (
            'unknown: not active, so no place is recognised: activate the node first'
        )
