"""vpr_node as a process over DDS: it recognises places, and keeps to its interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import ros
from support.ros import Client, answer_of, frame_message, image_message

from vprtempo_ros.config import BackendConfig, MatchConfig, NodeConfig
from vprtempo_ros.frames import RGB
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.options import options
from vprtempo_ros.recogniser import Recogniser
from vprtempo_ros.sources.bags import BagReader
from vprtempo_ros.sources.cdr import IMAGE, read_message


def pixels(frame: Any) -> NDArray[np.uint8]:
    """Return a frame's RGB pixels."""
    assert frame.image.weights == RGB
    return np.ascontiguousarray(frame.image.pixels)


def test_recognises_its_own_places(street, tmp_path: Path) -> None:
    """Every reference frame is answered with its place, header kept, confidences in order."""
    places = len(street.places())
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        for number, frame in enumerate(street.places()):
            match = client.ask(image_message(pixels(frame), 'rgb8', frame.stamp_ns, 'front'))
            scores = [result.score for result in match.results]
            assert match.results[0].class_id == str(number)
            assert match.header.frame_id == 'front'
            assert len(scores) == 5 <= places
            assert scores == sorted(scores, reverse=True)
            assert 0 <= scores[-1] <= scores[0] <= 1
            assert scores[0] > 0.7


def test_recognises_the_second_traverse(street, tmp_path: Path) -> None:
    """Frames of the other recording are mostly right, and equal what the library answers."""
    loaded = load(street.map)
    truth = street.recordings.truth(loaded)
    recogniser = Recogniser(loaded, BackendConfig(), MatchConfig())
    right = 0
    frames = street.frames('query')
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        for number, frame in enumerate(frames):
            places, confidences = answer_of(client.ask(frame_message(frame)))
            expected = recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns))
            assert places == expected.places.tolist()
            assert confidences == pytest.approx(expected.confidences, abs=1e-6)
            right += bool(places) and truth.is_correct(number, places[0])
    assert right / len(frames) > 0.7


@pytest.mark.parametrize(
    ('remapped', 'topic'),
    [
        ('/camera/image_raw/compressed', '/camera/image_raw/compressed'),
        ('/camera/image_raw', '/camera/image_raw/compressed'),
        ('/camera/jpeg', '/camera/jpeg'),
    ],
    ids=['full name', 'name of image_transport', 'any name'],
)
def test_compressed_images(street, tmp_path: Path, remapped: str, topic: str) -> None:
    """input.type: compressed takes JPEG, on a remapped topic or below it."""
    import cv2
    from sensor_msgs.msg import CompressedImage

    with (
        ros.node(
            tmp_path,
            'vpr_node',
            remap={'image': remapped},
            parameters={'map': street.map, 'input.type': 'compressed', **ros.SINGLE},
        ),
        Client(image=topic, kind=CompressedImage) as client,
    ):
        client.await_listener()
        for number, frame in enumerate(street.places()[:5]):
            message = CompressedImage(format='rgb8; jpeg compressed bgr8')
            message.header.stamp.sec = number + 1
            message.data = cv2.imencode('.jpg', pixels(frame)[..., ::-1])[1].tobytes()
            assert client.ask(message).results[0].class_id == str(number)


def test_namespace_and_reliable_subscription(street, tmp_path: Path) -> None:
    """All names are relative or private: a namespace moves them; the QoS is a parameter."""
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            remap={'__ns': '/front'},
            parameters={'map': street.map, 'input.reliability': 'reliable'},
        ),
        Client('/front/vpr_node', '/front/image') as client,
    ):
        client.await_listener()
        frame = street.places()[3]
        match = client.ask(image_message(pixels(frame), 'rgb8', 1))
        assert match.results[0].class_id == '3'


def test_info_is_latched(street, tmp_path: Path) -> None:
    """Who comes late still learns which map and method answer."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}) as process:
        process.wait_for('listening on /image')
        with Client() as client:
            client.spin_until(lambda: bool(client.infos), 'the info')
            info = client.infos[0]
            assert info.database_location == str(street.map)
            assert info.database_version == 1
            assert 'VPRTempo' in info.method
        assert f'map {street.map}' in process.output()


def test_recorded_bytes_are_understood(street, tmp_path: Path) -> None:
    """A message published as the bag's bytes, as players do, is answered like any other."""
    with BagReader(street.recordings.reference) as bag:
        raw = next(iter(bag.messages(['/camera/image_raw'])))
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        client.publisher.publish(raw.data)
        client.spin_until(lambda: bool(client.matches), 'a match')
        header = read_message(raw.data, IMAGE).header
        assert client.matches[0].header.stamp.sec == header.stamp.sec
        assert client.matches[0].results[0].class_id == '0'


def test_live_parameters(street, tmp_path: Path) -> None:
    """Parameters of the match change at once; others are refused while configured."""
    frame = street.places()[2]
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **ros.SINGLE}),
        Client() as client,
    ):
        client.await_listener()
        assert client.set_parameter('match.top_k', 2).successful
        assert len(client.ask(image_message(pixels(frame), 'rgb8', 1)).results) == 2
        assert client.set_parameter('match.top_k', 1000).successful
        places = len(street.places())
        assert len(client.ask(image_message(pixels(frame), 'rgb8', 2)).results) == places
        assert client.set_parameter('match.min_confidence', 1.0).successful
        assert len(client.ask(image_message(pixels(frame), 'rgb8', 3)).results) == 0
        result = client.set_parameter('match.top_k', 0)
        assert not result.successful
        assert 'match.top_k' in result.reason
        result = client.set_parameter('input.type', 'compressed')
        assert not result.successful
        assert 'configure' in result.reason


def test_present_values_may_be_set(street, tmp_path: Path) -> None:
    """As `ros2 param load` does with what `ros2 param dump` has written; nothing is refused."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        for item in options(NodeConfig):
            value = client.parameter(item.name)
            result = client.set_parameter(item.name, value)
            assert result.successful, result.reason
        match = client.ask(image_message(pixels(street.places()[2]), 'rgb8', 1))
        assert match.results[0].class_id == '2'


@pytest.mark.parametrize('name', ['numpy', 'torch'])
def test_backend_by_name(street, tmp_path: Path, name: str) -> None:
    """backend.name chooses the engine, and the log says which and why."""
    if name == 'torch':
        pytest.importorskip('torch')
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': street.map, 'backend.name': name}
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        match = client.ask(image_message(pixels(street.places()[1]), 'rgb8', 1))
        assert match.results[0].class_id == '1'
        process.wait_for(rf'backend {name} \(as set by backend\.name\)')


def test_sim_time(street, tmp_path: Path) -> None:
    """With use_sim_time and a clock that never comes, frames are answered and reported on."""
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, 'use_sim_time': 'true'}),
        Client() as client,
    ):
        client.status(lambda status, values: 'no image' in status.message, 'no images')
        client.await_listener()
        match = client.ask(image_message(pixels(street.places()[4]), 'rgb8', 5))
        assert match.results[0].class_id == '4'


def test_misspelt_parameter_is_named(street, tmp_path: Path) -> None:
    """A parameter that does not exist is not ignored without a word."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, 'match.topk': 3}) as process:
        process.wait_for(r'match\.topk: no such parameter')
