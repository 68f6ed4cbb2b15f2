"""Who publishes on a topic, and why nothing of it may arrive."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy


def publisher_names(node: Node, topic: str) -> list[str]:
    """Return the names of the nodes that publish a topic."""
    return sorted(_name(info) for info in node.get_publishers_info_by_topic(topic))


def why_silent(node: Node, topic: str, kind: type, reliability: str) -> str:
    """Return what an operator can do where nothing arrives of a topic that is subscribed to."""
    found = node.get_publishers_info_by_topic(topic)
    if not found:
        return (
            "nobody publishes it; start the camera's driver, or remap the topic to the one it "
            'publishes'
        )
    wanted = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'
    for info in found:
        if info.topic_type != wanted:
            return (
                f'{_name(info)} publishes it as {info.topic_type}, expected {wanted}; set '
                'input.type and input.message to what it is, or remap'
            )
    if reliability == 'reliable' and all(
        info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT for info in found
    ):
        return (
            f'{_name(found[0])} publishes it best_effort, input.reliability asks for reliable; '
            'set it to best_effort'
        )
    return (
        f'{_name(found[0])} publishes it, and nothing arrives; see whether the driver is '
        'sending, and set the Fast DDS profile for large images (config/fastdds_shm.xml)'
    )


def _name(info: Any) -> str:
    return f'{info.node_namespace.rstrip("/")}/{info.node_name}'
