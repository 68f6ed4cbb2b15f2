"""
Definitions of the messages that nodes receive: all that `rosbags` needs to read them.

Those of ROS are the same in Humble and Jazzy. `rosbags` has them too, but loads them
together with those of all other messages, which takes a fifth of a second.
"""

from __future__ import annotations

_VECTOR = ('float64 x', 'float64 y', 'float64 z')

# Not in rosbags; `interfaces/` has them for ROS.
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

# Fields by type. builtin_interfaces/Time is in every typestore.
DEFINITIONS: dict[str, tuple[str, ...]] = {
    'std_msgs/msg/Header': ('builtin_interfaces/Time stamp', 'string frame_id'),
    'sensor_msgs/msg/Image': (
        'std_msgs/Header header',
        'uint32 height',
        'uint32 width',
        'string encoding',
        'uint8 is_bigendian',
        'uint32 step',
        'uint8[] data',
    ),
    'sensor_msgs/msg/CompressedImage': ('std_msgs/Header header', 'string format', 'uint8[] data'),
    # Video, in recordings only.
    'ffmpeg_image_transport_msgs/msg/FFMPEGPacket': (
        'std_msgs/Header header',
        'int32 width',
        'int32 height',
        'string encoding',
        'uint64 pts',
        'uint8 flags',
        'bool is_bigendian',
        'uint8[] data',
    ),
    'foxglove_msgs/msg/CompressedVideo': (
        'builtin_interfaces/Time timestamp',
        'string frame_id',
        'uint8[] data',
        'string format',
    ),
    'geometry_msgs/msg/Point': _VECTOR,
    'geometry_msgs/msg/Vector3': _VECTOR,
    'geometry_msgs/msg/Quaternion': (*_VECTOR, 'float64 w'),
    'geometry_msgs/msg/Pose': (
        'geometry_msgs/Point position',
        'geometry_msgs/Quaternion orientation',
    ),
    'geometry_msgs/msg/PoseWithCovariance': ('geometry_msgs/Pose pose', 'float64[36] covariance'),
    'geometry_msgs/msg/Twist': ('geometry_msgs/Vector3 linear', 'geometry_msgs/Vector3 angular'),
    'geometry_msgs/msg/TwistWithCovariance': (
        'geometry_msgs/Twist twist',
        'float64[36] covariance',
    ),
    'nav_msgs/msg/Odometry': (
        'std_msgs/Header header',
        'string child_frame_id',
        'geometry_msgs/PoseWithCovariance pose',
        'geometry_msgs/TwistWithCovariance twist',
    ),
    'event_camera_msgs/msg/EventPacket': _PACKET_FIELDS,
    'event_array_msgs/msg/EventArray': _PACKET_FIELDS,
    'dvs_msgs/msg/Event': ('uint16 x', 'uint16 y', 'builtin_interfaces/Time ts', 'bool polarity'),
    'dvs_msgs/msg/EventArray': (
        'std_msgs/Header header',
        'uint32 height',
        'uint32 width',
        'dvs_msgs/Event[] events',
    ),
}
