"""Transforms in messages of /tf and /tf_static, read without a Python object for each field."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from ..errors import ImageError
from .bags import BagReader
from .cdr import TRANSFORM_TYPES, valid_ns
from .storage import Topic

# Ends of the names of topics whose transforms are sent once.
_STATIC = 'tf_static'
# Seconds, nanoseconds and length of a name; the length of a name; position and quaternion.
_HEAD, _LENGTH, _VALUES = (
    {order: struct.Struct(order + form) for order in '<>'} for form in ('iII', 'I', '7d')
)
# Bytes of a transform without names.
_LEAST = 4 * 4 + 7 * 8


class Link(NamedTuple):
    """Two coordinate frames, without a leading slash, between which a transform was sent."""

    parent: str
    child: str

    def __str__(self) -> str:
        """Return both as they are written in messages to the user."""
        return f'{self.parent[:40]} -> {self.child[:40]}'


class Transform(NamedTuple):
    """A transform: stamp in ns, 0 without one; x, y, z in m, and a quaternion xyzw."""

    link: Link
    stamp_ns: int
    values: tuple[float, ...]


def is_static(topic: str) -> bool:
    """Return whether transforms of a topic are valid at all times."""
    return topic.endswith(_STATIC)


def transform_topics(bag: BagReader) -> list[Topic]:
    """Return the topics with messages of transforms that change."""
    return [
        topic
        for topic in bag.topics.values()
        if topic.type in TRANSFORM_TYPES and topic.messages and not is_static(topic.name)
    ]


def static_topics(bag: BagReader, topic: Topic) -> list[str]:
    """Return the topics whose static transforms go with those of a topic: its own, else all."""
    found = [
        each.name
        for each in bag.topics.values()
        if each.type in TRANSFORM_TYPES and is_static(each.name)
    ]
    own = topic.name.removesuffix('tf') + _STATIC
    return [own] if own in found else found


def read_transforms(data: bytes) -> Iterator[Transform]:
    """
    Yield the transforms of the CDR bytes of a tf2_msgs/TFMessage.

    In CDR fields begin at multiples of their sizes, counted from byte 4.

    :raises ImageError: if the bytes do not hold such a message.
    """
    try:
        order = '<' if data[1] & 1 else '>'
        head, length, values = _HEAD[order], _LENGTH[order], _VALUES[order]
        (count,) = length.unpack_from(data, 4)
        if count * _LEAST > len(data):
            raise ValueError(f'{count} transforms in {len(data)} bytes')
        at = 8
        for _ in range(count):
            seconds, nanoseconds, size = head.unpack_from(data, at)
            at += 12
            parent = bytes(data[at : at + size])
            at += (size + 3) // 4 * 4
            (size,) = length.unpack_from(data, at)
            at += 4
            child = bytes(data[at : at + size])
            at += size
            at += -(at - 4) % 8
            found = values.unpack_from(data, at)
            at += 56
            yield Transform(_link(parent, child), valid_ns(seconds, nanoseconds), found)
    except (IndexError, ValueError, struct.error) as error:
        raise ImageError(f'bytes do not hold a {TRANSFORM_TYPES[0]} ({error})') from None


@lru_cache(maxsize=1024)
def _link(parent: bytes, child: bytes) -> Link:
    return Link(_frame(parent), _frame(child))


def _frame(name: bytes) -> str:
    """Return the name of a frame; with tf of ROS 1 it begins with a slash."""
    text = name.rstrip(b'\0').decode('utf-8', 'replace')
    return text.lstrip('/') if text.isprintable() else repr(text)
