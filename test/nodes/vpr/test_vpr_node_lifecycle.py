"""vpr_node's lifecycle: every transition, and a clean end from every state."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
from support import ros
from support.ros import Client, image_message


def test_transitions(street, tmp_path: Path) -> None:
    """Configure, activate, deactivate, clean up and again; it answers only while active."""
    frame = np.ascontiguousarray(street.places()[0].image.pixels)
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': street.map, 'autostart': 'false'}
        ) as process,
        Client() as client,
    ):
        assert client.state() == ros.UNCONFIGURED
        for stamp in (1, 2):
            assert client.change(ros.CONFIGURE)
            assert client.state() == ros.INACTIVE
            assert client.publisher.get_subscription_count() == 0
            assert client.change(ros.ACTIVATE)
            client.await_listener()
            assert client.ask(image_message(frame, 'rgb8', stamp)).results[0].class_id == '0'
            assert client.change(ros.DEACTIVATE)
            client.spin_until(
                lambda: client.publisher.get_subscription_count() == 0, 'the subscription to go'
            )
            assert client.change(ros.CLEANUP)
            assert client.state() == ros.UNCONFIGURED
        assert process.end() == 0


def test_impossible_transition_is_refused(street, tmp_path: Path) -> None:
    """A manager that configures an autostarted node is refused; the node keeps running."""
    frame = np.ascontiguousarray(street.places()[0].image.pixels)
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}) as process,
        Client() as client,
    ):
        client.await_listener()
        for transition in (ros.CONFIGURE, ros.ACTIVATE, ros.CLEANUP, 99):
            assert not client.change(transition)
        assert client.state() == ros.ACTIVE
        assert client.ask(image_message(frame, 'rgb8', 1)).results[0].class_id == '0'
        assert 'Traceback' not in process.output()
        refused = [line for line in process.output().splitlines() if 'transition refused' in line]
        assert len(refused) >= 4
        # Nothing of the machine on which rclpy was built.
        assert not [line for line in refused if '.c' in line.partition('refused')[2]]


def test_autostart(street, tmp_path: Path) -> None:
    """By default it is active by itself."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        assert client.state() == ros.ACTIVE


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('state', ['unconfigured', 'no map', 'inactive', 'active', 'busy'])
def test_ends_cleanly_in_every_state(
    street, tmp_path: Path, state: str, number: signal.Signals
) -> None:
    """A signal ends it with status 0 and without a traceback, in every state."""
    parameters = {
        'map': tmp_path / 'none' if state == 'no map' else street.map,
        'autostart': str(state in ('no map', 'active', 'busy')).lower(),
    }
    with ros.node(tmp_path, 'vpr_node', parameters=parameters) as process, Client() as client:
        if state == 'no map':
            process.wait_for('no such map')
        elif state == 'unconfigured':
            assert client.state() == ros.UNCONFIGURED
        elif state == 'inactive':
            assert client.change(ros.CONFIGURE)
        else:
            client.await_listener()
        if state == 'busy':
            frame = np.ascontiguousarray(street.places()[0].image.pixels)
            for stamp in range(30):
                client.publisher.publish(image_message(frame, 'rgb8', stamp))
        assert process.end(number) == 0
        assert 'Traceback' not in process.output()


def test_bad_map_leaves_a_node_that_can_be_mended(street, tmp_path: Path) -> None:
    """A missing map is one line and a diagnostic; with the next one that fits the node starts."""
    frame = np.ascontiguousarray(street.places()[0].image.pixels)
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': tmp_path / 'none'}) as process,
        Client() as client,
    ):
        process.wait_for('no such map')
        client.status(
            lambda status, values: status.level == b'\x02' and 'no such map' in status.message,
            'the reason',
        )
        assert client.state() == ros.UNCONFIGURED
        refused = client.set_parameter('map', str(tmp_path / 'neither'))
        assert not refused.successful
        assert f'{tmp_path / "neither"}: no such map' in refused.reason
        assert client.parameter('map') == str(tmp_path / 'none')
        assert client.state() == ros.UNCONFIGURED
        # What goes with the map may come with it.
        assert not client.set_together({'map': str(street.map), 'input.type': 'events'}).successful
        assert client.set_together({'map': str(street.map), 'match.top_k': 2}).successful
        assert client.state() == ros.ACTIVE
        client.await_listener()
        assert len(client.ask(image_message(frame, 'rgb8', 1)).results) == 2
        client.component('map', lambda status: status.level == b'\x00', 'OK')
        assert 'Traceback' not in process.output()


def test_a_map_for_a_node_that_was_taken_down(street, tmp_path: Path) -> None:
    """After cleanup, or under a lifecycle manager, setting a map does not start the node."""
    with ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}), Client() as client:
        client.await_listener()
        assert client.change(ros.DEACTIVATE)
        assert client.change(ros.CLEANUP)
        assert client.set_together({'map': str(tmp_path / 'none'), 'input.depth': 3}).successful
        assert client.state() == ros.UNCONFIGURED
        assert not client.change(ros.CONFIGURE)
        assert client.set_parameter('map', str(street.map)).successful
        assert client.state() == ros.UNCONFIGURED
        assert client.change(ros.CONFIGURE)
        assert client.change(ros.ACTIVATE)
        client.await_listener()


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [('backend.name', 'gpu', r"unknown backend 'gpu'; known are"), ('map', "''", 'no map given')],
)
def test_what_cannot_be_configured(
    street, tmp_path: Path, name: str, value: str, message: str
) -> None:
    """The node says in one line what is wrong, and stays unconfigured."""
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, name: value}) as process,
        Client() as client,
    ):
        process.wait_for(message)
        assert client.state() == ros.UNCONFIGURED
        assert 'Traceback' not in process.output()


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('match.top_k', 'many'),
        ('match.min_confidence', '1.5'),
        ('match.min_confidence', 'nan'),
        ('input.type', 'radar'),
        ('diagnostics.period', '0.0'),
        ('input.depth', '-1'),
    ],
)
def test_parameter_out_of_range(capfd: pytest.CaptureFixture[str], name: str, value: str) -> None:
    """A parameter that is not allowed ends the start with one line that names it."""
    ended = ros.refused(capfd, 'vpr_node', parameters={name: value}, remap=RENAMED)
    assert ended.status == 1
    check_line(ended.output, name)


RENAMED = {'__ns': '/robot/front', '__node': 'camera'}


def check_line(output: str, name: str) -> None:
    """Check that the output is one line, of the renamed node, that names a parameter."""
    lines = output.strip().splitlines()
    assert len(lines) == 1, lines
    assert '[FATAL]' in lines[0]
    assert '[robot.front.camera]' in lines[0]
    assert name in lines[0]
    assert 'expected' in lines[0]


def test_parameter_of_a_process_out_of_range(tmp_path: Path) -> None:
    """The process ends with that line, and status 1."""
    given = {'match.top_k': '0'}
    with ros.node(tmp_path, 'vpr_node', parameters=given, remap=RENAMED) as process:
        assert process.process.wait(ros.PATIENCE) == 1
        check_line(process.output(), 'match.top_k')
