"""
Messages from CDR bytes, of live topics and of bags.

`rosbags` deserialises them into objects whose arrays are views of the bytes, several times faster
than rclpy, and without ROS. Live topics are subscribed to as raw bytes for that reason.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import ImageError

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

Message = Any  # rosbags generates the class of each message type at run time.


class Time(Protocol):
    """A builtin_interfaces/Time."""

    sec: int
    nanosec: int


class Header(Protocol):
    """A std_msgs/Header, of `rosbags` or of rclpy."""

    stamp: Time
    frame_id: str


IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
PACKET = 'event_camera_msgs/msg/EventPacket'
# The first name of EventPacket; the fields are the same.
OLD_PACKET = 'event_array_msgs/msg/EventArray'
ARRAY = 'dvs_msgs/msg/EventArray'

# Messages that rosbags has no definitions of; `interfaces/` has them for ROS.
_PACKET_FIELDS = (
    'std_msgs/Header header',
    'uint32 height',
    'uint32 width',
    'uint64 seq',
    'uint64 time_base',
    'string encoding',
    'bool is_bigendian',
    'uint8[] events',
)
_EVENTS = {
    PACKET: _PACKET_FIELDS,
    OLD_PACKET: _PACKET_FIELDS,
    'dvs_msgs/msg/Event': ('uint16 x', 'uint16 y', 'builtin_interfaces/Time ts', 'bool polarity'),
    ARRAY: ('std_msgs/Header header', 'uint32 height', 'uint32 width', 'dvs_msgs/Event[] events'),
}


@lru_cache(maxsize=1)
def typestore() -> Typestore:
    """Return the message definitions of Jazzy; those used here are the same in Humble to Kilted."""
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    store = get_typestore(Stores.ROS2_JAZZY)
    for name, fields in _EVENTS.items():
        store.register(get_types_from_msg('\n'.join(fields), name))
    return store


def read_message(data: bytes, type_name: str) -> Message:
    """
    Deserialise the CDR bytes of a message.

    :raises ImageError: if the bytes do not hold such a message.
    """
    try:
        return typestore().deserialize_cdr(data, type_name)
    except Exception as error:  # Too short, wrong lengths, bad strings: each raises its own type.
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ImageError(f'bytes do not hold a {type_name} ({reason})') from None


def prepare(type_name: str) -> None:
    """Load the library and its code for a type now, instead of with the first message."""
    with suppress(ImageError):
        read_message(bytes((0, 1, 0, 0)) + bytes(256), type_name)


def write_message(message: Message, type_name: str) -> bytes:
    """Serialise a message of the typestore to CDR bytes."""
    return bytes(typestore().serialize_cdr(message, type_name))


def stamp_ns(header: Header) -> int:
    """Return a header's stamp in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def restamp(data: bytes, shift_ns: int) -> bytes:
    """
    Return the CDR bytes of a message that begins with a header, its stamp moved by `shift_ns`.

    The stamp is the first field: int32 seconds and uint32 nanoseconds after the 4 bytes of
    encapsulation, whose second byte defines the byte order.

    :raises ImageError: if the bytes are too short for a stamp, or the moved one does not fit.
    """
    try:
        layout = '<iI' if data[1] & 1 else '>iI'
        seconds, nanoseconds = struct.unpack_from(layout, data, 4)
        moved = seconds * 1_000_000_000 + nanoseconds + shift_ns
        return data[:4] + struct.pack(layout, *divmod(moved, 1_000_000_000)) + data[12:]
    except (IndexError, struct.error) as error:
        raise ImageError(
            f'{len(data)} bytes have no stamp that can be moved by {shift_ns} ns ({error})'
        ) from None
