"""A map that is edited while vpr_node uses it: each revision is taken up between two frames."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT, ros
from support.camera import Camera, await_place
from support.ros import SINGLE, Client, frame_message

WARN = b'\x01'


def map_edit(*words: object) -> None:
    """Run map_edit as a process."""
    command = [sys.executable, '-m', 'vprtempo_ros.tools.map_edit', *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client that is gone after the test."""
    with Client() as found:
        yield found


@pytest.fixture
def folder(street, tmp_path: Path) -> Path:
    """Return a copy of the street's map."""
    return Path(shutil.copytree(street.map, tmp_path / 'map'))


def revision(client: Client, number: int) -> None:
    """Wait until a revision is in use and announced."""
    client.spin_until(
        lambda: bool(client.infos) and client.infos[-1].database_version == number,
        f'revision {number}',
    )
    client.status(
        lambda status, values: values.get('revision') == str(number), f'revision {number}'
    )


def test_edits_are_taken_up(street, folder: Path, tmp_path: Path, client: Client) -> None:
    """Forget, label and undo under a camera: no frame is lost, and each is matched by one map."""
    parameters = {'map': folder, 'input.reliability': 'reliable', **SINGLE}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters) as process:
        client.await_listener()
        with Camera(client, street.places()[8]) as camera:
            await_place(client, '8')
            client.matches.clear()
            map_edit('forget', folder, '0-2')
            revision(client, 2)
            await_place(client, '5')
            map_edit('label', folder, '5', 'gate')
            revision(client, 3)
            await_place(client, '5')
            map_edit('undo', folder)
            revision(client, 2)
            asked = camera.published
        client.spin_until(
            lambda: client.matches[-1].header.stamp.sec * 30 >= asked - 60, 'the last answers'
        )
        assert {match.results[0].class_id for match in client.matches} == {'8', '5'}
        values = client.status(lambda status, values: True, 'anything')
        assert values['frames bad'] == '0'
        assert client.parameter('map') == str(folder)
        assert 'Traceback' not in process.output()


def test_belief_holds_on(street, folder: Path, tmp_path: Path, client: Client) -> None:
    """A robot that knows where it is knows it in the next revision too."""
    frames = street.frames()
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder}):
        client.await_listener()
        before = [client.ask(frame_message(each)) for each in frames[:40]][-1]
        map_edit('forget', folder, '0-2')
        revision(client, 2)
        after = client.ask(frame_message(frames[40]))
        assert abs(int(after.results[0].class_id) + 3 - int(before.results[0].class_id)) <= 1
        assert client.set_parameter('map', str(folder)).successful
        # Set by hand, it is a map of which nothing is known yet.
        first = client.ask(frame_message(frames[41]))
        assert not first.results or first.results[0].score < after.results[0].score


def test_a_revision_that_is_damaged(street, folder: Path, tmp_path: Path, client: Client) -> None:
    """It is one warning and one line, the old map answers on, and a whole copy ends both."""
    prompt = {'diagnostics.period': '0.1', 'diagnostics.raise_after': '0.2'}
    edited = Path(shutil.copytree(folder, tmp_path / 'edited'))
    map_edit('forget', edited, '0-2')
    frame = street.places()[8]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder, **SINGLE, **prompt}) as process:
        client.await_listener()
        # Copied file by file, of which one is cut off; without map.yaml there is no map yet, so
        # that a machine that takes its time between two files has the node try one revision only.
        (folder / 'map.yaml').unlink()
        for name in ('places.csv', 'network.safetensors', 'thumbnails.bin'):
            shutil.copy(edited / name, folder / name)
        data = (edited / 'reference.safetensors').read_bytes()
        (folder / 'reference.safetensors').write_bytes(data[: len(data) // 2])
        (edited / 'map.yaml').rename(folder / 'map.yaml')
        found = client.component(
            'map',
            lambda status: status.level == WARN and 'the one in its folder' in status.message,
            'a warning',
        )
        assert 'the old map stays in use, the one in its folder cannot be: ' in found.message
        assert 'reference.safetensors' in found.message and '\n' not in found.message
        client.spin_for(2.0)
        assert process.output().count('the current map stays in use') == 1
        assert client.ask(frame_message(frame, 1)).results[0].class_id == '8'
        assert client.infos[-1].database_version == 1
        (folder / 'reference.safetensors').write_bytes(data)
        revision(client, 2)
        assert client.ask(frame_message(frame, 2)).results[0].class_id == '5'
        client.component('map', lambda status: status.level == b'\x00', 'no warning')
        assert 'Traceback' not in process.output()


def test_switched_off(street, folder: Path, tmp_path: Path, client: Client) -> None:
    """Without `reload` the folder is watched only, until it is switched on."""
    prompt = {'diagnostics.period': '0.1', 'diagnostics.raise_after': '0.2'}
    frame = street.places()[8]
    parameters = {'map': folder, 'reload': 'false', **SINGLE, **prompt}
    with ros.node(tmp_path, 'vpr_node', parameters=parameters):
        client.await_listener()
        map_edit('forget', folder, '0-2')
        client.component('map', lambda status: 'has been replaced' in status.message, 'a warning')
        client.spin_for(2.0)
        assert client.ask(frame_message(frame, 1)).results[0].class_id == '8'
        assert client.set_parameter('reload', True).successful
        revision(client, 2)
        assert client.ask(frame_message(frame, 2)).results[0].class_id == '5'
