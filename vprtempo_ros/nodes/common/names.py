"""Names of nodes and topics given by a user."""

from __future__ import annotations

from rclpy.node import Node

from ...errors import ConfigError


def full_name(node: Node, option: str, name: str) -> str:
    """
    Return the full name of a node or topic, resolved like the node's own names.

    :param option: the option or parameter that has the name, for the error.
    :raises ConfigError: if it is not a valid name.
    """
    try:
        return str(node.resolve_topic_name(name))
    except RuntimeError as error:
        # rclpy's exception, which is a RuntimeError, ends with a line of its source.
        reason = ' '.join(str(error).partition(', at /')[0].split())
        raise ConfigError(
            f'{option} {name}: expected the name of a node or topic, as /front/vpr_node ({reason})'
        ) from None
