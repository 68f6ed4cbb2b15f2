"""Another map while vpr_node runs: taken between two frames, or refused and the old one kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import ros
from support.camera import Camera, await_place
from support.helpers import change
from support.ros import SINGLE, Client, frame_message

from vprtempo_ros.config import TrainerConfig
from vprtempo_ros.demo.recordings import IMAGE_TOPIC
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save
from vprtempo_ros.options import from_flat

# What the node may grow by in 30 changes, in MiB: less than each of the maps takes.
_GROWTH = 8.0
# The second map begins this number of frames of half a metre later, which are five places.
_FRAMES = 20


@pytest.fixture(scope='module')
def later(street, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a map of the street that begins farther on, so that its places have other numbers."""
    folder = tmp_path_factory.mktemp('later') / 'map'
    settings: dict[str, Any] = {
        'bags': [str(street.recordings.reference)],
        'map': str(folder),
        'input.start': _FRAMES,
        'input.topic': IMAGE_TOPIC,
        'places.by': 'metres',
        'places.spacing': 2.0,
    }
    return save(build_map(from_flat(TrainerConfig, settings)), folder)


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client that is gone after the test."""
    with Client() as found:
        yield found


def endpoints(client: Client) -> set[bytes]:
    """Return the identities of the node's subscription to images and of what publishes matches."""
    node = client._node
    found = [
        *node.get_subscriptions_info_by_topic('/image'),
        *node.get_publishers_info_by_topic('/vpr_node/match'),
    ]
    return {bytes(info.endpoint_gid) for info in found if info.node_name == 'vpr_node'}


def damaged(source: Path, folder: Path, damage: Callable[[Path], Any]) -> Path:
    """Return a copy of a map to which something was done."""
    shutil.copytree(source, folder)
    damage(folder)
    return folder


def test_maps_are_changed_under_a_camera(
    street, later: Path, event_map: Path, tmp_path: Path, client: Client
) -> None:
    """Several changes at 30 Hz, refused ones among them: matches keep coming, none is wrong."""
    wrong = {
        'no such map': tmp_path / 'nowhere',
        'checksum differs': damaged(
            street.map,
            tmp_path / 'damaged',
            lambda folder: (folder / 'network.safetensors').write_bytes(b'{}'),
        ),
        'was made from events': event_map,
        'is for 320x480 pixels, but the input has 640x480': damaged(
            street.map,
            tmp_path / 'narrow',
            lambda folder: change(folder, lambda document: document['sensor'].update(width=320)),
        ),
        'no map given': '',
    }
    frame = street.places()[8]
    parameters = {'map': street.map, 'input.reliability': 'reliable', **SINGLE}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters) as process:
        client.await_listener()
        assert client.ask(frame_message(frame, 1)).results[0].class_id == '8'
        # The name of a node arrives later than what it publishes and subscribes to.
        client.spin_until(lambda: len(endpoints(client)) == 2, 'the two with the name of the node')
        identities = endpoints(client)
        client.matches.clear()
        with Camera(client, frame) as camera:
            await_place(client, '8')
            for _ in range(3):
                for path, place in ((later, '3'), (street.map, '8')):
                    assert client.set_parameter('map', str(path)).successful
                    client.matches.clear()
                    # No answer of the map that is gone comes after the parameter is set, but
                    # for those that were on their way.
                    await_place(client, place)
                    client.spin_until(
                        lambda path=path: client.infos[-1].database_location == str(path),
                        'the new map announced',
                    )
                    client.status(
                        lambda status, values, path=path: (
                            values['map'] == str(path) and status.hardware_id == str(path)
                        ),
                        'the new map',
                    )
                for reason, path in wrong.items():
                    result = client.set_parameter('map', str(path))
                    assert not result.successful
                    assert reason in result.reason
                    assert '\n' not in result.reason
                    assert client.parameter('map') == str(street.map)
                    await_place(client, '8')
            asked = camera.published
        client.spin_until(
            lambda: client.matches[-1].header.stamp.sec * 30 >= asked - 60, 'the last answers'
        )
        assert endpoints(client) == identities
        values = client.status(lambda status, values: True, 'anything')
        assert values['frames bad'] == '0'
        assert 'Traceback' not in process.output()


def test_places_have_the_numbers_of_the_new_map_only(
    street, later: Path, tmp_path: Path, client: Client
) -> None:
    """From the answer to the parameter on, no frame is answered by the map before."""
    frame = street.places()[8]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}):
        client.await_listener()
        for number, (path, place) in enumerate(((later, '3'), (street.map, '8')) * 3):
            assert client.set_parameter('map', str(path)).successful
            answer = client.ask(frame_message(frame, 1000 + number))
            assert answer.results[0].class_id == place


def test_same_path_is_loaded_anew(street, later: Path, tmp_path: Path, client: Client) -> None:
    """What stands there now is loaded, as after teaching the route again."""
    frame = street.places()[8]
    path = tmp_path / 'map'
    shutil.copytree(street.map, path)
    parameters = {'map': path, 'reload': 'false', **SINGLE}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters):
        client.await_listener()
        assert client.ask(frame_message(frame, 1)).results[0].class_id == '8'
        save(load(later), path, overwrite=True)
        assert client.ask(frame_message(frame, 2)).results[0].class_id == '8'
        assert client.set_parameter('map', str(path)).successful
        assert client.ask(frame_message(frame, 3)).results[0].class_id == '3'
        client.spin_until(lambda: len(client.infos) > 1, 'the map announced again')


def test_map_is_changed_while_inactive(street, later: Path, tmp_path: Path, client: Client) -> None:
    """Inactive it is loaded and announced too; with the lifecycle it works as before."""
    frame = street.places()[8]
    with ros.node(
        tmp_path, 'vpr_node', parameters={'map': street.map, 'autostart': 'false', **SINGLE}
    ) as process:
        # Nothing is loaded before configure, so nothing is checked.
        assert client.set_parameter('map', str(tmp_path / 'nowhere')).successful
        assert not client.change(ros.CONFIGURE)
        assert client.set_parameter('map', str(street.map)).successful
        assert client.change(ros.CONFIGURE)
        assert not client.set_parameter('map', str(tmp_path / 'nowhere')).successful
        assert client.set_parameter('map', str(later)).successful
        client.spin_until(
            lambda: client.infos and client.infos[-1].database_location == str(later), 'the new map'
        )
        assert client.change(ros.ACTIVATE)
        client.await_listener()
        assert client.ask(frame_message(frame, 1)).results[0].class_id == '3'
        assert client.change(ros.DEACTIVATE)
        assert client.change(ros.CLEANUP)
        assert client.set_parameter('map', str(street.map)).successful
        assert client.change(ros.CONFIGURE)
        assert client.change(ros.ACTIVATE)
        client.await_listener()
        assert client.ask(frame_message(frame, 2)).results[0].class_id == '8'
        assert 'Traceback' not in process.output()


def test_backend_that_cannot_run_the_new_map(
    street, quantised_map: Path, tmp_path: Path, client: Client
) -> None:
    """A map of floats is refused where integers were asked for; those go on."""
    frame = street.places()[8]
    with ros.node(
        tmp_path, 'vpr_node', parameters={'map': quantised_map, 'backend.name': 'integer', **SINGLE}
    ):
        client.await_listener()
        result = client.set_parameter('map', str(street.map))
        assert not result.successful
        assert 'integer' in result.reason
        assert client.ask(frame_message(frame, 1)).results[0].class_id == '8'
    with ros.node(tmp_path, 'vpr_node', parameters={'map': quantised_map, **SINGLE}) as process:
        # Where no backend is asked for, each map gets the one that fits.
        client.await_listener()
        process.wait_for('the map holds integers')
        assert client.set_parameter('map', str(street.map)).successful
        process.wait_for('the map holds floats')


def test_settings_hold_on_and_come_along(
    street, later: Path, tmp_path: Path, client: Client
) -> None:
    """What was set live holds for the new map, and may be set together with it, or not at all."""
    frame = street.places()[8]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}):
        client.await_listener()
        assert client.set_parameter('match.top_k', 2).successful
        assert client.set_parameter('map', str(later)).successful
        assert len(client.ask(frame_message(frame, 1)).results) == 2
        assert not client.set_together({'match.top_k': 3, 'map': str(tmp_path / 'no')}).successful
        assert len(client.ask(frame_message(frame, 2)).results) == 2
        assert client.set_together({'match.top_k': 3, 'map': str(street.map)}).successful
        answer = client.ask(frame_message(frame, 3))
        assert (len(answer.results), answer.results[0].class_id) == (3, '8')


def test_memory_and_threads_after_many_changes(
    street, later: Path, tmp_path: Path, client: Client
) -> None:
    """Maps that are gone are gone: no memory, thread or process of theirs stays."""
    frame = street.places()[8]

    def held(pid: int) -> tuple[float, int, int]:
        """Return MiB in memory, threads and child processes."""
        pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
        children = Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
        return pages * 4096 / 2**20, len(list(Path(f'/proc/{pid}/task').iterdir())), len(children)

    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **SINGLE}) as process:
        client.await_listener()
        with Camera(client, frame):
            for number in range(36):
                path, place = ((later, '3'), (street.map, '8'))[number % 2]
                assert client.set_parameter('map', str(path)).successful
                await_place(client, place)
                if number == 5:
                    before = held(process.process.pid)
        # The last map but one may not have gone yet; what stays of 30 maps would not go.
        pid, most = process.process.pid, (before[0] + _GROWTH, *before[1:])
        ros.until(
            lambda: all(now <= then for now, then in zip(held(pid), most)),
            lambda: f'memory, threads and children of the maps to go: {before}, {held(pid)}',
        )
