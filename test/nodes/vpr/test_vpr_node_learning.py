"""vpr_node extends its map by what it sees, answers all the while, and loses nothing in a crash."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from std_srvs.srv import Trigger
from support import ros
from support.edited import map_of
from support.helpers import drive, tiny_config
from support.ros import Client, frame_message
from support.street import Street

from vprtempo_ros.frames import Frame
from vprtempo_ros.learning.journal import journal_of, read_journal
from vprtempo_ros.maps.building import build_map
from vprtempo_ros.maps.store import load, save

KNOWN = 12
LEARNING = {'learning.enabled': 'true', 'diagnostics.period': '0.1'}


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client that is gone after the test."""
    with Client() as found:
        yield found


@pytest.fixture
def folder(street: Street, tmp_path: Path) -> Path:
    """Return a map of the first places of the street, each frame a place."""
    return map_of(street, range(KNOWN), tmp_path / 'map')


def frames_of(street: Street) -> list[Frame]:
    """Return the frames of all places, one a second as in the map."""
    return [
        replace(frame, stamp_ns=number * 10**9) for number, frame in enumerate(street.places(), 1)
    ]


def call(client: Client, name: str) -> tuple[bool, str]:
    """Call a service; return whether it was done, and what it says."""
    answer = client._call(Trigger, name, Trigger.Request())
    assert '\n' not in answer.message
    return answer.success, answer.message


def revision(client: Client, number: int) -> None:
    """Wait until a revision is announced."""
    client.spin_until(
        lambda: bool(client.infos) and client.infos[-1].database_version == number,
        f'revision {number}',
    )


def learn(client: Client, frames: list[Frame]) -> None:
    """Drive along known places, then along new ones while these are learnt."""
    for frame in frames[:KNOWN]:
        client.ask(frame_message(frame))
    assert call(client, 'learn_start')[0]
    for frame in frames[KNOWN:]:
        client.ask(frame_message(frame))


def test_a_new_stretch_is_learnt(
    street: Street, folder: Path, tmp_path: Path, client: Client
) -> None:
    """Each frame is answered meanwhile; the next revision has the places and is in use."""
    frames = frames_of(street)
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder, **LEARNING}) as process:
        client.await_listener()
        assert call(client, 'learn_stop') == (
            False,
            'nothing is being learnt: call ~/learn_start first',
        )
        learn(client, frames)
        assert call(client, 'learn_start') == (
            False,
            'learning is under way: call ~/learn_stop first',
        )
        values = client.status(lambda status, values: 'new places' in values, 'new places')
        assert values['new stretches'] == '1' and values['changed places'] == '0'
        # In the network once its fit is known, which takes a process its time.
        client.status(
            lambda status, values: values.get('new places recognised') == values['new places'],
            'places in the network',
        )
        refused = client.set_parameter('map', str(folder))
        assert not refused.successful and 'the map is being extended' in refused.reason
        done, message = call(client, 'learn_stop')
        assert done and f'learnt {values["new places"]} new place(s) in 1 stretch(es)' in message
        revision(client, 2)
        client.status(lambda status, values: values.get('revision') == '2', 'revision 2')
        count = KNOWN + int(values['new places'])
        client.status(lambda status, values: values.get('places') == str(count), 'its places')
        assert client.component('learning', lambda status: True, 'anything').message == 'off'
        assert 'Traceback' not in process.output()
    loaded = load(folder)
    assert loaded.parts().counts == [KNOWN, count - KNOWN]
    assert loaded.provenance['edits'][0]['edit'].startswith('learn ')


def test_killed_while_learning(
    street: Street, folder: Path, tmp_path: Path, client: Client
) -> None:
    """By the stamps a second at most is lost of what was answered; the next start has the rest."""
    frames = frames_of(street)
    # The newest four within a second.
    frames[-3:] = [
        replace(frame, stamp_ns=frames[-4].stamp_ns + number * 10**9 // 4)
        for number, frame in enumerate(frames[-3:], 1)
    ]
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder, **LEARNING}) as process:
        client.await_listener()
        learn(client, frames[:-3])
        # As long as to the newest by the stamps; the file is written by a thread of its own.
        time.sleep(1.0)
        for frame in frames[-3:]:
            client.ask(frame_message(frame))
        # The last one is answered, and nothing was waited for.
        process.end(signal.SIGKILL)
    assert load(folder).revision == 1
    _, learnt, _ = read_journal(journal_of(folder))
    stamps = [frame.stamp_ns for frame in learnt]
    assert stamps == sorted({*stamps} & {frame.stamp_ns for frame in frames[KNOWN:]})
    assert stamps[-1] >= frames[-1].stamp_ns - 10**9
    with ros.node(tmp_path, 'vpr_node', parameters={'map': folder, **LEARNING}) as process:
        revision(client, 2)
        process.wait_for('places that were learnt before are added to the map now')
    assert not journal_of(folder).exists()
    assert [place.stamp_ns for place in load(folder).places][KNOWN:] == stamps


def test_what_cannot_be_extended(tmp_path: Path, client: Client) -> None:
    """Each reason is one line: switched off, a map of another training, not active."""
    bag = drive(tmp_path / 'bag', range(4), range(4))
    path = save(build_map(tiny_config(bag, training__outputs='stdp')), tmp_path / 'map')
    with ros.node(tmp_path, 'vpr_node', parameters={'map': path}):
        client.await_listener()
        assert call(client, 'learn_start') == (
            False,
            'learning is off: start vpr_node with learning.enabled: true',
        )
        assert client.set_parameter('learning.enabled', True).successful
        done, message = call(client, 'learn_start')
        assert not done and 'only maps of the default training can be edited' in message
        assert client.change(ros.DEACTIVATE)
        for name in ('learn_start', 'learn_stop'):
            assert call(client, name) == (
                False,
                'not active, so no place is recognised: activate the node first',
            )
