"""The live topics to record, found in the ROS graph."""

from __future__ import annotations

from typing import NamedTuple

from rclpy.node import Node

from ...config import EVENTS, TrainerConfig
from ...errors import SourceError
from ...sources.live import FRAME_TYPES
from ...sources.poses import NAMED_POSE_TYPES, POSE_TYPES, is_command
from ..common.message_class import MessageClass, message_class
from ..common.names import full_name
from ..common.topic_check import publisher_names


class LiveTopic(NamedTuple):
    """A published topic: its full name, the name of its type, and the message class."""

    name: str
    type_name: str
    message: type[MessageClass]


def find_frame_topic(node: Node, config: TrainerConfig) -> LiveTopic:
    """
    Return the topic of images or events.

    :raises SourceError: if it is not published, or with an unsuitable type.
    """
    relative = 'events' if config.input.type == EVENTS else 'image'
    name = node.resolve_topic_name(relative)
    return _published(
        node,
        name,
        FRAME_TYPES[config.input.type],
        relative,
        f'is the driver running? {relative} can be remapped to another topic',
    )


def find_pose_topic(node: Node, config: TrainerConfig) -> LiveTopic | None:
    """
    Return the topic of poses: that of poses.topic, or the only one; None if there is none.

    :raises VprError: if the given one is not published or has no poses, if there are several, or
        if there is none and places.by is metres.
    """
    if config.poses.file:
        raise SourceError(
            'poses.file is for recordings that were made before: name a topic in poses.topic'
        )
    if config.poses.fixed_frame or config.poses.robot_frame:
        raise SourceError(
            'poses.fixed_frame and poses.robot_frame are for transforms of recordings that were '
            'made before: name a topic in poses.topic'
        )
    wanted, by_metres = config.poses.topic, config.places.by == 'metres'
    if wanted and wanted != 'none':
        return _published(
            node,
            full_name(node, 'poses.topic', wanted),
            (*POSE_TYPES, *NAMED_POSE_TYPES),
            'pose',
            'set poses.topic to another one, or to none',
        )
    candidates = [] if wanted else _pose_candidates(node, config.live.load_into)
    if len(candidates) > 1:
        listed = ', '.join(f'{name} ({type_name})' for name, type_name in candidates)
        raise SourceError(
            f'several pose topics are published, set poses.topic to one of them: {listed}'
        )
    if candidates:
        name, type_name = candidates[0]
        return LiveTopic(name, type_name, _installed_class(name, type_name))
    if by_metres:
        raise SourceError(
            'places.by is metres, but no poses are published: start the node that publishes '
            'them, or set places.by to frames or seconds'
        )
    return None


def _published(node: Node, name: str, types: tuple[str, ...], what: str, hint: str) -> LiveTopic:
    found = sorted({info.topic_type for info in node.get_publishers_info_by_topic(name)})
    if not found:
        raise SourceError(f'nothing is published on {name}: {hint}')
    known = [type_name for type_name in found if type_name in types]
    if len(found) > 1 or not known:
        raise SourceError(
            f'{name}: expected one of {", ".join(types)} for {what}, found {" and ".join(found)}'
        )
    return LiveTopic(name, known[0], _installed_class(name, known[0]))


def _installed_class(topic: str, type_name: str) -> type[MessageClass]:
    message = message_class(type_name)
    if message is None:
        package = type_name.partition('/')[0].replace('_', '-')
        raise SourceError(
            f'{topic}: {type_name} is not installed: apt install '
            f'ros-$ROS_DISTRO-{package}, or build it from source'
        )
    return message


def _pose_candidates(node: Node, load_into: str) -> list[tuple[str, str]]:
    """Return name and type of the pose topics, without those of the node that gets the map."""
    localiser = full_name(node, 'live.load_into', load_into) if load_into else ''
    found = []
    for name, types in sorted(node.get_topic_names_and_types()):
        # Also of RViz, which announces those by which it sends a robot somewhere when it starts.
        if len(types) != 1 or types[0] not in POSE_TYPES or is_command(name):
            continue
        if set(publisher_names(node, name)) - {localiser}:
            found.append((name, types[0]))
    return found
