"""Everything that is read, as a table: made from the readers, and what each was tested against."""

from __future__ import annotations

from typing import NamedTuple

from ..events.decoding import OWN
from ..events.packet import EVENT_ARRAY
from .cdr import ARRAYS, COMPRESSED, TRANSFORM_TYPES
from .event_files import FORMATS
from .event_msg import EVENT_TYPES
from .image_msg import DECODERS, ENCODINGS
from .kinds import IMAGE_SUFFIXES
from .pose_file import FORMATS as POSE_FILES
from .poses import NAMED_POSE_TYPES, POSE_TYPES
from .video import VIDEO_TYPES


class Format(NamedTuple):
    """A row: container or message, encodings or versions, what it was tested against."""

    name: str
    versions: str
    tested: str


CONTAINERS = (
    Format(
        'sqlite3 (`.db3`, `.db3.zstd`)',
        'rosbag2, all versions; compressed by file or message',
        'bags recorded by rosbag2, and written by rosbags',
    ),
    Format(
        'MCAP (`.mcap`, `.mcap.zstd`)',
        'version 0; chunks plain, lz4 or zstd; with or without chunks, indexes, summary, profile',
        'files of libmcap and rosbags; own writer for each option',
    ),
    Format(
        'ROS 1 (`.bag`, `.bag.zstd`)',
        'version 2.0; plain, bz2, lz4; numbered parts in a folder; read by rosbags',
        'files written by rosbags',
    ),
    Format(
        'folder of images', ', '.join(f'`{suffix}`' for suffix in IMAGE_SUFFIXES), 'files of OpenCV'
    ),
)


_VIDEO = 'in recordings, with PyAV: h264, h265, av1, vp8, vp9'
_POSES = (*POSE_TYPES, *NAMED_POSE_TYPES, *TRANSFORM_TYPES)


def tables() -> dict[str, list[Format]]:
    """Return the rows of each table by its title."""
    encodings = ', '.join(f'`{name}`' for name in OWN if name != EVENT_ARRAY)
    versions = {
        **dict.fromkeys(VIDEO_TYPES, _VIDEO),
        COMPRESSED: 'JPEG, PNG and other files of OpenCV; Bayer mosaics in them; ' + _VIDEO,
        **dict.fromkeys(EVENT_TYPES, encodings),
        **dict.fromkeys(POSE_TYPES, 'one coordinate frame'),
        **dict.fromkeys(NAMED_POSE_TYPES, 'if `poses.topic` names it'),
        'sensor_msgs/msg/Image': ', '.join(f'`{name}`' for name in ENCODINGS),
        **dict.fromkeys(ARRAYS, 'fields'),
        'sensor_msgs/msg/NavSatFix': 'status 0 or more, WGS 84',
        **dict.fromkeys(TRANSFORM_TYPES, 'in recordings: a chain of frames'),
    }
    tested = {
        **dict.fromkeys(DECODERS, 'files of OpenCV; own encoders'),
        **dict.fromkeys(VIDEO_TYPES, 'encoders of FFmpeg (x264, x265)'),
        **dict.fromkeys(EVENT_TYPES, 'recordings of event_camera_py; own encoders'),
        **dict.fromkeys(ARRAYS, 'messages of rosbags'),
        **dict.fromkeys(_POSES, 'messages of rosbags'),
    }
    kinds = (*DECODERS, *VIDEO_TYPES, *EVENT_TYPES, *_POSES)
    messages = [Format(f'`{each}`', versions[each], tested[each]) for each in kinds]
    files = [Format(*row) for row in FORMATS]
    poses = [Format(*row) for row in POSE_FILES]
    return {
        'Containers': list(CONTAINERS),
        'Messages': messages,
        'Event files': files,
        'Pose files': poses,
    }
