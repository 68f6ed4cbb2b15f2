"""wait_until_active: a command that ends when a lifecycle node is active."""

from __future__ import annotations

from pathlib import Path

from support import ros
from support.ros import PATIENCE, Client, node


def test_it_ends_with_the_activation(street, tmp_path: Path) -> None:
    """Not while the node is unconfigured or inactive; at once where it is active already."""
    parameters = {'map': str(street.map), 'autostart': 'false'}
    with (
        node(tmp_path, 'wait_until_active', '--node', '/vpr_node') as waiting,
        node(tmp_path, 'vpr_node', parameters=parameters),
        Client() as client,
    ):
        waiting.wait_for('waiting until /vpr_node is active')
        assert client.state() == ros.UNCONFIGURED
        assert client.change(ros.CONFIGURE)
        client.spin_for(1.5)
        assert waiting.process.poll() is None, waiting.output()
        assert client.change(ros.ACTIVATE)
        assert waiting.process.wait(PATIENCE) == 0
        assert '/vpr_node is active' in waiting.output()
        with node(tmp_path, 'wait_until_active') as again:
            assert again.process.wait(PATIENCE) == 0, again.output()


def test_a_node_that_is_shut_down_ends_it(street, tmp_path: Path) -> None:
    """It will never be active: exit status 1."""
    with (
        node(tmp_path, 'wait_until_active') as waiting,
        node(tmp_path, 'vpr_node', parameters={'autostart': 'false'}),
        Client() as client,
    ):
        waiting.wait_for('waiting until')
        assert client.change(ros.Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
        assert waiting.process.wait(PATIENCE) == 1
        assert '/vpr_node is not active' in waiting.output()


def test_a_signal_ends_it(tmp_path: Path) -> None:
    """With status 130, since nothing was active."""
    with node(tmp_path, 'wait_until_active', '--node', 'missing') as waiting:
        waiting.wait_for('waiting until /missing is active')
        assert waiting.end() == 130
        assert 'Traceback' not in waiting.output()
