"""
Every topic and service of the nodes: name, types, QoS and meaning, in one table.

Nodes take the names from here, `make docs` generates docs/interface.md, launch files are tested
against it, and a test compares it with running nodes.
"""

from __future__ import annotations

from dataclasses import dataclass

IN, OUT, SERVICE = 'in', 'out', 'service'


@dataclass(frozen=True)
class Entry:
    """A topic or service: relative or private name, full types, QoS in words, a note."""

    name: str
    direction: str
    types: tuple[str, ...]
    note: str
    qos: str = ''


IMAGE = Entry(
    'image',
    IN,
    ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'),
    '`input.type: image`, `compressed`; remap it to your camera. Of several cameras `NAME/image`, '
    'or `cameras.topics`',
    'best effort, or `input.reliability`',
)
COMPRESSED = '/compressed'
"""What image_transport adds to the name of a camera's topic for compressed images."""
COMPRESSED_IMAGE = Entry(
    f'{IMAGE.name}{COMPRESSED}',
    IN,
    ('sensor_msgs/msg/CompressedImage',),
    '`input.type: compressed`, where `image` is remapped to the raw images: below them, as '
    'image_transport names it',
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
    'with `input.odometry: true` or `tf.publish: true`: distance travelled between frames, for the '
    'sequence filter',
    'best effort',
)
MATCH = Entry(
    '~/match',
    OUT,
    ('vision_msgs/msg/Classification',),
    'header of the image; results best first: class_id = place, score = confidence; no results: '
    'unknown place',
    'reliable',
)
POSE = Entry(
    '~/pose',
    OUT,
    ('geometry_msgs/msg/PoseWithCovarianceStamped',),
    "Estimated robot pose in the map's coordinate frame, with the image's time stamp; only if the "
    'place is known, the map has poses and the topic has a subscriber',
    'reliable',
)
INITIAL_POSE = Entry(
    'initialpose',
    OUT,
    ('geometry_msgs/msg/PoseWithCovarianceStamped',),
    'once after `~/relocalize`: the next pose, for AMCL',
    'reliable',
)
GIVEN_POSE = Entry(
    'initialpose',
    IN,
    ('geometry_msgs/msg/PoseWithCovarianceStamped',),
    'with `tf.publish: true`, in place of the topic above: where the robot is, as RViz sends it',
    'reliable',
)
TRACKED_POSE = Entry(
    '~/tracked_pose',
    OUT,
    ('geometry_msgs/msg/PoseWithCovarianceStamped',),
    'with `tf.publish: true`: the robot in the map at the time of the last odometry, with each '
    'transform',
    'reliable',
)
TF = Entry(
    '/tf',
    OUT,
    ('tf2_msgs/msg/TFMessage',),
    'with `tf.publish: true`: the transform from the map to the frame of `odom`, while the '
    'position is known',
    'reliable',
)
OTHER_TF = Entry(
    '/tf',
    IN,
    ('tf2_msgs/msg/TFMessage',),
    'with `tf.publish: true`: whether another node publishes that transform too',
    'best effort',
)
REINITIALISE = Entry(
    'reinitialize_global_localization',
    SERVICE,
    ('std_srvs/srv/Empty',),
    'with `tf.publish: true`: as `~/relocalize`, under the name that AMCL gives it and Nav2 calls',
)
LOCALISATION = (GIVEN_POSE, TRACKED_POSE, TF, OTHER_TF, REINITIALISE)
BELIEF = Entry(
    '~/belief',
    OUT,
    ('sensor_msgs/msg/PointCloud2',),
    'every place: x, y, z, place, similarity, confidence; only while the topic has a subscriber',
    'reliable',
)
MARKERS = Entry(
    '~/markers',
    OUT,
    ('visualization_msgs/msg/MarkerArray',),
    "route, matched place and label in the map's coordinate frame; only changes are sent",
    'latched',
)
MATCH_IMAGE = Entry(
    '~/match_image',
    OUT,
    ('sensor_msgs/msg/Image',),
    'query image next to the matched reference, rgb8, at most 10 Hz; only while the topic has a '
    'subscriber',
    'reliable',
)
INFO = Entry(
    '~/info',
    OUT,
    ('vision_msgs/msg/VisionInfo',),
    'method, backend, folder and revision of the map',
    'latched',
)
DIAGNOSTICS = Entry(
    '/diagnostics',
    OUT,
    ('diagnostic_msgs/msg/DiagnosticArray',),
    'a status for `input`, `recognition`, `backend`, `map`, `clock` and, if used, `odometry`, '
    '`transform` and `learning`: problem, remedy and figures (`diagnostics.*`)',
    'reliable',
)

RELOCALIZE = Entry(
    '~/relocalize',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'forget earlier frames and publish the next pose on `initialpose`, once',
)
LOCALIZE = Entry(
    '~/localize',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'where the robot is by the last frame: message is JSON with place, confidence, stamp, map, its '
    'revision and pose with covariance; success is false where it is unknown, and message the '
    'reason',
)
LEARN_START = Entry(
    '~/learn_start',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `learning.enabled`: extend the map by what is seen from now on, a new stretch where no '
    'place is recognised, or a place that has changed',
)
LEARN_STOP = Entry(
    '~/learn_stop',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `learning.enabled`: end that and make the next revision of the map, which `~/info` '
    'announces; responds when that has begun',
)

PROGRESS = Entry(
    '~/progress', OUT, ('std_msgs/msg/Float32',), 'progress of the current stage, 0 to 1', 'latched'
)

# Of a trainer with live.enabled only.
TAUGHT_IMAGE = Entry(
    'image',
    IN,
    IMAGE.types,
    'with `live.enabled`, between `~/start` and `~/finish`; so is the topic of poses '
    '(`poses.topic`)',
    'best effort, or `live.reliability`',
)
TAUGHT_EVENTS = Entry(
    'events',
    IN,
    EVENTS.types,
    'the same for `input.type: events`',
    'best effort, or `live.reliability`',
)
STATE = Entry(
    '~/state',
    OUT,
    ('std_msgs/msg/String',),
    'with `live.enabled`: idle, recording, stopped (full disk or clock jump) or training',
    'latched',
)
TEACHING_DIAGNOSTICS = Entry(
    '/diagnostics',
    OUT,
    ('diagnostic_msgs/msg/DiagnosticArray',),
    'with `live.enabled`: frames, places, size, free disk space, problems',
    'reliable',
)
START = Entry(
    '~/start',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `live.enabled`: start recording a reference traverse',
)
FINISH = Entry(
    '~/finish',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `live.enabled`: stop recording and train; responds when training has started',
)
CANCEL = Entry(
    '~/cancel',
    SERVICE,
    ('std_srvs/srv/Trigger',),
    'with `live.enabled`: stop recording or training without a map; the recording is kept',
)
TEACHING = (TAUGHT_IMAGE, TAUGHT_EVENTS, STATE, TEACHING_DIAGNOSTICS, START, FINISH, CANCEL)

# In the order of the tables. Lifecycle and parameter services, which every ROS 2 node has, are
# left out.
NODES: dict[str, tuple[Entry, ...]] = {
    'vpr_node': (
        IMAGE,
        COMPRESSED_IMAGE,
        EVENTS,
        ODOM,
        MATCH,
        POSE,
        INITIAL_POSE,
        *LOCALISATION,
        BELIEF,
        MARKERS,
        MATCH_IMAGE,
        INFO,
        DIAGNOSTICS,
        RELOCALIZE,
        LOCALIZE,
        LEARN_START,
        LEARN_STOP,
    ),
    'trainer_node': (PROGRESS, *TEACHING),
}
