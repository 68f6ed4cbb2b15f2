"""Messages in the serialisation of ROS 1 to CDR, which everything after the storage reads."""

from __future__ import annotations

import struct

import numpy as np

from ..errors import SourceError
from .cdr import ARRAYS, COMPRESSED, IMAGE, OLD_PACKET, PACKET, TRANSFORM_TYPES, store_of

# An event of dvs_msgs, without padding.
_EVENT = np.dtype([('x', '<u2'), ('y', '<u2'), ('time', '<u4', 2), ('p', 'u1')])


# Types that are the same in ROS 1, except for the number of a header, which rosbags leaves out.
_SAME = (
    IMAGE,
    COMPRESSED,
    PACKET,
    OLD_PACKET,
    'nav_msgs/msg/Odometry',
    'geometry_msgs/msg/PoseStamped',
    'geometry_msgs/msg/PoseWithCovarianceStamped',
    'sensor_msgs/msg/NavSatFix',
)


def to_cdr(data: bytes, type_name: str) -> bytes:
    """
    Return the CDR bytes of a message in the serialisation of ROS 1.

    :raises SourceError: if the type is none that is read here.
    :raises Exception: of any type, if the bytes do not hold such a message.
    """
    if type_name in ARRAYS:
        return _array_to_cdr(data)
    if type_name in TRANSFORM_TYPES:
        type_name = TRANSFORM_TYPES[0]
    elif type_name not in _SAME:
        raise SourceError(
            f'{type_name} of ROS 1 is not converted here; rosbags-convert makes a ROS 2 bag'
        )
    return bytes(store_of(type_name).ros1_to_cdr(data, type_name))


def _array_to_cdr(data: bytes) -> bytes:
    """
    Convert a dvs_msgs/EventArray, without a Python object for each event.

    In CDR fields begin at multiples of their sizes; see `events.event_array`.
    """
    seconds, nanoseconds, length = struct.unpack_from('<4xIII', data)
    frame_id = data[16 : 16 + length] + b'\0'
    height, width, count = struct.unpack_from('<III', data, 16 + length)
    begin = 28 + length
    if len(data) != begin + count * _EVENT.itemsize:
        raise ValueError(
            f'expected {count} events in {count * _EVENT.itemsize} bytes, found '
            f'{len(data) - begin} bytes'
        )
    head = struct.pack('<4BIII', 0, 1, 0, 0, seconds, nanoseconds, len(frame_id))
    head += frame_id + bytes(-len(frame_id) % 4) + struct.pack('<III', height, width, count)
    if not count:
        return head
    events = np.frombuffer(data, _EVENT, count, begin)
    # x and y of the first event come two bytes later than those of the others.
    out = np.zeros((count, 8), '<u2')
    flat = out.reshape(-1)
    flat[7 : 8 * count - 1 : 8] = events['x'][1:]
    out[:, 0] = events['y']
    flat[:2] = events['x'][0], events['y'][0]
    out[:, 2:6] = np.ascontiguousarray(events['time']).view('<u2')
    out[:, 6] = events['p']
    return head + out.tobytes()[: 16 * count - 3]
