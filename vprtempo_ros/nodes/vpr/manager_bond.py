"""The bond with Nav2's lifecycle manager: a heartbeat each way, where bondpy is installed."""

from __future__ import annotations

import os
from typing import Any

from rclpy.node import Node

# Topic and times of Nav2's own servers, in seconds.
_TOPIC = 'bond'
_PERIOD, _TIMEOUT = 0.25, 4.0


class ManagerBond:
    """A bond named after the node, from activation to deactivation."""

    def __init__(self, node: Node) -> None:
        """Begin; without bondpy log what a manager needs instead."""
        self._node = node
        self._bond: Any = None
        try:
            from bond.msg import Constants
            from bondpy.bondpy import Bond
        except ImportError as error:
            distro = os.environ.get('ROS_DISTRO', '$ROS_DISTRO')
            node.get_logger().info(
                f'no bond with a lifecycle manager, since bondpy is not installed ({error}): sudo '
                f'apt install ros-{distro}-bondpy, or set bond_timeout of the manager to 0.0'
            )
            return
        self._bond = Bond(
            node, _TOPIC, node.get_name(), on_broken=self._on_broken, on_formed=self._on_formed
        )
        self._bond.heartbeat_period = _PERIOD
        self._bond.heartbeat_timeout = _TIMEOUT
        self._no_timeout = Constants.DISABLE_HEARTBEAT_TIMEOUT_PARAM
        self._formed = False
        self._bond.start()

    def end(self) -> None:
        """Break the bond, as agreed with a manager that deactivates the node."""
        bond, self._bond = self._bond, None
        if bond is None:
            return
        bond.shutdown()
        # bondpy destroys these two, but leaves them to the executor.
        self._node.destroy_subscription(bond.sub)
        self._node.destroy_publisher(bond.pub)
        # bondpy declares it when a heartbeat is late, and raises if it is declared already.
        if self._node.has_parameter(self._no_timeout):
            self._node.undeclare_parameter(self._no_timeout)

    def _on_formed(self) -> None:
        self._formed = True
        self._node.get_logger().info('bond with the lifecycle manager formed')

    def _on_broken(self) -> None:
        # Without a manager that wants a bond, it breaks before it is formed.
        if self._bond is not None and self._formed:
            self._node.get_logger().warning(
                'the bond with the lifecycle manager is broken: the manager has ended, or is '
                'stuck; the node stays as it is'
            )
