"""Bags of ROS 1, written by rosbags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from support.events import HEIGHT, WIDTH, Events
from vprtempo_ros.sources.cdr import ARRAY, PACKET, PROPHESEE_ARRAY
from vprtempo_ros.sources.definitions import DEFINITIONS

ROS1 = get_typestore(Stores.ROS1_NOETIC)
for _name in ('dvs_msgs/msg/Event', ARRAY, PACKET):
    _text = '\n'.join(DEFINITIONS[_name]).replace('builtin_interfaces/Time', 'time')
    ROS1.register(get_types_from_msg(_text, _name))
ROS1.register(get_types_from_msg('\n'.join(DEFINITIONS[ARRAY]), PROPHESEE_ARRAY))
TYPES: Any = ROS1.types


def header(stamp: int, number: int = 0, frame_id: str = 'cam') -> Any:
    """Return a header with its number, which ROS 2 does not have."""
    time = TYPES['builtin_interfaces/msg/Time'](*divmod(stamp, 1_000_000_000))
    return TYPES['std_msgs/msg/Header'](number, time, frame_id)


def event_array(stamp: int, events: Events, frame_id: str = 'cam', kind: str = ARRAY) -> Any:
    """Return a message of events."""
    make = TYPES['dvs_msgs/msg/Event']
    time = TYPES['builtin_interfaces/msg/Time']
    found = [
        make(int(x), int(y), time(*divmod(int(t) * 1000, 1_000_000_000)), bool(p))
        for x, y, p, t in zip(*events)
    ]
    return TYPES[kind](header(stamp, frame_id=frame_id), HEIGHT, WIDTH, found)


def write(path: Path, rows: list[tuple[str, str, int, Any]], compression: Any = None) -> Path:
    """Write a bag of (topic, type, receive time, message)."""
    writer = Writer(path)
    if compression:
        writer.set_compression(compression)
    with writer:
        known: dict[str, Any] = {}
        for topic, kind, stamp, message in rows:
            if topic not in known:
                known[topic] = writer.add_connection(topic, kind, typestore=ROS1)
            writer.write(known[topic], stamp, ROS1.serialize_ros1(message, kind))
    return path


def register(kind: str, text: str) -> None:
    """Add the definition of a message."""
    ROS1.register(get_types_from_msg(text, kind))
