"""The poses of the robot in a bag: of the topic that is named, or of the only one, or of /tf."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

from ..config import PosesConfig
from ..errors import SourceError
from .bags import BagReader, choose_topic
from .cdr import TRANSFORM_TYPES
from .clocks import Clocks, common_clock
from .pose_topic import NoPose, PoseMessages, read_pose_messages
from .poses import NAMED_POSE_TYPES, POSE_TYPES, is_command
from .storage import Topic
from .transform_poses import read_transform_poses
from .transforms import is_static, transform_topics

# Types with positions that are not read. Topics that are listed.
_UNREAD = frozenset(
    (
        'gps_common/msg/GPSFix',
        'gps_msgs/msg/GPSFix',
        'geographic_msgs/msg/GeoPoseStamped',
        'geometry_msgs/msg/Pose2D',
        'nmea_msgs/msg/Sentence',
        'novatel_oem7_msgs/msg/INSPVA',
        'px4_msgs/msg/VehicleGlobalPosition',
        'px4_msgs/msg/VehicleLocalPosition',
        'px4_msgs/msg/VehicleOdometry',
        'ublox_msgs/msg/NavPVT',
    )
)
_LISTED = 4


def poses_of(
    bag: BagReader, config: PosesConfig, camera: str, notes: list[str]
) -> PoseMessages | None:
    """
    Return the poses of the topic that is named, or of the only one, else of transforms.

    :param camera: frame of the images; empty: unknown. notes: why there are none is added.
    :raises SourceError: if the topics do not fit the configuration, or hold no usable pose.
    """
    if config.topic == 'none':
        return None
    framed = bool(config.fixed_frame or config.robot_frame)
    # Goals are not where the robot is: they are read only where they are named.
    readable = {
        name: each
        for name, each in bag.topics.items()
        if name == config.topic or not is_command(name)
    }
    present = sum(topic.type in POSE_TYPES and topic.messages > 0 for topic in readable.values())
    transforms = transform_topics(bag)
    by_name = [topic for topic in transforms if topic.name == config.topic]
    try:
        if by_name or (not config.topic and transforms and (framed or not present)):
            topic = by_name[0] if by_name else _only(transforms, bag.path)
            return read_transform_poses(bag, topic, config, camera)
        if not config.topic and not present and not framed:
            notes.extend(_not_read(bag))
            return None
        topics, types = readable, POSE_TYPES
        if config.topic:
            types = (*types, *NAMED_POSE_TYPES)
        elif present > 1:
            # Of several one has to be named: transforms may be.
            topics = {name: each for name, each in topics.items() if not is_static(name)}
            types = (*types, *TRANSFORM_TYPES)
        topic = choose_topic(topics, types, config.topic, 'pose', bag.path)
        if framed:
            raise SourceError(
                f'{bag.path}: poses.fixed_frame and poses.robot_frame are of transforms, and '
                f'{topic.name} is of type {topic.type}: leave them empty, or set poses.topic to /tf'
            )
        return read_pose_messages(bag, topic)
    except NoPose as error:
        if config.topic or framed:
            raise
        # Places by frames or seconds need no poses.
        notes.append(f'without poses: {str(error).removeprefix(f"{bag.path}: ")}')
        return None


def own_clock(found: PoseMessages) -> Clocks:
    """Return the times of poses that are joined with no frames."""
    clocks = common_clock(found.stamps)
    return clocks._replace(poses=clocks.frames)


def _not_read(bag: BagReader) -> Iterator[str]:
    """Yield a line if a bag without poses of the robot has others, or positions."""
    found = [topic for topic in bag.topics.values() if topic.messages]
    commands = [t for t in found if t.type in POSE_TYPES and is_command(t.name)]
    named = [t for t in found if t.type in NAMED_POSE_TYPES and not is_command(t.name)]
    unknown = [t for t in found if t.type in _UNREAD]
    if commands:
        yield (
            f'without poses: those of {_listed(commands)} are where a robot is sent or set, not '
            'where it is'
        )
    if named:
        yield f'without poses: name {_listed(named)} in poses.topic if that is the robot'
    if unknown:
        yield (
            f'without poses: {_listed(unknown)} is not read; write its positions to a file '
            '(poses.file), or record a type that is read'
        )


def _listed(topics: list[Topic]) -> str:
    return ' or '.join(f'{topic.name} ({topic.type})' for topic in topics[:_LISTED])


def _only(topics: list[Topic], path: Path) -> Topic:
    """Return the only topic of transforms, or /tf."""
    plain = [topic for topic in topics if topic.name == '/tf'] or topics
    if len(plain) > 1:
        listed = ', '.join(topic.name for topic in topics)
        raise NoPose(f'{path}: several topics of transforms ({listed}): name one in poses.topic')
    return plain[0]
