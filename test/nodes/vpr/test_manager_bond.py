"""The bond with a lifecycle manager, by the real bondpy where it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from support import ros
from support.ros import Client

MANAGED = {'autostart': 'false'}


def test_without_bondpy(street, tmp_path: Path) -> None:
    """The log says what to install, or to set; the node is active all the same."""
    if find_spec('bondpy') and find_spec('bond'):
        pytest.skip('bondpy is installed')
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map, **MANAGED}) as process,
        Client() as client,
    ):
        assert client.change(ros.CONFIGURE)
        assert client.change(ros.ACTIVATE)
        process.wait_for(r'bondpy is not installed .*bondpy, or set bond_timeout of the manager')
        assert client.state() == ros.ACTIVE
        assert client.change(ros.DEACTIVATE)
        assert process.end() == 0


def test_without_a_manager(street, tmp_path: Path) -> None:
    """A node that starts by itself has no bond."""
    with (
        ros.node(tmp_path, 'vpr_node', parameters={'map': street.map}) as process,
        Client() as client,
    ):
        client.await_listener()
        assert client._node.count_publishers('/front/bond') == 0
        assert 'bond' not in process.output()


class Manager:
    """The end of the bond that Nav2's lifecycle manager has."""

    def __init__(self, client: Client) -> None:
        bondpy = pytest.importorskip('bondpy.bondpy', reason='needs bondpy')
        self._node = client._node
        self.bond = bondpy.Bond(self._node, '/front/bond', 'vpr_node')
        self.bond.start()
        client.spin_until(lambda: 'Alive' in repr(self.bond), 'the bond')

    def end(self) -> None:
        """Break the bond; bondpy leaves its publisher to the executor."""
        self.bond.shutdown()
        self._node.destroy_subscription(self.bond.sub)
        self._node.destroy_publisher(self.bond.pub)


def test_bond(street, tmp_path: Path) -> None:
    """It forms when the node is active, breaks when it is not, and forms again."""
    pytest.importorskip('bond', reason='needs bond: apt install ros-$ROS_DISTRO-bondpy')
    remap = {'__ns': '/front'}
    with (
        ros.node(
            tmp_path, 'vpr_node', parameters={'map': street.map, **MANAGED}, remap=remap
        ) as process,
        Client('/front/vpr_node') as client,
    ):
        assert client.change(ros.CONFIGURE)
        for _ in range(2):
            assert client.change(ros.ACTIVATE)
            manager = Manager(client)
            client.spin_for(1.0)
            assert 'Alive' in repr(manager.bond)
            assert client.change(ros.DEACTIVATE)
            client.spin_until(manager.bond.is_broken, 'the end of the bond')
            manager.end()
        assert client.change(ros.ACTIVATE)
        process.wait_for('bond with the lifecycle manager formed')
        Manager(client).end()
        process.wait_for('the bond with the lifecycle manager is broken')
        assert client.state() == ros.ACTIVE
        assert process.end() == 0
        assert 'Traceback' not in process.output()
