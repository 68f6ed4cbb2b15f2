"""Names of nodes and topics that a user gives."""

from __future__ import annotations

from rclpy.node import Node

from ...errors import ConfigError


def full_name(node: Node, what: str, name: str) -> str:
    """
    Return the full name of a node or topic, resolved as the node's own names are.

    :param what: the option or parameter that it was given in.
    :raises ConfigError: if it is no such name.
    """
    try:
        return str(node.resolve_topic_name(name))
    except RuntimeError as error:
        # rclpy's own exception, which is one of these, ends with a line of its source.
        reason = ' '.join(str(error).partition(', at /')[0].split())
        raise ConfigError(
            f'{what} {name}: expected the name of a node or topic, as /front/vpr_node ({reason})'
        ) from None
