"""Who publishes a topic, why no message of it may arrive, and who else has a node's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy

from ...interface import COMPRESSED
from ...sources.cdr import COMPRESSED as COMPRESSED_TYPE

if TYPE_CHECKING:
    # rclpy.endpoint_info from rclpy 10 (Lyrical) on: not imported when the node runs.
    from rclpy.topic_endpoint_info import TopicEndpointInfo


def compressed_topic(node: Node, topic: str, message: type) -> str:
    """
    Return where image_transport publishes the compressed images of a camera's topic.

    Empty where that is the topic itself, which has the name of compressed images or a publisher of
    them, and for other messages.
    """
    resolved = node.resolve_topic_name(topic)
    wanted = _type_of(message)
    known = {info.topic_type for info in node.get_publishers_info_by_topic(resolved)}
    if wanted != COMPRESSED_TYPE or resolved.endswith(COMPRESSED) or wanted in known:
        return ''
    return f'{resolved}{COMPRESSED}'


def publisher_names(node: Node, topic: str) -> list[str]:
    """Return the full names of the nodes that publish a topic."""
    return sorted(_name(info) for info in node.get_publishers_info_by_topic(topic))


def namesakes(node: Node) -> int:
    """Return how many nodes have the full name of this one, itself included."""
    own = node.get_name(), node.get_namespace()
    return max(1, node.get_node_names_and_namespaces().count(own))


def silence_reason(node: Node, topic: str, message: type, reliability: str) -> str:
    """
    Return why nothing arrives on a subscribed topic, and what to do.

    :param message: the message class of the subscription.
    :param reliability: that of the subscription, as in the configuration.
    """
    found = node.get_publishers_info_by_topic(topic)
    if not found:
        return (
            "no node publishes it; start the camera's driver, or remap the topic to the one it "
            'publishes'
        )
    wanted = _type_of(message)
    for info in found:
        if info.topic_type != wanted:
            return (
                f'{_name(info)} publishes it as {info.topic_type}, expected {wanted}; set '
                'input.type and input.message accordingly, or remap'
            )
    if reliability == 'reliable' and all(
        info.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT for info in found
    ):
        return (
            f'{_name(found[0])} publishes it best_effort, input.reliability asks for reliable; '
            'set it to best_effort'
        )
    return (
        f'{_name(found[0])} publishes it, but nothing arrives; check whether the driver sends, and '
        'set the Fast DDS profile for large images (config/fastdds_shm.xml)'
    )


def loss_remedy(node: Node, topic: str, reliability: str, events: bool = False) -> str:
    """
    Return what to do against messages that are lost on a subscribed topic.

    :param reliability: that of the subscription, as in the configuration.
    :param events: the messages are packets of events.
    """
    found = node.get_publishers_info_by_topic(topic)
    offers = [info for info in found if info.qos_profile.reliability == ReliabilityPolicy.RELIABLE]
    if events:
        return (
            f'{_name(offers[0])} offers reliable: set input.reliability to reliable'
            if reliability == 'best_effort' and offers
            else 'the link, this computer or the driver is too slow: limit the rate of events in '
            'the driver (biases, event rate control), or stop other programs'
        )
    if reliability == 'best_effort' and offers:
        return (
            f'{_name(offers[0])} offers reliable: set input.reliability to reliable, which holds '
            'them; over a network use compressed images too'
        )
    if reliability == 'best_effort':
        return (
            'the publisher is best effort: make its driver reliable, use compressed images '
            '(input.type: compressed), or a lower rate or resolution'
        )
    return (
        'the link or the driver is too slow: use compressed images (input.type: compressed), or a '
        'lower rate or resolution'
    )


def _type_of(message: type) -> str:
    return f'{message.__module__.split(".")[0]}/msg/{message.__name__}'


def _name(info: TopicEndpointInfo) -> str:
    return f'{info.node_namespace.rstrip("/")}/{info.node_name}'
