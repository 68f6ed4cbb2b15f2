"""
Messages from CDR bytes, of live topics and of bags.

`rosbags` deserialises them into objects whose arrays are views of the bytes, several times faster
than rclpy, and without ROS. Live topics are subscribed to as raw bytes for that reason.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import ImageError
from .definitions import DEFINITIONS

if TYPE_CHECKING:
    from rosbags.interfaces.typing import Typesdict
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


_SECOND = 1_000_000_000  # ns

IMAGE = 'sensor_msgs/msg/Image'
COMPRESSED = 'sensor_msgs/msg/CompressedImage'
FFMPEG_PACKET = 'ffmpeg_image_transport_msgs/msg/FFMPEGPacket'
COMPRESSED_VIDEO = 'foxglove_msgs/msg/CompressedVideo'
PACKET = 'event_camera_msgs/msg/EventPacket'
# The first name of EventPacket; the fields are the same.
OLD_PACKET = 'event_array_msgs/msg/EventArray'
ARRAY = 'dvs_msgs/msg/EventArray'
# Of prophesee_ros_wrapper, for ROS 1; the fields are the same.
PROPHESEE_ARRAY = 'prophesee_event_msgs/msg/EventArray'
ARRAYS = (ARRAY, PROPHESEE_ARRAY)
# The second name is that of the first tf of ROS 1; the fields are the same.
TRANSFORM_TYPES = ('tf2_msgs/msg/TFMessage', 'tf/msg/tfMessage')


@lru_cache(maxsize=1)
def _live_typestore() -> Typestore:
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.EMPTY)


# Types that it has, and what a thread must hold that adds some.
_LOADED: set[str] = set()
_LOADING = threading.Lock()


def live_typestore(*type_names: str) -> Typestore:
    """
    Return the definitions of messages that nodes receive, which load sooner than all of them.

    :param type_names: of `DEFINITIONS`; only these are loaded, and what they consist of. None: all.
    """
    if not _LOADED.issuperset(type_names or DEFINITIONS):
        with _LOADING:
            wanted = _with_parts(type_names or DEFINITIONS) - _LOADED
            if wanted:
                _load(wanted)
    return _live_typestore()


def _load(type_names: set[str]) -> None:
    from rosbags.typesys import get_types_from_msg

    types: Typesdict = {}
    for name in type_names:
        types.update(get_types_from_msg('\n'.join(DEFINITIONS[name]), name))
    _live_typestore().register(types)
    _LOADED.update(type_names)


def _with_parts(type_names: Iterable[str]) -> set[str]:
    """Return types and those that their fields are of, if these are in `DEFINITIONS`."""
    found: set[str] = set()
    for name in type_names:
        parts = (field.split()[0].partition('[')[0] for field in DEFINITIONS[name])
        known = {part.replace('/', '/msg/') for part in parts} & DEFINITIONS.keys()
        found |= {name} | _with_parts(known)
    return found


@lru_cache(maxsize=1)
def typestore() -> Typestore:
    """Return the definitions of all messages of Jazzy, and of event messages."""
    from rosbags.typesys import Stores, get_typestore

    store, live = get_typestore(Stores.ROS2_JAZZY), live_typestore()
    store.fielddefs.update(live.fielddefs)
    # Messages of a type have one class, from either store.
    store.types.update(live.types)
    return store


def store_of(type_name: str) -> Typestore:
    """Return the smallest store of definitions that has a type."""
    return live_typestore(type_name) if type_name in DEFINITIONS else typestore()


def read_message(data: bytes, type_name: str) -> Message:
    """
    Deserialise the CDR bytes of a message.

    :raises ImageError: if the bytes do not hold such a message.
    """
    try:
        # A view: of bytes, all but their first four would be copied.
        return store_of(type_name).deserialize_cdr(memoryview(data), type_name)
    except Exception as error:  # Too short, wrong lengths, bad strings: each raises its own type.
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ImageError(f'bytes do not hold a {type_name} ({reason})') from None


def prepare(type_name: str) -> None:
    """Load the library and its code for a type now, instead of with the first message."""
    with suppress(ImageError):
        read_message(bytes((0, 1, 0, 0)) + bytes(256), type_name)


def write_message(message: Message, type_name: str) -> bytes:
    """Serialise a message of the typestore to CDR bytes."""
    return bytes(store_of(type_name).serialize_cdr(message, type_name))


def stamp_ns(header: Header) -> int:
    """Return a header's stamp in nanoseconds."""
    return int(header.stamp.sec) * _SECOND + int(header.stamp.nanosec)


def valid_ns(seconds: int, nanoseconds: int) -> int:
    """Return a recorded stamp in ns; 0, as without one, for nanoseconds of a second and more."""
    return seconds * _SECOND + nanoseconds if nanoseconds < _SECOND else 0


def first_stamp_ns(data: bytes) -> int | None:
    """Return the stamp in ns of the bytes of a message that begins with a header; None: too few."""
    if len(data) < 12:
        return None
    seconds, nanoseconds = struct.unpack_from('<iI' if data[1] & 1 else '>iI', data, 4)
    return int(seconds) * _SECOND + int(nanoseconds)


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
        moved = seconds * _SECOND + nanoseconds + shift_ns
        return data[:4] + struct.pack(layout, *divmod(moved, _SECOND)) + data[12:]
    except (IndexError, struct.error) as error:
        raise ImageError(
            f'{len(data)} bytes have no stamp that can be moved by {shift_ns} ns ({error})'
        ) from None
