"""Statuses of components as a message for /diagnostics."""

from __future__ import annotations

from typing import Iterable

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from ...health.status import Status


def diagnostic_array(node: Node, statuses: Iterable[Status], hardware_id: str) -> DiagnosticArray:
    """Return the message, stamped now; each name is the node's full name and the component."""
    name = node.get_fully_qualified_name()
    array = DiagnosticArray(
        status=[
            DiagnosticStatus(
                name=f'{name}: {status.component}',
                level=bytes([status.level]),
                message=status.message,
                hardware_id=hardware_id,
                values=[KeyValue(key=key, value=value) for key, value in status.values],
            )
            for status in statuses
        ]
    )
    array.header.stamp = node.get_clock().now().to_msg()
    return array
