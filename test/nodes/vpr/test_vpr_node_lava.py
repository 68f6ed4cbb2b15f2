"""vpr_node with backend `lava`: right answers to the right stamps, and a clean end in any case."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import ros
from support.neuromorphic import (
    assert_gone,
    await_processes_of_lava,
    lava_processes,
    needs_lava,
    sessions_of,
)
from support.ros import Client, image_message

from vprtempo_ros.config import BackendConfig, MatchConfig, SequenceConfig
from vprtempo_ros.maps.store import load
from vprtempo_ros.matching.stages import FrameTiming
from vprtempo_ros.recogniser import Recogniser

pytestmark = needs_lava


def parameters(folder: Path, mode: str = 'one_at_a_time', **others: str) -> dict[str, Any]:
    """Return the node's parameters."""
    return {'map': folder, 'backend.name': 'lava', 'backend.lava.mode': mode, **others}


@pytest.mark.parametrize('mode', ['one_at_a_time', 'streaming'])
def test_answers_belong_to_their_stamps(
    street, quantised_map: Path, tmp_path: Path, mode: str
) -> None:
    """Every frame is answered as by backend integer, under its own stamp, the last one too."""
    recogniser = Recogniser(
        load(quantised_map),
        BackendConfig(name='integer'),
        MatchConfig(sequence=SequenceConfig(filter='none')),
    )
    frames = street.frames('query')[::6]
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters=parameters(
                quantised_map,
                mode,
                **{'match.sequence.filter': 'none', 'input.reliability': 'reliable'},
            ),
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        for number, frame in enumerate(frames):
            stamp = number + 1
            client.publisher.publish(
                image_message(np.ascontiguousarray(frame.image.pixels), 'rgb8', stamp)
            )
            # Faster than the answers come, slower than frames are dropped, but on a busy machine.
            client.spin_for(0.03)
        client.await_all_matches(len(frames))
        assert 'places in 1 module, linear readout' in process.output()
        assert 'simulated as on 1 Loihi 2 chip' in process.output()
        assert '; lava-loihi is not installed' in process.output()
        assert client.status(lambda s, v: v['backend'] == 'lava', 'the backend')
    answered = [match.header.stamp.nanosec for match in client.matches]
    assert answered == sorted(set(answered)) and answered[-1] == len(frames)
    for stamp, match in zip(answered, client.matches):
        wanted = recogniser.recognise(frames[stamp - 1].image, FrameTiming(stamp))
        assert [int(result.class_id) for result in match.results] == wanted.places.tolist()


def test_lava_follows_the_lifecycle(street, quantised_map: Path, tmp_path: Path) -> None:
    """It starts when the node is configured and is gone when the node is cleaned up, twice."""
    frame = np.ascontiguousarray(street.places()[3].image.pixels)
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters=parameters(quantised_map, 'streaming', autostart='false'),
        ) as process,
        Client() as client,
    ):
        client.spin_for(0.1)
        for stamp in (1, 2):
            assert client.change(ros.CONFIGURE)
            processes = lava_processes(process.process.pid)
            assert client.change(ros.ACTIVATE)
            client.await_listener()
            assert client.ask(image_message(frame, 'rgb8', stamp)).results[0].class_id == '3'
            assert client.change(ros.DEACTIVATE)
            assert client.change(ros.CLEANUP)
            assert_gone(processes)
        assert process.end() == 0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_behind(
    street, quantised_map: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """Whichever signal ends the node at work, all of Lava ends with it, without a traceback."""
    frame = np.ascontiguousarray(street.places()[0].image.pixels)
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters=parameters(quantised_map, 'streaming')
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        processes = lava_processes(process.process.pid)
        for stamp in range(1, 20):
            client.publisher.publish(image_message(frame, 'rgb8', stamp))
        status = process.end(number)
        assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        assert_gone(processes)
        assert 'Traceback' not in process.output()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind_by_a_start_that_is_cut_short(
    quantised_map: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The signal comes while Lava starts, before there is anything to stop."""
    with ros.node(tmp_path, 'vpr_node', parameters=parameters(quantised_map)) as process:
        started = await_processes_of_lava(process.process.pid)
        status = process.end(number)
        assert status == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        assert_gone(started)
        # Nor what these forked since: it would live in the session of the worker.
        assert not sessions_of(started)
        assert 'Traceback' not in process.output()


def test_the_node_outlives_lava(street, quantised_map: Path, tmp_path: Path) -> None:
    """If Lava is killed, the diagnostics report it, and the node can be configured again."""
    frame = np.ascontiguousarray(street.places()[2].image.pixels)
    with (
        ros.node(tmp_path, 'vpr_node', parameters=parameters(quantised_map)) as process,
        Client() as client,
    ):
        client.await_listener()
        processes = lava_processes(process.process.pid)
        processes[0].kill()
        assert_gone(processes)
        client.publisher.publish(image_message(frame, 'rgb8', 1))
        client.status(lambda s, v: 'Lava has ended' in s.message, 'the end of Lava')
        for transition in (ros.DEACTIVATE, ros.CLEANUP, ros.CONFIGURE, ros.ACTIVATE):
            assert client.change(transition)
        client.await_listener()
        assert client.ask(image_message(frame, 'rgb8', 2)).results[0].class_id == '2'
        assert 'Traceback' not in process.output()


def test_lava_of_a_map_that_is_changed_goes(street, quantised_map: Path, tmp_path: Path) -> None:
    """Each map has its own Lava, which ends with it; pending results are those of the old map."""
    frame = np.ascontiguousarray(street.places()[3].image.pixels)
    with (
        ros.node(
            tmp_path,
            'vpr_node',
            parameters=parameters(quantised_map, 'streaming', **{'match.sequence.filter': 'none'}),
        ) as process,
        Client() as client,
    ):
        client.await_listener()
        for stamp in range(1, 4):
            processes = lava_processes(process.process.pid)
            assert client.set_parameter('map', str(quantised_map)).successful
            assert_gone(processes)
            assert client.ask(image_message(frame, 'rgb8', stamp)).results[0].class_id == '3'
        processes = lava_processes(process.process.pid)
        # Floats do not run in Lava: refused, and what runs goes on.
        assert not client.set_parameter('map', str(street.map)).successful
        assert client.ask(image_message(frame, 'rgb8', 9)).results[0].class_id == '3'
        assert process.end() == 0
        assert_gone(processes)
