"""vpr_node's belief: every place as a point, and an answer that may be none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sensor_msgs.msg import PointField
from support import ros
from support.helpers import map_around, tiny_config, tiny_map
from support.ros import Client, answer_of, frame_message, image_message

from vprtempo_ros.config import BackendConfig, MatchConfig
from vprtempo_ros.demo.route import QUERY, RenderedDrive
from vprtempo_ros.demo.world import World
from vprtempo_ros.maps.layout import layout_of
from vprtempo_ros.maps.places import Place
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.nodes.vpr.outputs.belief import BeliefCloud
from vprtempo_ros.recogniser import Recogniser

FORMATS = {PointField.FLOAT32: 'f4', PointField.UINT32: 'u4'}


def points(cloud: Any) -> NDArray[Any]:
    """Return a cloud's points as RViz and PCL read them: by the fields that it describes."""
    order = '>' if cloud.is_bigendian else '<'
    layout = np.dtype(
        {
            'names': [field.name for field in cloud.fields],
            'formats': [order + FORMATS[field.datatype] for field in cloud.fields],
            'offsets': [field.offset for field in cloud.fields],
            'itemsize': cloud.point_step,
        }
    )
    assert cloud.height == 1
    assert cloud.row_step == cloud.width * cloud.point_step == len(cloud.data)
    return np.frombuffer(bytes(cloud.data), layout)


def test_belief_of_every_place(street, tmp_path: Path) -> None:
    """Positions are those of the map; similarity and confidence are what the library says."""
    loaded = load(street.map)
    recogniser = Recogniser(loaded, BackendConfig(), MatchConfig())
    positions = np.array([place.pose.position for place in loaded.places], np.float32)
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        client.listen_to_belief()
        for frame in street.frames('query')[:12]:
            match = client.ask(frame_message(frame))
            client.spin_until(
                lambda match=match: any(
                    cloud.header.stamp == match.header.stamp for cloud in client.beliefs
                ),
                'a belief',
            )
            cloud, found = client.beliefs[-1], points(client.beliefs[-1])
            assert cloud.header.frame_id == loaded.places[0].pose.frame_id == 'odom'
            assert cloud.is_dense
            assert found.dtype.names == ('x', 'y', 'z', 'place', 'similarity', 'confidence')
            assert found['place'].tolist() == list(range(len(loaded.places)))
            assert np.stack([found[axis] for axis in 'xyz'], axis=1) == pytest.approx(positions)
            answer = recogniser.recognise(frame.image, FrameTiming(frame.stamp_ns))
            assert found['similarity'] == pytest.approx(answer.similarity, abs=1e-5)
            assert found['confidence'] == pytest.approx(answer.belief, abs=1e-5)
            # What the match says of its places is what the cloud says of them.
            places, confidences = answer_of(match)
            falling = np.minimum.accumulate(found['confidence'][places])
            assert falling == pytest.approx(confidences, abs=1e-5)
        assert len(client.beliefs) == 12


def test_belief_comes_and_goes_with_its_listeners(street, tmp_path: Path) -> None:
    """Who subscribes later is heard from the next frame on; then the node is asked no longer."""
    frames = street.frames('query')
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        client.ask(frame_message(frames[0]))
        client.listen_to_belief()
        client.ask(frame_message(frames[1]))
        first, second = (frame.stamp_ns % 10**9 for frame in frames[:2])

        def heard() -> list[int]:
            return [cloud.header.stamp.nanosec for cloud in client.beliefs]

        client.spin_until(lambda: second in heard(), 'a belief')
        client.ignore_belief()
        client.ask(frame_message(frames[2]))
        client.spin_for(0.5)
        # The match comes before the belief: that of the first frame may find the listener too.
        assert heard() in ([second], [first, second])


def test_belief_without_poses(tmp_path: Path) -> None:
    """The places of a map without poses lie on a line in frame map, a metre apart."""
    rng = np.random.default_rng(0)
    known = tiny_map()
    places = [Place(place.stamp_ns, None, '', '') for place in known.places]
    folder = save(
        map_around(
            known.network,
            known.spikes,
            tiny_config(Path('route')),
            places,
            provenance=known.provenance,
        ),
        tmp_path / 'map',
    )
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder}), Client() as client:
        client.await_listener()
        client.listen_to_belief()
        client.ask(image_message(rng.integers(0, 256, (24, 32)).astype(np.uint8), 'mono8', 10**9))
        client.spin_until(lambda: bool(client.beliefs), 'a belief')
        found = points(client.beliefs[0])
        assert client.beliefs[0].header.frame_id == 'map'
        assert found['x'].tolist() == [0, 1, 2, 3, 4, 5]
        assert not found['y'].any()
        assert not found['z'].any()


def test_a_place_without_a_pose_is_nowhere() -> None:
    """Where only some places have poses the others are NaN, and the cloud says so."""
    places = tiny_map().places
    cloud = BeliefCloud(layout_of(places)).message(np.zeros(6, np.float32), np.ones(6, np.float32))
    found = points(cloud)
    assert not cloud.is_dense
    assert np.isnan(found['x']).tolist() == [place.pose is None for place in places]
    assert found['x'][4] == pytest.approx(0.4)
    assert found['confidence'].tolist() == [1] * 6


@pytest.mark.parametrize('name', ['none', 'bayes'])
def test_another_street_is_unknown(street, tmp_path: Path, name: str) -> None:
    """Frames of the map's street are answered, those of another street get no results."""
    off_map = RenderedDrive(World(seed=2, length=40.0), QUERY, frame_distance=2.0, rate=5.0)
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters={
                'map': street.map,
                'match.sequence.filter': name,
                'match.min_confidence': 0.75,
                'diagnostics.period': 0.1,
            },
        ),
        Client() as client,
    ):
        client.await_listener()
        for number, frame in enumerate(street.places()):
            places, confidences = answer_of(client.ask(frame_message(frame)))
            assert places[0] == number
            assert confidences[0] >= 0.75
        here = len(street.places())
        client.status(
            lambda status, values: (
                values.get('frames matched') == str(here)
                and float(values['last confidence']) >= 0.75
                and values['last match'].startswith(f'place {here - 1} ')
            ),
            'the last match',
        )
        # Later, and off the map.
        stamp = street.places()[-1].stamp_ns + 3600 * 10**9
        unknown = 0
        for frame in off_map:
            stamp += 2 * 10**8
            match = client.ask(image_message(frame.image, 'rgb8', stamp, 'lens'))
            assert match.header.frame_id == 'lens'
            assert len(match.results) == 0
            unknown += 1
        assert unknown > 10
        values = client.status(
            lambda status, values: values.get('frames unknown') == str(unknown), 'unknown frames'
        )
        assert values['last match'] == 'unknown place'
        assert values['last confidence'] == '-'
        assert values['sequence filter'] == name
        # The threshold can change: at 0 the best place is published, however improbable it is.
        assert client.set_parameter('match.min_confidence', 0.0).successful
        places, confidences = answer_of(
            client.ask(image_message(frame.image, 'rgb8', stamp + 10**9))
        )
        assert len(places) == 5
        assert confidences[0] < 0.9
