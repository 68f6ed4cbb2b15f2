"""
Every topic and service of the nodes: names, types and what they are for, in one table.

Nodes take the names from here, `make docs` the tables of the README, launch files are tested
against it, and a test compares it with what running nodes have.
"""

from __future__ import annotations

from dataclasses import dataclass

IN, OUT, SERVICE = 'in', 'out', 'service'


@dataclass(frozen=True)
class Entry:
    """A topic or service: its name as the node gives it, types in full, QoS in words, a note."""

    name: str
    direction: str
    types: tuple[str, ...]
    note: str
    qos: str = ''


IMAGE = Entry(
    'image',
    IN,
    ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'),
    '`input.type: image`, `compressed`; remap it to your camera',
    'best effort, or `input.reliability`',
)
EVENTS = Entry(
    'events',
    IN,
    ('event_camera_msgs/msg/EventPacket', 'dvs_msgs/msg/EventArray'),
    '`input.type: events`, `input.message: packet`, `array`',
    'best effort, or `input.reliability`',
)
ODOM = Entry(
    'odom',
    IN,
    ('nav_msgs/msg/Odometry',),
    'only with `input.odometry: true`: the way between frames for the sequence filter',
    'best effort',
)
MATCH = Entry(
    '~/match',
    OUT,
    ('vision_msgs/msg/Classification',),
    'header of the frame; results best first: class_id = place, score = confidence; no results = '
    'unknown place',
    'reliable',
)
POSE = Entry(
    '~/pose',
    OUT,
    ('geometry_msgs/msg/PoseWithCovarianceStamped',),
    "where the robot is, in the frame of the map's poses, stamped as the frame; of a known place "
    'in a map with poses, and while somebody listens',
    'reliable',
)
INITIAL_POSE = Entry(
    'initialpose',
    OUT,
    ('geometry_msgs/msg/PoseWithCovarianceStamped',),
    'once after `~/relocalize`, the next pose; AMCL listens on `/initialpose`',
    'reliable',
)
BELIEF = Entry(
    '~/belief',
    OUT,
    ('sensor_msgs/msg/PointCloud2',),
    'every place: x, y, z, place, similarity, confidence; made only while somebody listens',
    'reliable',
)
MARKERS = Entry(
    '~/markers',
    OUT,
    ('visualization_msgs/msg/MarkerArray',),
    "route, matched place and its label in the frame of the map's poses; only what changed is sent",
    'latched',
)
MATCH_IMAGE = Entry(
    '~/match_image',
    OUT,
    ('sensor_msgs/msg/Image',),
    'query beside the matched reference, rgb8, at most 10 Hz; made only while somebody listens',
    'reliable',
)
INFO = Entry(
    '~/info',
    OUT,
    ('vision_msgs/msg/VisionInfo',),
    'method, backend, where the map is, its format',
    'latched',
)
DIAGNOSTICS = Entry(
    '/diagnostics',
    OUT,
    ('diagnostic_msgs/msg/DiagnosticArray',),
    'a status each for `input`, `recognition`, `backend`, `map`, `clock` and, if it is expected, '
    '`odometry`: what is wrong and what to do, and the figures (`diagnostics.*`)',
    'reliable',
)

RELOCALIZE = Entry(
    '~/relocalize',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'forgets the frames before; the next pose goes to `initialpose`, once',
)

PROGRESS = Entry(
    '~/progress', OUT, ('std_msgs/msg/Float32',), 'how far the present stage is, 0 to 1', 'latched'
)

# Of a trainer with live.enabled only.
TAUGHT_IMAGE = Entry(
    'image',
    IN,
    IMAGE.types,
    'with `live.enabled`, between `~/start` and `~/finish`, as is the topic of poses that '
    '`poses.topic` names',
    'best effort, or `live.reliability`',
)
TAUGHT_EVENTS = Entry(
    'events',
    IN,
    EVENTS.types,
    'the same with `input.type: events`',
    'best effort, or `live.reliability`',
)
STATE = Entry(
    '~/state',
    OUT,
    ('std_msgs/msg/String',),
    'with `live.enabled`: idle, recording, stopped (ended by itself: full disk, clock) or training',
    'latched',
)
TEACHING_DIAGNOSTICS = Entry(
    '/diagnostics',
    OUT,
    ('diagnostic_msgs/msg/DiagnosticArray',),
    'with `live.enabled`: frames, places so far, size, disk left, what is wrong',
    'reliable',
)
START = Entry(
    '~/start',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `live.enabled`: begin to record what becomes a map',
)
FINISH = Entry(
    '~/finish',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `live.enabled`: end the recording and train; answers when training has begun',
)
CANCEL = Entry(
    '~/cancel',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `live.enabled`: end recording or training without a map; what was recorded is kept',
)
TEACHING = (TAUGHT_IMAGE, TAUGHT_EVENTS, STATE, TEACHING_DIAGNOSTICS, START, FINISH, CANCEL)

# In the order of the README's tables. The services of the lifecycle and of parameters, which
# every ROS 2 node has, are left out.
NODES: dict[str, tuple[Entry, ...]] = {
    'vpr_node': (
        IMAGE,
        EVENTS,
        ODOM,
        MATCH,
        POSE,
        INITIAL_POSE,
        BELIEF,
        MARKERS,
        MATCH_IMAGE,
        INFO,
        DIAGNOSTICS,
        RELOCALIZE,
    ),
    'trainer_node': (PROGRESS, *TEACHING),
}
